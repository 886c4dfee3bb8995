"""Every rule and every reason it can give, one row each."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.checks import Missing, NothingReported, Pending, Red
from bot.domain.facts import (
    Ancestry,
    Hold,
    ImageAbsent,
    ImageFound,
    NoEarlierHome,
    NothingRuns,
    RanBefore,
    Relation,
    RunsNow,
)
from bot.domain.moving_tags import TagRule
from bot.domain.problems import Problem, Reason
from bot.domain.rights import Action, Unidentified, WhyNot
from bot.domain.rules import (
    RULES,
    SKIPPABLE,
    Allowed,
    NeedsApproval,
    Refused,
    decide,
    judge,
    judge_all,
)
from bot.domain.rules.rulings import RuleName, Verdict
from bot.domain.stops.freezes import AdHocFreeze, calendar_freeze
from bot.domain.stops.locks import Lock
from bot.domain.unknown import Unknown
from tests.domain.policies import (
    ALICE,
    BOB,
    IN,
    NOON,
    OUT,
    PENDING,
    TAG,
    TWO_OF_SRE,
    UNREAD,
    facts,
    policy,
    proposal,
    target_facts,
)

NOBODY_KNOWS = Unknown("the line is dead")
AWAY = object()
"""Marks a row whose ruling is unknown."""


def here(**changes):
    return {"targets": (target_facts(**changes),)}


def rules(**changes):
    return {"policy": policy(**changes)}


def before(**changes):
    made = RanBefore("stage", True, ("x",), "Healthy", NOON - timedelta(minutes=30))
    return here(before=replace(made, **changes))


def lock(**changes):
    made = Lock(BOB, frozenset({"core/prod"}), "database move", NOON, NOON + timedelta(hours=1))
    return here(locks=(replace(made, **changes),))


def freeze(**changes):
    made = {"environment": "prod", "by": BOB, "reason": "incident", "since": NOON}
    return {"freezes": (AdHocFreeze(**{**made, **changes}),)}


def why_not(why, login=""):
    return {"who": Unidentified(why, login)}


def teams(**standings):
    return {"memberships": {**facts().memberships, **standings}}


WHOLE = (Hold("*", BOB, "audit", NOON),)
SATURDAY = calendar_freeze("UTC", "sat")
DEPLOY, ROLLBACK = proposal(), proposal(action=Action.ROLLBACK)
PROMOTE = proposal(action=Action.PROMOTE)
OVERRIDE = proposal(override="the shop is down")
R = RuleName

ROWS = [
    pytest.param(R.IDENTITY, DEPLOY, {}, None, id="identity: known"),
    *(
        pytest.param(R.IDENTITY, DEPLOY, why_not(why), reason, id=f"identity: {why.value}")
        for why, reason in [
            (WhyNot.NOT_LINKED, Reason.NOT_LINKED),
            (WhyNot.NO_SUCH_ACCOUNT, Reason.NO_SUCH_ACCOUNT),
            (WhyNot.ACCOUNT_CHANGED, Reason.ACCOUNT_CHANGED),
            (WhyNot.GUEST, Reason.OUTSIDER),
            (WhyNot.BOT, Reason.OUTSIDER),
            (WhyNot.DEACTIVATED, Reason.OUTSIDER),
            (WhyNot.STRANGER, Reason.OUTSIDER),
        ]
    ),
    pytest.param(R.IDENTITY, DEPLOY, {"who": NOBODY_KNOWS}, AWAY, id="identity: unknown"),
    pytest.param(R.RIGHT, DEPLOY, {}, None, id="right: a member"),
    pytest.param(R.RIGHT, DEPLOY, teams(release=OUT), Reason.NOT_PERMITTED, id="right: none"),
    pytest.param(
        R.RIGHT, DEPLOY, teams(release=PENDING), Reason.MEMBERSHIP_PENDING, id="right: invited"
    ),
    pytest.param(R.RIGHT, DEPLOY, teams(release=UNREAD), AWAY, id="right: unread"),
    pytest.param(R.RIGHT, DEPLOY, {"memberships": {}}, AWAY, id="right: not asked for"),
    pytest.param(R.RIGHT, DEPLOY, why_not(WhyNot.GUEST), AWAY, id="right: of nobody"),
    pytest.param(
        R.RIGHT, DEPLOY, here(environment="dev"), Reason.NOT_PERMITTED, id="right: nobody has it"
    ),
    pytest.param(R.RIGHT, PROMOTE, {}, None, id="right: promote is as deploy"),
    pytest.param(
        R.RIGHT, ROLLBACK, teams(release=OUT, oncall=IN), None, id="right: on-call rolls back"
    ),
    pytest.param(
        R.RIGHT, DEPLOY, teams(release=OUT, oncall=IN), Reason.NOT_PERMITTED, id="right: not more"
    ),
    pytest.param(R.OVERRIDE, DEPLOY, {}, None, id="override: not asked for"),
    pytest.param(R.OVERRIDE, OVERRIDE, teams(admins=IN), None, id="override: an admin"),
    pytest.param(R.OVERRIDE, OVERRIDE, {}, Reason.NO_OVERRIDE, id="override: nobody's"),
    pytest.param(R.OVERRIDE, OVERRIDE, teams(admins=UNREAD), AWAY, id="override: unread"),
    pytest.param(
        R.OVERRIDE,
        OVERRIDE,
        teams(admins=PENDING),
        Reason.MEMBERSHIP_PENDING,
        id="override: invited",
    ),
    pytest.param(
        R.OVERRIDE,
        proposal(override="  "),
        teams(admins=IN),
        Reason.OVERRIDE_UNEXPLAINED,
        id="override: no reason",
    ),
    pytest.param(R.PLACE, DEPLOY, {}, None, id="place: lives there"),
    pytest.param(
        R.PLACE,
        DEPLOY,
        here(homes=("dev",)),
        Reason.NOT_IN_ENVIRONMENT,
        id="place: lives elsewhere",
    ),
    pytest.param(
        R.PLACE, DEPLOY, {"policy": None}, Reason.UNKNOWN_ENVIRONMENT, id="place: no environment"
    ),
    pytest.param(R.PLACE, DEPLOY, here(service="web"), AWAY, id="place: facts of another service"),
    pytest.param(R.PLACE, DEPLOY, rules(name="dev"), AWAY, id="place: policy of another place"),
    pytest.param(R.TAG, DEPLOY, {}, None, id="tag: allowed"),
    pytest.param(
        R.TAG, DEPLOY, rules(tags=TagRule(deny=("core-*",))), Reason.TAG_DENIED, id="tag: denied"
    ),
    pytest.param(
        R.TAG,
        DEPLOY,
        rules(tags=TagRule(require=("v*",))),
        Reason.TAG_NOT_REQUIRED,
        id="tag: not as required",
    ),
    pytest.param(R.TAG, DEPLOY, here(tag="latest"), Reason.TAG_MOVES, id="tag: latest"),
    pytest.param(
        R.TAG,
        DEPLOY,
        {**rules(tags=TagRule(moving_ok=True)), **here(tag="develop-latest")},
        None,
        id="tag: may move here",
    ),
    pytest.param(
        R.TAG,
        DEPLOY,
        here(tag=Problem(Reason.VERSION_UNFIT)),
        Reason.VERSION_UNFIT,
        id="tag: no template fits",
    ),
    pytest.param(R.TAG, DEPLOY, here(tag=NOBODY_KNOWS), AWAY, id="tag: unknown"),
    pytest.param(R.TAG, DEPLOY, {"policy": None}, AWAY, id="tag: no policy"),
    pytest.param(R.VERSION, DEPLOY, {}, None, id="version: one commit"),
    pytest.param(
        R.VERSION,
        DEPLOY,
        here(commit=Problem(Reason.AMBIGUOUS_VERSION)),
        Reason.AMBIGUOUS_VERSION,
        id="version: several commits",
    ),
    pytest.param(
        R.VERSION,
        DEPLOY,
        here(commit=Problem(Reason.UNKNOWN_VERSION)),
        Reason.UNKNOWN_VERSION,
        id="version: no commit",
    ),
    pytest.param(R.VERSION, DEPLOY, here(commit=NOBODY_KNOWS), AWAY, id="version: unknown"),
    pytest.param(R.CHECKS, DEPLOY, {}, None, id="checks: green"),
    pytest.param(R.CHECKS, DEPLOY, here(checks=Red(("ci",))), Reason.CHECKS_RED, id="checks: red"),
    pytest.param(
        R.CHECKS, DEPLOY, here(checks=Pending(())), Reason.CHECKS_PENDING, id="checks: pending"
    ),
    pytest.param(
        R.CHECKS, DEPLOY, here(checks=Missing(("e",))), Reason.CHECKS_MISSING, id="checks: missing"
    ),
    pytest.param(
        R.CHECKS, DEPLOY, here(checks=NothingReported()), Reason.NO_CHECKS, id="checks: none"
    ),
    pytest.param(R.CHECKS, DEPLOY, here(checks=NOBODY_KNOWS), AWAY, id="checks: unknown"),
    pytest.param(R.CHECKS, DEPLOY, here(commit=NOBODY_KNOWS), AWAY, id="checks: of no commit"),
    pytest.param(R.IMAGE, DEPLOY, {}, None, id="image: there"),
    pytest.param(
        R.IMAGE, DEPLOY, here(image=ImageAbsent()), Reason.IMAGE_MISSING, id="image: none"
    ),
    pytest.param(R.IMAGE, DEPLOY, here(image=ImageFound("")), AWAY, id="image: without a digest"),
    pytest.param(R.IMAGE, DEPLOY, here(image=NOBODY_KNOWS), AWAY, id="image: unknown"),
    pytest.param(R.IMAGE, DEPLOY, here(tag=NOBODY_KNOWS), AWAY, id="image: of no tag"),
    pytest.param(R.ORDER, DEPLOY, {}, None, id="order: runs before"),
    pytest.param(R.ORDER, DEPLOY, before(same=False), Reason.NOT_BEFORE, id="order: another runs"),
    pytest.param(
        R.ORDER, DEPLOY, before(health="Degraded"), Reason.UNHEALTHY_BEFORE, id="order: not healthy"
    ),
    pytest.param(R.ORDER, DEPLOY, here(before=NOBODY_KNOWS), AWAY, id="order: unknown"),
    pytest.param(R.ORDER, DEPLOY, here(before=NoEarlierHome()), None, id="order: lives only here"),
    pytest.param(
        R.ORDER,
        DEPLOY,
        {**rules(after=None), **here(before=NOBODY_KNOWS)},
        None,
        id="order: none is asked for",
    ),
    pytest.param(R.ORDER, DEPLOY, {"policy": None}, AWAY, id="order: no policy"),
    pytest.param(
        R.ORDER, ROLLBACK, here(ran_here=True, before=NOBODY_KNOWS), None, id="order: ran here"
    ),
    pytest.param(R.ORDER, ROLLBACK, {}, Reason.NEVER_HERE, id="order: a way back to nowhere"),
    pytest.param(R.ORDER, ROLLBACK, here(ran_here=NOBODY_KNOWS), AWAY, id="order: ran here?"),
    pytest.param(R.SOAK, DEPLOY, {}, None, id="soak: exactly long enough"),
    pytest.param(
        R.SOAK,
        DEPLOY,
        before(healthy_since=NOON - timedelta(minutes=30) + timedelta(seconds=1)),
        Reason.SOAKING,
        id="soak: a second too short",
    ),
    pytest.param(R.SOAK, DEPLOY, before(healthy_since=None), AWAY, id="soak: since when?"),
    pytest.param(R.SOAK, DEPLOY, before(same=False), AWAY, id="soak: of another version"),
    pytest.param(R.SOAK, DEPLOY, here(before=NOBODY_KNOWS), AWAY, id="soak: unknown"),
    pytest.param(R.SOAK, DEPLOY, here(before=NoEarlierHome()), None, id="soak: lives only here"),
    pytest.param(R.SOAK, DEPLOY, {"policy": None}, AWAY, id="soak: no policy"),
    pytest.param(
        R.SOAK,
        DEPLOY,
        {**rules(soak=timedelta()), **before(healthy_since=None)},
        None,
        id="soak: none is asked for",
    ),
    pytest.param(R.SOAK, ROLLBACK, before(healthy_since=NOON), None, id="soak: not of a rollback"),
    pytest.param(R.FREEZE, DEPLOY, {}, None, id="freeze: none"),
    pytest.param(
        R.FREEZE, DEPLOY, rules(freezes=(SATURDAY,)), Reason.FROZEN, id="freeze: by the calendar"
    ),
    pytest.param(R.FREEZE, DEPLOY, freeze(), Reason.FROZEN, id="freeze: by a person"),
    pytest.param(R.FREEZE, DEPLOY, freeze(environment="dev"), None, id="freeze: elsewhere"),
    pytest.param(R.FREEZE, DEPLOY, freeze(until=NOON), None, id="freeze: over"),
    pytest.param(R.FREEZE, DEPLOY, {"freezes": NOBODY_KNOWS}, AWAY, id="freeze: unknown"),
    pytest.param(
        R.FREEZE,
        DEPLOY,
        {**rules(freezes=(SATURDAY,)), "freezes": NOBODY_KNOWS},
        Reason.FROZEN,
        id="freeze: by the calendar at least",
    ),
    pytest.param(R.FREEZE, DEPLOY, {"policy": None}, AWAY, id="freeze: no policy"),
    pytest.param(R.FREEZE, ROLLBACK, freeze(), None, id="freeze: a rollback goes on"),
    pytest.param(
        R.FREEZE,
        ROLLBACK,
        {**rules(freeze_stops_rollback=True), **freeze()},
        Reason.FROZEN,
        id="freeze: stops rollbacks here",
    ),
    pytest.param(R.LOCK, DEPLOY, {}, None, id="lock: none"),
    pytest.param(R.LOCK, DEPLOY, lock(), Reason.LOCKED, id="lock: another's"),
    pytest.param(R.LOCK, DEPLOY, lock(owner=ALICE), None, id="lock: one's own"),
    pytest.param(R.LOCK, DEPLOY, lock(warn_only=True), None, id="lock: it only warns"),
    pytest.param(R.LOCK, DEPLOY, lock(until=NOON), None, id="lock: just over"),
    pytest.param(R.LOCK, ROLLBACK, lock(), Reason.LOCKED, id="lock: holds against rollbacks"),
    pytest.param(
        R.LOCK,
        DEPLOY,
        {**lock(owner=ALICE), **why_not(WhyNot.NOT_LINKED)},
        Reason.LOCKED,
        id="lock: nobody knows whose this is",
    ),
    pytest.param(R.LOCK, DEPLOY, here(locks=NOBODY_KNOWS), AWAY, id="lock: unknown"),
    pytest.param(R.HOLD, DEPLOY, {}, None, id="hold: none"),
    pytest.param(
        R.HOLD, DEPLOY, here(holds=(Hold(TAG, BOB, "leaks", NOON),)), Reason.HELD, id="hold: held"
    ),
    pytest.param(
        R.HOLD, DEPLOY, here(holds=(Hold("x", BOB, "leaks", NOON),)), None, id="hold: another"
    ),
    pytest.param(
        R.HOLD, ROLLBACK, here(holds=(Hold(TAG, BOB, "leaks", NOON),)), Reason.HELD, id="hold: back"
    ),
    pytest.param(
        R.HOLD, DEPLOY, here(holds=(Hold("a1b2c3d", BOB, "", NOON),)), Reason.HELD, id="hold: sha"
    ),
    pytest.param(R.HOLD, DEPLOY, here(holds=WHOLE), Reason.HELD, id="hold: all of it"),
    pytest.param(R.HOLD, PROMOTE, here(holds=WHOLE), Reason.HELD, id="hold: all, promote"),
    pytest.param(R.HOLD, ROLLBACK, here(holds=WHOLE), None, id="hold: a rollback goes past it"),
    pytest.param(
        R.HOLD, DEPLOY, here(holds=WHOLE, tag=NOBODY_KNOWS), Reason.HELD, id="hold: all, of no tag"
    ),
    pytest.param(R.HOLD, DEPLOY, here(holds=NOBODY_KNOWS), AWAY, id="hold: unknown"),
    pytest.param(R.HOLD, DEPLOY, here(tag=NOBODY_KNOWS), AWAY, id="hold: of no tag"),
    pytest.param(R.NEW, DEPLOY, {}, None, id="new: something changes"),
    pytest.param(
        R.NEW,
        DEPLOY,
        here(in_git=TAG, runs=RunsNow((TAG,), "Healthy")),
        Reason.ALREADY_THERE,
        id="new: already there",
    ),
    pytest.param(
        R.NEW, DEPLOY, here(in_git="x", runs=RunsNow((TAG,), "Healthy")), None, id="new: not in Git"
    ),
    pytest.param(
        R.NEW,
        DEPLOY,
        here(in_git=TAG, runs=RunsNow((TAG, "old"), "Progressing")),
        None,
        id="new: the old one still runs",
    ),
    pytest.param(R.NEW, DEPLOY, here(in_git=None), None, id="new: no tag yet"),
    pytest.param(R.NEW, DEPLOY, here(in_git=NOBODY_KNOWS), AWAY, id="new: Git unknown"),
    pytest.param(R.NEW, DEPLOY, here(runs=NOBODY_KNOWS), AWAY, id="new: Argo CD unknown"),
    pytest.param(R.NEW, DEPLOY, here(tag=NOBODY_KNOWS), AWAY, id="new: of no tag"),
    pytest.param(R.AGE, DEPLOY, {}, None, id="age: ahead"),
    pytest.param(
        R.AGE, DEPLOY, here(ancestry=Ancestry(Relation.IDENTICAL)), None, id="age: the same"
    ),
    pytest.param(
        R.AGE,
        DEPLOY,
        here(ancestry=Ancestry(Relation.BEHIND, behind=14)),
        Reason.OLDER,
        id="age: behind",
    ),
    pytest.param(
        R.AGE,
        DEPLOY,
        here(ancestry=Ancestry(Relation.DIVERGED, 2, 3)),
        Reason.DIVERGED,
        id="age: diverged",
    ),
    pytest.param(R.AGE, DEPLOY, here(ancestry=NothingRuns()), None, id="age: nothing runs"),
    pytest.param(R.AGE, DEPLOY, here(ancestry=NOBODY_KNOWS), AWAY, id="age: unknown"),
    pytest.param(
        R.AGE,
        ROLLBACK,
        here(ancestry=Ancestry(Relation.BEHIND, behind=14)),
        None,
        id="age: a rollback goes back",
    ),
    pytest.param(
        R.AGE, ROLLBACK, here(ancestry=NOBODY_KNOWS), None, id="age: a rollback need not know"
    ),
]


def ruling_of(name, asked, changes):
    found, *_ = [one for one in judge_all(asked, facts(**changes)) if one.rule is name]
    return found


@pytest.mark.parametrize(("name", "asked", "changes", "expected"), ROWS)
def test_each_rule(name, asked, changes, expected):
    found = ruling_of(name, asked, changes)
    if expected is None:
        assert Verdict.PASS is found.verdict
        assert found.reason is None
    elif expected is AWAY:
        assert Verdict.UNKNOWN is found.verdict
        assert Reason.NOT_ANSWERED is found.reason
    else:
        assert Verdict.REFUSE is found.verdict
        assert expected is found.reason


@pytest.mark.parametrize("name", list(RuleName))
def test_the_table_has_each_rule_pass_refuse_and_not_know(name):
    wanted = {param.values[3] for param in ROWS if param.values[0] is name}
    assert None in wanted
    assert AWAY in wanted
    assert wanted - {None, AWAY}, "a rule that never refuses is none"


def test_the_rules_stand_in_the_order_of_their_names():
    assert list(RuleName) == [rule.name for rule in RULES]


def test_all_is_well_and_waits_for_two():
    assert NeedsApproval(TWO_OF_SRE) == judge(DEPLOY, facts()).decision


def test_without_approvals_it_may_start():
    assert Allowed() == judge(DEPLOY, facts(policy=policy(approvals=None))).decision


def test_a_rollback_has_approvals_of_its_own():
    ran = target_facts(ran_here=True)
    assert Allowed() == judge(ROLLBACK, facts(ran)).decision
    rule = replace(TWO_OF_SRE, count=1)
    asked = facts(ran, policy=policy(rollback_approvals=rule))
    assert NeedsApproval(rule) == judge(ROLLBACK, asked).decision


def test_the_first_rule_that_objects_is_the_reason_and_all_are_listed():
    bad = target_facts(checks=Red(("ci",)), image=ImageAbsent())
    found = judge(DEPLOY, facts(bad))
    assert Refused(Problem(Reason.CHECKS_RED, found.decision.problem.facts)) == found.decision
    stopped = {one.rule for one in found.rulings if one.stops}
    assert {R.CHECKS, R.IMAGE} == stopped


def test_one_bad_target_of_two_refuses_both():
    web = target_facts(service="web", checks=Pending(("e2e",)))
    asked = proposal(services=("core", "web"))
    found = judge(asked, facts(target_facts(), web)).decision
    assert Reason.CHECKS_PENDING is found.problem.reason


def test_one_target_that_is_already_there_does_not_stop_the_other():
    web = target_facts(service="web", in_git=TAG, runs=RunsNow((TAG,), "Healthy"))
    asked = proposal(services=("core", "web"))
    assert isinstance(judge(asked, facts(web, target_facts())).decision, NeedsApproval)


def test_a_service_without_facts_is_refused():
    found = judge(proposal(services=("core", "web")), facts()).decision
    assert Reason.NOT_ANSWERED is found.problem.reason
    assert "web" not in {one.service for one in facts().targets}


def test_no_target_at_all_is_refused():
    assert isinstance(judge(proposal(services=()), facts(targets=())).decision, Refused)


@pytest.mark.parametrize("left_out", list(RuleName))
def test_what_was_not_judged_is_not_allowed(left_out):
    rulings = [one for one in judge_all(DEPLOY, facts()) if one.rule is not left_out]
    found = decide(rulings, None)
    assert Reason.INTERNAL is found.problem.reason
    assert left_out.value in found.problem.facts["detail"]


def test_nothing_judged_is_not_allowed():
    assert isinstance(decide((), None), Refused)


STOPPED = [
    pytest.param(param.values[0], param.values[2], id=param.id)
    for param in ROWS
    if param.values[3] is not None and param.values[1] is DEPLOY
]


@pytest.mark.parametrize(("name", "changes"), STOPPED)
def test_an_override_goes_past_approval_freeze_soak_order_and_checks_and_nothing_else(
    name, changes
):
    assert {R.FREEZE, R.SOAK, R.ORDER, R.CHECKS} == SKIPPABLE
    world = facts(**changes)
    world = replace(world, memberships={**world.memberships, "admins": IN})
    found = judge(OVERRIDE, world)
    of_rule = {one.verdict for one in found.rulings if one.rule is name}
    stops = {one.rule for one in found.rulings if one.stops}
    if name in SKIPPABLE:
        assert Verdict.SKIPPED in of_rule
        assert not stops & SKIPPABLE
    else:
        assert name in stops
        assert isinstance(found.decision, Refused)


def test_an_override_says_what_it_skipped():
    world = facts(target_facts(checks=Red(("ci",))), **teams(admins=IN), **freeze())
    assert Allowed((R.CHECKS, R.FREEZE)) == judge(OVERRIDE, world).decision


def test_an_override_that_skips_nothing_still_asks_nobody():
    assert Allowed() == judge(OVERRIDE, facts(**teams(admins=IN))).decision


@pytest.mark.parametrize("admins", [OUT, PENDING, UNREAD], ids=["out", "pending", "unread"])
def test_an_override_without_the_right_skips_nothing(admins):
    world = facts(target_facts(checks=Red(("ci",))), **teams(admins=admins))
    found = judge(OVERRIDE, world)
    assert isinstance(found.decision, Refused)
    assert Verdict.SKIPPED not in {one.verdict for one in found.rulings}


def test_the_right_to_override_gives_no_right_to_deploy():
    found = judge(OVERRIDE, facts(**teams(admins=IN, release=OUT))).decision
    assert Reason.NOT_PERMITTED is found.problem.reason


def test_a_freeze_says_until_when_in_its_own_zone():
    seoul = calendar_freeze("Asia/Seoul", "sat-sun")
    found = ruling_of(R.FREEZE, DEPLOY, rules(freezes=(seoul,)))
    assert "2026-11-23T00:00:00+09:00" == found.facts["until"]
    assert "sat-sun Asia/Seoul" == found.facts["rule"]


def test_it_says_how_far_a_rollback_goes_back():
    back = here(ran_here=True, ancestry=Ancestry(Relation.BEHIND, behind=14))
    assert "14" == ruling_of(R.AGE, ROLLBACK, back).facts["behind"]


def test_soak_says_when_it_is_ready():
    found = ruling_of(R.SOAK, DEPLOY, before(healthy_since=NOON - timedelta(minutes=10)))
    assert "2026-11-21T12:20:00+00:00" == found.facts["ready"]


def test_a_rollback_past_a_hold_of_the_whole_target_says_so():
    (ruling,) = [
        one
        for one in judge(ROLLBACK, facts(target_facts(holds=WHOLE, ran_here=True))).rulings
        if one.rule is R.HOLD
    ]
    assert ("rollback", "U0BOB", "audit") == (
        ruling.facts["exempt"],
        ruling.facts["by"],
        ruling.facts["detail"],
    )


def test_a_refusal_by_a_hold_names_the_rollback_behind_it():
    held = Hold(TAG, BOB, "leaks", NOON, "D-7")
    decision = judge(DEPLOY, facts(target_facts(holds=(held,)))).decision
    assert isinstance(decision, Refused)
    assert {"tag": TAG, "operation": "D-7", "by": "U0BOB", "detail": "leaks"}.items() <= (
        decision.problem.facts.items()
    )
