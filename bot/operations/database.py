"""The database: SQLite by default, PostgreSQL by address; opened and brought forward here."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.config import Config as AlembicConfig
from sqlalchemy import event

from bot.domain.errors import Unavailable

WAIT_SECONDS = 2
"""How long a person's request waits for the database before it is told to try again: Slack gives
three seconds for the whole answer."""

DATABASE = "database"
"""The name of this system in errors."""

MIGRATION_LOCK = 0x5348_4950
"""Advisory lock of the schema migration; any constant that nobody else in the database uses."""


class Database:
    """One database, opened. Reads and writes raise ``Unavailable`` when it is away or locked."""

    def __init__(self, url: str) -> None:
        self.url = dialect_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        # SQLite has one writer. Our own threads queue here, fairly, instead of in its busy loop.
        self._writer = threading.Lock() if self.is_sqlite else None
        self._engine = _sqlite(self.url) if self.is_sqlite else _postgresql(self.url)

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """Lend a connection for reading."""
        with _translated("read the database"), self._engine.connect() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[sa.Connection]:
        """Lend a connection inside one transaction, committed when the block ends well."""
        with _translated("write the database"):
            if self._writer is None:
                with self._engine.begin() as connection:
                    yield connection
                return
            if not self._writer.acquire(timeout=WAIT_SECONDS):
                raise Unavailable(DATABASE, "write the database", "others are writing")
            try:
                with self._engine.connect() as plain:
                    connection = plain.execution_options(shipmate_writes=True)
                    with connection.begin():
                        yield connection
            finally:
                self._writer.release()

    def migrate(self) -> None:
        """Bring the schema forward. Replicas that start together take turns."""
        config = AlembicConfig()
        config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
        with self.write() as connection:
            if not self.is_sqlite:
                connection.execute(sa.text("SET LOCAL lock_timeout = 0"))
                connection.execute(sa.text("SET LOCAL statement_timeout = 0"))
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(MIGRATION_LOCK)))
            config.attributes["connection"] = connection
            command.upgrade(config, "head")

    def ping(self) -> None:
        """Ask for one row."""
        with self.read() as connection:
            connection.execute(sa.text("SELECT 1"))

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()


def dialect_url(url: str) -> sa.URL:
    """Return *url* with the driver we use; ``postgresql://`` alone would mean psycopg2."""
    parsed = sa.make_url(url)
    if parsed.drivername in {"postgresql", "postgres"}:
        return parsed.set(drivername="postgresql+psycopg")
    return parsed


def sqlite_path(url: str) -> Path | None:
    """Return the file of a SQLite address; None for another database or one in memory."""
    parsed = sa.make_url(url)
    if parsed.get_backend_name() != "sqlite" or parsed.database in {None, "", ":memory:"}:
        return None
    return Path(str(parsed.database))


@contextmanager
def _translated(doing: str) -> Iterator[None]:
    try:
        yield
    except (sa.exc.OperationalError, sa.exc.InterfaceError, sa.exc.TimeoutError) as away:
        # The driver's text can quote the statement's values, so only its kind is told.
        cause = getattr(away, "orig", None) or away
        raise Unavailable(DATABASE, doing, type(cause).__name__) from away


def _sqlite(url: sa.URL) -> sa.Engine:
    engine = sa.create_engine(
        url, connect_args={"timeout": WAIT_SECONDS, "check_same_thread": False}, pool_size=8
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: object) -> None:
        # We begin transactions ourselves: pysqlite would begin a write as a read and then fail
        # to upgrade it when another writer came between.
        connection.isolation_level = None
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA foreign_keys=ON")

    @event.listens_for(engine, "begin")
    def begin(connection: sa.Connection) -> None:
        writes = connection.get_execution_options().get("shipmate_writes")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _postgresql(url: sa.URL) -> sa.Engine:
    return sa.create_engine(
        url,
        pool_size=8,
        max_overflow=8,
        pool_timeout=WAIT_SECONDS,
        pool_pre_ping=True,
        connect_args={
            "connect_timeout": WAIT_SECONDS,
            "options": f"-c lock_timeout={WAIT_SECONDS}s -c statement_timeout=10s",
        },
    )
