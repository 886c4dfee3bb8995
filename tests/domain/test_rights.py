import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.rights import (
    Action,
    Grant,
    Membership,
    Permissions,
    Right,
    Standing,
    permitted,
)
from tests.domain.policies import IN, OUT, PENDING, UNREAD

DEVS, SRE, CORE = frozenset({"devs"}), frozenset({"sre"}), frozenset({"core-devs"})
GRANTS = Permissions(
    (
        Grant(Action.DEPLOY, "prod", DEVS),
        Grant(Action.DEPLOY, "prod", SRE),
        Grant(Action.DEPLOY, "prod", CORE, service="core"),
        Grant(Action.ROLLBACK, "prod", SRE),
        Grant(Action.LOCK, "stage", SRE),
    )
)


@pytest.mark.parametrize(
    ("action", "service", "environment", "expected"),
    [
        pytest.param(Action.DEPLOY, "web", "prod", DEVS | SRE, id="all grants add up"),
        pytest.param(Action.DEPLOY, "core", "prod", CORE, id="the service's own stand instead"),
        pytest.param(Action.PROMOTE, "web", "prod", DEVS | SRE, id="promote is as deploy"),
        pytest.param(Action.PROMOTE, "core", "prod", CORE, id="promote is as the service's deploy"),
        pytest.param(Action.ROLLBACK, "core", "prod", SRE, id="rollback has its own"),
        pytest.param(Action.ROLLBACK, "core", "stage", frozenset(), id="rollback of nobody"),
        pytest.param(
            Action.OVERRIDE, "core", "prod", frozenset(), id="override is never as deploy"
        ),
        pytest.param(Action.LOCK, "core", "prod", frozenset(), id="lock elsewhere"),
        pytest.param(Action.DEPLOY, "core", "dev", frozenset(), id="nothing listed is nobody"),
    ],
)
def test_which_teams_have_a_right(action, service, environment, expected):
    assert expected == GRANTS.teams(action, service, environment)


@pytest.mark.parametrize(
    ("teams", "memberships", "expected"),
    [
        pytest.param([], {"a": IN}, Right(Standing.NO), id="no team: nobody"),
        pytest.param(["a"], {"a": IN}, Right(Standing.YES, frozenset("a"), "a"), id="a member"),
        pytest.param(["a"], {"a": OUT}, Right(Standing.NO, frozenset("a")), id="no member"),
        pytest.param(
            ["a"], {"a": PENDING}, Right(Standing.PENDING, frozenset("a"), "a"), id="invited"
        ),
        pytest.param(
            ["a"],
            {"a": UNREAD},
            Right(Standing.UNKNOWN, frozenset("a"), "a", "GitHub gave no answer"),
            id="unread",
        ),
        pytest.param(
            ["a"],
            {},
            Right(Standing.UNKNOWN, frozenset("a"), "a", "the team was not asked for"),
            id="never asked",
        ),
        pytest.param(
            ["a"],
            {"a": Membership(Standing.UNKNOWN)},
            Right(Standing.UNKNOWN, frozenset("a"), "a", "no reason was given"),
            id="unread without a reason",
        ),
        pytest.param(
            ["a", "b"],
            {"a": UNREAD, "b": IN},
            Right(Standing.YES, frozenset("ab"), "b"),
            id="one active membership is enough",
        ),
        pytest.param(
            ["a", "b"],
            {"a": PENDING, "b": UNREAD},
            Right(Standing.UNKNOWN, frozenset("ab"), "b", "GitHub gave no answer"),
            id="an unread team weighs more than an invitation",
        ),
        pytest.param(
            ["a"],
            {"b": IN},
            Right(Standing.UNKNOWN, frozenset("a"), "a", "the team was not asked for"),
            id="another team's member",
        ),
    ],
)
def test_permitted(teams, memberships, expected):
    assert expected == permitted(teams, memberships)


memberships = st.dictionaries(
    st.sampled_from("abcd"), st.builds(Membership, st.sampled_from(Standing)), max_size=4
)


@given(st.sets(st.sampled_from("abcd")), memberships)
def test_a_right_is_held_only_through_an_active_membership(teams, known):
    active = {team for team, answer in known.items() if answer.standing is Standing.YES}
    assert bool(active & teams) == permitted(teams, known).held
