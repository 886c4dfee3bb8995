"""A change by pull request through kills: one branch, one request, one merge, or one end."""

from functools import partial

import pytest

from bot.domain.operations import Phase
from bot.domain.problems import Reason
from sandbox.github.server import mutates
from sandbox.wire import Fault
from tests.durable.lives import Lives

pytestmark = pytest.mark.slow

WHEN = ("before", "between", "after")
VALUES = "helmfile/environments/customers/xiilab/values.yaml"


def by(change, text):
    """Return the ``shipmate.yaml`` whose stage changes by pull requests."""
    assert "production: false" in text
    return text.replace("production: false", f"production: false, change: {change}")


PEOPLE = partial(by, "pull_request")
BOT = partial(by, "{pull_request: {merge: bot}}")


@pytest.fixture
def begin(on_sqlite):
    return partial(on_sqlite, config=PEOPLE)


def pulls(lives):
    """Return all pull requests of the GitOps repository."""
    github, gitops = lives.github, lives.world.system.gitops
    return github.state.pulls.of(github.repository(gitops))


def branches(lives):
    refs = lives.github.repository(lives.world.system.gitops).view().refs
    return [name for name in refs if name.startswith("refs/heads/shipmate/")]


def waits(lives, operation):
    return lives.phase(operation) is Phase.MERGING and lives.cards(operation) != []


def merges(lives):
    (pull,) = pulls(lives)
    if pull.state == "open":
        lives.github.merge_pull(lives.world.system.gitops, pull.number, by="bob-lee")


def test_killed_at_every_point_until_people_merge_it(begin):
    before_it = [f"{step}:1:{when}" for step in ("propose", "pull") for when in WHEN]
    points = [*before_it, "look:1:between"]
    with begin(points=points) as lives:
        bot = lives.alive()
        operation = lives.deploys()

        def is_over():
            if set(before_it) <= set(lives.reached()) and waits(lives, operation):
                merges(lives)
            return lives.is_over(operation)

        lives.dies_and_lives_until(bot, is_over)

        lives.assert_done_once(operation, Phase.LIVE)
        assert 1 == len(pulls(lives))
        assert [] == branches(lives)
        assert [] == lives.direct_messages()


def test_killed_around_each_effect_each_is_made_once(begin):
    """Each call dies on its way to GitHub, and in another life right after GitHub has done it."""
    effects = [("git_create_ref", {}), ("graphql", {"when": mutates}), ("create_pull", {})]
    with begin() as lives:
        bot = lives.alive()
        asked = []
        for route, when in effects:
            for moment in ("before", "after"):
                lives.github.arm(route, Fault(kill=bot.pid, kill_when=moment), **when)
                asked = asked or [lives.deploys()]
                assert bot.died(60), (route, moment)
                bot.start(wait=False)
        (operation,) = asked

        lives.until(lambda: waits(lives, operation))
        merges(lives)
        lives.until(lambda: lives.is_over(operation))

        lives.assert_done_once(operation, Phase.LIVE)
        assert 1 == len(pulls(lives))


def test_killed_at_every_point_of_a_merge_by_the_bot(tmp_path, postgres_server):
    """By a process that takes over; the other points are met by one that starts again."""
    steps = [("recheck", 2), ("merge", 1)]
    points = [f"{step}:{turn}:{when}" for step, turn in steps for when in WHEN]
    with (
        postgres_server.database(filled=True) as address,
        Lives(tmp_path, address, points=points, config=BOT) as lives,
    ):
        bot = lives.alive()
        operation = lives.deploys()

        lives.dies_and_lives_until(bot, lambda: lives.is_over(operation))

        lives.assert_done_once(operation, Phase.LIVE)
        (pull,) = pulls(lives)
        assert pull.merged == lives.store.operation(operation).written.sha
        assert [] == branches(lives)


def test_killed_around_the_merge_itself_it_is_merged_once(begin):
    """Once on its way to GitHub, and once right after GitHub has merged and nobody heard of it."""
    with begin(config=BOT) as lives:
        bot = lives.alive()
        lives.github.arm("merge_pull", Fault(kill=bot.pid, kill_when="before"))
        operation = lives.deploys()
        assert bot.died(60)
        bot.start(wait=False)
        lives.github.arm("merge_pull", Fault(kill=bot.pid, kill_when="after"))
        assert bot.died(60)
        bot.start()
        lives.until(lambda: lives.is_over(operation))

        lives.assert_done_once(operation, Phase.LIVE)
        (pull,) = pulls(lives)
        assert pull.merged == lives.store.operation(operation).written.sha


def test_killed_while_it_ends_what_people_closed_it_ends_as_theirs(begin):
    """Before it removes its branch, and right after: who closed it is still who ended it."""
    with begin() as lives:
        bot = lives.alive()
        operation = lives.deploys()
        lives.until(lambda: waits(lives, operation))
        lives.github.arm("git_delete_ref", Fault(kill=bot.pid, kill_when="before"))
        (pull,) = pulls(lives)
        lives.github.close_pull(lives.world.system.gitops, pull.number, by="bob-lee")
        assert bot.died(60)
        bot.start(wait=False)
        lives.github.arm("git_delete_ref", Fault(kill=bot.pid, kill_when="after"))
        assert bot.died(60)
        bot.start()
        lives.until(lambda: lives.is_over(operation))

        lives.assert_done_once(operation, Phase.CANCELLED, commits=0)
        problem = lives.store.operation(operation).problem
        assert (Reason.PULL_CLOSED, "bob-lee") == (problem.reason, problem.facts["login"])
        assert [] == branches(lives)
        assert ("closed", None) == (pull.state, pull.merged)


def test_killed_right_after_it_closed_the_pull_request_it_ends_as_it_was_cancelled(begin):
    with begin() as lives:
        bot = lives.alive()
        operation = lives.deploys()
        lives.until(lambda: waits(lives, operation))
        lives.github.arm("edit_pull", Fault(kill=bot.pid, kill_when="after"))
        lives.types(f"/ship cancel {operation}")
        assert bot.died(60)
        bot.start()
        lives.until(lambda: lives.is_over(operation))

        lives.assert_done_once(operation, Phase.CANCELLED, commits=0)
        ended = lives.store.operation(operation)
        assert (Reason.CANCELLED, "U0ALICE") == (ended.problem.reason, ended.problem.facts["by"])
        assert [] == branches(lives)


def test_killed_right_after_it_closed_what_conflicts_it_still_says_why(begin):
    with begin() as lives:
        bot = lives.alive()
        operation = lives.deploys()
        lives.until(lambda: waits(lives, operation))
        lives.github.arm("edit_pull", Fault(kill=bot.pid, kill_when="after"))
        gitops = lives.world.system.gitops
        text = lives.github.file(gitops, "main", VALUES)
        lives.github.push(gitops, "main", {VALUES: text.replace(b"core-stage-ba01", b"by-hand")})
        assert bot.died(60)
        bot.start()
        lives.until(lambda: lives.is_over(operation))

        lives.assert_done_once(operation, Phase.REFUSED, commits=0)
        assert Reason.PULL_CONFLICTS is lives.store.operation(operation).problem.reason
        (pull,) = pulls(lives)
        assert ("closed", None) == (pull.state, pull.merged)


def test_merged_while_nobody_lives_it_goes_on_at_the_next_start(begin):
    with begin() as lives:
        bot = lives.alive()
        operation = lives.deploys()
        lives.until(lambda: waits(lives, operation))
        bot.kill()
        merges(lives)

        bot.start()
        lives.until(lambda: lives.is_over(operation))

        lives.assert_done_once(operation, Phase.LIVE)
