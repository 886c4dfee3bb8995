"""A Rollout's card, its buttons and dialogs, and what people read after a click."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.operations import Phase, Stage
from bot.domain.problems import Problem, Reason
from bot.domain.rights import Actor, GitHubUser
from bot.domain.rollout import Analysis, Move, Pause, Side, Strategy, of_image, read_reference
from bot.messages.cards import Links, card
from bot.messages.rollout import (
    ACTIONS,
    DONE,
    LABELS,
    announced,
    looking,
    moved,
    not_moved,
    rollout_card,
    unreadable,
    versions,
)
from tests.builders import NOON
from tests.domain.test_rollout import ABORTED, GOING, PAUSED, THROUGH, WEB
from tests.messages.limits import assert_slack_takes
from tests.messages.operations import PLAN, WRITTEN, after, following, operation
from tests.messages.reading import read

URL = "https://argocd.example.com/applications/web-prod"
ALICE = Actor("U0ALICE", GitHubUser(1, "alice"))
(MINE,) = of_image([PAUSED], WEB)
TIMED = replace(
    MINE,
    updated=1,
    desired=5,
    ready=6,
    available=6,
    pauses=(Pause("CanaryPauseStep", NOON, NOON + timedelta(minutes=5)),),
    analyses=(Analysis("web-1", "Degraded", "error rate <5%> & rising"),),
)


def test_it_reads():
    message = rollout_card("web", "prod", [TIMED], URL)
    assert_slack_takes(message)
    assert """\
*web* in *prod*, in Argo CD <https://argocd.example.com/applications/web-prod>.
*Rollout/web*, canary: *paused* at step 2 of 4, 20 % on the new version
new `2` (ReplicaSet `new1`), stable `1` (ReplicaSet `old1`)
pods: 5 wanted, 1 new, 6 ready, 6 available
waits: a pause between its steps, since 2026-11-21 12:00 UTC; it goes on by itself \
2026-11-21 12:05 UTC
analysis `web-1` failed: error rate <5%> & rising
[Promote] [Promote fully] [Abort] [Restart]""" == read(message)


@pytest.mark.parametrize(
    ("rollout", "expected"),
    [
        pytest.param(THROUGH, "*through*, nothing is under way", id="through"),
        pytest.param(ABORTED, "*aborted*, the stable version serves", id="aborted"),
        pytest.param(GOING, "*going on* at step 3 of 4, 20 % on the new version", id="going on"),
        pytest.param(
            replace(MINE, strategy=Strategy.BLUE_GREEN, step=None, weight=None,
                    pauses=(Pause("BlueGreenPause", None),)),
            "waits: the new version is up beside the old one; a person has to say how it goes on",
            id="blue-green",
        ),
        pytest.param(replace(MINE, pauses=(Pause("Odd"),)), "waits: Odd; a person", id="odd"),
        pytest.param(replace(GOING, message="quota"), "controller says: quota", id="message"),
        pytest.param(replace(MINE, stable=Side("old1")), "stable (no pod of it is seen)", id="-"),
    ],
)  # fmt: skip
def test_how_it_stands(rollout, expected):
    message = rollout_card("web", "prod", of_image([rollout], WEB) or [rollout], URL)
    assert_slack_takes(message)
    assert expected in read(message)


@pytest.mark.parametrize("action", ACTIONS)
def test_each_dialog_names_service_environment_and_versions(action):
    rollout = ABORTED if ACTIONS[action] is Move.RETRY else PAUSED
    (mine,) = of_image([rollout], WEB)
    button = _buttons(rollout_card("web", "prod", [mine], URL))[action]
    asked = button["confirm"]["text"]["text"]
    assert "web in prod: 1 → 2." in asked
    assert "web in prod?" in button["confirm"]["title"]["text"]
    seen = read_reference(button["value"])
    assert ("web", "prod", "web", "new1", mine.state) == (
        seen.service, seen.environment, seen.name, seen.revision, seen.state,
    )  # fmt: skip


def test_every_move_has_words():
    assert set(Move) == set(LABELS) == set(DONE) == set(ACTIONS.values())


@pytest.mark.parametrize("move", Move)
def test_what_was_done_is_told_to_who_clicked_and_to_all(move):
    mine = moved(move, MINE, "web", "prod")
    all_ = announced(move, versions(MINE), "web", "prod", ALICE.slack)
    for message in (mine, all_):
        assert_slack_takes(message)
        assert (move is Move.ABORT) == ("`/rollback web prod`" in read(message))
        assert "1 → 2" in read(message)
    assert "@U0ALICE " + DONE[move] in read(all_)


def test_a_refusal_ends_in_something_to_do():
    facts = {"service": "web", "environment": "prod", "move": "resume", "state": "aborted"}
    who = {"by": "U0BOB", "did": "abort", "since": "2026-11-21T12:00:00+00:00"}
    said = read(not_moved(Problem(Reason.ROLLOUT_MOVED, {**facts, **who})))
    assert "@U0BOB aborted it, 2026-11-21 12:00 UTC" in said
    assert "`/ship rollout web prod`" in said


WILD = "<!channel> *x* " + "ㅎ" * 400


def test_the_longest_of_everything_fits():
    pauses = tuple(Pause(WILD, NOON, NOON) for _ in range(3))
    runs = tuple(Analysis(WILD, "Degraded", WILD) for _ in range(5))
    side = Side("h" * 300, tuple(f"{n}" * 128 for n in "abc"))
    wild = replace(
        MINE, name="n" * 253, pauses=pauses, analyses=runs, new=side,
        stable=replace(side, hash="other"), message=WILD,
    )  # fmt: skip
    assert_slack_takes(rollout_card("s" * 63, "e" * 63, [wild] * 9, URL))
    progress = tuple(
        replace(one, rollouts=(wild, wild)) for one in following(Stage.PAUSED, Stage.PAUSED)
    )
    whole = operation(Phase.FOLLOWING, plan=PLAN, written=WRITTEN, progress=progress)
    assert_slack_takes(card(whole, Links(), after(minutes=3)))


def test_the_card_of_a_deploy_shows_it_with_buttons_until_it_ends():
    progress = (replace(following(Stage.PAUSED, Stage.LIVE)[0], rollouts=(TIMED,)),)
    waits = operation(Phase.FOLLOWING, plan=PLAN, written=WRITTEN, progress=progress)
    shown = card(waits, Links(), after(minutes=3))
    assert_slack_takes(shown)
    assert "*Rollout/web*: *paused* at step 2 of 4, 20 % on the new version" in read(shown)
    assert "1 of 5 pods new, 6 ready" in read(shown)
    assert {"rollout_promote", "rollout_promote_fully", "rollout_abort"} <= set(_buttons(shown))
    over = replace(waits, phase=Phase.FAILED, ended_at=after(minutes=4))
    assert [] == list(_buttons(card(over, Links(), after(minutes=5))))


def test_what_is_said_first_and_when_a_button_cannot_be_read():
    for message in (looking("web", "prod"), unreadable()):
        assert_slack_takes(message)


def _buttons(message):
    return {
        element["action_id"]: element
        for block in message.blocks
        if block["type"] == "actions"
        for element in block["elements"]
    }
