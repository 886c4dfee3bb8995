import sqlite3
import threading

import pytest
import sqlalchemy as sa

from bot.domain.errors import Unavailable
from bot.operations.sql.database import Database
from bot.operations.sql.sqlite import Turns

LONG = 20.0
"""Seconds that no test waits for in full, unless it fails."""


def test_turns_are_handed_on_in_order_but_people_go_first():
    turns, went = Turns(), []
    assert turns.take(LONG, first=False)
    threads = []
    for name, first in [("engine 1", False), ("engine 2", False), ("person", True)]:
        threads.append(threading.Thread(target=goes, args=(turns, went, name, first)))
        threads[-1].start()
        waits(turns, len(threads))
    turns.give()
    for thread in threads:
        thread.join()
    assert ["person", "engine 1", "engine 2"] == went


def goes(turns, went, name, first):
    assert turns.take(LONG, first=first)
    went.append(name)
    turns.give()


def waits(turns, count):
    """Return once *count* stand in line."""
    while len(turns._first) + len(turns._others) < count:
        threading.Event().wait(0.001)


def test_who_waited_too_long_leaves_the_line():
    turns = Turns()
    assert turns.take(LONG, first=False)
    assert not turns.take(0.01, first=True)
    turns.give()
    assert turns.take(LONG, first=False)


@pytest.fixture
def database(tmp_path):
    opened = Database(f"sqlite:///{tmp_path / 'a.db'}")
    opened.migrate()
    yield opened
    opened.close()


def test_the_engine_writes_while_nobody_else_does(database):
    engine = database.door_for_the_engine()
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE memory (word TEXT)"))
        connection.execute(sa.text("INSERT INTO memory VALUES ('one')"))
    with database.write() as connection:
        connection.execute(sa.text("INSERT INTO memory VALUES ('two')"))
    with engine.begin() as connection:
        words = connection.execute(sa.text("SELECT word FROM memory")).scalars().all()
    assert ["one", "two"] == words


def test_a_person_waits_for_the_engines_commit_and_no_longer(database):
    engine = database.door_for_the_engine()
    writes, may_end = threading.Event(), threading.Event()

    def write():
        with engine.begin() as connection:
            connection.execute(sa.text("UPDATE cards SET ts = NULL"))
            writes.set()
            may_end.wait(LONG)

    thread = threading.Thread(target=write)
    thread.start()
    assert writes.wait(LONG)
    with pytest.raises(Unavailable, match="could not write"), database.write():
        pass
    may_end.set()
    thread.join()
    with database.write() as connection:
        connection.execute(sa.text("UPDATE cards SET ts = NULL"))


def test_a_statement_that_fails_does_not_keep_the_turn(database):
    engine = database.door_for_the_engine()
    with pytest.raises(sa.exc.OperationalError), engine.begin() as connection:
        connection.execute(sa.text("INSERT INTO nowhere VALUES (1)"))
    with database.write() as connection:
        connection.execute(sa.text("UPDATE cards SET ts = NULL"))


def test_a_connection_that_is_closed_in_the_middle_gives_its_turn_back(database):
    raw = database.door_for_the_engine().raw_connection()
    raw.driver_connection.execute("UPDATE cards SET ts = NULL")
    assert isinstance(raw.driver_connection, sqlite3.Connection)
    raw.invalidate()
    with database.write() as connection:
        connection.execute(sa.text("UPDATE cards SET ts = NULL"))
