"""What may be done with a Rollout, case by case, and what a button may carry."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.problems import Problem, Reason
from bot.domain.rights import Action
from bot.domain.rollout import (
    LONGEST_REFERENCE,
    Move,
    Pause,
    Reference,
    Rollout,
    Side,
    Strategy,
    moves_now,
    of_image,
    read_reference,
    reference_of,
    refused,
    right_for,
    stands,
    told_of_abort,
    told_of_pause,
)
from tests.builders import NOON

WEB = "ghcr.io/acme/web"
PAUSED = Rollout(
    name="web",
    namespace="shop",
    uid="u1",
    strategy=Strategy.CANARY,
    new=Side("new1", (f"{WEB}:2", "docker.io/library/proxy:9")),
    stable=Side("old1", (f"{WEB}:1", "docker.io/library/proxy:9")),
    step=1,
    steps=4,
    weight=20,
    pauses=(Pause("CanaryPauseStep", NOON),),
)
GOING = replace(PAUSED, pauses=(), step=2)
THROUGH = replace(PAUSED, pauses=(), step=4, stable=PAUSED.new)
ABORTED = replace(PAUSED, pauses=(), step=0, aborted=True)
SEEN = reference_of("web", "prod", PAUSED)
P, F, A, RETRY, RESTART = Move


@pytest.mark.parametrize(
    ("rollout", "expected"),
    [
        pytest.param(PAUSED, (P, F, A, RESTART), id="paused at a step"),
        pytest.param(GOING, (F, A, RESTART), id="between two pauses"),
        pytest.param(THROUGH, (RESTART,), id="through"),
        pytest.param(ABORTED, (RETRY, RESTART), id="aborted"),
        pytest.param(replace(ABORTED, pauses=PAUSED.pauses), (RETRY, RESTART), id="both"),
        pytest.param(replace(GOING, promoting_fully=True), (A, RESTART), id="promoting fully"),
        pytest.param(replace(THROUGH, stopped=True), (P, RESTART), id="paused by hand"),
        pytest.param(replace(PAUSED, observed=False), (A, RESTART), id="its status is old"),
        pytest.param(replace(ABORTED, observed=False), (RESTART,), id="aborted, status is old"),
        pytest.param(
            replace(PAUSED, offered=frozenset({"abort", "restart", "resume"})), (P, A, RESTART),
            id="what Argo CD calls disabled is not offered",
        ),
        pytest.param(replace(PAUSED, offered=frozenset()), (), id="nothing is offered"),
        pytest.param(
            replace(THROUGH, offered=frozenset({"abort", "resume"})), (),
            id="what Argo CD offers and makes no sense",
        ),
    ],
)  # fmt: skip
def test_what_may_be_done(rollout, expected):
    assert expected == moves_now(rollout)


LATER = replace(PAUSED, step=3, pauses=(Pause("CanaryPauseStep", NOON + timedelta(minutes=5)),))
OTHER = replace(PAUSED, new=Side("new2", (f"{WEB}:3",)))


@pytest.mark.parametrize(
    ("move", "now", "expected"),
    [
        pytest.param(P, PAUSED, None, id="as it was seen"),
        pytest.param(P, replace(PAUSED, ready=7, message="x"), None, id="pods count for nothing"),
        pytest.param(P, LATER, Reason.ROLLOUT_MOVED, id="another step"),
        pytest.param(F, LATER, Reason.ROLLOUT_MOVED, id="fully, from another step"),
        pytest.param(A, LATER, None, id="an abort is meant for the version"),
        pytest.param(RESTART, LATER, None, id="so is a restart"),
        pytest.param(P, OTHER, Reason.ROLLOUT_MOVED, id="another version"),
        pytest.param(A, OTHER, Reason.ROLLOUT_MOVED, id="an abort of another version"),
        pytest.param(P, replace(PAUSED, uid="u2"), Reason.ROLLOUT_MOVED, id="made anew"),
        pytest.param(A, ABORTED, Reason.ROLLOUT_UNFIT, id="aborted already"),
        pytest.param(A, THROUGH, Reason.ROLLOUT_UNFIT, id="nothing to abort any more"),
        pytest.param(RETRY, PAUSED, Reason.ROLLOUT_UNFIT, id="nothing to retry"),
        pytest.param(P, replace(PAUSED, offered=frozenset()), Reason.ROLLOUT_UNFIT, id="disabled"),
    ],
)
def test_what_a_click_comes_to(move, now, expected):
    found = refused(move, now, SEEN)
    assert expected == (found.reason if found else None)


def test_a_pause_at_the_same_step_again_is_another_one():
    again = replace(PAUSED, pauses=(Pause("CanaryPauseStep", NOON + timedelta(seconds=1)),))
    assert Reason.ROLLOUT_MOVED is refused(P, again, SEEN).reason


@pytest.mark.parametrize(
    ("rollout", "expected"),
    [
        (PAUSED, "paused at step 2 of 4"),
        (GOING, "going on at step 3 of 4"),
        (replace(PAUSED, strategy=Strategy.BLUE_GREEN, step=None, steps=0), "paused"),
        (ABORTED, "aborted"),
        (THROUGH, "through"),
        (replace(THROUGH, stopped=True), "paused at step 4 of 4"),
    ],
)
def test_how_it_stands(rollout, expected):
    assert expected == stands(rollout)


@pytest.mark.parametrize("move", Move)
def test_going_back_is_a_rollback_and_all_else_a_deploy(move):
    assert (Action.ROLLBACK if move is A else Action.DEPLOY) is right_for(move)


def test_only_rollouts_of_the_image_count_and_only_with_its_tags():
    (mine,) = of_image([PAUSED, replace(PAUSED, new=Side("x", ("ghcr.io/acme/api:1",)))], WEB)
    assert (("2",), ("1",)) == (mine.new.images, mine.stable.images)
    assert () == of_image([PAUSED], "ghcr.io/acme/other")


def test_a_reference_is_read_back():
    assert SEEN == read_reference(str(SEEN))
    assert str(SEEN).startswith("web/prod/web#new1#")


@pytest.mark.parametrize(
    "text", ["", "web", "web/prod/web", "web/prod/web#h", "a/b/c/d#h#1f", "a b/c/d#h#1f",
             "web/prod/web#h#XYZ", "x" * (LONGEST_REFERENCE + 1)],
)  # fmt: skip
def test_what_is_no_reference(text):
    assert read_reference(text) is None


@given(st.text(max_size=80))
def test_no_text_breaks_the_reading(text):
    found = read_reference(text)
    assert found is None or isinstance(found, Reference)


FACTS = {"app": "web-prod", "service": "web", "environment": "prod", "tag": "2"}


def test_a_degraded_rollout_that_was_aborted_is_told_as_such():
    degraded = Problem(Reason.DEGRADED, {"app": "web-prod"})
    told = told_of_abort(degraded, [ABORTED], FACTS)
    assert Problem(Reason.ROLLOUT_ABORTED, {**FACTS, "resource": "Rollout/web"}) == told


@pytest.mark.parametrize(
    ("problem", "rollouts"),
    [
        pytest.param(Problem(Reason.DEGRADED, {}), [PAUSED], id="degraded for another reason"),
        pytest.param(Problem(Reason.DEGRADED, {}), [], id="no rollout"),
        pytest.param(Problem(Reason.PAUSED, {}), [ABORTED], id="another problem"),
        pytest.param(None, [ABORTED], id="no problem"),
    ],
)
def test_anything_else_is_told_as_it_was(problem, rollouts):
    assert problem == told_of_abort(problem, rollouts, FACTS)


SOON, LATER_ON = NOON + timedelta(minutes=5), NOON + timedelta(minutes=9)
WAITS = Problem(Reason.PAUSED, {"app": "web-prod", "resource": "Rollout/web"})


def timed(*ends, **changes):
    return replace(
        PAUSED, pauses=tuple(Pause("CanaryPauseStep", NOON, one) for one in ends), **changes
    )


@pytest.mark.parametrize(
    ("rollouts", "expected"),
    [
        pytest.param([timed(SOON)], SOON, id="a timed step"),
        pytest.param([timed(SOON, LATER_ON)], LATER_ON, id="the longer of two pauses"),
        pytest.param([timed(LATER_ON), timed(SOON)], LATER_ON, id="the last of two rollouts"),
        pytest.param([timed(SOON), GOING], SOON, id="one that does not wait says nothing"),
        pytest.param([PAUSED], None, id="a step that waits for a person"),
        pytest.param([timed(SOON), PAUSED], None, id="one of two waits for a person"),
        pytest.param([timed(SOON, None)], None, id="one pause of two has no end"),
        pytest.param([timed(SOON, stopped=True)], None, id="stopped by hand, too"),
        pytest.param([timed(SOON, aborted=True)], None, id="aborted: it does not wait"),
        pytest.param([], None, id="nothing could be read"),
    ],
)
def test_a_pause_says_when_it_ends_by_itself(rollouts, expected):
    facts = {"goes_on": expected.isoformat()} if expected else {}
    assert Problem(Reason.PAUSED, {**WAITS.facts, **facts}) == told_of_pause(WAITS, rollouts)


def test_nothing_but_a_pause_is_told_so():
    degraded = Problem(Reason.DEGRADED, {})
    assert degraded == told_of_pause(degraded, [timed(SOON)])
    assert told_of_pause(None, [timed(SOON)]) is None
