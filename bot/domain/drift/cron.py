"""When reports are due: a line of cron, in a time zone.

APScheduler counts the days of the week from Monday as 0 and joins both kinds of days with "and",
where cron counts from Sunday as 0 and joins them with "or". So numbers become names here, and a
line that names days both ways is refused.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from apscheduler.triggers.cron import CronTrigger

FIELDS = 5
DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
BACK = (timedelta(hours=2), timedelta(days=1), timedelta(days=8))
"""How far back a due moment is looked for, the nearest first; what is older is no news."""

MOST_TRIES = 1000
_ODD = timedelta(hours=3)
"""More than any clock was ever put forward or back."""
_TICK = timedelta(microseconds=1)

_PART = re.compile(
    r"(?P<first>\*|[0-9]|[a-z]{3})(?:-(?P<last>[0-9]|[a-z]{3}))?(?:/(?P<step>[0-9]+))?"
)


@dataclass(frozen=True, slots=True)
class Cron:
    """A line of cron and its time zone. Made by ``parse``; equal by its texts."""

    text: str
    zone: str
    trigger: Any = field(repr=False, compare=False)

    @classmethod
    def parse(cls, text: str, zone: str) -> "Cron":
        """Return when *text* (``0 9 * * mon-fri``) is due on the clock of *zone*.

        Raises:
            ValueError: it is none; the sentence says what to write instead.
        """
        parts = text.split()
        if len(parts) != FIELDS:
            raise ValueError(
                f"`{text}` has {len(parts)} fields; write minute, hour, day, month and day of the "
                "week, as in `0 9 * * mon-fri`"
            )
        minute, hour, day, month, week = parts
        if day != "*" and week != "*":
            raise ValueError(
                f"`{text}` names days of the month and of the week; write two reports instead"
            )
        try:
            ZoneInfo(zone)
        except (KeyError, ValueError, OSError) as error:
            raise ValueError(f"`{zone}` is no time zone; write one such as Asia/Seoul") from error
        try:
            trigger = CronTrigger(
                minute=minute,
                hour=hour,
                day=day,
                month=month.casefold(),
                day_of_week=_names(week.casefold()),
                timezone=UTC,
            )
        except ValueError as error:
            raise ValueError(f"`{text}` is no line of cron: {error}") from error
        return cls(text, zone, trigger)

    def latest(self, after: datetime, now: datetime) -> datetime | None:
        """Return the latest due moment after *after* that is not after *now*, or None.

        However many were missed in between, it is one. A time that the clock skips is due as much
        later as it skips; one that comes twice is due the first time.
        """
        for back in BACK:
            start = max(after, now - back)
            if due := max((one for one in self._between(start, now) if one > start), default=None):
                return due
            if start == after:
                return None
        return None

    def following(self, now: datetime) -> datetime | None:
        """Return the next due moment after *now*; None where there is none any more."""
        wall = self._wall(now) - _ODD
        for _ in range(MOST_TRIES):
            found = self._next(wall)
            if found is None:
                return None
            if (due := self._instant(found)) > now:
                return due
            wall = found + _TICK
        return None

    def _between(self, start: datetime, end: datetime) -> Iterator[datetime]:
        wall, last = self._wall(start) - _ODD, self._wall(end) + _ODD
        while (found := self._next(wall)) is not None and found <= last:
            if (due := self._instant(found)) <= end:
                yield due
            wall = found + _TICK

    # The trigger counts on a clock without changes: on one with them, APScheduler's goes back an
    # hour when the clock does, and never gets past it.

    def _next(self, wall: datetime) -> datetime | None:
        found: datetime | None = self.trigger.get_next_fire_time(None, wall)
        return found

    def _wall(self, moment: datetime) -> datetime:
        return moment.astimezone(ZoneInfo(self.zone)).replace(tzinfo=UTC, fold=0)

    def _instant(self, wall: datetime) -> datetime:
        return wall.replace(tzinfo=ZoneInfo(self.zone), fold=0).astimezone(UTC)


def _names(week: str) -> str:
    """Return cron's field of the days of the week with names, each by itself."""
    if week == "*":
        return week
    return ",".join(name for part in week.split(",") for name in _expanded(part))


def _expanded(part: str) -> list[str]:
    found = _PART.fullmatch(part)
    if found is None:
        raise ValueError(f"`{part}` is no day of the week; write `mon-fri` or `sat,sun`")
    step = int(found["step"] or 1)
    if step < 1:
        raise ValueError(f"`{part}` steps by nothing")
    if found["first"] == "*":
        first, last = 0, len(DAYS) - 1
    else:
        first = _day(found["first"])
        last = _day(found["last"]) if found["last"] else first
    if last < first:  # over the weekend: sat-mon
        last += len(DAYS)
    return [DAYS[day % len(DAYS)] for day in range(first, last + 1, step)]


def _day(text: str) -> int:
    if text.isdecimal():
        if int(text) > len(DAYS):
            raise ValueError(f"`{text}` is no day of the week; they are 0 (sun) to 7 (sun)")
        return int(text) % len(DAYS)
    if text not in DAYS:
        raise ValueError(f"`{text}` is no day of the week; write {', '.join(DAYS)}")
    return DAYS.index(text)
