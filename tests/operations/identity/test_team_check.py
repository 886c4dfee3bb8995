"""A configured team that GitHub does not have is told before anybody is refused."""

import pytest
from structlog.testing import capture_logs

from bot.adapters.github.teams import Teams
from bot.domain.rights import Action, Grant, Permissions
from bot.operations.identity.team_check import TeamCheck
from sandbox.wire import Fault, answer
from tests.adapters.github_world import World

DOWN = Fault(answer=lambda: answer({"message": "down"}, 500))


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    with World(tmp_path_factory.mktemp("github"), {"a": b"1"}) as world:
        world.fake.add_team("acme", "sre")
        world.fake.add_team("acme", "release", privacy="secret")
        yield world


@pytest.fixture
def check(world):
    world.fake.disarm()
    world.fake.calls.clear()

    def naming(*slugs, organization="acme"):
        grants = [Grant(Action.DEPLOY, "prod", frozenset({slug})) for slug in slugs]
        return TeamCheck(Teams(world.door()), organization, Permissions(tuple(grants)))

    return naming


def test_teams_that_are_there_are_no_problem(world, check):
    made = check("sre", "release")
    assert made.unknown
    made.ask()
    assert ((), "") == (made.problems, made.unknown)
    made.ask()
    assert 2 == world.fake.count("team")


def test_each_team_that_is_not_there_is_told_with_its_use_and_what_to_do(check):
    made = check("sre", "sree", "re lease")
    made.ask()
    assert not made.unknown
    first, second = made.problems
    assert "`re lease` (deploy in prod)" in first
    assert "`sree` (deploy in prod)" in second
    assert "acme has no team sree" in second
    assert "Correct the slug in shipmate.yaml" in second


def test_a_login_that_may_read_no_team_is_told_once_which_right_it_lacks(tmp_path):
    with World(tmp_path, {"a": b"1"}, permissions={"contents": "write"}) as few:
        few.fake.add_team("acme", "sre")
        grants = (Grant(Action.LOCK, "prod", frozenset({"sre", "release"}), "core"),)
        made = TeamCheck(Teams(few.door()), "acme", Permissions(grants))
        made.ask()
        [problem] = made.problems
        assert "members:read" in problem
        assert "`release`, `sre`" in problem


def test_while_github_is_away_it_is_not_known_and_asked_again(world, check):
    world.fake.arm("team", DOWN, times=None)
    made = check("sre", "sree")
    with capture_logs() as logs:
        made.ask()
    assert ((), True) == (made.problems, "answered 500" in made.unknown)
    assert ["teams could not be looked up"] == [one["event"] for one in logs]
    assert 1 == world.fake.count("team")  # nobody waits for the second one's silence, too

    world.fake.disarm()
    with capture_logs() as logs:
        made.ask()
    assert (1, "") == (len(made.problems), made.unknown)
    assert ["error"] == [one["log_level"] for one in logs]


@pytest.mark.parametrize(
    ("slugs", "organization"),
    [pytest.param((), "acme", id="no teams"), pytest.param(("sre",), None, id="no organization")],
)
def test_where_no_team_counts_nothing_is_asked(world, check, slugs, organization):
    made = check(*slugs, organization=organization)
    made.ask()
    assert ((), "") == (made.problems, made.unknown)
    assert [] == world.routes()
