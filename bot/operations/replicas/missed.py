"""Which replicas are missed: their lock was found free while work of theirs was pending.

It stands in the database and not in one replica's memory: where replicas die faster than the time
that one must be missed for, no memory would ever live long enough to take anything over.
"""

from collections.abc import Collection, Mapping
from datetime import timedelta

import sqlalchemy as sa

from bot.operations.books.rows import insert_or_leave, now_of_postgresql
from bot.operations.sql.database import Database
from bot.operations.sql.tables import missed


class Missed:
    """The missed replicas of one PostgreSQL, by their executor ids and by the database's clock."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def spans(self) -> Mapping[str, timedelta]:
        """Return for how long each has been missed.

        Raises:
            Unavailable: our own database is away.
        """
        with self._database.read() as connection:
            now = connection.execute(sa.select(now_of_postgresql())).scalar_one()
            rows = connection.execute(sa.select(missed.c.executor, missed.c.since))
            return {row.executor: now - row.since.replace(tzinfo=None) for row in rows}

    def note(self, executor: str) -> None:
        """Note that *executor* is missed from now on, unless it was before.

        Raises:
            Unavailable: our own database is away.
        """
        with self._database.write() as connection:
            new = insert_or_leave(connection, missed)
            connection.execute(new.values(executor=executor, since=now_of_postgresql()))

    def forget(self, executors: Collection[str]) -> None:
        """Forget those who are there again, or have left nothing behind.

        Raises:
            Unavailable: our own database is away.
        """
        if not executors:
            return
        with self._database.write() as connection:
            connection.execute(sa.delete(missed).where(missed.c.executor.in_(list(executors))))
