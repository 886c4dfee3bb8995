"""Killed (SIGKILL) at any moment, a rollback by Git is one commit, one hold and one card."""

import pytest

from bot.domain.operations import Phase
from bot.operations.books.hold_book import HoldBook
from sandbox.github.server import mutates
from sandbox.wire import Fault
from tests.durable.lives import APPLICATION

pytestmark = pytest.mark.slow

ROLLBACK = "D-3"
EVERYWHERE = (
    "D-3/check:1:between",
    "D-3.hold.0/recheck:1:between",
    "D-3.hold.0/begin:1:between",
    *(f"D-3.hold.0/write:1:{when}" for when in ("before", "between", "after")),
    "D-3.hold.0/look:1:between",
    "D-3/tell:1:between",
)


def two_versions(lives):
    """Bring a good version live and then a bad one; return the bot and both tags."""
    bot = lives.alive()
    for back in (1, 0):
        operation = lives.deploys(lives.version(back))
        lives.until(lambda operation=operation: lives.is_over(operation))
        assert Phase.LIVE is lives.phase(operation), lives.told()
    return bot, f"core-stage-{lives.version(1)}", f"core-stage-{lives.version()}"


def rolls_back(lives):
    """Type the rollback; return its id, also where the answer got lost."""
    before = {one.id for one in lives.store.latest()}
    lives.types("/rollback core stage because it fails at login")
    (new,) = {one.id for one in lives.store.latest()} - before
    assert ROLLBACK == new
    return new


def assert_back_once(lives, operation, good, bad):
    lives.assert_done_once(operation, Phase.LIVE)
    assert [good, bad, good] == lives.tags()[-3:]
    (hold,) = [one.hold for one in HoldBook(lives.database).standing(targets=["core/stage"])]
    assert (bad, operation) == (hold.tag, hold.operation)
    assert "D-2" == lives.store.operation(operation).plan.changes[0].undoes
    assert [] == lives.direct_messages()


def test_killed_at_every_point_of_a_rollback(on_sqlite):
    with on_sqlite(points=EVERYWHERE) as lives:
        bot, good, bad = two_versions(lives)
        operation = rolls_back(lives)

        lives.dies_and_lives_until(bot, lambda: lives.is_over(operation))

        assert_back_once(lives, operation, good, bad)


def test_dead_right_after_github_took_the_commit(on_sqlite):
    """What stands there now is the good one; what was before that is not asked for again."""
    with on_sqlite() as lives:
        bot, good, bad = two_versions(lives)
        lives.argocd.hang_refresh(APPLICATION)
        lives.github.arm("graphql", Fault(kill=bot.pid, kill_when="after"), when=mutates)
        operation = rolls_back(lives)
        assert bot.died(60)
        lives.argocd.hang_refresh(APPLICATION, on=False)
        bot.start()

        lives.until(lambda: lives.is_over(operation))

        assert_back_once(lives, operation, good, bad)
