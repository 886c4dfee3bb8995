"""How many of each stand in the database now, for those who measure."""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from bot.domain.drift.items import Told
from bot.domain.errors import Unavailable
from bot.operations.drift.tables import items as drift_items
from bot.operations.sql.database import DATABASE, Database
from bot.operations.sql.tables import (
    cards,
    deliveries,
    holds,
    locks,
    notes,
    open_items,
    operations,
    outbox,
)
from bot.operations.store import UNDER_WAY

Tally = Mapping[str, int]

AWAY = 5.0
"""Seconds on the wall for which a database that did not answer is not asked again: each question
waits for two, and whoever collects all of them has ten."""


class Tallies:
    """Counts the rows of one database; each method is one query, whose cost is what it counts.

    Over none of them does the history grow. Each raises Unavailable while the database is away.
    """

    def __init__(self, database: Database, now: Callable[[], float] = time.monotonic) -> None:
        self._database, self._now = database, now
        self._away_until = 0.0

    def under_way(self) -> Tally:
        """Return how many operations have not ended, by the phase they are in."""
        query = (
            sa.select(operations.c.phase, sa.func.count())
            .where(operations.c.phase.in_(UNDER_WAY))
            .group_by(operations.c.phase)
        )
        with self._read() as connection:
            found = {phase: int(count) for phase, count in connection.execute(query)}
        return {phase: found.get(phase, 0) for phase in sorted(UNDER_WAY)}

    def to_say(self) -> Tally:
        """Return how many messages Slack has not taken yet: cards and notes, and letters."""
        behind = (
            sa.select(sa.func.count())
            .select_from(cards.join(operations, operations.c.number == cards.c.number))
            .where(~cards.c.settled, cards.c.shown_version < operations.c.version)
        )
        return self._counts(
            card=behind,
            note=_count(notes, notes.c.shown_version < notes.c.version),
            letter=_count(outbox, outbox.c.settled_at.is_(None)),
        )

    def to_hear(self) -> Tally:
        """Return how many deliveries of webhooks wait, and how many nobody could work off."""
        return self._counts(
            waiting=_count(deliveries, deliveries.c.settled_at.is_(None)),
            set_aside=_count(deliveries, deliveries.c.set_aside),
        )

    def standing(self, now: datetime) -> Tally:
        """Return how many locks, holds, and open items of rollbacks by Argo CD stand.

        ``auto_sync_overdue`` are those of the latter whose deadline is over.
        """
        off = open_items.c.ended_at.is_(None)
        return self._counts(
            lock=_count(locks, locks.c.ended_at.is_(None)),
            hold=_count(holds, holds.c.ended_at.is_(None)),
            auto_sync_off=_count(open_items, off),
            auto_sync_overdue=_count(open_items, off, open_items.c.deadline < now),
        )

    def drifting(self) -> Mapping[tuple[str, str], int]:
        """Return how many items of drift stand, by environment and kind."""
        query = sa.select(drift_items.c.environment, drift_items.c.key).where(
            drift_items.c.ended_at.is_(None)
        )
        with self._read() as connection:
            rows = connection.execute(query).all()
        return Counter((row.environment, Told(row.key, ()).kind.value) for row in rows)

    def oldest_waiting(self) -> datetime | None:
        """Return since when the operation waits for approval that has waited longest, or None."""
        query = sa.select(sa.func.min(operations.c.requested_at)).where(
            operations.c.phase == "awaiting"
        )
        with self._read() as connection:
            found: datetime | None = connection.execute(query).scalar_one()
        return found

    @contextmanager
    def _read(self) -> Iterator[sa.Connection]:
        """Lend a connection, if the database answered the last time; else raise at once."""
        if self._now() < self._away_until:
            raise Unavailable(DATABASE, "count what stands", "it did not answer a moment ago")
        try:
            with self._database.read() as connection:
                yield connection
        except Unavailable:
            self._away_until = self._now() + AWAY
            raise

    def _counts(self, **queries: sa.Select[Any]) -> Tally:
        columns = [query.scalar_subquery().label(name) for name, query in queries.items()]
        with self._read() as connection:
            row = connection.execute(sa.select(*columns)).one()
        return {name: int(row._mapping[name]) for name in queries}  # noqa: SLF001  # its public name


def _count(table: sa.Table, *conditions: sa.ColumnElement[bool]) -> sa.Select[Any]:
    return sa.select(sa.func.count()).select_from(table).where(*conditions)
