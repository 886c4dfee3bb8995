"""What teams may do is asked anew in production, and may be five minutes old elsewhere."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.problems import Reason
from bot.domain.rights import Action, Actor, GitHubUser, Grant, Permissions
from bot.operations.identity.rights_desk import RightsDesk
from sandbox.wire import Fault, answer
from tests import builders
from tests.operations.person_world import ALICE, ALICE_ID, BOB, person_world

HOUR, NOTHING = timedelta(hours=1), timedelta()
DOWN = Fault(answer=lambda: answer({"message": "down"}, 500))
ACTOR = Actor(ALICE, GitHubUser(ALICE_ID, "alice"))
CATALOG = replace(
    builders.catalog(
        environments=[
            builders.environment("stage"),
            builders.environment("prod", production=True),
        ]
    ),
    permissions=Permissions(
        (
            Grant(Action.LOCK, "stage", frozenset({"sre"})),
            Grant(Action.LOCK, "prod", frozenset({"sre", "release"})),
            Grant(Action.LOCK, "prod", frozenset({"release"}), service="batch"),
        )
    ),
)


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    with person_world(tmp_path_factory.mktemp("rights")) as world:
        yield world


@pytest.fixture
def desk(world):
    world.github.fake.disarm()
    world.github.fake.add_member("acme", "sre", "alice")
    return RightsDesk(world.people(), CATALOG)


@pytest.mark.parametrize(
    ("user", "services", "environment", "expected"),
    [
        pytest.param(ALICE, ["core"], "prod", ACTOR, id="a member"),
        pytest.param(ALICE, [], "prod", ACTOR, id="a member, the whole environment"),
        pytest.param(BOB, ["core"], "prod", Reason.NOT_PERMITTED, id="no member"),
        pytest.param(ALICE, ["core", "batch"], "prod", Reason.NOT_PERMITTED, id="only of one"),
        pytest.param(ALICE, ["core"], "dev", Reason.NOT_PERMITTED, id="no such environment"),
        pytest.param("U0NOBODY", ["core"], "prod", Reason.OUTSIDER, id="a stranger"),
    ],
)
def test_the_configured_teams_decide(desk, user, services, environment, expected):
    found = desk.may(user, Action.LOCK, services, environment)
    assert expected in (found, getattr(found, "reason", None))


def test_other_teams_may_be_named_in_place_of_the_configured_ones(desk):
    assert ACTOR == desk.may(ALICE, Action.APPROVE, ["core"], "prod", teams=frozenset({"sre"}))
    assert (
        Reason.NOT_PERMITTED
        is desk.may(ALICE, Action.LOCK, ["core"], "prod", teams=frozenset({"release"})).reason
    )
    assert (
        Reason.NOT_PERMITTED
        is desk.may(ALICE, Action.LOCK, ["core"], "prod", teams=frozenset()).reason
    )


@pytest.mark.parametrize(
    ("environment", "questions"),
    [pytest.param("prod", 3, id="production"), pytest.param("stage", 1, id="elsewhere")],
)
def test_production_is_asked_live_each_time(world, desk, environment, questions):
    for _ in range(3):
        assert ACTOR == desk.may(ALICE, Action.LOCK, ["core"], environment)

    assert ["graphql"] * questions + ["users.info"] * questions == world.asked()


def test_a_right_taken_away_is_gone_in_production_at_once(world, desk):
    assert ACTOR == desk.may(ALICE, Action.LOCK, ["core"], "prod")
    world.github.fake.remove_member("acme", "sre", "alice")

    assert Reason.NOT_PERMITTED is desk.may(ALICE, Action.LOCK, ["core"], "prod").reason


def test_in_an_emergency_the_last_word_stands_and_otherwise_it_does_not(world, desk):
    world.remember = HOUR
    desk = RightsDesk(world.people(), CATALOG)
    assert ACTOR == desk.may(ALICE, Action.LOCK, ["core"], "prod")
    world.github.fake.arm("graphql", DOWN, times=None)
    try:
        assert ACTOR == desk.may(ALICE, Action.LOCK, ["core"], "prod", in_emergency=True)
        no = desk.may(ALICE, Action.LOCK, ["core"], "prod")
        assert Reason.NOT_ANSWERED is no.reason
    finally:
        world.github.fake.disarm()
        world.remember = NOTHING


def test_who_only_looks_has_to_be_a_full_member_and_is_asked_of_slack_once_a_minute(world, desk):
    assert [None] * 3 == [desk.outsider(ALICE) for _ in range(3)]
    assert Reason.OUTSIDER is desk.outsider("U0NOBODY").reason
    assert 2 == world.asked().count("users.info")


def test_while_slack_does_not_tell_nobody_looks(world, desk):
    world.slack.arm("users.info", Fault(answer=lambda: answer({"ok": False}, 503)), times=None)
    try:
        assert Reason.NOT_ANSWERED is desk.outsider(BOB).reason
    finally:
        world.slack.disarm()
