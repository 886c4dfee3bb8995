from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.checks import (
    Check,
    Colour,
    Green,
    Missing,
    NothingReported,
    Pending,
    Red,
    Rollup,
    colour,
    judge_checks,
    run_colour,
)
from bot.domain.unknown import Unknown
from tests.domain.policies import NOON

GREEN, PENDING, RED = Colour.GREEN, Colour.PENDING, Colour.RED


def run(name, colour, minutes=0):
    started = None if minutes is None else NOON + timedelta(minutes=minutes)
    return Check(name, colour, started)


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        *((word, GREEN) for word in ("SUCCESS", "NEUTRAL", "SKIPPED", "success")),
        *((word, RED) for word in ("ERROR", "FAILURE", "CANCELLED", "TIMED_OUT")),
        *((word, RED) for word in ("ACTION_REQUIRED", "STALE", "STARTUP_FAILURE")),
        *((word, PENDING) for word in ("PENDING", "EXPECTED", "", None, "SOMETHING_NEW")),
    ],
)
def test_a_conclusion_has_a_colour(word, expected):
    assert expected is colour(word)


@pytest.mark.parametrize(
    ("status", "conclusion", "expected"),
    [
        ("COMPLETED", "SUCCESS", GREEN),
        ("COMPLETED", "FAILURE", RED),
        ("COMPLETED", None, PENDING),
        ("IN_PROGRESS", None, PENDING),
        ("QUEUED", "SUCCESS", PENDING),
        ("WAITING", "FAILURE", PENDING),
    ],
)
def test_a_run_has_its_conclusion_only_once_it_has_ended(status, conclusion, expected):
    assert expected is run_colour(status, conclusion)


@pytest.mark.parametrize(
    ("rollup", "required", "expected"),
    [
        pytest.param(None, (), NothingReported(), id="a null rollup is no green"),
        pytest.param(None, ("ci",), NothingReported(), id="a null rollup, with required names"),
        pytest.param(Rollup("SUCCESS", ()), (), NothingReported(), id="success of nothing"),
        pytest.param(
            Rollup("SUCCESS", (run("ci", GREEN), run("lint", GREEN))), (), Green(2), id="all green"
        ),
        pytest.param(
            Rollup("FAILURE", (run("ci", RED), run("lint", GREEN))), (), Red(("ci",)), id="one red"
        ),
        pytest.param(
            Rollup("SUCCESS", (run("ci", RED),)), (), Red(("ci",)), id="red against GitHub's word"
        ),
        pytest.param(
            Rollup("FAILURE", (run("ci", GREEN),), complete=False), (), Red(()), id="red, unread"
        ),
        pytest.param(
            Rollup("PENDING", (run("ci", PENDING),)), (), Pending(("ci",)), id="still running"
        ),
        pytest.param(Rollup("EXPECTED", (run("ci", GREEN),)), (), Pending(()), id="expected"),
        pytest.param(
            Rollup("FAILURE", (run("ci", GREEN), run("nightly", RED))),
            ("ci",),
            Green(1),
            id="only the required names count",
        ),
        pytest.param(
            Rollup("SUCCESS", (run("ci", GREEN),)), ("ci", "e2e"), Missing(("e2e",)), id="missing"
        ),
        pytest.param(
            Rollup("SUCCESS", (run("ci", RED),)), ("ci", "e2e"), Red(("ci",)), id="red and missing"
        ),
        pytest.param(
            Rollup("SUCCESS", (run("ci", RED, 0), run("ci", GREEN, 5))),
            ("ci",),
            Green(1),
            id="run again, now green",
        ),
        pytest.param(
            Rollup("SUCCESS", (run("ci", RED, 5), run("ci", GREEN, 0))),
            ("ci",),
            Red(("ci",)),
            id="run again, now red",
        ),
        pytest.param(
            Rollup("SUCCESS", (run("ci", GREEN, 5), run("ci", PENDING, None))),
            ("ci",),
            Pending(("ci",)),
            id="run again, still in the queue",
        ),
        pytest.param(
            Rollup("SUCCESS", (run("ci", GREEN, 5), run("ci", RED, 5))),
            ("ci",),
            Red(("ci",)),
            id="two at the same second: the worse",
        ),
        pytest.param(
            Rollup("SUCCESS", (run("ci", GREEN),), complete=False),
            ("ci",),
            Unknown("GitHub reports more checks on this commit than were read"),
            id="not all were read",
        ),
    ],
)
def test_judge_checks(rollup, required, expected):
    assert expected == judge_checks(rollup, required)


checks = st.lists(
    st.builds(
        Check,
        st.sampled_from(["ci", "e2e", "lint"]),
        st.sampled_from(Colour),
        st.none() | st.integers(0, 9).map(lambda n: NOON + timedelta(minutes=n)),
    ),
    max_size=8,
)


@given(checks, st.lists(st.sampled_from(["ci", "e2e"]), unique=True), st.randoms())
def test_the_order_of_the_answer_does_not_matter(found, required, chance):
    mixed = list(found)
    chance.shuffle(mixed)
    expected = judge_checks(Rollup("SUCCESS", tuple(found)), required)
    assert expected == judge_checks(Rollup("SUCCESS", tuple(mixed)), required)


@given(checks, st.lists(st.sampled_from(["ci", "e2e"]), unique=True, min_size=1))
def test_green_needs_every_required_name(found, required):
    if isinstance(judge_checks(Rollup("SUCCESS", tuple(found)), required), Green):
        assert set(required) <= {check.name for check in found if check.colour is GREEN}
