"""Who somebody is and what they are in is what Slack and GitHub say; what they do not say is no."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.config import People as Configured
from bot.config import Source
from bot.domain.rights import (
    GitHubUser,
    Identified,
    Membership,
    Standing,
    Unidentified,
    Who,
    WhyNot,
)
from bot.domain.unknown import Silence, Unknown
from bot.operations.books.identity_book import Link
from bot.operations.identity.people import NO_ORGANIZATION, NO_WORKSPACE
from sandbox.slack.workspace import ProfileField
from sandbox.wire import Fault, answer
from tests.operations.person_world import ALICE, ALICE_ID, BOB, BOB_ID, person_world

YES, NO, PENDING = map(Membership, (Standing.YES, Standing.NO, Standing.PENDING))
ALICE_ON_GITHUB = GitHubUser(ALICE_ID, "alice")
LIVE_FOR_A_MINUTE = timedelta(minutes=1)
DOWN = Fault(answer=lambda: answer({"message": "down"}, 500))
SLACK_DOWN = Fault(answer=lambda: answer({"ok": False, "error": "internal_error"}, 500))


@pytest.fixture
def world(tmp_path):
    with person_world(tmp_path) as world:
        yield world


def believing(world, *sources, logins=None, field=None):
    """Configure where logins come from."""
    world.configured = Configured(tuple(sources), logins or {}, field)
    return world.people()


def linked(world, slack, user, by=None):
    world.book.replace(Link(slack, world.slack.workspace.team, "link", user, world.clock.now(), by))


def test_somebody_on_the_map_costs_one_request_to_each_side_however_many_teams(world):
    people = world.people()

    found = people.who(ALICE, ["platform", "release", "sre"], live=True)

    expected = {"platform": YES, "release": NO, "sre": YES}
    assert Who(Identified(ALICE_ON_GITHUB, "map"), expected) == found
    assert ["graphql", "users.info"] == world.asked()


def test_live_asks_both_sides_each_time_and_elsewhere_both_are_remembered(world):
    people = world.people()
    for _ in range(3):
        people.who(ALICE, ["sre"], live=False)
    assert ["graphql", "users.info"] == world.asked()

    for _ in range(2):
        people.who(ALICE, ["sre"], live=True)
    assert ["graphql"] * 3 + ["users.info"] * 3 == world.asked()


def test_somebody_taken_out_of_the_team_is_seen_at_once_where_it_is_live(world):
    people = world.people()
    people.who(ALICE, ["sre"], live=False)
    world.github.fake.remove_member("acme", "sre", "alice")

    assert {"sre": YES} == people.who(ALICE, ["sre"], live=False).memberships
    assert {"sre": NO} == people.who(ALICE, ["sre"], live=True).memberships


def test_somebody_deactivated_is_seen_at_once_where_it_is_live_and_after_a_minute_elsewhere(world):
    people = world.people()
    people.who(ALICE, ["sre"], live=False)
    world.slack.add_user(ALICE, "alice", deleted=True)
    gone = Who(Unidentified(WhyNot.DEACTIVATED))

    assert isinstance(people.who(ALICE, ["sre"], live=False).identity, Identified)
    world.clock.move(LIVE_FOR_A_MINUTE)
    assert gone == people.who(ALICE, ["sre"], live=False)
    world.slack.add_user(ALICE, "alice")
    assert gone == people.who(ALICE, ["sre"], live=False)
    assert isinstance(people.who(ALICE, ["sre"], live=True).identity, Identified)


def test_an_invitation_is_told_from_nothing(world):
    people = believing(world, Source.MAP, logins={ALICE: "ivy", BOB: "bob"})

    assert {"sre": PENDING, "release": NO} == people.who(
        ALICE, ["sre", "release"], live=True
    ).memberships
    assert {"sre": NO} == people.who(BOB, ["sre"], live=True).memberships


@pytest.mark.parametrize(
    ("user", "why"),
    [
        pytest.param({"guest": True}, WhyNot.GUEST, id="a guest"),
        pytest.param({"bot": True}, WhyNot.BOT, id="a bot"),
        pytest.param({"deleted": True}, WhyNot.DEACTIVATED, id="deactivated"),
        pytest.param({"stranger": True}, WhyNot.STRANGER, id="through Slack Connect"),
        pytest.param({"team": "T0OTHER"}, WhyNot.STRANGER, id="of another workspace"),
    ],
)
def test_who_is_no_full_member_is_nobody_even_on_the_map(world, user, why):
    world.slack.add_user(ALICE, "alice", **user)

    assert Who(Unidentified(why)) == world.people().who(ALICE, ["sre"], live=False)


def test_an_id_that_slack_does_not_know_is_a_stranger(world):
    people = believing(world, Source.MAP, logins={"U0NOBODY": "alice"})

    assert Who(Unidentified(WhyNot.STRANGER)) == people.who("U0NOBODY", ["sre"], live=True)


@pytest.mark.parametrize(
    ("logins", "expected"),
    [
        pytest.param({}, Unidentified(WhyNot.NOT_LINKED), id="not on the map"),
        pytest.param(
            {ALICE: "alise"}, Unidentified(WhyNot.NO_SUCH_ACCOUNT, "alise"), id="no such login"
        ),
        pytest.param(
            {ALICE: "acme"}, Unidentified(WhyNot.NO_SUCH_ACCOUNT, "acme"), id="an organization"
        ),
        pytest.param(
            {ALICE: "x/../alice"},
            Unidentified(WhyNot.NO_SUCH_ACCOUNT, "x/../alice"),
            id="what cannot be a login",
        ),
    ],
)
def test_without_an_account_nobody_is_anybody(world, logins, expected):
    assert Who(expected) == believing(world, Source.MAP, logins=logins).who(
        ALICE, ["sre"], live=True
    )


def test_a_login_that_changed_hands_is_refused_from_then_on(world):
    world.people().who(ALICE, ["sre"], live=True)
    world.github.fake.rename_user("alice", "alice-kim")
    world.github.fake.add_user("alice", number=666)
    world.github.fake.add_member("acme", "release", "alice")

    found = world.people().who(ALICE, ["release"], live=True)

    assert Who(Unidentified(WhyNot.ACCOUNT_CHANGED, "alice")) == found
    assert found == world.people().who(ALICE, ["release"], live=True)


def test_another_login_on_the_map_is_believed(world):
    world.people().who(ALICE, ["sre"], live=True)

    found = believing(world, Source.MAP, logins={ALICE: "bob"}).who(ALICE, ["sre"], live=True)

    assert Identified(GitHubUser(BOB_ID, "bob"), "map") == found.identity


# the profile


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        pytest.param({}, Unidentified(WhyNot.NOT_LINKED), id="anybody may type into it"),
        pytest.param({"protected": True}, Identified(ALICE_ON_GITHUB, "profile"), id="by admins"),
        pytest.param({"scim": True}, Identified(ALICE_ON_GITHUB, "profile"), id="by a directory"),
    ],
)
def test_a_profile_field_is_believed_only_if_people_cannot_fill_it_themselves(
    world, options, expected
):
    world.slack.add_field(ProfileField("Xf0LOGIN", "GitHub", **options))
    world.slack.add_user(ALICE, "alice", profile={"Xf0LOGIN": " @alice "})

    people = believing(world, Source.PROFILE, field="Xf0LOGIN")

    assert expected == people.who(ALICE, ["sre"], live=True).identity


def test_another_protected_field_makes_ours_no_safer(world):
    world.slack.add_field(ProfileField("Xf0OTHER", "Title", protected=True))
    world.slack.add_field(ProfileField("Xf0LOGIN", "GitHub"))
    world.slack.add_user(ALICE, "alice", profile={"Xf0LOGIN": "alice"})

    people = believing(world, Source.PROFILE, field="Xf0LOGIN")

    assert Who(Unidentified(WhyNot.NOT_LINKED)) == people.who(ALICE, ["sre"], live=True)


def test_a_field_whose_protection_was_lifted_is_not_believed_where_it_is_live(world):
    world.slack.add_field(ProfileField("Xf0LOGIN", "GitHub", protected=True))
    world.slack.add_user(ALICE, "alice", profile={"Xf0LOGIN": "alice"})
    people = believing(world, Source.PROFILE, field="Xf0LOGIN")
    people.who(ALICE, ["sre"], live=False)
    world.slack.add_field(ProfileField("Xf0LOGIN", "GitHub"))
    world.slack.add_user(ALICE, "alice", profile={"Xf0LOGIN": "root"})

    assert isinstance(people.who(ALICE, ["sre"], live=False).identity, Identified)
    assert Who(Unidentified(WhyNot.NOT_LINKED)) == people.who(ALICE, ["sre"], live=True)


@pytest.mark.parametrize("profile", [{}, {"Xf0LOGIN": ""}, {"Xf0OTHER": "alice"}])
def test_an_empty_profile_names_nobody(world, profile):
    world.slack.add_field(ProfileField("Xf0LOGIN", "GitHub", protected=True))
    world.slack.add_user(ALICE, "alice", profile=profile)

    people = believing(world, Source.PROFILE, field="Xf0LOGIN")

    assert Who(Unidentified(WhyNot.NOT_LINKED)) == people.who(ALICE, ["sre"], live=True)


# the order of the sources


@pytest.mark.parametrize(
    ("sources", "expected"),
    [
        pytest.param((Source.MAP, Source.PROFILE, Source.LINK), "alice", id="the map first"),
        pytest.param((Source.PROFILE, Source.MAP), "paula", id="the profile first"),
        pytest.param((Source.LINK, Source.MAP), "linus", id="the link first"),
        pytest.param((Source.PROFILE, Source.LINK), "paula", id="no map"),
    ],
)
def test_the_first_source_that_names_a_login_is_believed(world, sources, expected):
    linus = GitHubUser(201, "linus")
    world.github.fake.add_user("linus", number=201)
    world.github.fake.add_user("paula", number=202)
    world.slack.add_field(ProfileField("Xf0LOGIN", "GitHub", protected=True))
    world.slack.add_user(ALICE, "alice", profile={"Xf0LOGIN": "paula"})
    linked(world, ALICE, linus, ALICE)

    people = believing(world, *sources, logins={ALICE: "alice"}, field="Xf0LOGIN")

    assert expected == people.who(ALICE, [], live=True).identity.user.login


def test_a_wrong_login_of_the_first_source_is_not_made_good_by_the_next(world):
    linked(world, ALICE, ALICE_ON_GITHUB, ALICE)

    people = believing(world, Source.MAP, Source.LINK, logins={ALICE: "alise"})

    found = people.who(ALICE, ["sre"], live=True)
    assert Who(Unidentified(WhyNot.NO_SUCH_ACCOUNT, "alise")) == found


def test_a_source_that_cannot_be_read_does_not_hand_over_to_the_next(world):
    """Else an outage of Slack's profiles would let somebody act as another account."""
    linked(world, ALICE, ALICE_ON_GITHUB, ALICE)
    people = believing(world, Source.PROFILE, Source.LINK, field="Xf0LOGIN")
    world.slack.arm("team.profile.get", SLACK_DOWN, times=None)

    assert isinstance(people.who(ALICE, ["sre"], live=True).identity, Unknown)


