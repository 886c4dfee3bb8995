"""Keeps every living message equal to what it tells of, under Slack's limits.

A message is a pure function of what is stored, so an update may be lost, repeated or late and the
next one mends it. Many changes of one message become one update; ends go first, and of the others
whoever has waited longest. One replica at a time does it, so there is one budget.
"""

import hashlib
import json
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

import structlog
from cachetools import LRUCache
from structlog.contextvars import bound_contextvars

from bot.adapters.slack import Posted, Slack
from bot.clock import Clock
from bot.domain.errors import BotError, Garbled, NotFound, Unauthorized, Unavailable
from bot.domain.message import Message
from bot.domain.operations import number_of
from bot.domain.patience import next_try
from bot.log import OPERATION
from bot.operations.replicas.duty import Duty
from bot.operations.saying.pace import Pace

log = structlog.get_logger(__name__)

UPDATES = "slack updates"
"""The duty of whoever updates."""

REMEMBERED = 10_000

PAUSE_SECONDS = 2.5
"""The least time between two updates of one message; an end does not wait for it."""

AWAY = timedelta(seconds=3)
"""How long nothing is sent after a call that brought no answer, where Slack names no time."""

STANDBY = 2.0
"""Seconds until it is asked again whose turn it is, while another replica updates."""


@dataclass(frozen=True, slots=True)
class Behind:
    """A message that says less than is known. *name* is its own among those of its source."""

    name: str
    ended: bool


@dataclass(frozen=True, slots=True)
class Living:
    """A message that stands *at* its place, what it is to say now, and what it says.

    *key* and *since* are what it is found by in Slack. *version* counts the changes of what it
    tells of; *shown* is the digest that Slack took at *shown_version*.
    """

    name: str
    key: str
    since: datetime
    at: Posted
    message: Message
    version: int
    shown: str | None
    shown_version: int


OnEdit = Callable[[str, timedelta], None]
"""Is told of each edit that Slack took: the message's name, how long after the change it was."""


def nobody_counts(_name: str, _lag: timedelta) -> None:
    """Ignore the edit."""


class Source(Protocol):
    """Where living messages come from. Two kinds exist: operations' cards, and notes."""

    def behind(self) -> Sequence[Behind]:
        """Return the messages that stand in Slack and are behind."""

    def read(self, name: str) -> Living | None:
        """Return the message as it is to be now, or None where there is none any more."""

    def keep(self, living: Living, at: Posted, shown: str) -> None:
        """Write down that *living* stands *at* its place and shows the digest *shown*."""


