"""Which report was due, who makes it, and what the last one told: one row for each schedule.

The row is what makes a report one: of any number of replicas one takes a due moment, by one
statement, and only who holds it may put the message out, in the transaction that ends it.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from bot.domain.drift.items import Told
from bot.operations.books.rows import insert_or_leave
from bot.operations.drift.tables import reports
from bot.operations.sql.codec import dump, load
from bot.operations.sql.database import Database

HELD = timedelta(minutes=5)
"""How long one replica may take over a report; after that another one makes it."""


@dataclass(frozen=True, slots=True)
class Taken:
    """The moment *tick* of the schedule *name*, which we hold until *until*."""

    name: str
    tick: datetime
    until: datetime


class ReportBook:
    """The schedules in one database. Every method is for any thread."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def begin(self, name: str, now: datetime) -> datetime:
        """Return the moment that was taken last; a schedule of which none was begins *now*."""
        values = {"name": name, "tick": now, "held_until": now, "done_at": now}
        with self._database.write() as connection:
            connection.execute(insert_or_leave(connection, reports), values)
            query = sa.select(reports.c.tick, reports.c.done_at).where(reports.c.name == name)
            row = connection.execute(query).one()
        # What was begun and is not done is due still.
        tick: datetime = row.tick
        return tick if row.done_at is not None else tick - timedelta(microseconds=1)

    def take(self, name: str, due: datetime, now: datetime) -> Taken | None:
        """Take the moment *due*; None where it is done, or another one is at it."""
        free = sa.or_(
            sa.and_(reports.c.done_at.is_not(None), reports.c.tick < due),
            sa.and_(reports.c.done_at.is_(None), reports.c.held_until <= now),
        )
        until = now + HELD
        statement = (
            sa.update(reports)
            .where(reports.c.name == name, free)
            .values(tick=due, held_until=until, done_at=None)
        )
        with self._database.write() as connection:
            taken = connection.execute(statement).rowcount == 1
        return Taken(name, due, until) if taken else None

    def told(self, name: str) -> tuple[Told, ...] | None:
        """Return what the last report told; None where there was none.

        Raises:
            Unavailable: our own database is away.
        """
        query = sa.select(reports.c.told).where(reports.c.name == name)
        with self._database.read() as connection:
            found = connection.execute(query).scalar_one_or_none()
        return None if found is None else load(tuple[Told, ...], found)

    def finish(
        self,
        taken: Taken,
        told: Iterable[Told] | None,
        now: datetime,
        also: Callable[[sa.Connection], None],
    ) -> bool:
        """End *taken*, with *also* in the same transaction; False where we hold it no more."""
        values: dict[str, object] = {"done_at": now}
        if told is not None:
            values["told"] = dump(tuple[Told, ...], tuple(told))
        ours = (
            reports.c.name == taken.name,
            reports.c.tick == taken.tick,
            reports.c.held_until == taken.until,
            reports.c.done_at.is_(None),
        )
        with self._database.write() as connection:
            if connection.execute(sa.update(reports).where(*ours).values(values)).rowcount != 1:
                return False
            also(connection)
        return True