# the link


def test_a_proven_link_follows_its_account_through_a_new_login(world):
    linked(world, ALICE, ALICE_ON_GITHUB, ALICE)
    world.github.fake.rename_user("alice", "alice-kim")
    world.github.fake.add_member("acme", "release", "alice-kim")
    people = believing(world, Source.LINK)

    found = people.who(ALICE, ["release"], live=True)

    expected = Identified(GitHubUser(ALICE_ID, "alice-kim"), "link")
    assert Who(expected, {"release": YES}) == found
    [link] = world.book.of(ALICE, world.slack.workspace.team)
    assert ("alice-kim", ALICE) == (link.user.login, link.by)


def test_a_proven_link_never_goes_to_who_took_the_old_login(world):
    linked(world, ALICE, GitHubUser(4711, "alice"), ALICE)  # the account 4711 is no more

    found = believing(world, Source.LINK).who(ALICE, ["sre"], live=True)

    assert Who(Unidentified(WhyNot.ACCOUNT_CHANGED, "alice")) == found


def test_a_proven_link_is_not_moved_by_two_logins_that_change_at_once(world):
    """Between asking for the number's login and asking for that login, somebody else takes it."""
    linked(world, ALICE, GitHubUser(4711, "gone"), ALICE)
    body = {"id": 4711, "login": "bob", "type": "User"}
    world.github.fake.arm("user_by_id", Fault(answer=lambda: answer(body)))

    found = believing(world, Source.LINK).who(ALICE, ["sre"], live=True)

    assert Who(Unidentified(WhyNot.ACCOUNT_CHANGED, "gone")) == found