class Updater:
    """Updates what *sources* have. One updating thread for the process."""

    def __init__(
        self,
        sources: Sequence[Source],
        slack: Slack,
        pace: Pace,
        duty: Duty,
        clock: Clock,
        on_edit: OnEdit = nobody_counts,
    ) -> None:
        self._sources, self._slack = tuple(sources), slack
        self._pace, self._duty, self._clock = pace, duty, clock
        self._on_edit = on_edit
        # When each message that is behind began to be, as far as this process heard.
        self._since: Mapping[str, float] = {}
        self._heard_at: float | None = None  # the first change since the last look
        # By message. Bounded: another replica may show an end, and then nobody takes them out.
        self._not_before: LRUCache[str, float] = LRUCache(REMEMBERED)
        self._served: LRUCache[str, float] = LRUCache(REMEMBERED)
        self._unheard: LRUCache[str, int] = LRUCache(REMEMBERED)  # calls in a row without answer
        self._silences = 0  # and over all messages
        self._wake = threading.Event()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="updater", daemon=True)

    def start(self) -> None:
        """Begin to update."""
        self._thread.start()

    @property
    def lives(self) -> bool:
        """Tell whether its thread is there."""
        return self._thread.is_alive()

    def close(self) -> None:
        """Send what is due once more, then stop."""
        self._stopped.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(timeout=10)

    def changed(self) -> None:
        """Say that something changed; for any thread. What nobody says is seen a second later."""
        if self._heard_at is None:
            self._heard_at = self._now()
        self._wake.set()

    def _run(self) -> None:
        while not self._stopped.is_set():
            self._wake.wait(timeout=1.0)
            self._wake.clear()
            try:
                pause = self.tick()
            except Exception:
                log.exception("messages could not be updated; they are tried again")
                pause = 1.0
            if pause:
                self._stopped.wait(self._clock.pause(timedelta(seconds=pause)))
                self._wake.set()
        self._last_words()

    def _last_words(self) -> None:
        try:
            self.tick()
            self._duty.leave()
        except Exception:
            log.exception("the last updates were not sent; the next start sends them")

    def tick(self) -> float:
        """Send what is due; return the clock's seconds until something else is, else 0.

        Raises:
            Unavailable: our own database is away.
        """
        heard, self._heard_at = self._heard_at, None
        waiting = [(source, one) for source in self._sources for one in source.behind()]
        self._keep_count([one.name for _, one in waiting], heard)
        if not waiting:
            return 0.0
        if not self._duty.is_ours():
            return STANDBY * self._clock.speed
        soonest = 0.0
        for source, one in sorted(waiting, key=self._turn):
            now = self._now()
            wait = self._not_before.get(one.name, 0.0) - now
            if wait > 0 and (one.name in self._unheard or not one.ended):
                soonest = min(soonest or wait, wait)
                continue
            with bound_contextvars(**_named(one.name)):
                if wait := self._pace.update_wait() or self._show(source, one, now):
                    return wait
        return soonest

    def behind_for(self) -> timedelta:
        """Return how long the message has been behind that has been longest; zero: none is."""
        since = min(self._since.values(), default=None)
        return timedelta(seconds=0.0 if since is None else max(0.0, self._now() - since))

    def _keep_count(self, names: Sequence[str], heard: float | None) -> None:
        """Remember since when each of *names* is behind: what is new since we *heard* of it."""
        now = self._now()
        since = now if heard is None else heard
        self._since = {name: self._since.get(name, since) for name in names}

    def _edited(self, name: str) -> None:
        """Count that Slack took the newest of the message."""
        now = self._now()
        self._on_edit(name, timedelta(seconds=now - self._since.get(name, now)))
        self._since = {one: since for one, since in self._since.items() if one != name}

    def _turn(self, waiting: tuple[Source, Behind]) -> tuple[bool, float]:
        """Order ends first, then by how long ago each was served."""
        _, one = waiting
        return not one.ended, self._served.get(one.name, 0.0)

    def _show(self, source: Source, one: Behind, now: float) -> float:
        living = self._read(source, one, now)
        if living is None:
            return 0.0
        shown = digest(living.message)
        if shown == living.shown:
            source.keep(living, living.at, shown)
            return 0.0
        if not self._pace.take_update():
            return self._pace.update_wait()
        at = living.at
        self._served[one.name] = now
        try:
            at = self._edit(living)
        except (Unavailable, Garbled, Unauthorized) as away:
            # It may show or not; as long as it is not known to, it is tried again.
            log.warning("a message waits for Slack", message=one.name, error=str(away))
            return self._unanswered(one.name, now, away)
        except BotError as refused:
            log.warning("a message was refused", message=one.name, error=str(refused))
        else:
            self._edited(one.name)
        self._unheard.pop(one.name, None)
        self._silences = 0
        source.keep(living, at, shown)
        if one.ended:
            self._not_before.pop(one.name, None)
        else:
            self._not_before[one.name] = now + PAUSE_SECONDS
        return 0.0

    def _read(self, source: Source, one: Behind, now: float) -> Living | None:
        """Return what is to be said; None where that cannot be drawn: the others need not wait."""
        try:
            return source.read(one.name)
        except BotError:
            raise
        except Exception:
            log.exception("a message could not be drawn", message=one.name)
            self._put_off(one.name, now)
            return None

    def _put_off(self, name: str, now: float) -> None:
        failures = self._unheard[name] = self._unheard.get(name, 0) + 1
        self._not_before[name] = now + next_try(failures).total_seconds()

    def _unanswered(self, name: str, now: float, away: BotError) -> float:
        """Put this message off, longer each time; return how long all are, if Slack is away.

        Slack may fail at one message alone, again and again: the others must not wait behind it.
        """
        self._put_off(name, now)
        self._silences += 1
        asked = away.retry_after if isinstance(away, Unavailable) else None
        if asked is None and self._silences == 1:
            return 0.0
        self._pace.close_updates(asked or AWAY)
        return max(self._pace.update_wait(), 0.1)

    def _edit(self, living: Living) -> Posted:
        """Let it say what it is to; where somebody deleted it, the story goes on in a new one."""
        at, message = living.at, living.message
        try:
            self._slack.update(at, message)
        except NotFound:
            # An earlier run may have posted the new one and heard no answer.
            found = self._slack.find(at.channel, living.key, living.since)
            if found is None:
                self._pace.count_post(at.channel)
                return self._slack.post(at.channel, message, key=living.key)
            self._slack.update(found, message)
            return found
        return at

    def _now(self) -> float:
        return self._clock.now().timestamp()


def _named(message: str) -> dict[str, str]:
    """Return what the log is to call whatever is done for *message*."""
    return {"note" if number_of(message) is None else OPERATION: message}


def digest(message: Message) -> str:
    """Return what tells two renders apart."""
    whole = json.dumps([message.text, message.blocks], sort_keys=True, default=str)
    return hashlib.sha256(whole.encode()).hexdigest()
