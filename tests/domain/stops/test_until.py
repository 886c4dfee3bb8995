from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.commands.nouns import At, For
from bot.domain.stops.until import LONGEST, BadEnd, WrongEnd, end_of, zone_named

SEOUL, BERLIN = ZoneInfo("Asia/Seoul"), ZoneInfo("Europe/Berlin")
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)  # 21:00 in Seoul, 13:00 in Berlin


def utc(*parts):
    return datetime(*parts, tzinfo=UTC)


@pytest.mark.parametrize(
    ("until", "zone", "now", "expected"),
    [
        pytest.param(None, SEOUL, NOON, None, id="no end"),
        pytest.param(For(timedelta(hours=2)), SEOUL, NOON, utc(2026, 11, 21, 14), id="a span"),
        pytest.param(At(None, time(22)), SEOUL, NOON, utc(2026, 11, 21, 13), id="later today"),
        pytest.param(
            At(None, time(18)), SEOUL, NOON, utc(2026, 11, 22, 9), id="passed today, so tomorrow"
        ),
        pytest.param(At(None, time(18)), BERLIN, NOON, utc(2026, 11, 21, 17), id="other zone"),
        pytest.param(
            At(None, time(21)), SEOUL, NOON, utc(2026, 11, 22, 12), id="this very moment is past"
        ),
        pytest.param(
            At(date(2026, 12, 1)), SEOUL, NOON, utc(2026, 11, 30, 15), id="start of the day"
        ),
        pytest.param(
            At(date(2026, 12, 1), time(18, 30)), SEOUL, NOON, utc(2026, 12, 1, 9, 30), id="both"
        ),
        pytest.param(
            At(date(2026, 11, 22), time(0, 30)),
            SEOUL,
            utc(2026, 11, 21, 15, 10),  # already the 22nd there
            utc(2026, 11, 21, 15, 30),
            id="today is the asker's",
        ),
        pytest.param(
            At(None, time(2, 30)),
            BERLIN,
            utc(2026, 10, 24, 23),
            utc(2026, 10, 25, 1, 30),
            id="shown twice: the second",
        ),
        pytest.param(
            At(None, time(2, 30)),
            BERLIN,
            utc(2026, 3, 28, 23),
            utc(2026, 3, 29, 1),
            id="jumped over: the moment of the jump",
        ),
        pytest.param(
            At(None, time(18)),
            BERLIN,
            utc(2026, 10, 24, 17),
            utc(2026, 10, 25, 17),
            id="tomorrow has 25 hours",
        ),
    ],
)
def test_an_end_is_on_the_clock_of_who_said_it(until, zone, now, expected):
    assert expected == end_of(until, now, zone)


@pytest.mark.parametrize(
    ("until", "expected"),
    [
        pytest.param(At(date(2026, 11, 20)), BadEnd(WrongEnd.PAST, "2026-11-20"), id="yesterday"),
        pytest.param(
            At(date(2026, 11, 21)), BadEnd(WrongEnd.PAST, "2026-11-21"), id="today began long ago"
        ),
        pytest.param(
            At(date(2026, 11, 21), time(20)),
            BadEnd(WrongEnd.PAST, "2026-11-21 20:00"),
            id="an hour ago",
        ),
        pytest.param(At(date.max), BadEnd(WrongEnd.FAR, "9999-12-31"), id="the last day of all"),
        pytest.param(At(date.min), BadEnd(WrongEnd.PAST, "0001-01-01"), id="the first day"),
        pytest.param(For(timedelta(days=400)), BadEnd(WrongEnd.FAR, "400 days"), id="a long span"),
    ],
)
def test_an_end_that_cannot_be_is_told(until, expected):
    assert expected == end_of(until, NOON, SEOUL)


@given(
    st.one_of(
        st.builds(For, st.timedeltas(min_value=timedelta(seconds=1))),
        st.builds(At, st.dates(), st.one_of(st.none(), st.times())),
        st.builds(At, st.none(), st.times()),
    ),
    st.sampled_from([SEOUL, BERLIN, ZoneInfo("Pacific/Apia"), ZoneInfo("America/Adak")]),
)
def test_whatever_end_is_said_it_comes_within_a_year_or_is_refused(until, zone):
    end = end_of(until, NOON, zone)
    assert isinstance(end, BadEnd) or NOON < end <= NOON + LONGEST + timedelta(days=2)


@pytest.mark.parametrize("name", ["", "Mars/Olympus", "../../etc/passwd", "\0", "x" * 5000])
def test_a_zone_that_nobody_knows_is_utc(name):
    assert "UTC" == zone_named(name).key
