"""What the bot believes of somebody is read anew and told with everything that speaks for it."""

from dataclasses import replace

import pytest

from bot.config import People as Configured
from bot.config import Source
from bot.domain.belief import Held
from bot.domain.rights import Action, GitHubUser, Grant, Identified, Permissions
from bot.operations.books.identity_book import Link
from bot.operations.identity.whoami import Whoami
from sandbox.slack.workspace import ProfileField
from tests import builders
from tests.messages.reading import read
from tests.operations.person_world import ALICE, ALICE_ID, BOB, person_world

CATALOG = replace(
    builders.catalog(), permissions=Permissions((Grant(Action.LOCK, "stage", frozenset({"sre"})),))
)


@pytest.fixture
def world(tmp_path):
    with person_world(tmp_path) as world:
        yield world


def asking(world):
    people = world.people()
    return Whoami(people, CATALOG, world.configured, world.book, lambda: "T0SHIP", may_link=False)


def test_somebody_reads_their_account_its_age_their_rights_and_their_doubles(world):
    team = world.slack.workspace.team
    first = world.clock.now()
    seen = Link("U0ALICE2", team, "link", GitHubUser(ALICE_ID, "alice"), first, "U0ALICE2")
    world.book.replace(seen)
    world.book.replace(replace(seen, slack="U0ELSEWHERE", team="T0OTHER"))
    world.configured = Configured((Source.MAP,), {ALICE: "alice", "U0TWIN": "Alice"})
    people = world.people()
    desk = Whoami(people, CATALOG, world.configured, world.book, lambda: team, may_link=True)

    belief = desk.belief(ALICE)

    assert Identified(GitHubUser(ALICE_ID, "alice"), "map") == belief.identity
    assert (Held("stage", Action.LOCK),) == belief.held
    assert first == belief.since
    assert ("U0ALICE2", "U0TWIN") == belief.others
    assert ["graphql", "users.info"] == world.asked()
    assert "You are `alice` on GitHub" in read(desk.of(ALICE))


def test_somebody_unknown_is_told_that_and_nothing_of_others(world):
    world.configured = Configured((Source.MAP,), {BOB: "bob"})
    belief = asking(world).belief(ALICE)
    assert ((), (), None) == (belief.held, belief.others, belief.since)
    assert "does not know which GitHub account" in read(asking(world).of(ALICE))


@pytest.mark.parametrize("protected", [True, False])
def test_a_profile_that_people_fill_in_themselves_is_named(world, protected):
    world.slack.add_field(ProfileField("Xf0LOGIN", "GitHub", protected=protected))
    world.configured = Configured((Source.PROFILE,), {}, "Xf0LOGIN")
    assert (not protected) == asking(world).belief(ALICE).open_profile
