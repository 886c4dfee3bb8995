"""Holds: begun and released, each in one transaction.

Of a target each tag is held at most once, and so is the whole of it (``*``); the table's partial
unique key keeps that whatever happens here.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from bot.domain.facts import Hold
from bot.domain.rights import Actor
from bot.domain.stops.holds import Held, Kept
from bot.domain.stops.locks import environment_of
from bot.operations.books.act_book import Act, Deed, target_act, write_act
from bot.operations.books.rows import actor_columns, actor_of, take_turns
from bot.operations.saying.outbox import Letter, put
from bot.operations.sql.database import Database
from bot.operations.sql.tables import holds as table

Tell = Callable[[tuple[Held, ...]], Iterable[Letter]]


def _silent(_: tuple[Held, ...]) -> Iterable[Letter]:
    return ()


class HoldBook:
    """The holds in one database. *asked* is the delivery's id; a repeated one changes nothing.

    What *tell* makes of holds goes to the outbox in the same transaction, where there are any.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def hold(self, holds: Mapping[str, Hold], asked: str, tell: Tell = _silent) -> tuple[Kept, ...]:
        """Begin *holds*, by target, and return what holds there, in the targets' order by name.

        What is held already stays as it is, whoever holds it. A delivery that comes again after
        the release begins nothing, and is told what it began before.
        """
        with self._database.write() as connection:
            take_turns(connection, "holds")
            kept = [_kept(connection, target, holds[target], asked) for target in sorted(holds)]
            new = tuple(one.held for one in kept if one.new)
            for one in new:
                write_act(connection, _begun(one))
            if new:
                put(connection, tell(new), new[0].hold.since)
            return tuple(kept)

    def release(
        self,
        targets: Collection[str],
        tag: str | None,
        by: Actor,
        asked: str,
        at: datetime,
        tell: Tell = _silent,
        asked_at: datetime | None = None,
    ) -> tuple[Held, ...]:
        """End what holds *tag* on *targets*, whoever began it, and return it, oldest first.

        *tag* None is every hold of these targets. With *asked_at* only those that stood then
        already. The right to do so was judged before.
        """
        return self._release(targets, tag, by, asked, at, tell, asked_at, only_own=False)

    def release_own(
        self,
        targets: Collection[str],
        tag: str | None,
        by: Actor,
        asked: str,
        at: datetime,
        tell: Tell = _silent,
        asked_at: datetime | None = None,
    ) -> tuple[Held, ...]:
        """End those of the holds that *by* began, as ``release`` does; others stay."""
        return self._release(targets, tag, by, asked, at, tell, asked_at, only_own=True)

    def standing(
        self, environment: str | None = None, targets: Collection[str] | None = None
    ) -> tuple[Held, ...]:
        """Return the holds that stand, oldest first: of one *environment*, of *targets*, or all."""
        query = _standing()
        if environment is not None:
            query = query.where(table.c.environment == environment)
        if targets is not None:
            query = query.where(table.c.target.in_(sorted(targets)))
        with self._database.read() as connection:
            return tuple(map(_held, connection.execute(query)))

    def note_comeback(
        self, held: Held, commit: str, author: str, at: datetime, letters: Iterable[Letter]
    ) -> bool:
        """Write down that *commit* brought what is *held* back, with *letters*; tell if it is new.

        Nothing is written of a hold that has ended meanwhile.
        """
        with self._database.write() as connection:
            query = _standing().where(table.c.id == held.number)
            if connection.execute(query).first() is None:
                return False
            detail = {"tag": held.hold.tag, "commit": commit, "author": author}
            mark = f"comeback:{held.number}:{commit}"
            act = target_act(mark, at, "shipmate", Deed.CAME_BACK, held.target, detail)
            if not write_act(connection, act):
                return False
            put(connection, letters, at)
            return True

    def _release(
        self,
        targets: Collection[str],
        tag: str | None,
        by: Actor,
        asked: str,
        at: datetime,
        tell: Tell,
        asked_at: datetime | None,
        *,
        only_own: bool,
    ) -> tuple[Held, ...]:
        with self._database.write() as connection:
            take_turns(connection, "holds")
            before = sa.select(table).where(table.c.ended_asked == asked).order_by(table.c.id)
            if rows := connection.execute(before).all():
                return tuple(map(_held, rows))
            query = _standing().where(table.c.target.in_(sorted(set(targets))))
            if tag is not None:
                query = query.where(table.c.tag == tag)
            if asked_at is not None:
                query = query.where(table.c.since <= asked_at)
            if only_own:
                query = query.where(table.c.github_id == by.github.id)
            ended = tuple(map(_held, connection.execute(query)))
            for one in ended:
                statement = sa.update(table).where(table.c.id == one.number)
                values = {"ended_at": at, "ended_by": by.slack, "ended_asked": asked}
                connection.execute(statement.values(values))
                detail = {"tag": one.hold.tag, "owner": one.hold.by.slack}
                mark = f"release:{one.number}"
                write_act(
                    connection, target_act(mark, at, by.slack, Deed.RELEASED, one.target, detail)
                )
            put(connection, tell(ended) if ended else (), at)
            return ended


def _kept(connection: sa.Connection, target: str, hold: Hold, asked: str) -> Kept:
    """Return the hold on *target*: what this delivery began, what stands there, or a new one."""
    of_tag = sa.select(table).where(table.c.target == target, table.c.tag == hold.tag)
    for known in (table.c.asked == asked, table.c.ended_at.is_(None)):
        row = connection.execute(of_tag.where(known)).one_or_none()
        if row is not None:
            return Kept(_held(row), new=False)
    values = {
        "target": target,
        "environment": environment_of(target),
        "tag": hold.tag,
        "asked": asked,
        **actor_columns(hold.by),
        "reason": hold.reason,
        "since": hold.since,
        "operation": hold.operation,
    }
    # A plain insert: were it held all the same, the unique key stops the transaction.
    number = connection.execute(sa.insert(table).returning(table.c.id), values).scalar_one()
    return Kept(Held(number, target, hold))


def _standing() -> sa.Select[Any]:
    return sa.select(table).where(table.c.ended_at.is_(None)).order_by(table.c.id)


def _begun(held: Held) -> Act:
    hold = held.hold
    detail = {"tag": hold.tag, "reason": hold.reason}
    if hold.operation is not None:
        detail["operation"] = hold.operation
    mark = f"hold:{held.number}"
    return target_act(mark, hold.since, hold.by.slack, Deed.HELD, held.target, detail)


def _held(row: Any) -> Held:
    hold = Hold(row.tag, actor_of(row), row.reason, row.since, row.operation)
    return Held(row.id, row.target, hold)
