"""A history moves whole or not at all, and nobody can work on both sides of it."""

import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.clock import Clock
from bot.domain.database_move import Hindered, Hindrance, Moved, Outcome, Stage
from bot.domain.errors import Rejected
from bot.domain.operations import Phase
from bot.messages.database_move import hindered
from bot.operations.books.act_book import Act, ActBook, Deed
from bot.operations.engine import make_tables
from bot.operations.replicas.lease import AlreadyRunningError, FileLease, SessionLease, lease_for
from bot.operations.sql.database import Database
from bot.operations.sql.moved_away import note_of
from bot.operations.sql.tables import metadata, operations, outbox, timeline
from bot.operations.store import Receipt, Store
from bot.operations.to_postgresql.moving import Move
from bot.operations.to_postgresql.pairs import (
    ENGINE_LEAVES,
    ENGINE_TABLES,
    OF_PROCESSES,
    engines,
    ours,
)
from bot.operations.to_postgresql.sole_lease import SoleLease
from tests.builders import NOON, request

ODD = {"text": "홍길동 \u2028 😀 \x07 'q' \\ %s :x", "big": "é" * 300_000, "n": 1e-7, "no": None}
SEOUL = timezone(timedelta(hours=9))
WHEN = datetime(2026, 11, 1, 2, 3, 4, 567_891, tzinfo=SEOUL)


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    """Fill a file with what is hard to carry, and with a hole at the end of the numbers."""
    path = tmp_path_factory.mktemp("filled") / "shipmate.db"
    database = Database(f"sqlite:///{path}")
    database.migrate()
    make_tables(database.url)
    store = Store(database)
    for number in range(3):
        store.receive(request(version=f"v{number}", reason="a\x00b"), f"command:{number}", WHEN)
    store.move("D-2", Phase.REFUSED, NOON, "refused")
    ActBook(database).note(
        Act("m", WHEN, "U0BOB", Deed.LOCKED, "core/prod", "prod", {"reason": "r"})
    )
    letter = {
        "key": "k", "receiver": "C0", "in_person": True, "text": "a\x00b", "blocks": [ODD],
        "at": WHEN, "tries": 0, "not_before": WHEN,
    }  # fmt: skip
    with database.write() as connection:
        connection.execute(sa.insert(outbox), letter)
        connection.execute(sa.delete(timeline).where(timeline.c.number == 3))
        connection.execute(sa.text("DELETE FROM operation_services WHERE number = 3"))
        connection.execute(sa.delete(operations).where(operations.c.number == 3))
        connection.execute(
            sa.text(
                "INSERT INTO workflow_status (workflow_uuid, status, name, executor_id, inputs,"
                " was_forked_from, created_at, updated_at) VALUES ('D-1', 'PENDING', 'deploy',"
                " 'local', :text, TRUE, 1790000000123, 1790000000456)"
            ),
            {"text": '{"args": ["D-1", 2]}'},
        )
    database.close()
    return path


@pytest.fixture(scope="module")
def home(postgres_server):
    with postgres_server.database() as address:
        yield address


@pytest.fixture
def target(home):
    """An empty database that has tables from the second test on: they are slow to make."""
    yield home
    there = Database(home)
    if there.has("operations"):
        with there.write() as connection:
            names = [one.name for one in metadata.sorted_tables]
            names += [f"dbos.{one}" for one in ENGINE_TABLES]
            connection.execute(sa.text(f"TRUNCATE {', '.join(names)} RESTART IDENTITY"))
    there.close()


@pytest.fixture
def path(tmp_path, filled):
    return Path(shutil.copy(filled, tmp_path))


@pytest.fixture
def source(path):
    database = Database(f"sqlite:///{path}")
    yield database
    database.close()


@pytest.fixture
def moves(path, source, target):
    """Move, and return what became of it."""
    opened = []

    def moves(*, tell=lambda *_: None):
        move = Move(f"sqlite:///{path}", target, tell, Clock())
        opened.append(move)
        return move.move()

    yield moves
    for move in opened:
        move.close()


def test_everything_is_there_and_goes_on_counting(moves, source, target, path):
    told = []
    before = path.read_bytes()
    done = moves(tell=lambda *what: told.append(what))
    assert isinstance(done, Moved)
    assert (Outcome.MOVED, ("D-1",), 4, 1) == (
        done.outcome, done.under_way, done.next_number, done.mended
    )  # fmt: skip
    assert all(one.is_the_same for one in done.tables)
    assert (Stage.READING, "operations", 2, 2) in told
    assert (Stage.COMPARING, "operations", 0, 2) in told
    assert before == path.read_bytes()
    assert path.with_name("shipmate.db.moved").read_text().startswith("postgresql://127.0.0.1:")

    there = Database(target)
    with source.read() as here, there.read() as moved:
        for table in metadata.sorted_tables:
            if table.name not in {*OF_PROCESSES, "outbox"}:
                rows = [sorted(map(str, one.execute(sa.select(table)))) for one in (here, moved)]
                assert rows[0] == rows[1], table.name
        letter = moved.execute(sa.select(outbox)).one()
        engine = moved.execute(sa.text("SELECT * FROM dbos.workflow_status")).one()
    assert (True, "a\ufffdb", [ODD], WHEN.astimezone(UTC), None) == (
        letter.in_person, letter.text, letter.blocks, letter.at, letter.settled_at
    )  # fmt: skip
    assert ("PENDING", "local", '{"args": ["D-1", 2]}', True, 1790000000123, None) == (
        engine.status, engine.executor_id, engine.inputs, engine.was_forked_from,
        engine.created_at, engine.completed_at,
    )  # fmt: skip

    store = Store(there)
    again, receipt = store.receive(request(version="v0", reason="a\x00b"), "command:9", NOON)
    assert ("D-1", Receipt.UNDER_WAY) == (again.id, receipt)
    new, _ = store.receive(request(version="v9"), "command:10", NOON)
    assert "D-4" == new.id  # D-3 was given out once, and is gone
    ActBook(there).note(Act("n", NOON, "U0BOB", Deed.LOCKED, "core/prod", "prod", {}))
    assert ["n", "m"] == [one.mark for one in ActBook(there).latest()]
    there.close()


