"""Locks: taken, stolen, given back and forgotten, each in one transaction.

A target has at most one standing lock; the table's partial unique key holds it whatever happens
here. ``core/prod`` and ``*/prod`` are two targets: both may stand, and both are kept.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from bot.domain.rights import Actor
from bot.domain.stops.locks import Lock, environment_of, expired
from bot.operations.books.act_book import Act, Deed, target_act, write_act
from bot.operations.books.rows import actor_columns, actor_of, take_turns
from bot.operations.saying.outbox import Letter, put
from bot.operations.sql.database import Database
from bot.operations.sql.tables import locks


class Ending(StrEnum):
    """How a lock came to its end."""

    RELEASED = "released"  # by its owner, or by somebody who may take others' away
    RENEWED = "renewed"  # its owner took it again, with other words
    STOLEN = "stolen"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class StoredLock:
    """A lock on one *target*. *lock* names just that target."""

    id: int
    target: str
    lock: Lock


@dataclass(frozen=True, slots=True)
class Taken:
    """The *locks* are the asker's now. *former* are the locks of others that ended for it.

    Their owners are to be told in person; a repeated delivery names them again.
    """

    locks: tuple[StoredLock, ...]
    former: tuple[StoredLock, ...] = ()


@dataclass(frozen=True, slots=True)
class Released:
    """The *locks* are no more; empty where there was none."""

    locks: tuple[StoredLock, ...]


@dataclass(frozen=True, slots=True)
class Held:
    """Nothing was changed: others hold these *locks*."""

    locks: tuple[StoredLock, ...]


Tell = Callable[[tuple[StoredLock, ...]], Iterable[Letter]]
TellTaken = Callable[[Taken], Iterable[Letter]]


def _silent(_: object) -> Iterable[Letter]:
    return ()


class LockBook:
    """The locks in one database. *asked* is the delivery's id; a repeated one changes nothing.

    What *tell* makes of locks goes to the outbox in the same transaction, where there are any; what
    *ended* makes does so for locks whose time has come, whoever notices it.
    """

    def __init__(self, database: Database, ended: Tell = _silent) -> None:
        self._database, self._ended = database, ended

    def take(self, lock: Lock, asked: str, tell: TellTaken = _silent) -> Taken | Held:
        """Take *lock* from ``lock.since`` on: all of its targets, or none while others hold one.

        What its owner holds already is renewed with the new words and end.
        """
        return self._take(lock, asked, tell, lambda _: True)

    def steal(
        self,
        lock: Lock,
        asked: str,
        tell: TellTaken = _silent,
        asked_at: datetime | None = None,
    ) -> Taken | Held:
        """Take *lock* whoever holds its targets. The right to do so was judged before.

        With *asked_at* what others took since then is in the way.
        """

        def is_younger(one: StoredLock) -> bool:
            return asked_at is not None and one.lock.since > asked_at

        return self._take(lock, asked, tell, is_younger)

    def release(
        self, targets: Iterable[str], by: Actor, asked: str, at: datetime
    ) -> Released | Held:
        """End *by*'s own locks on *targets*; none of them while another holds one."""
        return self._release(targets, by, asked, at, _silent, None, of_others=False)

    def release_of_others(
        self,
        targets: Iterable[str],
        by: Actor,
        asked: str,
        at: datetime,
        tell: Tell = _silent,
        asked_at: datetime | None = None,
    ) -> Released:
        """End whoever's locks on *targets*. The right to do so was judged before.

        With *asked_at* only those that stood then already.
        """
        released = self._release(targets, by, asked, at, tell, asked_at, of_others=True)
        assert isinstance(released, Released), "nobody holds against this"
        return released

    def standing(self, at: datetime, environment: str | None = None) -> tuple[StoredLock, ...]:
        """Return the locks that hold at *at*, oldest first: of one *environment*, or all."""
        query = _standing().order_by(locks.c.id)
        if environment is not None:
            query = query.where(locks.c.environment == environment)
        with self._database.read() as connection:
            found = [_stored(row) for row in connection.execute(query)]
        return tuple(one for one in found if not expired(one.lock, at))

    def end_expired(self, at: datetime) -> tuple[StoredLock, ...]:
        """End the locks whose time has come, and return them. A second run finds them ended."""
        with self._database.write() as connection:
            take_turns(connection, "locks")
            query = _standing().where(locks.c.until <= at).order_by(locks.c.id)
            ended = tuple(_stored(row) for row in connection.execute(query))
            self._expire(connection, ended, at)
        return ended

    def remind(
        self, at: datetime, every: timedelta, tell: Tell = _silent
    ) -> tuple[StoredLock, ...]:
        """Remind owners who have heard nothing of their locks for *every*; return these locks.

        A second run, here or elsewhere, finds them reminded.
        """
        heard = sa.func.coalesce(locks.c.reminded_at, locks.c.since)
        with self._database.write() as connection:
            take_turns(connection, "locks")
            query = _standing().where(heard <= at - every).order_by(locks.c.id)
            found = [_stored(row) for row in connection.execute(query)]
            old = tuple(one for one in found if not expired(one.lock, at))
            ids = [one.id for one in old]
            statement = sa.update(locks).where(locks.c.id.in_(ids)).values(reminded_at=at)
            connection.execute(statement)
            put(connection, tell(old) if old else (), at)
        return old

    def _take(
        self,
        lock: Lock,
        asked: str,
        tell: TellTaken,
        bars: Callable[[StoredLock], bool],
    ) -> Taken | Held:
        """Take it unless a lock of others *bars* that."""
        with self._database.write() as connection:
            take_turns(connection, "locks")
            if before := _asked_before(connection, asked):
                return Taken(before, _ended_by(connection, asked, Ending.STOLEN))
            now = self._on(connection, lock.targets, lock.since)
            theirs = tuple(one for one in now if not _owns(lock.owner, one))
            if barred := tuple(one for one in theirs if bars(one)):
                return Held(barred)
            for one in now:
                ending = Ending.RENEWED if _owns(lock.owner, one) else Ending.STOLEN
                _end(connection, one, lock.owner.slack, asked, lock.since, ending)
            for target in sorted(lock.targets):
                _begin(connection, lock, target, asked)
            former = {one.target: one for one in theirs}
            taken = _asked_before(connection, asked)
            for one in taken:
                write_act(connection, _taking(one, former))
            done = Taken(taken, theirs)
            put(connection, tell(done), lock.since)
            return done

    def _release(
        self,
        targets: Iterable[str],
        by: Actor,
        asked: str,
        at: datetime,
        tell: Tell,
        asked_at: datetime | None,
        *,
        of_others: bool,
    ) -> Released | Held:
        with self._database.write() as connection:
            take_turns(connection, "locks")
            if before := _ended_by(connection, asked, Ending.RELEASED):
                return Released(before)
            standing = self._on(connection, targets, at)
            now = tuple(one for one in standing if asked_at is None or one.lock.since <= asked_at)
            theirs = tuple(one for one in now if not _owns(by, one))
            if theirs and not of_others:
                return Held(theirs)
            for one in now:
                _end(connection, one, by.slack, asked, at, Ending.RELEASED)
                detail = {"owner": one.lock.owner.slack, "reason": one.lock.reason}
                mark = f"unlock:{one.id}"
                write_act(
                    connection, target_act(mark, at, by.slack, Deed.UNLOCKED, one.target, detail)
                )
            put(connection, tell(now) if now else (), at)
            return Released(now)

    def _on(
        self, connection: sa.Connection, targets: Iterable[str], at: datetime
    ) -> tuple[StoredLock, ...]:
        """Return the locks that stand on *targets* at *at*, in the order of targets.

        One whose time had come is ended on the way, for its row keeps the next one out.
        """
        query = _standing().where(locks.c.target.in_(sorted(targets))).order_by(locks.c.target)
        found = [_stored(row) for row in connection.execute(query)]
        self._expire(connection, tuple(one for one in found if expired(one.lock, at)), at)
        return tuple(one for one in found if not expired(one.lock, at))

    def _expire(
        self, connection: sa.Connection, over: tuple[StoredLock, ...], at: datetime
    ) -> None:
        for one in over:
            _expire(connection, one)
        put(connection, self._ended(over) if over else (), at)


