"""Locks as people ask for them: rights first, then the book and its letters in one transaction."""

from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import structlog

from bot.clock import Clock
from bot.domain.catalog import Catalog
from bot.domain.commands import nouns
from bot.domain.problems import Problem
from bot.domain.rights import Action
from bot.domain.stops.locking import (
    HeldByOthers,
    LockAnswer,
    Locked,
    NothingLocked,
    Refused,
    UnlockAnswer,
    Unlocked,
)
from bot.domain.stops.locks import ALL, Lock, covers, environment_of
from bot.domain.stops.until import BadEnd, end_of, zone_named
from bot.operations.books.act_book import ActBook
from bot.operations.books.lock_book import Held, LockBook, Taken
from bot.operations.standstill.lock_letters import LockLetters, plain
from bot.operations.standstill.refusals import May, refusal

log = structlog.get_logger(__name__)

REMIND = timedelta(days=1)
"""How long an owner hears nothing of a lock before they are reminded of it."""


class Locking:
    """Takes, steals and gives back locks. Every method is for any thread.

    *asked* is the delivery's id: asked again, nothing changes and the answer is the same.
    """

    def __init__(
        self,
        catalog: Catalog,
        may: May,
        zone_of: Callable[[str], ZoneInfo],
        book: LockBook,
        acts: ActBook,
        letters: LockLetters,
        clock: Clock,
    ) -> None:
        self._catalog, self._may, self._zone_of = catalog, may, zone_of
        self._book, self._acts, self._letters, self._clock = book, acts, letters, clock

    def lock(
        self, wish: nouns.Lock, by: str, asked: str, asked_at: datetime | None = None
    ) -> LockAnswer:
        """Take or steal what the Slack user *by* asked for.

        *asked_at* is when, where it was left since: the end counts from then,
        and what others took after it is not stolen.

        Raises:
            Unavailable: the database is away; nothing was written.
        """
        actor = self._may(by, Action.LOCK, self._services(wish), wish.environment)
        if isinstance(actor, Problem):
            return self._refused("lock", wish, by, asked, actor)
        now = self._clock.now()
        until = end_of(wish.until, now, self._zone(wish.until, by), asked_at)
        if isinstance(until, BadEnd):
            self._note("lock", wish, by, asked, {"reason": "bad_end", "said": until.said})
            return until
        lock = Lock(actor, _targets(wish), wish.reason, now, until, wish.warn)
        tell = lambda taken: self._letters.taken(taken, asked)  # noqa: E731
        if wish.steal:
            done = self._book.steal(lock, asked, tell, asked_at)
        else:
            done = self._book.take(lock, asked, tell)
        log.info("lock", by=by, environment=wish.environment, done=type(done).__name__)
        if isinstance(done, Held):
            holders = ", ".join(sorted({one.lock.owner.slack for one in done.locks}))
            self._note("lock", wish, by, asked, {"reason": "held", "by": holders})
            return HeldByOthers(plain(done.locks), wish)
        return Locked(plain(done.locks), plain(done.former), self._beside(done))

    def unlock(
        self, wish: nouns.Unlock, by: str, asked: str, asked_at: datetime | None = None
    ) -> UnlockAnswer:
        """End whoever's locks on what the Slack user *by* named.

        *asked_at* is when, where it was left since: what was locked after that is not meant.

        Raises:
            Unavailable: the database is away; nothing was written.
        """
        actor = self._may(by, Action.LOCK, self._services(wish), wish.environment)
        if isinstance(actor, Problem):
            return self._refused("unlock", wish, by, asked, actor)
        now = self._clock.now()
        released = self._book.release_of_others(
            _targets(wish),
            actor,
            asked,
            now,
            lambda locks: self._letters.released(locks, actor, asked),
            asked_at,
        )
        log.info("unlock", by=by, environment=wish.environment, ended=len(released.locks))
        if released.locks:
            return Unlocked(plain(released.locks))
        return NothingLocked(wish, plain(self._book.standing(now, wish.environment)))

    def end_expired(self) -> None:
        """End the locks whose time has come; the book tells of them. A tick of every replica."""
        for one in self._book.end_expired(self._clock.now()):
            log.info("a lock has ended", target=one.target, owner=one.lock.owner.slack)

    def remind(self) -> None:
        """Remind the owners of old locks. A tick of every replica."""
        now = self._clock.now()
        self._book.remind(now, REMIND, lambda old: self._letters.reminders(old, now))

    def _services(self, wish: nouns.Lock | nouns.Unlock) -> tuple[str, ...]:
        """Return the services that the right is asked for: each one there, where all are meant."""
        if wish.services:
            return wish.services
        there = (name for name, place in self._catalog.targets if place == wish.environment)
        return tuple(sorted(there))

    def _zone(self, until: nouns.Until | None, by: str) -> ZoneInfo:
        """Return the asker's time zone; Slack is asked only where it matters."""
        return self._zone_of(by) if isinstance(until, nouns.At) else zone_named("")

    def _beside(self, taken: Taken) -> tuple[Lock, ...]:
        """Return the locks of others on the same services: one on all beside one on a service."""
        mine = taken.locks[0].lock
        ours = [one.lock for one in taken.locks]
        environment = environment_of(taken.locks[0].target)
        return tuple(
            one.lock
            for one in self._book.standing(mine.since, environment)
            if one.lock.owner.github.id != mine.owner.github.id
            and any(_meet(lock, one.lock) for lock in ours)
        )

    def _refused(
        self, verb: str, wish: nouns.Lock | nouns.Unlock, by: str, asked: str, problem: Problem
    ) -> Refused:
        self._note(verb, wish, by, asked, problem.told())
        return Refused(problem)

    def _note(
        self,
        verb: str,
        wish: nouns.Lock | nouns.Unlock,
        by: str,
        asked: str,
        why: dict[str, str],
    ) -> None:
        log.info("refused", wish=verb, by=by, environment=wish.environment, reason=why["reason"])
        now = self._clock.now()
        self._acts.note(refusal(verb, by, wish.environment, wish.services, asked, now, why))


def _targets(wish: nouns.Lock | nouns.Unlock) -> frozenset[str]:
    return frozenset(f"{service}/{wish.environment}" for service in wish.services or (ALL,))


def _meet(one: Lock, other: Lock) -> bool:
    """Tell whether two locks are about a same service."""
    return any(covers(one, target) for target in other.targets) or any(
        covers(other, target) for target in one.targets
    )
