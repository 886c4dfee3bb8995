"""The calendar is held against an oracle that only reads the clock on the wall."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from bot.domain.stops.freezes import (
    AdHocFreeze,
    CalendarFreeze,
    Dated,
    Weekly,
    calendar_freeze,
    frozen,
    next_freeze,
)
from tests.domain.policies import BOB

SEOUL, BERLIN, YORK = "Asia/Seoul", "Europe/Berlin", "America/New_York"
MINUTE = timedelta(minutes=1)
WEEKEND = calendar_freeze(SEOUL, "fri-sun", start="17:00")


def at(zone, text, fold=0):
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold)


def utc(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("rule", "moment", "until"),
    [
        # 2026-11-20 is a Friday
        pytest.param(WEEKEND, "2026-11-20T16:59:59", None, id="just before the week end"),
        pytest.param(WEEKEND, "2026-11-20T17:00", "2026-11-23T00:00", id="the week end begins"),
        pytest.param(WEEKEND, "2026-11-21T09:00", "2026-11-23T00:00", id="saturday morning, too"),
        pytest.param(WEEKEND, "2026-11-22T23:59:59", "2026-11-23T00:00", id="the last second"),
        pytest.param(WEEKEND, "2026-11-23T00:00", None, id="monday"),
        pytest.param(
            calendar_freeze(SEOUL, "fri-mon", start="17:00", until="09:00"),
            "2026-11-23T08:59",
            "2026-11-23T09:00",
            id="a range over the end of the week, into monday",
        ),
        pytest.param(
            calendar_freeze(SEOUL, "fri-mon", start="17:00", until="09:00"),
            "2026-11-23T17:30",
            None,
            id="a range is one stretch, not one for each day",
        ),
        pytest.param(
            calendar_freeze(SEOUL, ["fri", "sat"], start="22:00", until="06:00"),
            "2026-11-21T05:00",
            "2026-11-21T06:00",
            id="a list over midnight",
        ),
        pytest.param(
            calendar_freeze(SEOUL, ["fri", "sat"], start="22:00", until="06:00"),
            "2026-11-21T12:00",
            None,
            id="a list is each day by itself",
        ),
        pytest.param(
            calendar_freeze(SEOUL, ["sun"], start="22:00", until="06:00"),
            "2026-11-23T05:59",
            "2026-11-23T06:00",
            id="sunday night into monday",
        ),
        pytest.param(
            calendar_freeze(SEOUL, start="12:00", until="13:00"),
            "2026-11-18T12:30",
            "2026-11-18T13:00",
            id="every day at noon",
        ),
        pytest.param(
            calendar_freeze(SEOUL, dates=["2026-12-24/2027-01-02"]),
            "2026-12-31T23:59",
            "2027-01-03T00:00",
            id="the holidays, last day included",
        ),
        pytest.param(
            calendar_freeze(SEOUL, dates=["2026-12-24"], start="22:00", until="04:00"),
            "2026-12-25T03:00",
            "2026-12-25T04:00",
            id="one night by its date",
        ),
        pytest.param(
            calendar_freeze(SEOUL, dates=["2026-12-24"]), "2027-12-24T12:00", None, id="once only"
        ),
        pytest.param(
            calendar_freeze(SEOUL, "fri"), "2026-11-20T00:00", "2026-11-21T00:00", id="one day"
        ),
        pytest.param(
            calendar_freeze(SEOUL, "sat-mon"), "2026-11-22T12:00", "2026-11-24T00:00", id="sat-mon"
        ),
    ],
)
def test_what_the_calendar_freezes(rule, moment, until):
    found = frozen("prod", [rule], at(SEOUL, moment))
    assert until == (found and found.until.astimezone(ZoneInfo(SEOUL)).isoformat()[:16])


@pytest.mark.parametrize(
    ("zone", "hours", "free", "from_", "until"),
    [
        # 2026-03-29, Berlin: 02:00 +01 becomes 03:00 +02
        pytest.param(
            BERLIN, ("02:30", "05:00"), "00:59:59", "01:00", "03:00", id="Berlin: begins in the gap"
        ),
        pytest.param(
            BERLIN, ("00:00", "02:30"), "22:59:59-", "23:00-", "01:00", id="Berlin: ends in the gap"
        ),
    ],
)
def test_a_clock_set_forward(zone, hours, free, from_, until):
    rule = calendar_freeze(zone, dates=["2026-03-29"], start=hours[0], until=hours[1])

    def moment(text):
        day = "2026-03-28" if text.endswith("-") else "2026-03-29"
        return utc(f"{day}T{text.rstrip('-')}")

    assert frozen("prod", [rule], moment(free)) is None
    assert moment(until) == frozen("prod", [rule], moment(from_)).until


@pytest.mark.parametrize(
    ("zone", "day", "begins", "ends"),
    [
        # New York: 02:00 -04 becomes 01:00 -05; 01:30 is there twice
        pytest.param(YORK, "2026-11-01", "05:30", "06:45", id="New York"),
        # Berlin: 03:00 +02 becomes 02:00 +01
        pytest.param(BERLIN, "2026-10-25", "00:30", "01:45", id="Berlin"),
    ],
)
def test_a_clock_set_back_freezes_from_the_first_to_the_second(zone, day, begins, ends):
    hour = "01" if zone == YORK else "02"
    rule = calendar_freeze(zone, dates=[day], start=f"{hour}:30", until=f"{hour}:45")
    first, last = utc(f"{day}T{begins}"), utc(f"{day}T{ends}")
    assert frozen("prod", [rule], first - MINUTE) is None
    assert last == frozen("prod", [rule], first).until
    assert frozen("prod", [rule], last - MINUTE) is not None
    assert frozen("prod", [rule], last) is None


@pytest.mark.parametrize(
    ("zone", "expected"), [(SEOUL, 55), (BERLIN, 54), (YORK, 55)], ids=["Seoul", "Berlin", "York"]
)
def test_the_week_end_that_loses_an_hour_is_an_hour_shorter(zone, expected):
    rule = calendar_freeze(zone, "fri-sun", start="17:00")
    start = at(zone, "2026-03-27T17:00")
    hours = frozen("prod", [rule], start).until - start.astimezone(UTC)
    assert timedelta(hours=expected) == hours


rules = st.builds(
    CalendarFreeze,
    zone=st.sampled_from([SEOUL, BERLIN, YORK]),
    stretches=st.lists(
        st.builds(
            Weekly,
            day=st.integers(0, 6),
            days=st.integers(1, 6),
            start=st.builds(time, st.integers(0, 23), st.sampled_from([0, 30])),
            end=st.none() | st.builds(time, st.integers(0, 23), st.sampled_from([0, 30])),
        ),
        min_size=1,
        max_size=2,
    ).map(tuple),
)
moments = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC))


def minutes_of_week(day, clock):
    return (day * 24 + clock.hour) * 60 + clock.minute


def on_the_wall(rule, moment):
    """Tell by the wall's clock alone whether *rule* holds."""
    wall = moment.astimezone(ZoneInfo(rule.zone))
    now, week = minutes_of_week(wall.weekday(), wall), 7 * 24 * 60
    for one in rule.stretches:
        start = minutes_of_week(one.day, one.start)
        last = one.day + one.days + (one.end is None)
        end = minutes_of_week(last, one.end or time())
        if any(start <= now + shift < end for shift in (0, week)):
            return True
    return False