def test_a_link_of_another_workspace_is_none_of_ours(world):
    elsewhere = Link(ALICE, "T0OTHER", "link", ALICE_ON_GITHUB, world.clock.now(), ALICE)
    world.book.replace(elsewhere)

    found = believing(world, Source.LINK).who(ALICE, ["sre"], live=True)

    assert Who(Unidentified(WhyNot.NOT_LINKED)) == found


# what cannot be read


@pytest.mark.parametrize(
    ("route", "fault", "said"),
    [
        pytest.param("graphql", DOWN, "answered 500", id="GitHub"),
        pytest.param("users.info", SLACK_DOWN, "Slack", id="Slack"),
    ],
)
@pytest.mark.parametrize("live", [True, False])
def test_what_does_not_answer_leaves_everybody_unknown(world, route, fault, said, live):
    people = world.people()
    people.who(ALICE, ["sre"], live=False)
    world.clock.move(timedelta(minutes=5))
    side = world.github.fake if route == "graphql" else world.slack
    side.arm(route, fault, times=None)

    found = people.who(ALICE, ["sre"], live=live)

    assert isinstance(found.identity, Unknown)
    assert said in found.identity.why
    assert {} == found.memberships


def test_a_team_that_cannot_be_read_is_unknown_beside_an_account_that_is_known(world):
    world.github.fake.arm("team_membership", DOWN, times=None)

    found = world.people().who(BOB, ["sre"], live=True)

    assert isinstance(found.identity, Identified)
    assert Standing.UNKNOWN is found.memberships["sre"].standing
    assert "GitHub" == found.memberships["sre"].silence.system


