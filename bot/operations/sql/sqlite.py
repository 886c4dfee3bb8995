"""SQLite as we open it, for our own tables and for the engine's: one writer, taking turns.

SQLite lets a second writer wait by sleeping and trying again, longer each time. With the engine's
threads writing all the time, measured, a person's request slept for seconds. So every connection
of this process queues here before it begins to write; what people wait for goes first.
"""

import sqlite3
import threading
from collections import deque
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event

ENGINE_WAIT_SECONDS = 30
"""How long the engine's writes wait; it tries again by itself after that."""

ENGINE_CONNECTIONS = 20
"""As many as the engine would open by itself."""

_BEGINNINGS = ("INSERT", "UPDATE", "DELETE", "REPLACE", "BEGIN IMMEDIATE")
"""What begins a write. Python's driver begins the transaction before any of the first four."""


class Turns:
    """A lock that is handed on in the order of asking, but to those who ask *first* before all."""

    def __init__(self) -> None:
        self._mutex = threading.Lock()
        self._taken = False
        self._first: deque[threading.Lock] = deque()
        self._others: deque[threading.Lock] = deque()

    def take(self, seconds: float, *, first: bool) -> bool:
        """Wait for the turn, at most *seconds*; False when it did not come."""
        mine = threading.Lock()
        line = self._first if first else self._others
        with self._mutex:
            if not self._taken:
                self._taken = True
                return True
            mine.acquire()
            line.append(mine)
        if mine.acquire(timeout=seconds):
            return True
        with self._mutex:
            if mine in line:
                line.remove(mine)
                return False
        return True  # it came in the last moment

    def give(self) -> None:
        """Hand the turn to the next, if somebody waits."""
        with self._mutex:
            line = self._first or self._others
            if line:
                line.popleft().release()
            else:
                self._taken = False


class Connection(sqlite3.Connection):
    """A connection that waits for its turn before it begins to write."""

    turns: Turns
    patience: float = ENGINE_WAIT_SECONDS
    first = False
    _has_turn = False

    def cursor(self, factory: Any = None) -> Any:
        """Return a cursor that takes the turn."""
        return super().cursor(factory or Cursor)

    def begin(self, statement: str) -> None:
        """Take the turn if *statement* begins to write.

        Raises:
            sqlite3.OperationalError: others were writing all the time; SQLite's own words for it.
        """
        if self._has_turn or not statement.lstrip().upper().startswith(_BEGINNINGS):
            return
        if not self.turns.take(self.patience, first=self.first):
            raise sqlite3.OperationalError("database is locked")
        self._has_turn = True

    def end(self) -> None:
        """Hand the turn on, unless a transaction is still open."""
        if self._has_turn and not self.in_transaction:
            self._has_turn = False
            self.turns.give()

    def commit(self) -> None:
        """Commit, and hand the turn on."""
        try:
            super().commit()
        finally:
            self.end()

    def rollback(self) -> None:
        """Roll back, and hand the turn on."""
        try:
            super().rollback()
        finally:
            self.end()

    def close(self) -> None:
        """Close; what was not committed is forgotten."""
        super().close()
        if self._has_turn:
            self._has_turn = False
            self.turns.give()


class Cursor(sqlite3.Cursor):
    """A cursor whose first write waits for its connection's turn."""

    connection: Connection

    def execute(self, sql: str, parameters: Any = (), /) -> Any:
        """Run *sql* in its turn."""
        self.connection.begin(sql)
        try:
            return super().execute(sql, parameters)
        finally:
            self.connection.end()

    def executemany(self, sql: str, parameters: Any, /) -> Any:
        """Run *sql* for each of *parameters*, in its turn."""
        self.connection.begin(sql)
        try:
            return super().executemany(sql, parameters)
        finally:
            self.connection.end()


def open_for_us(
    url: sa.URL, turns: Turns, patience: float, *, read_only: bool = False
) -> sa.Engine:
    """Return the door to our own tables.

    Writes wait at most *patience* seconds for their turn, where they go first, and as long again
    for other processes.

    Transactions are begun by hand: a plain ``BEGIN``, or ``BEGIN IMMEDIATE`` with the execution
    option ``shipmate_writes``. The driver would begin a write as a read and then fail to upgrade
    it when another writer came between.
    """
    engine = sa.create_engine(
        url,
        connect_args={"timeout": patience, "check_same_thread": False, "factory": Connection},
        pool_size=8,
        pool_timeout=patience,
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: Connection, _record: object) -> None:
        connection.turns, connection.first, connection.patience = turns, True, patience
        connection.isolation_level = None
        if not read_only:  # it is kept in the file
            connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA foreign_keys=ON")
        # A commit of ours is in the operating system's hands, so no kill can take it back. Only a
        # power cut can, and only until the engine's next commit syncs the same log; the engine
        # syncs each of its commits, and acts outside only after one.
        connection.execute("PRAGMA synchronous=NORMAL")

    @event.listens_for(engine, "begin")
    def begin(connection: sa.Connection) -> None:
        writes = connection.get_execution_options().get("shipmate_writes")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def open_for_the_engine(url: sa.URL, turns: Turns) -> sa.Engine:
    """Return the door the engine writes through: as it opens its own, but taking turns."""
    engine = sa.create_engine(
        url,
        connect_args={"check_same_thread": False, "factory": Connection},
        pool_size=ENGINE_CONNECTIONS,
        max_overflow=0,
        pool_timeout=ENGINE_WAIT_SECONDS,
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: Connection, _record: object) -> None:
        connection.turns = turns
        connection.isolation_level = "IMMEDIATE"
        connection.execute(f"PRAGMA busy_timeout={ENGINE_WAIT_SECONDS * 1000}")
        connection.execute("PRAGMA foreign_keys=ON")
        connection.execute("PRAGMA synchronous=FULL")

    return engine
