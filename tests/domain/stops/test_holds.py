"""When a commit brought back what is held, and when it had stood there all along."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.facts import Hold
from bot.domain.rollback.going_back import GitValue
from bot.domain.stops.holds import Held, came_back, of_target
from tests.operations.people import ALICE, NOON

HOUR = timedelta(hours=1)
HOLD = Hold("bad", ALICE, "leaks", NOON)
OURS = "0" * 40


def value(tag, commit, at):
    return GitValue(tag, commit * 40, NOON + at, "updater")


@pytest.mark.parametrize(
    ("history", "expected"),
    [
        pytest.param([value("good", "0", 0 * HOUR), value("bad", "1", -HOUR)], None, id="away"),
        pytest.param(
            [value("bad", "2", HOUR), value("good", "0", 0 * HOUR), value("bad", "1", -HOUR)],
            "2",
            id="brought back after our rollback",
        ),
        pytest.param(
            [value("bad", "2", -HOUR), value("good", "0", 0 * HOUR)],
            "2",
            id="by a commit with an older date, on top of our rollback",
        ),
        pytest.param([value("bad", "1", -HOUR)], None, id="our rollback is still to come"),
        pytest.param(
            [value("bad", "2", HOUR), value("x", "3", -HOUR)],
            "2",
            id="our rollback is too old",
        ),
        pytest.param([], None, id="the file has no history"),
    ],
)
def test_after_a_rollback(history, expected):
    found = came_back(HOLD, history, OURS)
    assert expected == (found and found.commit[0])


@pytest.mark.parametrize(
    ("at", "expected"),
    [(-HOUR, None), (0 * HOUR, "2"), (HOUR, "2")],
    ids=["older", "in the same second", "newer"],
)
def test_a_hold_that_somebody_asked_for_counts_from_its_own_beginning(at, expected):
    hold = replace(HOLD, since=NOON + timedelta(milliseconds=900))
    found = came_back(hold, [value("bad", "2", at), value("good", "0", -2 * HOUR)], None)
    assert expected == (found and found.commit[0])


def test_a_hold_is_of_its_target_alone():
    held = [Held(1, "core/prod", HOLD), Held(2, "core/stage", HOLD), Held(3, "score/prod", HOLD)]
    assert (HOLD,) == of_target(held, "core/prod")


def test_a_commit_that_is_held_by_its_digits_is_noticed_in_its_tag():
    hold = Hold("b" * 8, ALICE, "leaks", NOON)
    history = [value("main-bbbbbbb", "2", HOUR), value("main-aaaaaaa", "1", -HOUR)]
    assert history[0] == came_back(hold, history, None)
    assert came_back(hold, history[1:], None) is None