def _standing() -> sa.Select[Any]:
    return sa.select(locks).where(locks.c.ended_at.is_(None))


def _asked_before(connection: sa.Connection, asked: str) -> tuple[StoredLock, ...]:
    query = sa.select(locks).where(locks.c.asked == asked).order_by(locks.c.target)
    return tuple(_stored(row) for row in connection.execute(query))


def _ended_by(connection: sa.Connection, asked: str, ending: Ending) -> tuple[StoredLock, ...]:
    query = (
        sa.select(locks)
        .where(locks.c.ended_asked == asked, locks.c.ending == ending.value)
        .order_by(locks.c.target)
    )
    return tuple(_stored(row) for row in connection.execute(query))


def _owns(who: Actor, one: StoredLock) -> bool:
    return one.lock.owner.github.id == who.github.id


def _begin(connection: sa.Connection, lock: Lock, target: str, asked: str) -> None:
    # A plain insert: were the target taken all the same, the unique key stops the transaction.
    connection.execute(
        sa.insert(locks).values(
            target=target,
            environment=environment_of(target),
            asked=asked,
            **actor_columns(lock.owner),
            reason=lock.reason,
            since=lock.since,
            until=lock.until,
            warn_only=lock.warn_only,
        )
    )


def _end(
    connection: sa.Connection, one: StoredLock, by: str, asked: str, at: datetime, ending: Ending
) -> None:
    connection.execute(
        sa.update(locks)
        .where(locks.c.id == one.id)
        .values(ended_at=at, ended_by=by, ended_asked=asked, ending=ending.value)
    )


def _expire(connection: sa.Connection, one: StoredLock) -> None:
    until = one.lock.until
    assert until is not None, "only a lock with an end expires"
    _end(connection, one, "shipmate", "", until, Ending.EXPIRED)
    detail = {"owner": one.lock.owner.slack, "reason": one.lock.reason}
    mark = f"lock-expired:{one.id}"
    write_act(
        connection, target_act(mark, until, "shipmate", Deed.LOCK_EXPIRED, one.target, detail)
    )


def _taking(one: StoredLock, former: Mapping[str, StoredLock]) -> Act:
    detail = {"reason": one.lock.reason}
    if one.lock.until is not None:
        detail["until"] = one.lock.until.isoformat()
    what = Deed.LOCKED
    if stolen := former.get(one.target):
        what = Deed.STOLEN
        detail["from"] = stolen.lock.owner.slack
    return target_act(
        f"lock:{one.id}", one.lock.since, one.lock.owner.slack, what, one.target, detail
    )


def _stored(row: Any) -> StoredLock:
    lock = Lock(
        owner=actor_of(row),
        targets=frozenset({row.target}),
        reason=row.reason,
        since=row.since,
        until=row.until,
        warn_only=row.warn_only,
    )
    return StoredLock(row.id, row.target, lock)
