"""GitHub's webhook of the whole bot: what was recorded, and one delivery many times."""

import gzip
import json
import uuid
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from pathlib import Path

import pytest
import sqlalchemy as sa
from structlog.testing import capture_logs

from bot.operations.identity.forgetting import FORGETTING
from bot.operations.sql.tables import deliveries
from bot.server import web_app
from sandbox.github.webhooks import signature
from sandbox.world import GITHUB_WEBHOOK_SECRET
from tests.scenarios.story import told_in

RECORDED = Path(__file__).parent / "recorded" / "github_webhooks.json.gz"
OWNERS = ("Codertocat/", "Octocoders/", "octo-org/", "electron/", "github/")
"""Whose repositories the recorded payloads are about."""


def recorded():
    """Yield each recorded payload with its event, as if it had happened to us."""
    every = json.loads(gzip.decompress(RECORDED.read_bytes()))
    for event, payloads in every.items():
        for number, payload in enumerate(payloads):
            yield pytest.param(event, made_ours(payload), id=f"{event}-{number}")


def made_ours(payload):
    if "organization" in payload:
        payload["organization"]["login"] = "xiilab"
    if "repository" in payload:
        payload["repository"]["full_name"] = "xiilab/astrago-backend"
    return payload


SAMPLES = tuple(recorded())


def failed(payload):
    """Return a recorded run as one that failed: none was recorded that did."""
    payload = deepcopy(payload)
    payload["workflow_run"]["conclusion"] = "failure"
    return payload


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    with told_in(tmp_path_factory.mktemp("webhooks"), speed=60) as story:
        yield story


@pytest.fixture(scope="module")
def http(told):
    return web_app(told.inside.shipmate).test_client()


def tell(http, event, body, guid=None, secret=GITHUB_WEBHOOK_SECRET):
    """Send *body* as GitHub does; return the status."""
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {
        "Content-Type": "application/json",
        "X-GitHub-Event": event,
        "X-GitHub-Delivery": guid or str(uuid.uuid4()),
        "X-Hub-Signature-256": signature(secret, text),
    }
    return http.post("/webhooks/github", data=text, headers=headers).status_code


def kept(told):
    """Return what stands in the inbox: events by GUID."""
    query = sa.select(deliveries.c.delivery, deliveries.c.event)
    with told.inside.shipmate.database.read() as connection:
        return {row.delivery: row.event for row in connection.execute(query)}


@pytest.mark.parametrize(("event", "payload"), SAMPLES)
def test_every_recorded_payload_is_taken(told, http, event, payload):
    """What somebody listens to stands in the inbox; it is worked off below."""
    guid = str(uuid.uuid4())
    heard = event in told.inside.shipmate.unasked.hearing.github.events | FORGETTING
    with capture_logs() as logs:
        assert (200 if heard else 202) == tell(http, event, payload, guid)
    assert [] == [one for one in logs if "refused" in one["event"]]
    assert heard == (guid in kept(told))


def test_every_event_that_somebody_listens_to_was_recorded(told):
    names = {param.values[0] for param in SAMPLES}
    assert told.inside.shipmate.unasked.hearing.github.events | FORGETTING <= names


def test_what_is_about_others_is_refused_whatever_it_is(told, http):
    every = json.loads(gzip.decompress(RECORDED.read_bytes()))
    for event, payloads in every.items():
        for payload in payloads:
            if payload.get("repository", {}).get("full_name", "").startswith(OWNERS):
                assert 403 == tell(http, event, payload), event


def test_a_failed_run_is_worked_off(told, http):
    payload = next(one.values[1] for one in SAMPLES if one.values[0] == "workflow_run")
    assert 200 == tell(http, "workflow_run", failed(payload))


def test_the_same_delivery_twenty_times_at_once_stands_there_once(told, http):
    guid, before = str(uuid.uuid4()), len(kept(told))
    payload = made_ours({"ref": "refs/heads/main", "repository": {}})

    def send(_number):
        client = web_app(told.inside.shipmate).test_client()
        return tell(client, "push", payload, guid)

    with ThreadPoolExecutor(8) as pool:
        assert {200} == set(pool.map(send, range(20)))
    assert before + 1 == len(kept(told))


def test_all_of_that_was_worked_off(told):
    waits = sa.select(sa.func.count()).where(deliveries.c.settled_at.is_(None))

    def is_done():
        with told.inside.shipmate.database.read() as connection:
            return 0 == connection.execute(waits).scalar_one()

    assert told.world.until(is_done, 60)
    assert 0 == told.inside.shipmate.unasked.hearing.inbox.set_aside()
