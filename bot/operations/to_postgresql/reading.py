"""The SQLite side: read as it was at one moment, and never written."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa

from bot.domain.operations import ENDS
from bot.operations.sql.database import Database
from bot.operations.sql.tables import operations
from bot.operations.to_postgresql.pairs import Pair

BATCH = 1000
"""Rows in one statement, and in memory at once."""

NUL, INSTEAD = "\x00", "\ufffd"
"""The one character that PostgreSQL's texts cannot hold, and what stands in its place."""


class Source:
    """One moment of the source. *mended* counts the texts that held what PostgreSQL cannot."""

    def __init__(self, connection: sa.Connection) -> None:
        self.connection = connection
        self.mended = 0
        self._before = _data_version(connection)

    def count(self, pair: Pair) -> int:
        """Return how many rows there are."""
        query = sa.select(sa.func.count()).select_from(pair.source)
        return int(self.connection.execute(query).scalar_one())

    def batches(self, pair: Pair) -> Iterator[list[tuple[Any, ...]]]:
        """Yield all rows, in the order of their keys where they have one."""
        query = sa.select(pair.source).order_by(*pair.source.primary_key.columns)
        for rows in self.connection.execute(query.execution_options(yield_per=BATCH)).partitions():
            yield [tuple(map(self._speakable, row)) for row in rows]

    def highest(self, pair: Pair) -> int:
        """Return the highest number that was ever given out in the table; 0 for none."""
        assert pair.serial is not None
        query = sa.select(sa.func.max(pair.source.c[pair.serial]))
        there = self.connection.execute(query).scalar() or 0
        given = sa.text("SELECT seq FROM sqlite_sequence WHERE name = :name")
        ever = self.connection.execute(given, {"name": pair.source.name}).scalar() or 0
        return max(int(there), int(ever))

    def under_way(self) -> tuple[str, ...]:
        """Return the operations that have not ended, oldest first."""
        ended = [phase.value for phase in ENDS]
        query = sa.select(operations.c.number).where(operations.c.phase.not_in(ended))
        numbers = self.connection.execute(query.order_by(operations.c.number)).scalars()
        return tuple(f"D-{number}" for number in numbers)

    def has_changed(self) -> bool:
        """Tell whether anybody wrote into it since; nothing can be read of that moment any more."""
        self.connection.rollback()
        return _data_version(self.connection) != self._before

    def _speakable(self, value: Any) -> Any:
        if isinstance(value, str) and NUL in value:
            self.mended += 1
            return value.replace(NUL, INSTEAD)
        return value


@contextmanager
def reading(database: Database) -> Iterator[Source]:
    """Lend the source as it is now, while the block lasts.

    Raises:
        Unavailable: it does not answer.
    """
    with database.read() as connection:
        yield Source(connection)


def _data_version(connection: sa.Connection) -> int:
    """Return a number that changes whenever another connection has written.

    Source: https://sqlite.org/pragma.html#pragma_data_version
    """
    found = connection.exec_driver_sql("PRAGMA data_version").scalar_one()
    connection.rollback()  # the moment that is read begins with the first question after this
    return int(found)
