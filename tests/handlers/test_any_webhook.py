"""Whatever anybody sends to the webhooks is answered, and nothing breaks.

The bot is built and not started: Hypothesis takes constants from modules, so while it works no
thread may load one.
"""

import json
import uuid
from copy import deepcopy

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.app import build
from bot.config import load
from bot.operations.identity.forgetting import FORGETTING
from bot.server import web_app
from bot.settings import Settings
from sandbox.github.webhooks import signature
from sandbox.systems import system
from sandbox.world import ARGOCD_WEBHOOK_TOKEN, GITHUB_WEBHOOK_SECRET, World
from tests.handlers.test_webhooks import SAMPLES, tell

FEW = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture(scope="module")
def shipmate(tmp_path_factory):
    folder = tmp_path_factory.mktemp("anything")
    world = World(system("astrago"), folder)
    world.start()
    environment = world.environment(f"sqlite:///{folder / 'shipmate.db'}")
    config = load((folder / "shipmate.yaml").read_text())
    built = build(Settings.load(environment), config, world.clock)
    yield built
    built.stop()
    world.stop()


@pytest.fixture(scope="module")
def http(shipmate):
    return web_app(shipmate).test_client()


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
"""Also what Python writes as JSON and is none."""

HEARD = sorted({"workflow_run", "check_suite", "push", "pull_request", *FORGETTING})
SHAPES = [one.values for one in SAMPLES if one.values[0] in HEARD]


@st.composite
def broken(draw):
    """A recorded payload with something else in a few of its places."""
    event, payload = draw(st.sampled_from(SHAPES))
    payload = deepcopy(payload)
    for _ in range(draw(st.integers(0, 3))):
        place = payload
        while True:
            key = draw(st.sampled_from(sorted(place)))
            if isinstance(place[key], dict) and place[key] and draw(st.booleans()):
                place = place[key]
                continue
            place[key] = draw(ANYTHING)
            break
    return event, payload


@FEW
@given(told_of=broken())
def test_a_payload_of_any_shape_is_answered_and_breaks_nothing(http, told_of):
    event, payload = told_of
    assert tell(http, event, payload) in {200, 202, 400, 403}


@FEW
@given(body=st.binary(max_size=300), event=st.text(max_size=20), signed=st.booleans())
def test_github_any_bytes_are_answered(http, body, event, signed):
    headers = {"X-GitHub-Event": event.encode("unicode_escape").decode()}
    if signed:
        headers["X-Hub-Signature-256"] = signature(GITHUB_WEBHOOK_SECRET, body)
    status = http.post("/webhooks/github", data=body, headers=headers).status_code
    assert (400 if signed else 401) == status


@FEW
@given(
    body=st.binary(max_size=300) | ANYTHING.map(lambda value: json.dumps(value).encode()),
    token=st.just(ARGOCD_WEBHOOK_TOKEN)
    | st.text(st.characters(codec="latin-1", categories=["L", "N", "P"]), max_size=20),
)
def test_argocd_any_bytes_are_answered(http, body, token):
    headers = {"Authorization": f"Bearer {token}"}
    status = http.post("/webhooks/argocd", data=body, headers=headers).status_code
    assert status in ({400} if token == ARGOCD_WEBHOOK_TOKEN else {401})


NOTICE = {
    "v": 1,
    "event": "degraded",
    "instance": "main",
    "ns": "argocd",
    "name": "astrago",
    "uid": "u-1",
    "rv": "12",
}


@FEW
@given(key=st.sampled_from(sorted(NOTICE)), value=ANYTHING)
def test_argocd_a_notice_of_any_shape_is_answered(http, key, value):
    body = json.dumps(NOTICE | {key: value}).encode()
    headers = {"Authorization": f"Bearer {ARGOCD_WEBHOOK_TOKEN}"}
    status = http.post("/webhooks/argocd", data=body, headers=headers).status_code
    assert 200 <= status < 500


def test_nothing_of_that_stops_the_inbox(shipmate, http):
    inbox, guid = shipmate.unasked.hearing.inbox, str(uuid.uuid4())
    assert 200 == tell(http, "push", {"ref": "refs/heads/main"}, guid)
    inbox.work()
    assert guid in inbox.known("github", [guid])
    inbox.sweep()
