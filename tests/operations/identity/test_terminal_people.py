"""Whoever speaks on the terminal is who GitHub says, of now; Slack is never asked."""

import pytest

from bot.domain.rights import (
    GitHubUser,
    Identified,
    Membership,
    Standing,
    Unidentified,
    Who,
    WhyNot,
)
from bot.domain.unknown import Unknown
from sandbox.wire import Fault, answer
from tests.operations.person_world import ALICE_ID, person_world

YES, NO = Membership(Standing.YES), Membership(Standing.NO)
DOWN = Fault(answer=lambda: answer({"message": "down"}, 500))


@pytest.fixture
def world(tmp_path):
    with person_world(tmp_path) as world:
        yield world


def test_their_teams_count_and_slack_is_not_asked(world):
    found = world.people().who(f"github:{ALICE_ID}", ["sre", "platform", "release"], live=True)

    user = GitHubUser(ALICE_ID, "alice")
    assert Who(Identified(user, "terminal"), {"sre": YES, "platform": YES, "release": NO}) == found
    assert ["graphql", "user_by_id"] == world.asked()


def test_nobody_has_that_number(world):
    found = world.people().who("github:999999", ["sre"], live=True)
    assert Unidentified(WhyNot.NO_SUCH_ACCOUNT, "number 999999") == found.identity


def test_what_github_does_not_say_is_unknown(world):
    people = world.people()
    world.github.fake.arm("user_by_id", DOWN, times=5)
    found = people.who(f"github:{ALICE_ID}", ["sre"], live=True)
    assert isinstance(found.identity, Unknown)
    world.github.fake.disarm()


def test_they_are_nobody_on_the_map_of_slack(world):
    """A line `github:101: bob` on the map would let one account stand for another."""
    from bot.config import People as Configured
    from bot.config import Source

    world.configured = Configured((Source.MAP,), {f"github:{ALICE_ID}": "bob"})
    found = world.people().who(f"github:{ALICE_ID}", ["sre"], live=True)
    assert "alice" == found.identity.user.login