def test_while_our_own_workspace_is_not_known_nobody_is_of_it(world):
    world.team = None

    found = world.people().who(ALICE, ["sre"], live=True)

    silence = Silence("Slack", "say which workspace we are in")
    assert Who(Unknown(NO_WORKSPACE, silence)) == found


def test_without_an_organization_its_teams_let_nobody_in_and_say_why(world):
    world.organization = None

    found = world.people().who(ALICE, ["sre"], live=True)

    expected = {"sre": Membership(Standing.UNKNOWN, NO_ORGANIZATION)}
    assert Who(Identified(ALICE_ON_GITHUB, "map"), expected) == found


def test_a_database_that_is_away_leaves_everybody_unknown(world, tmp_path):
    people = world.people()
    world.database.close()
    (tmp_path / "shipmate.db").rename(tmp_path / "away.db")
    (tmp_path / "shipmate.db").mkdir()

    assert isinstance(people.who(ALICE, ["sre"], live=True).identity, Unknown)


def test_a_bot_that_stops_answers_that_it_does(world):
    people = world.people()
    people.close()

    found = people.who(ALICE, ["sre"], live=True)

    assert "the bot is stopping" == found.identity.why
    assert found.identity.silence is not None, "no operation ends because of it"


def test_two_slack_users_of_one_account_are_one_person(world):
    people = believing(world, Source.MAP, logins={ALICE: "alice", BOB: "ALICE"})

    first, second = (people.who(user, [], live=True).identity for user in (ALICE, BOB))

    assert first == replace(second)


# an emergency: GitHub does not answer


def in_emergency(people, user=ALICE):
    return people.who(user, ["sre"], live=True, in_emergency=True)


@pytest.mark.parametrize(
    ("remember", "asked", "waits", "fault", "stands"),
    [
        pytest.param(60, ALICE, 59, DOWN, True, id="confirmed a while ago"),
        pytest.param(60, ALICE, 60, DOWN, False, id="too long ago"),
        pytest.param(0, ALICE, 1, DOWN, False, id="nothing is remembered"),
        pytest.param(60, None, 1, DOWN, False, id="never confirmed"),
        pytest.param(60, BOB, 1, DOWN, False, id="somebody else was"),
    ],
)
def test_only_githubs_own_last_word_stands_while_it_is_silent(
    world, remember, asked, waits, fault, stands
):
    world.remember = timedelta(minutes=remember)
    people = world.people()
    at = world.clock.now()
    if asked:
        people.who(asked, ["sre"], live=True)
    world.clock.move(timedelta(minutes=waits))
    world.github.fake.arm("graphql", fault, times=None)

    found = in_emergency(people)

    assert isinstance(people.who(ALICE, ["sre"], live=True).identity, Unknown), "no emergency"
    if stands:
        assert Who(Identified(ALICE_ON_GITHUB), {"sre": YES}, as_of=at) == found
    else:
        assert isinstance(found.identity, Unknown)


def test_a_github_that_answers_is_believed_in_an_emergency_too(world):
    world.remember = timedelta(hours=1)
    people = world.people()
    assert in_emergency(people).as_of is None
    world.github.fake.remove_member("acme", "sre", "alice")

    found = in_emergency(people)

    assert (NO, None) == (found.memberships["sre"], found.as_of)
    world.github.fake.arm("graphql", DOWN, times=None)
    assert isinstance(in_emergency(people).identity, Unknown), "its last word was no"


def test_a_github_that_refuses_us_is_not_silent(world):
    world.remember = timedelta(hours=1)
    people = world.people()
    assert in_emergency(people).as_of is None
    refused = Fault(answer=lambda: answer({"message": "Bad credentials"}, 401))
    world.github.fake.arm("graphql", refused, times=None)

    assert isinstance(in_emergency(people).identity, Unknown)


def test_slack_is_asked_in_an_emergency_as_ever(world):
    world.remember = timedelta(hours=1)
    people = world.people()
    in_emergency(people)
    world.github.fake.arm("graphql", DOWN, times=None)
    world.slack.arm("users.info", SLACK_DOWN, times=None)

    assert isinstance(in_emergency(people).identity, Unknown)
