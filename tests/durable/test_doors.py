"""Two replicas behind one door: each thing people do may reach the one that knows nothing of it."""

import json

import httpx
import pytest
import sqlalchemy as sa

from bot.domain.operations import Phase
from bot.operations.sql.tables import deliveries
from sandbox.github.actions import Work
from sandbox.world import APP_TOKEN, ARGOCD_WEBHOOK_TOKEN, GITHUB_WEBHOOK_SECRET
from tests.durable.lives import APPLICATION, BACKEND, BRANCH, Lives
from tests.durable.test_approvals import guarded, waits
from tests.scenarios.test_form import options, screen

pytestmark = pytest.mark.slow

ALICE, BOB = "U0ALICE", "U0BOB"


def two(lives):
    bots = [lives.bot(), lives.bot()]
    for bot in bots:
        bot.start(wait=False)
    for bot in bots:
        bot.wait_ready()
    return bots


@pytest.fixture(scope="module")
def lives(tmp_path_factory, postgres_server):
    folder = tmp_path_factory.mktemp("doors")
    with postgres_server.database() as address, Lives(folder, address, config=guarded) as lives:
        lives.bots = two(lives)
        lives.slack.connect_in_turn(*(bot.url for bot in lives.bots))
        yield lives


def shows(lives, words):
    """Wait until the form that Alice sees says *words*."""
    assert lives.world.until(lambda: words in screen(lives, ALICE), 60), screen(lives, ALICE)


def test_a_form_is_opened_by_one_filled_by_both_and_sent_to_the_other(lives):
    """Then somebody approves at whichever is next."""
    assert lives.types("/deploy").error is None
    shows(lives, "Service")
    assert lives.slack.suggest("form_services", "cor", by=ALICE)
    lives.slack.choose("form_services", "core", by=ALICE)
    lives.slack.choose("form_environment", "stage", by=ALICE)
    lives.until(lambda: options(lives, "form_picked", ALICE))
    lives.slack.choose("form_picked", lives.world.sha(BACKEND, BRANCH), by=ALICE)
    shows(lives, "To deploy core to stage")
    lives.slack.submit(by=ALICE)
    lives.until(lambda: len(lives.store.latest()) == 1)

    (operation,) = [one.id for one in lives.store.latest()]
    is_approved_and_live(lives, operation)


def is_approved_and_live(lives, operation):
    lives.until(lambda: waits(lives, operation))
    lives.slack.click("approve_operation", by=BOB)
    lives.until(lambda: lives.is_over(operation))
    lives.assert_done_once(operation, Phase.LIVE)


def test_a_delivery_that_both_hear_is_one(lives):
    first, second = lives.bots
    lives.github.subscribe(f"{first.url}/webhooks/github", GITHUB_WEBHOOK_SECRET)
    broken = [Work("test", fails_at="Run make test")]
    run = lives.github.run_workflow(BACKEND, broken, branch=BRANCH, tell=False)
    told = lives.github.tell_of_run(run)
    lives.github.subscribe(f"{second.url}/webhooks/github", GITHUB_WEBHOOK_SECRET)
    assert told.is_heard
    assert lives.github.redeliver(told).is_heard
    document = lives.argocd.application(APPLICATION)["metadata"]
    assert {200} == {notified(bot.url, document).status_code for bot in lives.bots}

    lives.until(lambda: notes(lives))
    with lives.database.read() as connection:
        rows = connection.execute(sa.select(deliveries.c.source)).scalars().all()
    assert ["argocd", "github"] == sorted(rows)
    assert 1 == len(notes(lives))


def notes(lives):
    return [one for one in lives.slack.cards() if "CI failed" in one.words]


def notified(url, document):
    body = {
        "v": 1, "instance": "main", "event": "degraded", "name": APPLICATION, "ns": "argocd",
        "uid": document["uid"], "rv": document["resourceVersion"], "project": "p", "op": None,
    }  # fmt: skip
    headers = {"Authorization": f"Bearer {ARGOCD_WEBHOOK_TOKEN}"}
    return httpx.post(f"{url}/webhooks/argocd", content=json.dumps(body), headers=headers)


def test_each_envelope_of_socket_mode_reaches_one_of_them_and_the_last_one_all(lives):
    for bot in lives.bots:
        bot.kill()
    lives.environment["SLACK_APP_TOKEN"] = APP_TOKEN
    first, _ = two(lives)
    lives.until(lambda: lives.slack.sockets.count == 2)

    green = lives.version(1)  # the checks of the newest commit are red since the test before
    operation = lives.deploys(green, service="batch")
    is_approved_and_live(lives, operation)
    assert {None} == {lives.types("/ship help").error for _ in range(8)}

    first.kill()
    lives.until(lambda: lives.slack.sockets.count == 1)
    operation = lives.deploys(green, service="monitor")
    is_approved_and_live(lives, operation)
