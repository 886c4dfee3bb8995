"""Killed (SIGKILL) at any moment of a rollback by Argo CD, the bot never forgets auto-sync."""

import pytest

from bot.domain.operations import Phase
from bot.operations.books.open_items import OpenItemBook
from sandbox.wire import Fault
from tests.durable.lives import APPLICATION, Lives
from tests.scenarios.test_by_argocd import no_such_deployment

pytestmark = pytest.mark.slow

WHEN = ("before", "between", "after")
STEPS = ("prepare", "switch_off", "stays_off", "roll", "follow", "watch", "settle")
ROLLBACK = "D-3.hold.0"


def gone_wrong(lives):
    """Deploy a good version and then a bad one; return how the sync policy stands."""
    for back in (1, 0):
        operation = lives.deploys(lives.version(back))
        lives.until(lambda operation=operation: lives.is_over(operation))
        assert Phase.LIVE is lives.phase(operation), lives.told()
    return policy(lives)


def policy(lives):
    return lives.argocd.application(APPLICATION)["spec"]["syncPolicy"]


def items(lives):
    return OpenItemBook(lives.database, lambda: None)


def test_killed_at_every_step_it_goes_back_once_and_auto_sync_is_owed(tmp_path, database_url):
    # Where the same process starts again, the moment between effect and record says it all. Where
    # another takes over, so counts the one after: what is before a step is after another.
    when = ("between",) if database_url.startswith("sqlite") else ("between", "after")
    points = [f"{ROLLBACK}/{step}:1:{moment}" for step in STEPS for moment in when]
    with Lives(tmp_path, database_url, points=points) as lives:
        bot = lives.alive()
        before = gone_wrong(lives)
        lives.types("/rollback core stage by argocd")

        lives.dies_and_lives_until(bot, lambda: lives.is_over("D-3"))

        assert Phase.LIVE is lives.phase("D-3"), lives.told()
        assert [] == lives.commits("D-3")
        assert 1 == rollbacks(lives)
        images = lives.argocd.images(APPLICATION)
        assert any(f"core-stage-{lives.version(1)}" in one for one in images)
        (item,) = items(lives).standing()
        assert before == item.saved
        assert policy(lives)["automated"]["enabled"] is False
        (card,) = lives.cards("D-3")
        assert "Auto-sync is OFF" in card.words


def test_killed_while_it_undoes_and_while_argocd_does_what_was_asked(on_sqlite):
    with on_sqlite(points=[f"{ROLLBACK}/undo:1:{when}" for when in WHEN]) as lives:
        bot = lives.alive()
        before = gone_wrong(lives)
        lives.argocd.arm("application.rollback", Fault(answer=no_such_deployment))
        lives.types("/rollback core stage by argocd")
        lives.dies_and_lives_until(bot, lambda: lives.is_over("D-3"))

        assert Phase.FAILED is lives.phase("D-3"), lives.told()
        assert before == policy(lives)
        assert () == items(lives).standing()

        asked = rollbacks(lives)
        lives.types("/rollback core stage by argocd")
        for route in ("application.spec", "application.rollback"):
            lives.argocd.arm(route, Fault(kill=bot.pid, kill_when="after"))
            assert bot.died(60)
            (item,) = items(lives).standing()
            assert before == item.saved, "it was written down before anything was switched"
            bot.start(wait=False)
        lives.until(lambda: lives.is_over("D-4"))

        assert Phase.LIVE is lives.phase("D-4"), lives.told()
        assert 1 == rollbacks(lives) - asked


def rollbacks(lives):
    """Return how often a rollback was asked for."""
    return sum(one.path.endswith("/rollback") for one in lives.argocd.calls)
