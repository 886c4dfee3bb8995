"""A bot that has lived on SQLite goes on living on PostgreSQL: nobody in Slack sees a difference.

What is asked for after the move is asked for in a shell, which is its story on PostgreSQL.
"""

import csv
import io
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

import pytest
from typer.testing import CliRunner

from bot import printing
from bot.cli import app
from bot.clock import Clock
from bot.domain.operations import Phase
from bot.operations.replicas import lease
from bot.terminal.ends import End
from bot.terminal.orders import Waiting
from sandbox.inside import Inside
from sandbox.systems import system
from sandbox.world import World
from tests.scenarios.approving import APPROVE, Approving, with_more_rules
from tests.scenarios.story import Story
from tests.terminal.desk import BOB, Terminals

SERVICE = "user-service"
GO = Waiting(most=timedelta(seconds=60))


@pytest.fixture
def addresses(tmp_path, postgres_server):
    with postgres_server.database() as postgresql:
        yield f"sqlite:///{tmp_path / 'shipmate.db'}", postgresql


@contextmanager
def running(world, url):
    """Run a bot on *url* in the world, and tell of it."""
    with Inside(world, url) as inside:
        told = Story(world, inside)
        told.everything_is_healthy()
        told.terminals = Terminals(world, url)
        yield Approving(told)


def history(url):
    """Return the whole history as a spreadsheet has it."""
    asked = printing.Asked(None, None, None, None, None, "csv")
    text = "".join(printing.lines(asked, {"DATABASE_URL": url}))
    return list(csv.reader(io.StringIO(text, newline="")))


def goes_live(they, number):
    assert "Approved by you" in they.approves(number)
    assert Phase.LIVE is they.told.ends_with_id(number).phase
    return number


@dataclass(frozen=True)
class Before:
    """What was left on SQLite: the good tag, and the operations under way."""

    good: str
    waiting: str
    card: str
    followed: str
    queued: str


def lives(they):
    """Fill a history: two versions, a lock, what waits for approval, is rolled out, and queues."""
    good = goes_live(they, they.asks(SERVICE, because="the login"))
    goes_live(they, they.asks(SERVICE))
    waiting = they.asks("gallery-service")
    they.told.argocd.stuck_operation("frontend-prod")
    words = f"/deploy frontend {they.version()} prod override because it burns"
    followed = they.told.operation(they.told.types(words, by="U0CAROL")).id
    assert they.world.until(lambda: they.phase(followed) is Phase.FOLLOWING)
    queued = they.asks("frontend")
    assert "Approved by you" in they.approves(queued)
    assert they.world.until(lambda: they.phase(queued) is Phase.QUEUED, 20)
    they.says("/ship lock payment-service prod because the migration", "U0ALICE")
    drift = they.told.terminals.types("drift prod")
    assert End.DONE is drift.end, drift.text
    tag = they.store.operation(good).plan.changes[0].new
    return Before(tag, waiting, they.told.card(waiting).ts, followed, queued)


def goes_on(they, before):
    """See that nothing is lost and nothing done twice; the numbers go on."""
    for number in (before.followed, before.queued):
        ended = they.told.ends_with_id(number)
        assert Phase.LIVE is ended.phase, (ended.problem, they.told.timeline(number))
        assert 1 == len(they.ours(number))

    waiting, types = before.waiting, they.told.terminals.types
    assert they.told.waits(waiting)
    assert APPROVE in they.told.buttons(waiting)
    assert before.card == they.told.card(waiting).ts
    status = types("status payment-service prod")
    assert (End.DONE, True) == (status.end, "the migration" in status.text)
    approved = types(f"approve {waiting}", by=BOB)
    assert End.DONE is approved.end, approved.text
    seen = types(f"follow {waiting}", waiting=GO)
    assert End.DONE is seen.end, seen.text
    assert they.world.until(lambda: they.told.card_is_up_to_date(waiting), 30)
    assert (before.card, 1) == (they.told.card(waiting).ts, len(they.ours(waiting)))

    words = f"rollback {SERVICE} prod because it fails"
    back = types(words, waiting=Waiting(wait=False), as_json=True)
    number = back.rows[0]["operation"]
    assert f"D-{int(before.queued[2:]) + 1}" == number
    assert they.world.until(lambda: they.store.operation(number).plan is not None)
    (change,) = they.store.operation(number).plan.changes
    assert before.good == change.new


def test_a_life_on_sqlite_goes_on_on_postgresql(tmp_path, addresses, monkeypatch):
    monkeypatch.setattr(lease, "GRACE", timedelta(seconds=0.5))  # how long a takeover waits
    sqlite, postgresql = addresses
    world = World(system("pingvas"), tmp_path, clock=Clock(60.0), config=with_more_rules)
    world.start()
    try:
        with running(world, sqlite) as they:
            left = lives(they)
        before = history(sqlite)
        assert "locked" in str(before)

        moved = CliRunner().invoke(app, ["move-database", "--from", sqlite, "--to", postgresql])
        assert 0 == moved.exit_code, moved.output
        under_way = f"{left.waiting}, {left.followed}, {left.queued}"
        assert f"Under way, and going on there: {under_way}." in moved.output
        assert before == history(postgresql)

        world.argocd.stuck_operation("frontend-prod", on=False)
        with running(world, postgresql) as they:
            goes_on(they, left)
        assert [] == world.troubles()
    finally:
        world.stop()
