"""Who is told what of a lock: the environment's channel, and in person those who lose one."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from bot.domain.catalog import Catalog
from bot.domain.message import Message
from bot.domain.rights import Actor
from bot.domain.stops.locks import Lock, environment_of
from bot.messages.stops import locking as words
from bot.operations.books.lock_book import StoredLock, Taken
from bot.operations.saying.outbox import Letter, ToChannel, ToPerson

Stored = Sequence[StoredLock]


class LockLetters:
    """Makes letters of what became of locks. *asked* is the delivery's id."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    def taken(self, taken: Taken, asked: str) -> Iterator[Letter]:
        """Tell the channel, and those whose locks ended for it."""
        locks, former = plain(taken.locks), plain(taken.former)
        yield from self._channel(locks[0], f"lock:{asked}", words.announced(locks, former))
        for owner, theirs in _by_owner(taken.former).items():
            message = words.taken_from_you(theirs, locks[0])
            yield Letter(f"lock:{asked}:{owner}", ToPerson(owner), message)

    def released(self, released: Stored, by: Actor, asked: str) -> Iterator[Letter]:
        """Tell the channel, and the owners other than *by*."""
        locks = plain(released)
        yield from self._channel(locks[0], f"unlock:{asked}", words.announced_end(locks, by))
        others = [one for one in released if one.lock.owner.github.id != by.github.id]
        for owner, theirs in _by_owner(others).items():
            message = words.ended_for_you(theirs, by)
            yield Letter(f"unlock:{asked}:{owner}", ToPerson(owner), message)

    def over(self, ended: Stored) -> Iterator[Letter]:
        """Tell the channel and the owner that a lock's time has come."""
        for group in _grouped(ended):
            locks, key = plain(group), f"lock-over:{group[0].id}"
            yield from self._channel(locks[0], key, words.announced_over(locks))
            owner = ToPerson(locks[0].owner.slack)
            yield Letter(f"{key}:owner", owner, words.over_for_you(locks))

    def reminders(self, old: Stored, now: datetime) -> Iterator[Letter]:
        """Remind the owners."""
        for group in _grouped(old):
            locks = plain(group)
            key = f"lock-reminder:{group[0].id}:{int(now.timestamp())}"
            yield Letter(key, ToPerson(locks[0].owner.slack), words.reminded(locks, now))

    def _channel(self, lock: Lock, key: str, message: Message) -> Iterator[Letter]:
        """Yield what its environment's channel reads; nothing once the environment is gone."""
        (target,) = lock.targets
        environment = self._catalog.environments.get(environment_of(target))
        if environment is not None:
            yield Letter(key, ToChannel(environment.channel), message)


def plain(stored: Stored) -> tuple[Lock, ...]:
    """Return the locks without what the book knows of them."""
    return tuple(one.lock for one in stored)


def _by_owner(stored: Stored) -> dict[str, list[Lock]]:
    owners: dict[str, list[Lock]] = {}
    for one in stored:
        owners.setdefault(one.lock.owner.slack, []).append(one.lock)
    return owners


def _grouped(stored: Stored) -> list[list[StoredLock]]:
    """Return together what one command took: same owner, words, time and environment."""
    groups: dict[object, list[StoredLock]] = {}
    for one in stored:
        lock = one.lock
        place = environment_of(one.target)
        key = (lock.owner.slack, lock.since, lock.until, lock.reason, lock.warn_only, place)
        groups.setdefault(key, []).append(one)
    return list(groups.values())
