"""The database: SQLite by default, PostgreSQL by address; opened and brought forward here."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from pydantic import SecretStr

from bot.domain.errors import Unavailable
from bot.operations.sql.schema import bring_forward
from bot.operations.sql.sqlite import Turns, open_for_the_engine, open_for_us
from bot.secret_files import FileSecret, current

WAIT_SECONDS = 2
"""How long a person's request waits for the database before it is told to try again: Slack gives
three seconds for the whole answer. With SQLite one half is for our own writers, one for others."""

DATABASE = "database"
"""The name of this system in errors."""

READ_ONLY = "25006"
"""What a server says of a write that takes none any more, as the old one does after a failover.

Source: https://www.postgresql.org/docs/current/errcodes-appendix.html
"""


class Database:
    """One database, opened. Reads and writes raise ``Unavailable`` when it is away or locked.

    With *read_only* the database itself refuses every write, and no file is made. Where *url*
    stands in a file, each new connection has the password that stands there then, also those of
    the engine.
    """

    def __init__(self, url: SecretStr | str, *, read_only: bool = False) -> None:
        self.url = dialect_url(current(url))
        self._secret = url
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self._turns = Turns()
        self._engine = (
            open_for_us(
                _to_read(self.url) if read_only else self.url,
                self._turns,
                WAIT_SECONDS / 2,
                read_only=read_only,
            )
            if self.is_sqlite
            else _postgresql(self.url, read_only=read_only)
        )
        self._lent: sa.Engine | None = None
        self._follows = isinstance(url, FileSecret) and not self.is_sqlite
        if self._follows:
            sa.event.listen(sa.Engine, "do_connect", self._with_password)

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """Lend a connection for reading."""
        with _translated("read the database"), self._engine.connect() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[sa.Connection]:
        """Lend a connection inside one transaction, committed when the block ends well."""
        with _translated("write the database"), self._engine.connect() as plain:
            connection = plain.execution_options(shipmate_writes=True)
            with connection.begin():
                yield connection

    def door_for_the_engine(self) -> sa.Engine | None:
        """Return what the engine is to write through; None where it opens its own."""
        if self.is_sqlite and self._lent is None:
            self._lent = open_for_the_engine(self.url, self._turns)
        return self._lent

    def migrate(self) -> None:
        """Bring the schema forward. Replicas that start together take turns.

        Raises:
            Rejected: a newer Shipmate has brought it further than this one can read.
        """
        with self.write() as connection:
            bring_forward(connection)

    def ping(self) -> None:
        """Ask for one row."""
        with self.read() as connection:
            connection.execute(sa.text("SELECT 1"))

    def clock_ahead(self, wall: Callable[[], datetime]) -> timedelta | None:
        """Return how far *wall*, our clock, is ahead of the server's; None: it has none of its own.

        Raises:
            Unavailable: it does not answer.
        """
        if self.is_sqlite:
            return None
        with self.read() as connection:
            before = wall()
            theirs = connection.execute(sa.select(sa.func.clock_timestamp())).scalar_one()
            ahead: timedelta = before + (wall() - before) / 2 - theirs
            return ahead

    def has(self, table: str) -> bool:
        """Tell whether there is a table of that name."""
        with self.read() as connection:
            return sa.inspect(connection).has_table(table)

    def password(self) -> str | None:
        """Return the password of the moment, or None."""
        password = dialect_url(current(self._secret)).password
        return None if password is None else str(password)

    def _with_password(
        self, dialect: sa.Dialect, _record: Any, _arguments: Any, named: dict[str, Any]
    ) -> None:
        """Give a connection to our server the password of the moment; SQLAlchemy calls this."""
        if dialect.name != self.url.get_backend_name():
            return
        ours = dialect.create_connect_args(self.url)[1]
        same = (named.get(key) == ours.get(key) for key in ("host", "port", "user"))
        if "password" in named and all(same):
            named["password"] = self.password()

    def close(self) -> None:
        """Close all connections, those lent to the engine too."""
        if self._follows:
            sa.event.remove(sa.Engine, "do_connect", self._with_password)
        self._engine.dispose()
        if self._lent is not None:
            self._lent.dispose()


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
    except sa.exc.InternalError as odd:
        if getattr(odd.orig, "sqlstate", None) != READ_ONLY:
            raise
        raise Unavailable(DATABASE, doing, type(odd.orig).__name__) from odd


def _to_read(url: sa.URL) -> sa.URL:
    """Return the address of the same SQLite file, to be read only."""
    path = Path(str(url.database)).resolve().as_uri()
    return url.set(database=path, query={"mode": "ro", "uri": "true"})


def _postgresql(url: sa.URL, *, read_only: bool) -> sa.Engine:
    reading = " -c default_transaction_read_only=on" if read_only else ""
    return sa.create_engine(
        url,
        pool_size=8,
        max_overflow=8,
        pool_timeout=WAIT_SECONDS,
        pool_pre_ping=True,
        connect_args={
            "connect_timeout": WAIT_SECONDS,
            # A host that is gone says nothing, and by itself the system asks it for 15 minutes.
            "tcp_user_timeout": WAIT_SECONDS * 1000,
            "keepalives_idle": WAIT_SECONDS,
            "keepalives_interval": WAIT_SECONDS,
            "keepalives_count": 3,
            "options": f"-c lock_timeout={WAIT_SECONDS}s -c statement_timeout=10s{reading}",
        },
    )