def is_near_a_change_of_the_clock(rule, moment):
    zone, near = ZoneInfo(rule.zone), timedelta(hours=3)
    here = moment.astimezone(zone).utcoffset()
    return any((moment + step).astimezone(zone).utcoffset() != here for step in (-near, near))


@given(rules, moments)
def test_it_freezes_what_the_clock_on_the_wall_says(rule, moment):
    assume(not is_near_a_change_of_the_clock(rule, moment))
    assert on_the_wall(rule, moment) is (frozen("prod", [rule], moment) is not None)


@given(st.lists(rules, min_size=1, max_size=3), moments, st.data())
def test_it_stays_frozen_until_then_and_no_longer(several, moment, data):
    found = frozen("prod", several, moment)
    assume(found is not None)
    if found.until is None:  # more than a year of calendar lies behind it
        far = data.draw(st.integers(0, 400 * 24))
        assert frozen("prod", several, moment + timedelta(hours=far)) is not None
        return
    assert found.until > moment
    assert frozen("prod", several, found.until) is None
    assert frozen("prod", several, found.until - timedelta(microseconds=1)) is not None
    between = data.draw(st.floats(0, 0.999)) * (found.until - moment)
    again = frozen("prod", several, moment + between)
    assert found.until == again.until


@settings(max_examples=50)
@given(
    st.sampled_from([BERLIN, YORK]),
    st.integers(0, 23),
    st.sampled_from([0, 30]),
    st.dates(date(2026, 1, 1), date(2027, 12, 31)),
)
def test_a_freeze_by_its_date_is_never_empty(zone, hour, minute, day):
    clock = f"{hour:02}:{minute:02}"
    late = datetime.combine(day, time(hour, minute)) + timedelta(hours=2)
    rule = calendar_freeze(zone, dates=[str(day)], start=clock, until=f"{late:%H:%M}")
    inside = at(zone, f"{day}T{clock}").astimezone(UTC) + timedelta(minutes=59)
    assert frozen("prod", [rule], inside) is not None


NOON = utc("2026-11-18T12:00")


