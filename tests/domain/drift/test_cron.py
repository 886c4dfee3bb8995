from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.drift.cron import Cron

SATURDAY = datetime(2026, 11, 21, 12, tzinfo=UTC)


def at(year, month, day, hour=0, minute=0, zone="UTC"):
    return datetime(year, month, day, hour, minute, tzinfo=ZoneInfo(zone))


def following(text, zone, start, count):
    cron, found = Cron.parse(text, zone), []
    for _ in range(count):
        start = cron.following(start)
        found.append(start)
    return found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("0 9 * * mon-fri", [(23, 9), (24, 9), (25, 9)], id="by names"),
        pytest.param("0 9 * * 1-5", [(23, 9), (24, 9), (25, 9)], id="cron's 1 is Monday"),
        pytest.param("0 9 * * 0", [(22, 9), (29, 9)], id="0 is Sunday"),
        pytest.param("0 9 * * 7", [(22, 9), (29, 9)], id="7 is Sunday, too"),
        pytest.param("0 9 * * fri-mon", [(22, 9), (23, 9), (27, 9)], id="over the weekend"),
        pytest.param("0 9 * * sat,MON", [(23, 9), (28, 9)], id="a list, in any case"),
        pytest.param("0 9 * * */2", [(22, 9), (24, 9), (26, 9)], id="every other day of it"),
        pytest.param("30 6,18 24 * *", [(24, 6), (24, 18)], id="a day of the month, twice"),
    ],
)
def test_when_it_is_due(text, expected):
    found = following(text, "UTC", SATURDAY, len(expected))
    assert expected == [(one.day, one.hour) for one in found]


def test_it_is_due_on_the_clock_of_its_zone():
    assert [at(2026, 11, 23, 9, zone="Asia/Seoul")] == following(
        "0 9 * * mon-fri", "Asia/Seoul", SATURDAY, 1
    )


@pytest.mark.parametrize(
    ("text", "start", "expected"),
    [
        # On 29 March 2026 the clock in Berlin goes from 2 to 3, on 25 October from 3 to 2.
        pytest.param("0 9 * * *", at(2026, 3, 28), [(8, 0), (7, 0), (7, 0)], id="spring"),
        pytest.param("0 9 * * *", at(2026, 10, 24), [(7, 0), (8, 0), (8, 0)], id="autumn"),
        pytest.param("30 2 * * *", at(2026, 3, 28), [(1, 30), (1, 30), (0, 30)], id="skipped"),
        pytest.param("30 2 * * *", at(2026, 10, 24), [(0, 30), (0, 30), (1, 30)], id="twice"),
    ],
)
def test_where_the_clock_changes_it_is_due_once_a_day(text, start, expected):
    found = following(text, "Europe/Berlin", start, 3)
    assert expected == [(one.hour, one.minute) for one in found]
    assert {timedelta(hours=23), timedelta(hours=24), timedelta(hours=25)} >= {
        found[1] - found[0],
        found[2] - found[1],
    }


@pytest.mark.parametrize(
    ("after", "now", "expected"),
    [
        pytest.param(at(2026, 11, 20, 9), at(2026, 11, 20, 10), None, id="done already"),
        pytest.param(at(2026, 11, 19, 9), at(2026, 11, 20, 10), at(2026, 11, 20, 9), id="due"),
        pytest.param(at(2026, 11, 16, 9), at(2026, 11, 20, 10), at(2026, 11, 20, 9), id="missed 4"),
        pytest.param(at(2026, 11, 20, 9), at(2026, 11, 22, 10), None, id="the weekend"),
        pytest.param(
            at(2026, 11, 19, 9), at(2026, 11, 20, 9), at(2026, 11, 20, 9), id="to the dot"
        ),
        pytest.param(at(2020, 1, 1), at(2026, 11, 22, 10), at(2026, 11, 20, 9), id="years away"),
    ],
)
def test_what_was_missed_is_one(after, now, expected):
    assert expected == Cron.parse("0 9 * * mon-fri", "UTC").latest(after, now)


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from(["*/30 * * * *", "30 2 * * *", "0 0 1 * *", "15 */6 * * sun"]),
    st.sampled_from(["Europe/Berlin", "Asia/Seoul", "America/New_York", "Australia/Lord_Howe"]),
    st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1)),  # made aware below
    st.integers(1, 60 * 24 * 3),
)
def test_the_latest_is_due_in_between_and_none_comes_after_it(text, zone, start, minutes):
    cron, after = Cron.parse(text, zone), start.replace(tzinfo=UTC)
    now = after + timedelta(minutes=minutes)
    due = cron.latest(after, now)
    if due is None:
        assert cron.following(after) is None or cron.following(after) > now
    else:
        assert after < due <= now
        assert cron.latest(due, now) is None


@pytest.mark.parametrize(
    ("text", "zone", "said"),
    [
        ("0 9 * *", "UTC", "has 4 fields"),
        ("0 9 1 * mon", "UTC", "write two reports"),
        ("0 9 * * monday", "UTC", "no day of the week"),
        ("0 9 * * 8", "UTC", "0 (sun) to 7 (sun)"),
        ("0 9 * * */0", "UTC", "steps by nothing"),
        ("61 9 * * *", "UTC", "no line of cron"),
        ("x 9 * * *", "UTC", "no line of cron"),
        ("0 9 * * *", "Asia/Soul", "no time zone"),
        ("0 9 * * *", "../etc/passwd", "no time zone"),
    ],
)
def test_what_is_no_line_of_cron(text, zone, said):
    with pytest.raises(ValueError, match=said.replace("(", r"\(").replace(")", r"\)")):
        Cron.parse(text, zone)
