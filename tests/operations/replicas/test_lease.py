import socket
import threading

import psycopg
import pytest
import sqlalchemy as sa

from bot.domain.errors import Rejected, Unavailable
from bot.operations.engine import Dead
from bot.operations.replicas.lease import (
    GRACE,
    MOST_TAKEOVERS,
    AlreadyRunningError,
    Reaper,
    SessionLease,
    lease_for,
)
from bot.operations.replicas.missed import Missed
from bot.operations.sql.database import Database
from bot.operations.sql.tables import missed as table


def test_a_second_process_on_the_same_sqlite_file_is_refused_with_words(tmp_path):
    database = Database(f"sqlite:///{tmp_path / 'a.db'}")
    held = lease_for(database)
    with pytest.raises(AlreadyRunningError, match=r"already runs on .*a\.db.*DATABASE_URL"):
        lease_for(database)
    held.release()
    lease_for(database).release()
    database.close()


def test_a_sqlite_file_in_a_folder_that_is_not_there_is_told(tmp_path):
    database = Database(f"sqlite:///{tmp_path / 'no' / 'a.db'}")
    with pytest.raises(Rejected, match=r"database could not be opened: .*/no/a\.db: No such file"):
        lease_for(database)
    database.close()


def test_a_server_that_does_not_answer_is_told_without_the_password():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    database = Database(f"postgresql://ship:hunter2@127.0.0.1:{port}/ship")
    with pytest.raises(Unavailable, match=rf"could not be opened: .*{port}.*") as told:
        lease_for(database)
    assert "check DATABASE_URL" in str(told.value)
    assert "hunter2" not in str(told.value)
    database.close()


class Pool:
    """Stands for the engine: the reaper only asks for names and says which to take."""

    def __init__(self, elsewhere):
        self.elsewhere, self.taken = elsewhere, []

    def pending_elsewhere(self):
        return self.elsewhere

    def take_over(self, dead):
        self.taken += dead


@pytest.fixture
def address(postgres_server):
    with postgres_server.database() as url:
        yield Database(url).url


@pytest.fixture
def ours(address):
    lease = SessionLease(address)
    yield lease
    lease.release()


WORK = Dead("D-1", None)


@pytest.fixture
def missed(address):
    database = Database(address.render_as_string(hide_password=False))
    database.migrate()
    yield Book(database)
    database.close()


class Book(Missed):
    """The missed replicas, whose time passes by hand."""

    def passes(self, span):
        with self._database.write() as connection:
            connection.execute(
                sa.update(table).values(since=table.c.since - sa.literal(span, sa.Interval))
            )


def test_a_living_replica_keeps_its_work(address, ours, missed):
    other = SessionLease(address)
    pool = Pool({other.executor: [WORK]})
    reaper = Reaper(ours, pool, missed)
    for _ in range(3):
        reaper.beat()
        missed.passes(GRACE)
    other.release()
    assert [] == pool.taken


def until_free(lease, executor):
    """Wait until PostgreSQL has noticed that the session of *executor* is gone."""
    never = threading.Event()
    for _ in range(600):
        if lease.try_other(executor):
            lease.free_other(executor)
            return
        never.wait(0.05)
    raise AssertionError(f"the lock of {executor} is still held")


def test_a_dead_replica_is_taken_over_after_the_grace_and_not_before(address, ours, missed):
    other = SessionLease(address)
    pool = Pool({other.executor: [WORK]})
    reaper = Reaper(ours, pool, missed)
    other.release()
    until_free(ours, other.executor)
    reaper.beat()
    missed.passes(GRACE / 2)
    reaper.beat()
    assert [] == pool.taken
    missed.passes(GRACE / 2)
    reaper.beat()
    assert [WORK] == pool.taken


def test_the_grace_goes_on_though_every_replica_dies_within_it(address, ours, missed):
    """Each beat is by a replica that was started anew and has seen nothing itself."""
    pool = Pool({"gone": [WORK]})
    for _ in range(2):
        assert [] == pool.taken
        Reaper(ours, pool, missed).beat()
        missed.passes(GRACE / 2)
    Reaper(ours, pool, missed).beat()
    assert [WORK] == pool.taken


def test_who_was_away_for_a_moment_begins_a_new_grace_the_next_time(address, ours, missed):
    other = SessionLease(address)
    missed.note(other.executor)
    missed.passes(GRACE * 10)
    Reaper(other, Pool({}), missed).beat()
    other.release()
    until_free(ours, other.executor)

    pool = Pool({other.executor: [WORK]})
    Reaper(ours, pool, missed).beat()
    assert [] == pool.taken


def test_what_was_taken_over_is_missed_no_longer(ours, missed):
    missed.note("gone")
    missed.passes(GRACE)
    pool = Pool({"gone": [WORK]})
    reaper = Reaper(ours, pool, missed)
    reaper.beat()
    pool.elsewhere = {}
    reaper.beat()
    assert {} == missed.spans()


def test_work_that_kills_whoever_takes_it_is_left_alone_at_last(ours, missed):
    pool = Pool({"gone": [WORK]})
    reaper = Reaper(ours, pool, missed)
    reaper.beat()
    missed.passes(GRACE)
    for _ in range(MOST_TAKEOVERS + 5):
        reaper.beat()
    assert MOST_TAKEOVERS == len(pool.taken)


def test_a_replica_whose_session_was_cut_takes_its_lock_again(address, ours):
    with psycopg.connect(
        address.set(drivername="postgresql").render_as_string(hide_password=False),
        autocommit=True,
    ) as admin:
        admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_locks "
            "WHERE locktype = 'advisory' AND pid <> pg_backend_pid()"
        )
    ours.prove()
    rival = SessionLease(address)
    assert not rival.try_other(ours.executor)
    rival.release()
