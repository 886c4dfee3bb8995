"""Changes that wait in pull requests which the bot itself merges, once approved in Slack."""

import pytest

from bot.domain.operations import Phase
from bot.domain.problems import Reason
from tests.scenarios.pulling import GITOPS, Pulling, by_bot, refused
from tests.scenarios.story import told_in


@pytest.fixture(scope="module")
def robots(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bot")
    with told_in(folder, "guide", speed=60.0, config=by_bot) as told:
        told.github.protect(GITOPS)
        yield told


@pytest.fixture
def bot(robots):
    yield Pulling(robots)
    robots.github.disarm()


def approved(bot):
    number = bot.asks()
    assert "Approved by you" in bot.approves(number)
    return number


def test_once_approved_the_bot_merges_it(bot):
    before = bot.told.commits()
    number = approved(bot)
    ended = bot.ends(number, Phase.LIVE)
    pull = bot.pull(number)
    assert ("closed", ended.written.sha) == (pull.state, pull.merged)
    (made,) = bot.told.commits()[: -len(before)]
    assert made[0] == ended.written.sha
    for trailer in (f"Shipmate-Operation: {number}", "Approved-by: bob-lee"):
        assert trailer in made[1]
    assert "bob-lee" in pull.body
    assert [] == bot.branches()


def test_what_github_does_not_merge_yet_is_said_and_tried_again(bot):
    why = "At least 1 approving review is required by reviewers with write access."
    bot.github.arm("merge_pull", refused(why), times=None)
    number = approved(bot)
    bot.shows(number, "GitHub does not merge pull request", "At least 1 approving review")
    assert Phase.MERGING is bot.operation(number).phase

    bot.github.disarm()
    bot.tells(number, "pull_request_review")
    bot.ends(number, Phase.LIVE)


def test_what_was_pushed_in_between_is_never_merged(bot):
    """The push comes after our last look: GitHub itself refuses our merge by the head we name."""
    bot.github.arm("merge_pull", refused("Head branch was modified.", 409))
    number = approved(bot)
    bot.ends(number, Phase.LIVE)  # it was not true: looked again, decided again

    bot.github.arm("merge_pull", refused("Required status check is expected."), times=None)
    number = approved(bot)
    bot.shows(number, "does not merge pull request")
    bot.edits(lambda text: text.replace("replicas: 2", "replicas: 9"), bot.pull(number).head)
    bot.github.disarm()
    bot.tells(number)
    bot.shows(number, "Somebody pushed to the branch")
    assert "open" == bot.pull(number).state
    bot.told.types(f"/ship cancel {number}")
    bot.ends(number, Phase.CANCELLED)
    (left,) = bot.branches()
    bot.github.delete_branch(GITOPS, left.removeprefix("refs/heads/"))


def test_right_before_the_merge_everything_is_judged_once_more(bot):
    was = bot.tag()
    bot.github.arm("merge_pull", refused("Required status check is expected."), times=None)
    number = approved(bot)
    bot.shows(number, "does not merge pull request")
    seen = len(bot.slack.ephemerals("U0BOB"))
    bot.told.types("/ship lock my-app prod because the database moves", by="U0BOB")
    assert bot.world.until(lambda: len(bot.slack.ephemerals("U0BOB")) > seen + 1, 20)
    bot.github.disarm()
    bot.tells(number)

    ended = bot.ends(number, Phase.REFUSED)

    assert Reason.LOCKED is ended.problem.reason
    assert "closed" == bot.pull(number).state
    assert (was, []) == (bot.tag(), bot.branches())
    seen = len(bot.slack.ephemerals("U0BOB"))
    bot.told.types("/ship unlock my-app prod", by="U0BOB")
    assert bot.world.until(lambda: len(bot.slack.ephemerals("U0BOB")) > seen + 1, 20)


def test_people_may_merge_before_the_bot_does(bot):
    bot.github.arm("merge_pull", refused("Required status check is expected."), times=None)
    number = approved(bot)
    bot.shows(number, "does not merge pull request")
    sha = bot.merges(number)
    assert sha == bot.ends(number, Phase.LIVE).written.sha
