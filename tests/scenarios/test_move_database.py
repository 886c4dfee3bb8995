"""A bot that has lived on SQLite goes on living on PostgreSQL: nobody in Slack sees a difference.

What is asked for after the move is asked for in a shell, which is its story on PostgreSQL.
"""

import csv
import io
from contextlib import contextmanager
from datetime import timedelta

import pytest
from typer.testing import CliRunner

from bot import printing
from bot.cli import app
from bot.clock import Clock
from bot.domain.operations import Phase
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


def test_a_life_on_sqlite_goes_on_on_postgresql(tmp_path, addresses):
    sqlite, postgresql = addresses
    world = World(system("pingvas"), tmp_path, clock=Clock(60.0), config=with_more_rules)
    world.start()
    try:
        with running(world, sqlite) as they:
            good = goes_live(they, they.asks(SERVICE, because="the login"))
            goes_live(they, they.asks(SERVICE))
            waiting = they.asks("gallery-service")
            they.told.argocd.stuck_operation("frontend-prod")
            words = f"/deploy frontend {they.version()} prod override because it burns"
            followed = they.told.operation(they.told.types(words, by="U0CAROL")).id
            following = lambda: they.phase(followed) is Phase.FOLLOWING  # noqa: E731
            assert world.until(following), they.told.timeline(followed)
            they.says("/ship lock payment-service prod because the migration", "U0ALICE")
            drift = they.told.terminals.types("drift prod")
            assert 0 == drift.end, drift.text
            card = they.told.card(waiting).ts
            good_tag = they.store.operation(good).plan.changes[0].new
        before = history(sqlite)
        assert "locked" in str(before)

        moved = CliRunner().invoke(app, ["move-database", "--from", sqlite, "--to", postgresql])
        assert 0 == moved.exit_code, moved.output
        assert f"Under way, and going on there: {waiting}, {followed}." in moved.output
        assert before == history(postgresql)

        world.argocd.stuck_operation("frontend-prod", on=False)
        with running(world, postgresql) as they:
            assert Phase.LIVE is they.told.ends_with_id(followed).phase
            assert 1 == len(they.ours(followed))
            assert they.told.waits(waiting)
            assert (card, True) == (
                they.told.card(waiting).ts,
                APPROVE in they.told.buttons(waiting),
            )
            status = they.told.terminals.types("status payment-service prod")
            assert (End.DONE, True) == (status.end, "the migration" in status.text)
            approved = they.told.terminals.types(f"approve {waiting}", by=BOB)
            assert End.DONE is approved.end, approved.text
            seen = they.told.terminals.types(f"follow {waiting}", waiting=GO)
            assert End.DONE is seen.end, seen.text
            assert world.until(lambda: they.told.card_is_up_to_date(waiting), 30)
            assert card == they.told.card(waiting).ts
            assert 1 == len(they.ours(waiting))

            words = f"rollback {SERVICE} prod because it fails"
            back = they.told.terminals.types(words, waiting=Waiting(wait=False), as_json=True)
            number = back.rows[0]["operation"]
            assert f"D-{int(followed[2:]) + 1}" == number
            assert world.until(lambda: they.store.operation(number).plan is not None)
            (change,) = they.store.operation(number).plan.changes
            assert good_tag == change.new
        assert [] == world.troubles()
    finally:
        world.stop()
