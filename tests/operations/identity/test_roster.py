"""Who is called: members of teams that we know in Slack, and nobody when GitHub is away."""

from dataclasses import replace
from datetime import timedelta

import pytest
from werkzeug.wrappers import Response

from bot.adapters.github.teams import Teams
from bot.config import Source
from bot.domain.rights import GitHubUser
from bot.operations.books.identity_book import Link
from bot.operations.identity.roster import MEMBERS_FOR, MOST, Roster
from sandbox.wire import Fault
from tests.operations.person_world import ALICE, ALICE_ID, BOB, BOB_ID, TEAM, person_world

MEMBERS = "team_members"


@pytest.fixture
def world(tmp_path):
    """alice is in sre below platform, ivy is invited into it; bob is in release."""
    with person_world(tmp_path) as world:
        world.github.fake.add_member("acme", "release", "bob")
        yield world


def roster(world, organization="acme", **changes):
    teams = Teams(world.github.door())
    configured = replace(world.configured, **changes)
    made = Roster(configured, organization, lambda: TEAM, teams, world.book, world.clock)
    world.github.fake.calls.clear()
    return made


@pytest.mark.parametrize(
    ("teams", "without", "expected"),
    [
        pytest.param(["sre"], (), (ALICE,), id="members, and nobody who is only invited"),
        pytest.param(["platform"], (), (ALICE,), id="of a team below it"),
        pytest.param(["sre", "release"], (), (ALICE, BOB), id="of several teams"),
        pytest.param(["sre", "release"], {ALICE_ID}, (BOB,), id="not who is left out"),
        pytest.param(["sre", "platform"], (), (ALICE,), id="in two teams, called once"),
        pytest.param(["gone"], (), (), id="a team that is not there"),
        pytest.param([], (), (), id="no teams"),
    ],
)
def test_members_who_are_on_the_map_are_called(world, teams, without, expected):
    assert expected == roster(world).of(teams, without)
    assert [MEMBERS] * len(teams) == world.github.routes()


def test_a_team_is_read_again_after_five_minutes(world):
    made = roster(world)
    made.of(["sre"])
    world.github.fake.add_member("acme", "sre", "bob")
    assert (ALICE,) == made.of(["sre"])
    world.clock.at += MEMBERS_FOR + timedelta(seconds=1)
    assert (ALICE, BOB) == made.of(["sre"])


@pytest.mark.parametrize("sick", [Response(status=503), Response("{}"), Response(status=403)])
def test_nobody_is_called_while_github_does_not_tell(world, sick):
    made = roster(world)
    world.github.fake.arm(MEMBERS, Fault(answer=lambda: sick), times=None)
    assert () == made.of(["sre"])
    world.github.fake.disarm()
    assert (ALICE,) == made.of(["sre"]), "a failure is not remembered"


def test_nobody_is_called_without_an_organization(world):
    assert () == roster(world, organization=None).of(["sre"])
    assert [] == world.github.routes()


@pytest.mark.parametrize(
    ("sources", "team", "source", "expected"),
    [
        pytest.param((Source.LINK,), TEAM, Source.LINK, ("U0BOBBY",), id="a link"),
        pytest.param((Source.LINK,), TEAM, Source.MAP, (), id="what a map said once"),
        pytest.param((Source.LINK,), "T0OTHER", Source.LINK, (), id="of another workspace"),
        pytest.param((Source.MAP,), TEAM, Source.LINK, (BOB,), id="links are no source here"),
        pytest.param((Source.MAP, Source.LINK), TEAM, Source.LINK, (BOB,), id="the map goes first"),
    ],
)
def test_links_name_people_too_where_they_are_a_source(world, sources, team, source, expected):
    user = GitHubUser(BOB_ID, "bob")
    world.book.remember(Link("U0BOBBY", team, source, user, world.clock.now()))
    assert expected == roster(world, sources=sources).of(["release"])


def test_no_more_than_twenty_are_called(world):
    logins = {f"U0{number:06}": f"person-{number}" for number in range(30)}
    for login in logins.values():
        world.github.fake.add_member("acme", "release", login)
    called = roster(world, logins=logins).of(["release"])
    assert MOST == len(set(called)) == len(called)


def test_a_single_person_is_known_by_the_map_or_not_at_all(world):
    made = roster(world)
    assert ALICE == made.known(GitHubUser(ALICE_ID, "alice"))
    assert made.known(GitHubUser(99, "stranger")) is None
    assert [] == world.github.routes()
