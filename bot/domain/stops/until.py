"""When something ends that a person gave an end in their own words."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import assert_never
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bot.domain.commands.nouns import At, For, Until
from bot.domain.stops.freezes import DAY, instant

LONGEST = timedelta(days=366)
"""Whoever means longer means without an end, and is reminded."""

_UTC = "UTC"


class WrongEnd(StrEnum):
    """Why an end cannot be."""

    PAST = "past"
    FAR = "far"


@dataclass(frozen=True, slots=True)
class BadEnd:
    """The end that was *said* (a day, perhaps with a time) cannot be."""

    why: WrongEnd
    said: str


def end_of(
    until: Until | None, now: datetime, zone: ZoneInfo, asked_at: datetime | None = None
) -> datetime | BadEnd | None:
    """Return the aware moment that *until* means, said in *zone* at *asked_at*, or just *now*.

    None is no end. A time without a day is the next one to come; a day without a time is its first
    moment. Where a clock shows a time twice, the second is meant; one that it jumps over stands
    for the moment of the jump.
    """
    end = _meant(until, asked_at or now, zone)
    if isinstance(end, datetime) and end <= now:
        return BadEnd(WrongEnd.PAST, f"{end.astimezone(zone):%Y-%m-%d %H:%M}")
    return end


def _meant(until: Until | None, now: datetime, zone: ZoneInfo) -> datetime | BadEnd | None:
    match until:
        case None:
            return None
        case For(span):
            return now + span if span <= LONGEST else BadEnd(WrongEnd.FAR, _days(span))
        case At(day, hour):
            if day is None:
                return _next(hour or time(), now, zone)
            return _on(day, hour, now, zone)
        case _:
            assert_never(until)


def start_of(since: For | At, now: datetime, zone: ZoneInfo) -> datetime:
    """Return the aware moment that ``since`` means, said at the aware moment *now* in *zone*.

    It may lie in the future, and then nothing has happened since. A time without a day is the last
    one that was; a day without a time is its first moment.
    """
    match since:
        case For(span):
            return now - span
        case At(day, hour):
            start = _moment(day or now.astimezone(zone).date(), hour or time(), zone)
            return start - DAY if day is None and start > now else start
        case _:
            assert_never(since)


def _next(hour: time, now: datetime, zone: ZoneInfo) -> datetime:
    today = now.astimezone(zone).date()
    end = _moment(today, hour, zone)
    return end if end > now else _moment(today + DAY, hour, zone)


def _on(day: date, hour: time | None, now: datetime, zone: ZoneInfo) -> datetime | BadEnd:
    said = f"{day.isoformat()} {hour:%H:%M}" if hour else day.isoformat()
    today = now.astimezone(zone).date()
    if day < today:
        return BadEnd(WrongEnd.PAST, said)
    if day - today > LONGEST:
        return BadEnd(WrongEnd.FAR, said)
    end = _moment(day, hour or time(), zone)
    return end if end > now else BadEnd(WrongEnd.PAST, said)


def _moment(day: date, hour: time, zone: ZoneInfo) -> datetime:
    return instant(datetime.combine(day, hour), zone, fold=1)


def _days(span: timedelta) -> str:
    return f"{span.days} days"


def zone_named(name: str) -> ZoneInfo:
    """Return the time zone with the IANA *name*; UTC where nobody knows one of that name."""
    try:
        return ZoneInfo(name or _UTC)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo(_UTC)