def test_a_second_move_finds_everything_there(moves, path):
    moves()
    note_of(path).unlink()  # as if the first had been killed before
    assert Outcome.ALREADY_THERE is moves().outcome
    assert note_of(path).exists()


def test_a_look_writes_nothing(path, postgres_server):
    with postgres_server.database() as target:
        move = Move(f"sqlite:///{path}", target, lambda *_: None, Clock())
        done = move.look()
        move.close()
        there = Database(target)
        assert not there.has("operations")
        there.close()
    assert (Outcome.WOULD_MOVE, 4) == (done.outcome, done.next_number)
    assert {"operations": 2, "outbox": 1, "dbos.workflow_status": 1}.items() <= {
        one.name: one.here.rows for one in done.tables
    }.items()
    assert not note_of(path).exists()


def test_a_move_that_is_interrupted_moves_nothing(moves, path, target):
    def tell(_, table, *__):
        if table == "timeline":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        moves(tell=tell)
    assert not note_of(path).exists()
    assert Outcome.MOVED is moves().outcome


OTHERS = sa.text(
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
    " AND pid <> pg_backend_pid()"
)
KILLED = """
import os, signal, sys
from bot.clock import Clock
from bot.operations.to_postgresql.moving import Move

def tell(stage, table, done, of):
    if table == "dbos.workflow_status":
        os.kill(os.getpid(), signal.SIGKILL)

Move(sys.argv[1], sys.argv[2], tell, Clock()).move()
"""


def test_a_move_that_is_killed_is_begun_again(moves, target, path):
    died = subprocess.run(
        [sys.executable, "-c", KILLED, f"sqlite:///{path}", target], check=False, timeout=60
    )
    assert -9 == died.returncode
    assert not note_of(path).exists()
    there = Database(target)
    with there.read() as connection:  # the server hears of the death a moment later
        while connection.execute(OTHERS).scalar_one() > 0:
            connection.rollback()
    assert there.has("operations")
    assert () == Store(there).latest()
    there.close()
    assert Outcome.MOVED is moves().outcome


def reason(done):
    assert isinstance(done, Hindered), done
    assert "Nothing was moved." in hindered(done)
    return done.why


def test_nobody_moves_under_a_bot(moves, path, target):
    bot = FileLease(path)
    assert Hindrance.BOT_ON_SOURCE is reason(moves())
    bot.release()
    bot = SessionLease(sa.make_url(target))
    assert Hindrance.BOT_ON_TARGET is reason(moves())
    bot.release()
    assert Outcome.MOVED is moves().outcome


def test_no_bot_begins_where_a_history_moves_in(target):
    moving = SoleLease(sa.make_url(target))
    with pytest.raises(AlreadyRunningError, match="moved into this database"):
        SessionLease(sa.make_url(target))
    moving.release()
    SessionLease(sa.make_url(target)).release()


def test_no_bot_begins_where_a_history_has_moved_away(moves, path, source):
    moves()
    with pytest.raises(Rejected, match=r"moved to postgresql://.*; set DATABASE_URL") as refused:
        lease_for(source)
    assert "rm shipmate.db.moved" in str(refused.value)
    note_of(path).unlink()
    lease_for(source).release()


def test_what_holds_something_else_is_not_filled(moves, target):
    there = Database(target)
    there.migrate()
    Store(there).receive(request(version="other"), "command:x", NOON)
    done = moves()
    assert Hindrance.TARGET_HOLDS is reason(done)
    assert "operations" in done.facts["tables"]
    assert 1 == len(Store(there).latest())
    there.close()


def test_what_is_written_meanwhile_is_not_lost(moves, source, target):
    """Somebody's ``shipmate deploy``, say, which takes no lease."""
    store = Store(source)

    def tell(_, table, *__):
        if table == "operations":
            store.receive(request(version="late"), "terminal:1", NOON)

    assert Hindrance.CHANGED_MEANWHILE is reason(moves(tell=tell))
    done = moves()
    assert (Outcome.MOVED, ("D-1", "D-4")) == (done.outcome, done.under_way)


def test_a_row_that_does_not_fit_is_named(moves, source):
    with source.write() as connection:
        connection.execute(sa.update(outbox).values(receiver="C" * 100))
    done = moves()
    assert Hindrance.REFUSED_ROW is reason(done)
    assert ("outbox", True) == (done.facts["table"], "too long" in done.facts["why"])


@pytest.mark.parametrize(
    ("revision", "expected"),
    [("0001", Hindrance.SOURCE_OLDER), ("9999", Hindrance.SOURCE_NEWER)],
)
def test_another_versions_file_is_not_guessed_at(moves, source, revision, expected):
    with source.write() as connection:
        connection.execute(sa.text("UPDATE shipmate_version SET version_num = :r"), {"r": revision})
    assert expected is reason(moves())


def test_every_table_moves_or_is_known_not_to(source):
    """A new table, ours or the engine's, is thought of here."""
    with source.read() as connection:
        found = set(sa.inspect(connection).get_table_names())
        copied = {one.source.name for one in (*ours(), *engines(connection))}
    left = {*OF_PROCESSES, *ENGINE_LEAVES, "shipmate_version", "shipmate_schema"}
    assert found - left == copied
    assert set(ENGINE_TABLES) <= copied
