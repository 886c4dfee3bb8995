"""The PostgreSQL side: filled inside one transaction, and read again before that is committed."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa

from bot.domain.database_move import Counted
from bot.operations.sql.database import Database
from bot.operations.to_postgresql.pairs import ENGINES, Pair
from bot.operations.to_postgresql.reading import BATCH
from bot.operations.to_postgresql.tally import Tally


class RefusedRowError(Exception):
    """PostgreSQL does not take a row; *why* is its own word for it."""

    def __init__(self, table: str, why: str) -> None:
        self.table, self.why = table, why
        super().__init__(f"{table}: {why}")


class Target:
    """The new home, within the transaction that fills it or only looks at it."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def close_to_others(self, pairs: Iterable[Pair]) -> None:
        """Let nobody else write into the tables until the transaction ends.

        Raises:
            sqlalchemy.exc.OperationalError: somebody writes into one of them right now.
        """
        names = ", ".join(_name(pair.target) for pair in pairs)
        self._connection.execute(sa.text(f"LOCK TABLE {names} IN SHARE ROW EXCLUSIVE MODE"))

    def held(self, pairs: Iterable[Pair]) -> tuple[str, ...]:
        """Return the names of the tables that hold something."""
        found = sa.inspect(self._connection)
        return tuple(
            pair.name
            for pair in pairs
            if found.has_table(pair.target.name, pair.target.schema)
            and self._connection.execute(sa.select(1).select_from(pair.target).limit(1)).first()
        )

    def take(self, pair: Pair, rows: Sequence[tuple[Any, ...]]) -> None:
        """Write *rows* down.

        Raises:
            RefusedRowError: one of them does not fit.
        """
        values = [dict(zip(pair.columns, row, strict=True)) for row in rows]
        try:
            self._connection.execute(sa.insert(pair.target), values)
        except (sa.exc.DataError, sa.exc.IntegrityError, sa.exc.StatementError) as error:
            if isinstance(error, sa.exc.OperationalError | sa.exc.InterfaceError):
                raise
            raise RefusedRowError(pair.name, _why(error)) from error

    def counted(self, pair: Pair) -> Counted:
        """Return what stands there now."""
        tally = Tally()
        query = sa.select(pair.target).execution_options(stream_results=True, yield_per=BATCH)
        for row in self._connection.execute(query):
            tally.add(row)
        return tally.counted()

    def count_on_from(self, pair: Pair, number: int) -> None:
        """Let the next row that counts by itself come behind *number*, if there was one."""
        assert pair.serial is not None
        if number:
            serial = sa.func.pg_get_serial_sequence(pair.target.name, pair.serial)
            self._connection.execute(sa.select(sa.func.setval(serial, number)))


@contextmanager
def filling(database: Database) -> Iterator[Target]:
    """Lend the target in one transaction that takes as long as it takes.

    Raises:
        Unavailable: it does not answer.
    """
    with database.write() as connection:
        connection.execute(sa.text("SET LOCAL statement_timeout = 0"))
        yield Target(connection)


@contextmanager
def looking(database: Database) -> Iterator[Target]:
    """Lend the target for reading alone.

    Raises:
        Unavailable: it does not answer.
    """
    with database.read() as connection:
        connection.execute(sa.text("SET LOCAL statement_timeout = 0"))
        yield Target(connection)


def _name(table: sa.Table) -> str:
    return f"{ENGINES}.{table.name}" if table.schema else table.name


def _why(error: sa.exc.StatementError) -> str:
    """Return the database's word for what does not fit; values of the row never stand in it."""
    diagnosis = getattr(error.orig, "diag", None)
    said = getattr(diagnosis, "message_primary", None)
    return str(said) if said else type(error.orig or error).__name__
