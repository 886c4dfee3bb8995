"""When an environment stands still: by the calendar, or because a person stopped the line.

Hours are those on the wall of the freeze's own time zone. Where a clock is set back and shows an
hour twice, a freeze begins at the first and ends at the second; where it is set forward over the
moment, both happen when the clock jumps.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bot.domain.rights import Actor

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
WEEK = len(DAYS)
DAY = timedelta(days=1)
FAR = timedelta(days=400)
"""A freeze that goes on for longer is said to have no end: more than a year of calendar."""
FIRST_YEAR, LAST_YEAR = 2000, 9000

_RANGE = re.compile(r"(\w+)\s*-\s*(\w+)")
_HOUR = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])")


@dataclass(frozen=True, slots=True)
class Weekly:
    """Each week from *start* on *day* (0 is Monday) until *end*, *days* days later.

    *days* is below a week. *end* None is the end of that last day.
    """

    day: int
    days: int
    start: time = time()
    end: time | None = None


@dataclass(frozen=True, slots=True)
class Dated:
    """Once, from *start* on the day *first* until *end* on the day *last*; None: its end."""

    first: date
    last: date
    start: time = time()
    end: time | None = None


@dataclass(frozen=True, slots=True)
class CalendarFreeze:
    """A rule of the configuration. *zone* is an IANA name; *text* is how people read the rule."""

    zone: str
    stretches: tuple[Weekly | Dated, ...]
    text: str = ""


@dataclass(frozen=True, slots=True)
class AdHocFreeze:
    """A person stopped the line. *until* None: until somebody lifts it."""

    environment: str
    by: Actor
    reason: str
    since: datetime
    until: datetime | None = None


Freeze = CalendarFreeze | AdHocFreeze


@dataclass(frozen=True, slots=True)
class Frozen:
    """What stops an environment now, and *until* when in all; None: no end is in sight.

    *by* is never empty. *until* looks past the end of one freeze into another that begins by then.
    """

    by: tuple[Freeze, ...]
    until: datetime | None


def frozen(environment: str, freezes: Iterable[Freeze], at: datetime) -> Frozen | None:
    """Return what freezes *environment* at the aware moment *at*, or None.

    Calendar rules in *freezes* are those of the environment; freezes by people of other
    environments are passed over.

    Raises:
        ValueError: *at* does not know its zone.
    """
    if at.tzinfo is None:
        raise ValueError("a moment must know its zone")
    here = [one for one in freezes if _concerns(one, environment)]
    by = tuple(one for one in here if _active(one, at))
    return Frozen(by, _end(here, at)) if by else None


def next_freeze(freezes: Iterable[CalendarFreeze], at: datetime) -> datetime | None:
    """Return when the next stretch of *freezes* begins after the aware moment *at*, in its zone.

    None: none ever does.
    """
    return min((begin for one in freezes for begin in _begins(one, at)), default=None)


def calendar_freeze(
    zone: str,
    days: str | Sequence[str] = (),
    dates: Sequence[str] = (),
    start: str = "",
    until: str = "",
) -> CalendarFreeze:
    """Return the freeze that the configuration writes.

    A range of days (``fri-sun``) is one stretch: from *start* on the first day until *until* on
    the last. A list (``[fri, sat]``) is each day by itself; hours that end before they begin reach
    into the next day. *dates* are days (``2026-12-24``) or stretches (``2026-12-24/2027-01-02``),
    last day included. Without days and dates, every day.

    Raises:
        ValueError: it is no freeze; the sentence says what to write instead.
    """
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"`{zone}` is no time zone; write one such as Asia/Seoul") from None
    if days and dates:
        raise ValueError("has both `days` and `dates`; write two freezes")
    if not (days or dates or start or until):
        raise ValueError("freezes always; write `days: mon-sun` if that is meant")
    begins, ends = _hour(start) or time(), _hour(until)
    stretches: list[Weekly | Dated]
    if dates:
        stretches = [_dated(text, begins, ends) for text in dates]
    else:
        stretches = list(_weekly(days or DAYS, begins, ends))
    when = days if isinstance(days, str) else ", ".join(days)
    words = (when or ", ".join(dates) or "every day", start and f"from {start}")
    text = " ".join(filter(None, (*words, until and f"until {until}", zone)))
    return CalendarFreeze(zone, tuple(stretches), text)


def _weekly(days: str | Sequence[str], start: time, end: time | None) -> Iterator[Weekly]:
    if isinstance(days, str):
        if found := _RANGE.fullmatch(days.strip()):
            first, last = _day(found[1]), _day(found[2])
            if first == last:
                raise ValueError(f"`{days}` begins and ends on one day; write `{found[1]}`")
            yield Weekly(first, (last - first) % WEEK, start, end)
            return
        days = days.split(",")
    for each in days:
        if _RANGE.fullmatch(each.strip()):
            raise ValueError(f"`{each}` stands in a list; write the range alone, or every day")
        yield Weekly(_day(each), _over_midnight(start, end), start, end)


def _dated(text: str, start: time, end: time | None) -> Dated:
    first, slash, last = text.partition("/")
    try:
        begins = date.fromisoformat(first.strip())
        ends = date.fromisoformat(last.strip()) if slash else begins
    except ValueError:
        message = f"`{text}` is no date; write 2026-12-24 or 2026-12-24/2027-01-02"
        raise ValueError(message) from None
    if ends < begins:
        raise ValueError(f"`{text}` ends before it begins")
    if begins.year < FIRST_YEAR or ends.year > LAST_YEAR:
        raise ValueError(f"`{text}` is too far away; write a year from {FIRST_YEAR}")
    if begins == ends:
        ends += DAY * _over_midnight(start, end)
    return Dated(begins, ends, start, end)


def _over_midnight(start: time, end: time | None) -> int:
    return int(end is not None and end <= start)


def _day(text: str) -> int:
    short = text.strip().casefold()[:3]
    whole = text.strip().casefold()
    names = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
    if short in DAYS and whole in {short, names[DAYS.index(short)]}:
        return DAYS.index(short)
    raise ValueError(f"`{text.strip()}` is no day; write {', '.join(DAYS)}")


def _hour(text: str) -> time | None:
    """Return the time of day, or None for none; ``24:00`` is the end of the day, so none too."""
    if text in {"", "24:00"}:
        return None
    if found := _HOUR.fullmatch(text):
        return time(int(found[1]), int(found[2]))
    raise ValueError(f"`{text}` is no time of day; write it as 17:00")


def _concerns(freeze: Freeze, environment: str) -> bool:
    return isinstance(freeze, CalendarFreeze) or freeze.environment == environment


def _active(freeze: Freeze, at: datetime) -> bool:
    return any(True for _ in _spans_at(freeze, at))


def _end(freezes: Sequence[Freeze], at: datetime) -> datetime | None:
    """Return the first moment from *at* on at which nothing freezes; None: none is in sight."""
    moment = at
    while moment - at <= FAR:
        ends = [end for one in freezes for end in _spans_at(one, moment)]
        if not ends:
            return moment
        if None in ends:
            return None
        moment = max(end for end in ends if end is not None)
    return None


def _spans_at(freeze: Freeze, at: datetime) -> Iterator[datetime | None]:
    """Yield the end of each stretch of *freeze* that holds at *at*."""
    if isinstance(freeze, AdHocFreeze):
        if freeze.since <= at and (freeze.until is None or at < freeze.until):
            yield freeze.until
        return
    zone = ZoneInfo(freeze.zone)
    for stretch in freeze.stretches:
        for start, end in _local(stretch, at.astimezone(zone).date()):
            begins, ends = instant(start, zone, fold=0), instant(end, zone, fold=1)
            if begins <= at < ends:
                yield ends


def _begins(freeze: CalendarFreeze, at: datetime) -> Iterator[datetime]:
    """Yield the next begin of each stretch of *freeze* after *at*."""
    zone = ZoneInfo(freeze.zone)
    for stretch in freeze.stretches:
        first = [begin for begin in _next_begins(stretch, at, zone) if begin > at]
        if first:
            yield min(first).astimezone(zone)


def _next_begins(stretch: Weekly | Dated, at: datetime, zone: ZoneInfo) -> Iterator[datetime]:
    today = at.astimezone(zone).date()
    soon = (today, today + DAY * WEEK) if isinstance(stretch, Weekly) else (today,)
    for day in soon:
        for start, _ in _local(stretch, day):
            yield instant(start, zone, fold=0)


def _local(stretch: Weekly | Dated, today: date) -> Iterator[tuple[datetime, datetime]]:
    """Yield the stretches around *today*, as the clock on the wall shows them."""
    if isinstance(stretch, Dated):
        yield _begin(stretch.first, stretch.start), _finish(stretch.last, stretch.end)
        return
    since = (today.weekday() - stretch.day) % WEEK
    first = today - DAY * since
    yield _begin(first, stretch.start), _finish(first + DAY * stretch.days, stretch.end)


def _begin(day: date, start: time) -> datetime:
    return datetime.combine(day, start)


def _finish(day: date, end: time | None) -> datetime:
    return datetime.combine(day + DAY, time()) if end is None else datetime.combine(day, end)


def instant(wall: datetime, zone: ZoneInfo, fold: int) -> datetime:
    """Return when the clock of *zone* shows *wall*: with *fold* 0 first, with 1 last.

    A time that the clock jumps over stands for the moment of the jump.
    """
    moment = wall.replace(tzinfo=zone, fold=fold).astimezone(UTC)
    if moment.astimezone(zone).replace(tzinfo=None) == wall:
        return moment
    # In a gap, fold 1 reads the offset behind the jump and so lies before it, fold 0 after it.
    before = wall.replace(tzinfo=zone, fold=1).astimezone(UTC)
    after = wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
    second = timedelta(seconds=1)
    while after - before > second:
        middle = (before + (after - before) // 2).replace(microsecond=0)
        if middle.astimezone(zone).replace(tzinfo=None) < wall:
            before = middle
        else:
            after = middle
    return after
