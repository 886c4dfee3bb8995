"""Killed (SIGKILL) at any moment, the bot goes on when it lives again: one commit, one card."""

import pytest

from bot.domain.operations import Phase
from sandbox.github.server import mutates
from sandbox.wire import Fault
from tests.durable.lives import APPLICATION, Lives

pytestmark = pytest.mark.slow

WHEN = ("before", "between", "after")
EVERYWHERE = (
    "start:1:before",  # the person was answered, the row is written, the engine knows nothing
    "start:1:after",
    *(f"check:1:{when}" for when in WHEN),
    *(f"announce:1:{when}" for when in WHEN),
    *(f"begin:1:{when}" for when in WHEN),
    *(f"write:1:{when}" for when in WHEN),
    *(f"look:{occurrence}:{when}" for occurrence in (1, 2) for when in WHEN),
    *(f"tell:1:{when}" for when in WHEN),
)


def test_killed_at_every_point_one_after_the_other(tmp_path, database_url):
    with Lives(tmp_path, database_url, points=EVERYWHERE) as lives:
        lives.argocd.stuck_operation(APPLICATION)
        bot = lives.alive()
        operation = lives.deploys()

        def is_over():
            if "look:2:after" in lives.reached():
                lives.argocd.stuck_operation(APPLICATION, on=False)
            return lives.is_over(operation)

        lives.dies_and_lives_until(bot, is_over)

        lives.assert_done_once(operation, Phase.LIVE)
        assert [] == lives.direct_messages()


def test_a_refusal_is_told_once_through_every_kill(on_sqlite):
    with on_sqlite(points=["check:1:between", *(f"tell:1:{when}" for when in WHEN)]) as lives:
        bot = lives.alive()
        operation = lives.deploys("deadbeef")

        lives.dies_and_lives_until(bot, lambda: lives.is_over(operation))

        lives.assert_done_once(operation, Phase.REFUSED, commits=0)
        (told,) = lives.direct_messages()
        assert operation in told.words


def test_a_failure_is_told_once_through_every_kill(on_sqlite):
    with on_sqlite(points=["tell:1:before", "tell:1:between"]) as lives:
        lives.argocd.break_image("ghcr.io/xiilab/astrago-backend", f"core-stage-{lives.version()}")
        bot = lives.alive()
        operation = lives.deploys()

        lives.dies_and_lives_until(bot, lambda: lives.is_over(operation))

        lives.assert_done_once(operation, Phase.FAILED)
        (told,) = lives.direct_messages()
        assert operation in told.words


@pytest.mark.parametrize(
    ("system", "database_url"),
    [("slack", "postgresql"), ("github", "sqlite")],
    indirect=["database_url"],
)
def test_dead_while_the_other_side_does_what_was_asked(tmp_path, database_url, system):
    """A request takes no effect, then another does; each time nobody is left to hear it."""
    with Lives(tmp_path, database_url) as lives:
        wire = {"slack": lives.slack, "github": lives.github}[system]
        route = {"slack": "chat.postMessage", "github": "graphql"}[system]
        is_write = {"slack": None, "github": mutates}[system]
        bot = lives.alive()
        wire.arm(route, Fault(kill=bot.pid, kill_when="before"), when=is_write)
        operation = lives.deploys()
        assert bot.died(60)
        bot.start(wait=False)
        wire.arm(route, Fault(kill=bot.pid, kill_when="after"), when=is_write)
        assert bot.died(60)
        bot.start(wait=False)

        lives.until(lambda: lives.is_over(operation))

        lives.assert_done_once(operation, Phase.LIVE)


def test_a_commit_is_found_again_below_what_others_pushed_meanwhile(on_sqlite):
    """It died right after its commit; a hundred commits and a revert later it commits no more."""
    with on_sqlite() as lives:
        bot = lives.alive()
        lives.github.arm("graphql", Fault(kill=bot.pid, kill_when="after"), when=mutates)
        values = "helmfile/environments/customers/xiilab/values.yaml"
        gitops = lives.world.system.gitops
        before = lives.github.file(gitops, "main", values)
        lives.argocd.hang_refresh(APPLICATION)
        operation = lives.deploys()
        assert bot.died(60)
        for number in range(120):
            lives.github.push(gitops, "main", {f"notes/{number}.md": "by a stranger\n"})
        lives.github.push(gitops, "main", {values: before}, message="Back again")
        lives.argocd.hang_refresh(APPLICATION, on=False)

        bot.start()
        lives.until(lambda: lives.is_over(operation))

        lives.assert_done_once(operation, Phase.FAILED)
        assert before == lives.github.file(gitops, "main", values)


def test_who_waits_in_line_keeps_its_place(tmp_path, database_url):
    """Killed while one deploy is followed and another waits for the same target."""
    points = ["D-1.hold.0/look:2:between", "D-2/check:1:after", "D-2.hold.0/begin:1:before"]
    with Lives(tmp_path, database_url, points=points) as lives:
        lives.argocd.stuck_operation(APPLICATION)
        bot = lives.alive()
        first = lives.deploys(lives.version(1))
        assert bot.died(60)
        bot.start()
        second = lives.deploys(lives.version(0))

        def is_over():
            if Phase.QUEUED is lives.phase(second) and "D-2/check:1:after" in lives.reached():
                lives.argocd.stuck_operation(APPLICATION, on=False)
            return lives.is_over(first) and lives.is_over(second)

        lives.dies_and_lives_until(bot, is_over)

        lives.assert_done_once(first, Phase.LIVE)
        lives.assert_done_once(second, Phase.LIVE)
        wished = [f"core-stage-{lives.version(back)}" for back in (1, 0)]
        assert ["core-stage-ba01", *wished] == lives.tags()
