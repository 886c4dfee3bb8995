"""What the bot asks for in its own name: a rollback where that is configured, and nothing else."""

from dataclasses import replace

import pytest

from bot.domain.approving.approval_rule import ApprovalRule
from bot.domain.entitlement import entitled
from bot.domain.environment_policy import AutoRollback
from bot.domain.problems import Problem, Reason
from bot.domain.rights import Action, Itself, Who
from bot.domain.rules import Allowed, NeedsApproval, Refused, judge
from bot.domain.rules.rulings import RuleName, Verdict
from bot.domain.stops.locks import Lock
from tests.domain.policies import ALICE, NOON, facts, policy, proposal, target_facts

ITS_OWN = proposal(action=Action.ROLLBACK, requester="shipmate", version="")
CONFIGURED = policy(auto_rollback=AutoRollback())
HERE = target_facts(ran_here=True)


def world(target=HERE, **changes):
    made = facts(target, who=Itself("D-1"), memberships={}, policy=CONFIGURED)
    return replace(made, **changes)


def test_it_goes_back_without_anybodys_right_where_that_is_configured():
    assert Allowed() == judge(ITS_OWN, world()).decision


@pytest.mark.parametrize(
    ("wanted", "moment"),
    [
        pytest.param(ITS_OWN, world(policy=policy()), id="not configured"),
        pytest.param(ITS_OWN, world(policy=None), id="no such environment"),
        pytest.param(replace(ITS_OWN, action=Action.DEPLOY), world(), id="a deploy"),
        pytest.param(replace(ITS_OWN, action=Action.PROMOTE), world(), id="a promote"),
        pytest.param(replace(ITS_OWN, override="it burns"), world(), id="an override"),
    ],
)
def test_everything_else_in_its_own_name_is_refused(wanted, moment):
    judgement = judge(wanted, moment)
    refused = {one.rule for one in judgement.rulings if one.verdict is Verdict.REFUSE}
    assert {RuleName.IDENTITY, RuleName.RIGHT} <= refused
    assert isinstance(judgement.decision, Refused)
    assert Reason.NOT_BY_ITSELF is judgement.decision.problem.reason


def test_every_right_of_somebody_else_is_none_of_its():
    """It passes by being configured, not by a team."""
    rulings = judge(ITS_OWN, world()).rulings
    (right,) = [one for one in rulings if one.rule is RuleName.RIGHT]
    assert {"itself": "D-1"} == right.facts


def test_whoever_holds_a_lock_it_is_somebody_elses():
    lock = Lock(ALICE, frozenset({"core/prod"}), "I look", NOON)
    decision = judge(ITS_OWN, world(replace(HERE, locks=(lock,)))).decision
    assert Reason.LOCKED is decision.problem.reason


def test_who_has_to_approve_rollbacks_approves_this_one_too():
    rule = ApprovalRule(1, frozenset({"sre"}))
    asks = world(policy=replace(CONFIGURED, rollback_approvals=rule))
    assert NeedsApproval(rule) == judge(ITS_OWN, asks).decision


def test_nobody_who_clicks_is_it():
    found = entitled(
        Action.ROLLBACK, "shipmate", Who(Itself("D-1")), ["core"], "prod", lambda _: frozenset()
    )
    assert isinstance(found, Problem)
    assert Reason.OUTSIDER is found.reason