@pytest.mark.parametrize(
    ("change", "after", "expected"),
    [
        pytest.param({}, 0, timedelta(hours=1), id="it begins at once"),
        pytest.param({}, -1, None, id="not before"),
        pytest.param({}, 3600, None, id="over"),
        pytest.param({"environment": "stage"}, 0, None, id="another environment"),
    ],
)
def test_a_person_stops_the_line(change, after, expected):
    made = {"environment": "prod", "by": BOB, "reason": "incident", "since": NOON}
    freeze = AdHocFreeze(**{**made, "until": NOON + timedelta(hours=1), **change})
    found = frozen("prod", [freeze], NOON + timedelta(seconds=after))
    assert (expected and NOON + expected) == (found and found.until)


def test_a_freeze_without_an_end_has_none():
    freeze = AdHocFreeze("prod", BOB, "incident", NOON)
    assert frozen("prod", [freeze, WEEKEND], NOON).until is None


def test_every_day_of_the_week_has_no_end():
    assert frozen("prod", [calendar_freeze(BERLIN, "mon-sun")], NOON).until is None


def test_it_says_when_the_last_of_several_ends():
    friday = at(SEOUL, "2026-11-20T16:00")
    person = AdHocFreeze("prod", BOB, "incident", friday, friday + timedelta(hours=2))
    found = frozen("prod", [person, WEEKEND], friday)
    assert (person,) == found.by
    assert at(SEOUL, "2026-11-23T00:00") == found.until


def test_a_moment_must_know_its_zone():
    with pytest.raises(ValueError, match="zone"):
        frozen("prod", [], datetime(2026, 11, 20))


@pytest.mark.parametrize(
    ("written", "words"),
    [
        pytest.param({"zone": "Asia/Soul"}, "no time zone", id="zone"),
        pytest.param({"zone": "../etc/passwd"}, "no time zone", id="a path for a zone"),
        pytest.param({"zone": ""}, "no time zone", id="no zone"),
        pytest.param({"days": "fri-sum"}, "no day", id="day"),
        pytest.param({"days": "fridge"}, "no day", id="a word that begins as a day"),
        pytest.param({"days": "fri-fri"}, "one day", id="a range of one day"),
        pytest.param({"days": ["fri-sun", "mon"]}, "in a list", id="a range in a list"),
        pytest.param({"days": "fri", "start": "5pm"}, "time of day", id="hour"),
        pytest.param({"days": "fri", "start": "25:00"}, "time of day", id="hour 25"),
        pytest.param({"dates": ["24.12."]}, "no date", id="date"),
        pytest.param({"dates": ["2026-12-24/2026-12-01"]}, "before it begins", id="backwards"),
        pytest.param({"dates": ["9999-12-31"]}, "too far", id="the end of time"),
        pytest.param({"days": "fri", "dates": ["2026-12-24"]}, "two freezes", id="both"),
        pytest.param({}, "freezes always", id="nothing"),
    ],
)
def test_what_is_no_freeze_is_said(written, words):
    with pytest.raises(ValueError, match=words):
        calendar_freeze(**{"zone": SEOUL, **written})


@pytest.mark.parametrize("days", ["fri,sat", "Friday, Saturday", ["fri", "sat"]])
def test_a_list_is_written_in_several_ways(days):
    assert (Weekly(4, 0), Weekly(5, 0)) == calendar_freeze(SEOUL, days).stretches


def test_the_end_of_a_day_may_be_written_out():
    expected = (Dated(date(2026, 12, 24), date(2026, 12, 24)),)
    assert expected == calendar_freeze(SEOUL, dates=["2026-12-24"], until="24:00").stretches


def test_people_read_the_rule():
    assert "fri-sun from 17:00 Asia/Seoul" == WEEKEND.text


@pytest.mark.parametrize(
    ("freezes", "at", "expected"),
    [
        pytest.param([], "2026-11-21 12:00", None, id="none"),
        pytest.param(["fri-sun"], "2026-11-19 12:00", "2026-11-20 17:00", id="tomorrow"),
        pytest.param(["fri-sun"], "2026-11-21 12:00", "2026-11-27 17:00", id="in one: the next"),
        pytest.param(["fri-sun"], "2026-11-20 17:00", "2026-11-27 17:00", id="begins just now"),
        pytest.param(["fri-sun", "tue"], "2026-11-21 12:00", "2026-11-24 17:00", id="the nearest"),
    ],
)
def test_the_next_freeze_is_foreseen(freezes, at, expected):
    rules = [calendar_freeze("Asia/Seoul", days=days, start="17:00") for days in freezes]
    zone = ZoneInfo("Asia/Seoul")
    moment = datetime.fromisoformat(at).replace(tzinfo=zone)
    found = next_freeze(rules, moment)
    assert expected == (found and f"{found:%Y-%m-%d %H:%M}")


def test_dates_are_foreseen_until_they_begin():
    rule = calendar_freeze("Asia/Seoul", dates=["2026-12-24/2027-01-02"])
    begin = datetime(2026, 12, 24, tzinfo=ZoneInfo("Asia/Seoul"))
    assert begin == next_freeze([rule], begin - timedelta(seconds=1))
    assert next_freeze([rule], begin) is None
