from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.operations import Phase
from bot.domain.status import InGit, Running, StatusRow, Unanswered
from bot.domain.stops.freezes import Frozen
from bot.domain.stops.standstills import Standstill
from bot.messages.status import status
from tests.messages.limits import assert_slack_takes
from tests.messages.operations import ARGO, ASKED, after, operation
from tests.messages.reading import read
from tests.messages.standing import CALENDAR, NOON, freeze, lock
from tests.messages.test_cards import operations, text, url

ROW = StatusRow(
    "core",
    "stage",
    InGit("core-stage-a1b2c3d4"),
    Running("Synced", "Healthy", ("core-stage-a1b2c3d4",), ARGO),
)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        pytest.param(
            {},
            "• *core/stage*: Git says `core-stage-a1b2c3d4`; `core-stage-a1b2c3d4` runs, "
            f"Synced, Healthy <{ARGO}>",
            id="all well",
        ),
        pytest.param(
            {"git": Unanswered("GitHub gave no answer"), "runs": Unanswered("")},
            "• *core/stage*: Git says *unknown* (GitHub gave no answer); what runs is *unknown*",
            id="nobody answers",
        ),
        pytest.param(
            {"git": InGit(None), "runs": Running("OutOfSync", "", (), ARGO)},
            f"• *core/stage*: Git says no tag; no pod of it runs, OutOfSync, unknown <{ARGO}>",
            id="nothing there",
        ),
        pytest.param(
            {
                "current": operation(Phase.FOLLOWING),
                "last": operation(Phase.FAILED, id="D-4800", ended_at=ASKED),
            },
            "• *core/stage*: Git says `core-stage-a1b2c3d4`; `core-stage-a1b2c3d4` runs, "
            f"Synced, Healthy <{ARGO}>; under way: `D-4821` (following) by @U0ALICE, 2 min; "
            "last: `D-4800` failed 2 min ago, by @U0ALICE",
            id="under way, and what was before",
        ),
    ],
)
def test_a_row_reads(change, expected):
    message = status([replace(ROW, **change)], after(minutes=2))
    assert expected == read(message)
    assert_slack_takes(message)


def test_no_row_says_how_to_see_all():
    message = status([], ASKED)
    assert "No service fits. `/ship status` alone shows all of them." == read(message)
    assert_slack_takes(message)


def test_what_does_not_fit_is_counted():
    message = status([replace(ROW, service=f"service-{n}") for n in range(200)], ASKED)
    assert_slack_takes(message)
    shown = read(message).splitlines()
    assert (
        f"and {200 - len(shown) + 1} more: name a service, as in `/ship status <service>`"
        == (shown[-1])
    )


def test_what_was_never_asked_for_is_counted_too_and_said_aloud():
    message = status([ROW], ASKED, left_off=10)
    assert "and 10 more" in read(message)
    assert "and 10 more" in message.text


unanswered = st.builds(Unanswered, text)
rows = st.builds(
    StatusRow,
    text,
    text,
    unanswered | st.builds(InGit, st.none() | text),
    unanswered | st.builds(Running, text, text, st.lists(text, max_size=5).map(tuple), url),
    st.none() | operations,
    st.none() | operations,
)


@settings(max_examples=30, deadline=None)
@given(st.lists(rows, max_size=3))
def test_slack_takes_any_status(given_rows):
    assert_slack_takes(status(given_rows * 10, after(days=3)))


@pytest.mark.parametrize(
    ("still", "expected"),
    [
        pytest.param([], "", id="nothing"),
        pytest.param(
            [Standstill("prod", (lock("batch"), lock()))],
            "\n• @U0ALICE holds the lock on *batch* and *core* in *prod* since"
            " 2026-11-21 12:00 UTC, until 2026-11-21 13:00 UTC: load test.",
            id="a lock",
        ),
        pytest.param(
            [Standstill("prod", frozen=Frozen((freeze(), CALENDAR), NOON))],
            "\n• *prod* is frozen until 2026-11-21 12:00 UTC. @U0ALICE froze it"
            " 2026-11-21 12:00 UTC: incident 42. By the calendar: fri-sun from 17:00 Asia/Seoul.",
            id="frozen by both",
        ),
        pytest.param(
            [Standstill("prod", frozen=Frozen((freeze(),), None))],
            "\n• *prod* is frozen, with no end in sight. @U0ALICE froze it"
            " 2026-11-21 12:00 UTC: incident 42.",
            id="no end",
        ),
        pytest.param(
            [Standstill("prod", next_freeze=NOON)],
            "\n• *prod* freezes 2026-11-21 12:00 UTC.",
            id="soon",
        ),
    ],
)
def test_what_stands_still_is_shown_below(still, expected):
    message = status([ROW], ASKED, 0, still)
    assert read(status([ROW], ASKED)) + expected == read(message)
    assert_slack_takes(message)


def test_many_locks_are_cut_and_counted_and_leave_room_for_the_rows():
    long = [lock(f"s{n}", reason=f"{n} " + "y" * 400) for n in range(40)]
    rows = [replace(ROW, service=f"service-{n}") for n in range(30)]
    message = status(rows, ASKED, 0, [Standstill("prod", tuple(long))])
    said = read(message)
    assert "more locks, freezes and holds: name an environment" in said
    assert "service-20" in said
    assert_slack_takes(message)
