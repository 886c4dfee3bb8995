"""Who may is said in the words of the policy's own rules, and nothing but a plain yes is one."""

import pytest

from bot.domain.entitlement import entitled
from bot.domain.problems import Problem, Reason
from bot.domain.rights import (
    Action,
    Actor,
    GitHubUser,
    Grant,
    Identified,
    Permissions,
    Unidentified,
    Who,
    WhyNot,
)
from bot.domain.unknown import Unknown
from tests.domain.policies import IN, OUT, PENDING, UNREAD

ALICE = Identified(GitHubUser(1, "alice"))
ACTOR = Actor("U0ALICE", GitHubUser(1, "alice"))
PERMISSIONS = Permissions(
    (
        Grant(Action.LOCK, "prod", frozenset({"sre", "oncall"})),
        Grant(Action.LOCK, "prod", frozenset({"payments"}), service="billing"),
        Grant(Action.FREEZE, "dev", frozenset()),
    )
)
NOT_PERMITTED = {
    "user": "U0ALICE",
    "action": "lock",
    "environment": "prod",
    "teams": "oncall, sre",
}


def judged(who, services=("core",), environment="prod", action=Action.LOCK):
    def teams_of(service):
        return PERMISSIONS.teams(action, service, environment)

    return entitled(action, "U0ALICE", who, services, environment, teams_of)


def member(**teams):
    return Who(ALICE, teams)


@pytest.mark.parametrize(
    ("who", "services"),
    [
        pytest.param(member(sre=IN, oncall=OUT), ("core",), id="in one of the teams"),
        pytest.param(member(sre=IN, oncall=UNREAD), ("core",), id="a second team cannot be read"),
        pytest.param(member(sre=IN, payments=IN), ("core", "billing"), id="each service by a team"),
        pytest.param(member(sre=IN, payments=OUT), (), id="the environment as a whole"),
    ],
)
def test_a_member_of_the_right_team_may(who, services):
    assert ACTOR == judged(who, services)


@pytest.mark.parametrize(
    ("who", "reason", "facts"),
    [
        pytest.param(
            member(sre=OUT, oncall=OUT),
            Reason.NOT_PERMITTED,
            NOT_PERMITTED | {"service": "core"},
            id="in none of the teams",
        ),
        pytest.param(
            member(sre=PENDING, oncall=OUT),
            Reason.MEMBERSHIP_PENDING,
            {"user": "U0ALICE", "team": "sre"},
            id="invited only",
        ),
        pytest.param(
            member(sre=UNREAD, oncall=OUT),
            Reason.NOT_ANSWERED,
            {"question": "right", "detail": UNREAD.why, "service": "core"},
            id="a team cannot be read",
        ),
        pytest.param(
            member(),
            Reason.NOT_ANSWERED,
            {"question": "right", "detail": "the team was not asked for", "service": "core"},
            id="the teams were not asked for",
        ),
        pytest.param(
            Who(Unknown("GitHub gave no answer"), {"sre": IN}),
            Reason.NOT_ANSWERED,
            {"question": "identity", "detail": "GitHub gave no answer"},
            id="who it is cannot be read, although a team says yes",
        ),
        pytest.param(
            Who(Unidentified(WhyNot.GUEST), {"sre": IN}),
            Reason.OUTSIDER,
            {"user": "U0ALICE", "outsider": "guest"},
            id="a guest, although a team says yes",
        ),
        pytest.param(
            Who(Unidentified(WhyNot.NOT_LINKED)),
            Reason.NOT_LINKED,
            {"user": "U0ALICE"},
            id="no account",
        ),
        pytest.param(
            Who(Unidentified(WhyNot.ACCOUNT_CHANGED, "alice")),
            Reason.ACCOUNT_CHANGED,
            {"user": "U0ALICE", "login": "alice"},
            id="a login that changed hands",
        ),
    ],
)
def test_anything_but_a_yes_is_a_no_that_says_why(who, reason, facts):
    assert Problem(reason, facts) == judged(who)


@pytest.mark.parametrize(
    ("services", "stopped"),
    [
        pytest.param(("core", "billing"), "billing", id="the second"),
        pytest.param(("billing", "core"), "billing", id="the first"),
    ],
)
def test_one_service_that_is_not_theirs_stops_all(services, stopped):
    found = judged(member(sre=IN, oncall=OUT, payments=OUT), services)
    assert (Reason.NOT_PERMITTED, stopped) == (found.reason, found.facts["service"])


def test_who_may_do_something_to_one_service_may_not_do_it_to_all():
    found = judged(member(sre=OUT, oncall=OUT, payments=IN), ())
    assert Problem(Reason.NOT_PERMITTED, NOT_PERMITTED) == found


@pytest.mark.parametrize(
    "environment",
    [pytest.param("dev", id="an empty list"), pytest.param("nowhere", id="nothing is said of it")],
)
@pytest.mark.parametrize("services", [("core",), ()])
def test_where_no_team_is_configured_nobody_may(environment, services):
    found = judged(member(sre=IN), services, environment, Action.FREEZE)
    assert (Reason.NOT_PERMITTED, "") == (found.reason, found.facts["teams"])
