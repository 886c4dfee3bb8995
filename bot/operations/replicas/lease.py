"""Who runs what: one process per SQLite file, and any number of replicas on one PostgreSQL.

On PostgreSQL every process holds a session advisory lock on its executor id, taken before the
engine starts. PostgreSQL frees it when the process or its connection dies; no heartbeats, and no
clock but the database's. A reaper in each process takes over what belongs to an id whose lock has
been free for ``GRACE``. A process that was only frozen finds, when it thaws, that it can record
nothing.
"""

import fcntl
import hashlib
import os
import threading
import uuid
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import IO, Protocol

import psycopg
import sqlalchemy as sa
import structlog

from bot.domain.errors import Rejected, Unavailable
from bot.operations.engine import Dead
from bot.operations.replicas.missed import Missed
from bot.operations.sql.database import DATABASE, Database, sqlite_path
from bot.operations.sql.moved_away import refuse_moved

log = structlog.get_logger(__name__)

GRACE = timedelta(seconds=6)
"""How long a lock must be free before its owner counts as dead: a live process that lost its
connection takes its lock again well within this."""

BEAT = timedelta(seconds=2)

MOVING_IN = 0x5348_4951
"""Advisory lock of a whole database: every bot on it shares it, and who moves a history into it
has it alone. Any constant that nobody else in the database uses."""

MOST_TAKEOVERS = 10
"""A workflow that was taken over this often kills whoever runs it; it is left alone and told."""


class AlreadyRunningError(Exception):
    """Another process uses the same database in a way that leaves no room for us."""


class Lease(Protocol):
    """The right to run under ``executor``. Two kinds exist: a file lock and a session lock."""

    executor: str

    def release(self) -> None:
        """Give the right back."""


class FileLease:
    """One process per SQLite file, by a lock on a file beside it.

    Raises:
        AlreadyRunningError: another process holds it.
    """

    executor = "local"

    def __init__(self, database: Path) -> None:
        path = database.with_name(database.name + ".lock")
        self._file: IO[str] = path.open("a+", encoding="utf-8")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as taken:
            self._file.seek(0)
            owner = self._file.read().strip() or "unknown"
            self._file.close()
            raise AlreadyRunningError(
                f"Another shipmate (process {owner}) already runs on {database}. SQLite serves one "
                "process. Stop the other one, or set DATABASE_URL to a PostgreSQL address to run "
                "several."
            ) from taken
        self._file.truncate(0)
        self._file.write(str(os.getpid()))
        self._file.flush()

    def release(self) -> None:
        """Give the file back."""
        self._file.close()


class SessionLease:
    """A PostgreSQL session that holds the advisory lock of our executor id.

    *password* is asked for at each connection; None: that of *url*.
    """

    def __init__(self, url: sa.URL, password: Callable[[], str | None] = lambda: None) -> None:
        self._password = password
        self.executor = f"shipmate-{uuid.uuid4().hex[:12]}"
        self._url = url.set(drivername="postgresql")
        self._guard = threading.Lock()
        self._session = self._take()

    def _address(self) -> str:
        password = self._password()
        url = self._url if password is None else self._url.set(password=password)
        return url.render_as_string(hide_password=False)

    def _take(self) -> psycopg.Connection[tuple[bool]]:
        session: psycopg.Connection[tuple[bool]] = psycopg.connect(
            self._address(),
            autocommit=True,
            connect_timeout=2,
            tcp_user_timeout=6000,  # else a host that is gone would hold ``prove``, and a stop
            keepalives_idle=2,
            keepalives_interval=2,
            keepalives_count=3,
        )
        row = session.execute("SELECT pg_try_advisory_lock_shared(%s)", [MOVING_IN]).fetchone()
        if not (row and row[0]):
            session.close()
            raise AlreadyRunningError(
                "A history is being moved into this database. Start again when `shipmate"
                " move-database` has ended."
            )
        session.execute("SELECT pg_advisory_lock(%s)", [lock_number(self.executor)])
        return session

    def prove(self) -> None:
        """Make sure that our session lives; take the lock again with a new one if it does not.

        Raises:
            psycopg.Error: the database is away.
        """
        with self._guard:
            try:
                self._session.execute("SELECT 1")
            except psycopg.Error:
                self._session.close()
                self._session = self._take()

    def try_other(self, executor: str) -> bool:
        """Take the lock of another executor if it is free; give it back by ``free_other``."""
        with self._guard:
            row = self._session.execute(
                "SELECT pg_try_advisory_lock(%s)", [lock_number(executor)]
            ).fetchone()
            return bool(row and row[0])

    def free_other(self, executor: str) -> None:
        """Give the lock of another executor back."""
        with self._guard:
            self._session.execute("SELECT pg_advisory_unlock(%s)", [lock_number(executor)])

    def release(self) -> None:
        """End the session; the lock goes with it."""
        with self._guard:
            self._session.close()


