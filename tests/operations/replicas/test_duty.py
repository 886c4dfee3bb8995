from datetime import timedelta

import pytest

from bot.domain.errors import Unavailable
from bot.operations.replicas.duty import Duty
from tests.operations.standing_ground import Standing


def test_one_replica_at_a_time_has_a_duty(database):
    clock = Standing()
    ours, theirs = (Duty(database, clock, "updates", name) for name in ("us", "they"))
    assert ours.is_ours()
    assert database.is_sqlite is theirs.is_ours()
    clock.at += timedelta(minutes=1)  # asked for again, and still ours by the database's clock
    assert ours.is_ours()
    assert database.is_sqlite is theirs.is_ours()
    ours.leave()
    assert theirs.is_ours()
    assert database.is_sqlite is ours.is_ours()


def test_a_duty_is_its_own(database):
    clock = Standing()
    assert Duty(database, clock, "updates", "us").is_ours()
    assert Duty(database, clock, "posts", "they").is_ours()


def test_a_duty_of_who_is_gone_is_taken(database):
    clock = Standing()
    gone = Duty(database, clock, "updates", "gone")
    assert gone.is_ours()
    with database.write() as connection:
        connection.exec_driver_sql("UPDATE duties SET until = '2026-01-01 00:00:00'")
    assert Duty(database, clock, "updates", "us").is_ours()
    clock.at += timedelta(minutes=1)
    assert database.is_sqlite is gone.is_ours()


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_stop_goes_on_while_the_database_is_away(database, monkeypatch):
    ours = Duty(database, Standing(), "updates", "us")
    assert ours.is_ours()

    def away():
        raise Unavailable("database", "write")

    monkeypatch.setattr(database, "write", away)
    ours.leave()
