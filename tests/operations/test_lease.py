import socket
import threading
from datetime import timedelta

import psycopg
import pytest

from bot.clock import Clock
from bot.domain.errors import Rejected, Unavailable
from bot.operations.database import Database
from bot.operations.engine import Dead
from bot.operations.lease import (
    GRACE,
    MOST_TAKEOVERS,
    AlreadyRunningError,
    Reaper,
    SessionLease,
    lease_for,
)


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


class Hands:
    """A clock moved by hand."""

    def __init__(self):
        self._clock, self.passed = Clock(), timedelta()

    def now(self):
        return self._clock.epoch + self.passed

    def pause(self, span):
        return span.total_seconds()


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


def test_a_living_replica_keeps_its_work(address, ours):
    other, clock = SessionLease(address), Hands()
    pool = Pool({other.executor: [WORK]})
    reaper = Reaper(ours, pool, clock)
    for _ in range(3):
        reaper.beat()
        clock.passed += GRACE
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


def test_a_dead_replica_is_taken_over_after_the_grace_and_not_before(address, ours):
    other, clock = SessionLease(address), Hands()
    pool = Pool({other.executor: [WORK]})
    reaper = Reaper(ours, pool, clock)
    other.release()
    until_free(ours, other.executor)
    reaper.beat()
    clock.passed += GRACE / 2
    reaper.beat()
    assert [] == pool.taken
    clock.passed += GRACE
    reaper.beat()
    assert [WORK] == pool.taken


def test_work_that_kills_whoever_takes_it_is_left_alone_at_last(ours):
    clock, pool = Hands(), Pool({"gone": [WORK]})
    reaper = Reaper(ours, pool, clock)
    reaper.beat()
    for _ in range(MOST_TAKEOVERS + 5):
        clock.passed += GRACE
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