def lock_number(executor: str) -> int:
    """Return the advisory lock key of an executor id: 63 bits of its hash."""
    return int.from_bytes(hashlib.sha256(executor.encode()).digest()[:8], "big") >> 1


def lease_for(database: Database) -> FileLease | SessionLease:
    """Take the lease that fits the database.

    Raises:
        AlreadyRunningError: another process runs on the same SQLite file, or a history is being
            moved into the PostgreSQL database.
        Rejected: the file cannot be opened, or its history was moved away.
        Unavailable: the database's server does not let us in.
    """
    path = sqlite_path(database.url.render_as_string(hide_password=False))
    doing, advice = "be opened", "check DATABASE_URL"
    try:
        if database.is_sqlite:
            if path is not None:
                refuse_moved(path)
            return FileLease(path or Path("shipmate-memory"))
        return SessionLease(database.url, database.password)
    except psycopg.OperationalError as away:  # names host, port and user, never the password
        raise Unavailable(DATABASE, doing, f"{str(away).partition(chr(10))[0]}; {advice}") from away
    except OSError as closed:
        raise Rejected(DATABASE, doing, f"{path}: {closed.strerror}; {advice}") from closed


class Pool(Protocol):
    """What the reaper needs of the engine."""

    def pending_elsewhere(self) -> dict[str, list[Dead]]:
        """Return pending workflows of other executors, by executor."""

    def take_over(self, dead: list[Dead]) -> None:
        """Queue them again."""


class Reaper:
    """Takes over the workflows of executors that died. ``beat`` is called every ``BEAT``."""

    def __init__(self, lease: SessionLease, pool: Pool, missed: Missed) -> None:
        self._lease, self._pool, self._missed = lease, pool, missed
        self._takeovers: dict[str, int] = {}

    def beat(self) -> None:
        """Look once. Errors of the database are logged; the next beat looks again."""
        try:
            self._lease.prove()
            elsewhere = self._pool.pending_elsewhere()
            spans = self._missed.spans()
            # Those without pending work, and ourselves: we have just proved that we are here.
            self._missed.forget(spans.keys() - elsewhere.keys())
            for executor, dead in elsewhere.items():
                self._look_at(executor, dead, spans.get(executor))
        except Exception:
            log.exception("the reaper could not look for dead replicas")

    def _look_at(self, executor: str, dead: list[Dead], span: timedelta | None) -> None:
        """Take over from *executor*, missed for *span*, if it still is and long enough."""
        if not self._lease.try_other(executor):
            return  # It lives, or another reaper looks at it; who lives forgets its own row.
        try:
            if span is None:
                self._missed.note(executor)
                return
            if span < GRACE:
                return
            mine = [one for one in dead if self._counted(one)]
            if mine:
                self._pool.take_over(mine)
                log.warning("took over a dead replica", executor=executor, workflows=len(mine))
        finally:
            self._lease.free_other(executor)

    def _counted(self, one: Dead) -> bool:
        count = self._takeovers[one.workflow] = self._takeovers.get(one.workflow, 0) + 1
        if count == MOST_TAKEOVERS + 1:
            log.error("a workflow kills its replicas and is left alone", workflow=one.workflow)
        return count <= MOST_TAKEOVERS
