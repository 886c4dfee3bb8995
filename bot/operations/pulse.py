"""Whether others take our logins, and whether our clock agrees with theirs; told early.

What the adapters hear beside the words of each answer comes here. It is of this process alone and
is never stored: a replica whose login fails knows it by itself.
"""

import contextlib
import threading
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from types import MappingProxyType

import structlog

from bot.adapters.calls import Answered
from bot.clock import Clock
from bot.domain.ailments import Ailment, ClockOff, Ends, Refused, ends_soon, name_of
from bot.domain.clocks import is_off, skew
from bot.domain.errors import BotError
from bot.messages import ailments as words
from bot.operations.saying.alerts import Alerts
from bot.operations.saying.outbox import Letter, ToChannel, put
from bot.operations.sql.database import Database

log = structlog.get_logger(__name__)

SLACK = "Slack"

TokenEnds = Callable[[], Mapping[str, datetime | None]]
"""When the token of each system ends; None: never."""


def the_wall() -> datetime:
    """Return what the clock of this machine shows now, set back or not."""
    return Clock().epoch


class Pulse:
    """Hears every answer. *variables* says by system where its login comes from. For any thread.

    *wall* is the machine's clock as it is now, which may be put right while we run; *clock* tells
    since when something is.
    """

    def __init__(
        self,
        variables: Mapping[str, str],
        clock: Clock,
        wall: Callable[[], datetime] = the_wall,
    ) -> None:
        self._variables, self._clock, self._wall = variables, clock, wall
        self._guard = threading.Lock()
        self._refused: dict[str, Refused] = {}
        self._skews: dict[str, timedelta] = {}
        self._ends: TokenEnds = dict

    def know_ends(self, ends: TokenEnds) -> None:
        """Ask *ends* from now on when tokens end."""
        self._ends = ends

    def heard(self, answer: Answered) -> None:
        """Take in one answer."""
        by = skew(answer.date, self._wall(), answer.seconds)
        if by is not None:
            self.saw_clock(answer.system, by)
        if answer.refused:
            self._was_refused(answer)
        elif answer.system in self._refused:
            with self._guard:
                self._refused.pop(answer.system, None)
            log.info("our login is taken again", system=answer.system)

    def saw_clock(self, system: str, by: timedelta) -> None:
        """Take in how far our clock is ahead of that of *system*."""
        with self._guard:
            before, self._skews[system] = self._skews.get(system, timedelta()), by
        if is_off(by) and not is_off(before):
            why = words.sentence(ClockOff(system, by), self._clock.now())
            log.warning("clocks disagree", system=system, seconds=by.total_seconds(), why=why)
        elif is_off(before) and not is_off(by):
            log.info("clocks agree again", system=system)

    def skews(self) -> Mapping[str, timedelta]:
        """Return by system how far our clock was ahead at its last answer."""
        with self._guard:
            return dict(self._skews)

    def refused(self, system: str) -> Refused | None:
        """Return that *system* does not take our login, or None."""
        return self._refused.get(system)

    def refusals(self) -> Mapping[str, float]:
        """Return by system 1 where our login is refused, else 0."""
        return {system: float(system in self._refused) for system in self._variables}

    def ailments(self) -> tuple[Ailment, ...]:
        """Return everything that is not well now."""
        now = self._clock.now()
        ends = [
            Ends(system, self._variables.get(system, ""), at)
            for system, at in self._ends().items()
            if at is not None
        ]
        ending = {one.system: one for one in ends if ends_soon(one, now)}
        with self._guard:
            over = {system for system, one in ending.items() if one.at <= now}
            refused = [one for system, one in self._refused.items() if system not in over]
            off = [ClockOff(system, by) for system, by in self._skews.items() if is_off(by)]
        return (*refused, *ending.values(), *off)

    def worries(self) -> dict[str, str]:
        """Return what somebody should look at, in words, by system."""
        now, found = self._clock.now(), dict[str, str]()
        for one in self.ailments():
            name = f"clock ({one.system})" if isinstance(one, ClockOff) else one.system
            found.setdefault(name, words.sentence(one, now))
        return found

    def _was_refused(self, answer: Answered) -> None:
        system, now = answer.system, self._clock.now()
        with self._guard:
            if system in self._refused:
                return
            variable = self._variables.get(system, "")
            self._refused[system] = Refused(system, variable, answer.refused, now)
        log.error("our login is refused", system=system, why=answer.refused, variable=variable)


class PulseLetters:
    """Tells *channel* and other receivers of what *pulse* finds, each thing once a day.

    What is wrong with Slack itself nobody could read there; others are told. A system that refuses
    our login is asked again by what *prove* has for it: nobody else may have a reason to ask it.
    """

    def __init__(
        self,
        pulse: Pulse,
        database: Database,
        alerts: Alerts,
        channel: str,
        clock: Clock,
        prove: Mapping[str, Callable[[], object]] = MappingProxyType({}),
    ) -> None:
        self._pulse, self._database, self._alerts = pulse, database, alerts
        self._prove = prove
        self._channel, self._clock = channel, clock
        self._told: set[str] = set()
        self._ill: dict[str, Ailment] = {}

    def look(self) -> None:
        """Tell what is new, and whom it was told that it is over."""
        now = self._clock.now()
        self._ask_again()
        self._look_at_database()
        ill = {words.dedup(one): one for one in self._pulse.ailments()}
        named = {name: one for one in ill.values() if (name := name_of(one, now))}
        fresh = {name: one for name, one in named.items() if name not in self._told}
        ended = [one for key, one in self._ill.items() if key not in ill]
        if fresh or ended:
            self._write(fresh, ended, now)
        self._told = set(named)
        self._ill = ill

    def _write(self, fresh: Mapping[str, Ailment], ended: list[Ailment], now: datetime) -> None:
        letters = [
            Letter(name, ToChannel(self._channel), words.told(one, now))
            for name, one in fresh.items()
            if not one.system.startswith(SLACK) or isinstance(one, ClockOff)
        ]
        with self._database.write() as connection:
            put(connection, letters, now)
            self._alerts.put(connection, [words.alert(one, now) for one in fresh.values()], now)
            self._alerts.settle(connection, map(words.over, ended), now)

    def _ask_again(self) -> None:
        for system, prove in self._prove.items():
            if self._pulse.refused(system) is not None:
                with contextlib.suppress(BotError):  # what it says is heard by the pulse
                    prove()

    def _look_at_database(self) -> None:
        try:
            by = self._database.clock_ahead(the_wall)
        except BotError:
            return  # /readyz says so
        if by is not None:
            self._pulse.saw_clock("the database", by)
