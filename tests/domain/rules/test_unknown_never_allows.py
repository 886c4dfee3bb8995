"""Whatever else is true: an answer that could not be had never lets anything happen."""

from dataclasses import fields, replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.checks import Green, Missing, NotAsked, NothingReported, Pending, Red
from bot.domain.facts import (
    Ancestry,
    Facts,
    Hold,
    ImageAbsent,
    ImageFound,
    NoEarlierHome,
    NothingRuns,
    RanBefore,
    Relation,
    Resolved,
    RunsNow,
    TargetFacts,
)
from bot.domain.problems import Problem, Reason
from bot.domain.rights import Action, Identified, Membership, Standing, Unidentified, WhyNot
from bot.domain.rules import (
    SKIPPABLE,
    Allowed,
    NeedsApproval,
    Refused,
    judge,
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
    PERMISSIONS,
    SHA,
    TAG,
    facts,
    policy,
    proposal,
    target_facts,
)

NOBODY_KNOWS = Unknown("the line is dead")
unknown = st.just(NOBODY_KNOWS)
moments = st.integers(-120, 120).map(lambda minutes: NOON + timedelta(minutes=minutes))
targets = st.builds(
    TargetFacts,
    service=st.just("core"),
    environment=st.just("prod"),
    homes=st.sampled_from([("dev", "prod"), ("dev",)]),
    image_repository=st.just("ghcr.io/x/y"),
    source=st.just("x/y"),
    commit=st.just(Resolved(SHA)) | unknown | st.just(Problem(Reason.AMBIGUOUS_VERSION)),
    tag=st.sampled_from([TAG, "latest"]) | unknown | st.just(Problem(Reason.VERSION_UNFIT)),
    checks=st.sampled_from(
        [
            Green(1),
            Red(()),
            Pending(()),
            Missing(("e",)),
            NothingReported(),
            NotAsked(),
            NOBODY_KNOWS,
        ]
    ),
    image=st.sampled_from([ImageFound("sha256:1"), ImageAbsent(), NOBODY_KNOWS]),
    in_git=st.sampled_from([TAG, "old", None, NOBODY_KNOWS]),
    runs=st.sampled_from([RunsNow((TAG,), "Healthy"), RunsNow(("old",), "x"), NOBODY_KNOWS]),
    before=st.one_of(
        st.builds(
            RanBefore,
            st.just("stage"),
            st.booleans(),
            st.just(("x",)),
            st.sampled_from(["Healthy", "Degraded"]),
            st.none() | moments,
        ),
        st.just(NoEarlierHome()),
        unknown,
    ),
    ancestry=st.one_of(
        st.builds(Ancestry, st.sampled_from(Relation), st.integers(0, 9), st.integers(0, 9)),
        st.just(NothingRuns()),
        unknown,
    ),
    ran_here=st.booleans() | unknown,
    locks=st.sampled_from(
        [(), (Lock(BOB, frozenset({"core/prod"}), "x", NOON),), NOBODY_KNOWS],
    ),
    holds=st.sampled_from([(), (Hold(TAG, BOB, "x", NOON),), NOBODY_KNOWS]),
)
worlds = st.builds(
    Facts,
    at=moments,
    who=st.sampled_from([Identified(ALICE.github), Unidentified(WhyNot.BOT), NOBODY_KNOWS]),
    memberships=st.dictionaries(
        st.sampled_from(["release", "oncall", "admins"]),
        st.builds(Membership, st.sampled_from(Standing)),
    ),
    permissions=st.just(PERMISSIONS),
    environments=st.just(("dev", "stage", "prod")),
    policy=st.sampled_from(
        [
            policy(),
            policy(after=None),
            policy(approvals=None, soak=timedelta()),
            policy(freezes=(calendar_freeze("UTC", "sat"),), freeze_stops_rollback=True),
            None,
        ]
    ),
    targets=st.lists(targets, max_size=2).map(tuple),
    freezes=st.sampled_from([(), (AdHocFreeze("prod", BOB, "x", NOON),), NOBODY_KNOWS]),
)
proposals = st.builds(
    proposal,
    action=st.sampled_from([Action.DEPLOY, Action.PROMOTE, Action.ROLLBACK]),
    override=st.sampled_from([None, "the shop is down", ""]),
)


@given(proposals, worlds)
def test_nothing_is_allowed_past_a_rule_that_does_not_know(asked, world):
    found = judge(asked, world)
    verdicts = [one.verdict for one in found.rulings]
    if Verdict.UNKNOWN in verdicts or Verdict.REFUSE in verdicts:
        assert isinstance(found.decision, Refused)
    if not isinstance(found.decision, Refused):
        assert {one.rule for one in found.rulings} == set(RuleName)
        assert isinstance(world.who, Identified)
        assert len(world.targets) > 0


IRRELEVANT = {
    Action.ROLLBACK: {"before", "ancestry", "freezes", "commit", "checks"},  # its tag was here
    Action.DEPLOY: {"ran_here"},
    Action.PROMOTE: {"ran_here"},
}
"""What decides nothing for an action, so that nobody has to know it."""

SKIPPED_FACTS = {"checks", "before", "freezes", "ran_here"}
"""What only the skippable rules look at."""


def unknowable(kind):
    return [
        field.name for field in fields(kind) if "Unknown" in str(field.type) or field.name in WIDE
    ]


WIDE = {"who", "checks"}  # their unions have names of their own, and Unknown is in them
OUTSIDE = [*unknowable(TargetFacts), *unknowable(Facts)]


def test_the_facts_from_outside_are_found():
    assert {"commit", "image", "locks", "who", "freezes", "checks"} <= set(OUTSIDE)
    assert 12 <= len(OUTSIDE)


def without(name, action):
    """Return a world in which all is well but *name*, which nobody knows."""
    target = target_facts(ran_here=action is Action.ROLLBACK)
    world = facts(target, memberships={"release": IN, "admins": IN, "oncall": OUT})
    if name in {field.name for field in fields(TargetFacts)}:
        return replace(world, targets=(replace(target, **{name: NOBODY_KNOWS}),))
    return replace(world, **{name: NOBODY_KNOWS})


@pytest.mark.parametrize("name", OUTSIDE)
@pytest.mark.parametrize("action", [Action.DEPLOY, Action.PROMOTE, Action.ROLLBACK])
def test_one_unknown_answer_refuses(name, action):
    decision = judge(proposal(action=action), without(name, action)).decision
    if name in IRRELEVANT[action]:
        assert isinstance(decision, Allowed | NeedsApproval)
        return
    assert Reason.NOT_ANSWERED is decision.problem.reason
    assert decision.problem.facts["detail"]


@pytest.mark.parametrize("name", OUTSIDE)
def test_an_override_goes_only_past_what_the_skippable_rules_ask(name):
    asked = proposal(override="the shop is down")
    decision = judge(asked, without(name, Action.DEPLOY)).decision
    assert (name in SKIPPED_FACTS) is isinstance(decision, Allowed)


@given(worlds)
def test_an_override_is_never_wider_than_its_list(world):
    found = judge(proposal(override="the shop is down"), world)
    if isinstance(found.decision, Allowed):
        skipped = {one.rule for one in found.rulings if one.verdict is Verdict.SKIPPED}
        assert skipped <= SKIPPABLE
        assert Standing.YES is world.memberships["admins"].standing
        assert Standing.YES is world.memberships["release"].standing


@given(worlds)
def test_without_an_override_nothing_is_skipped(world):
    found = judge(proposal(), world)
    assert Verdict.SKIPPED not in {one.verdict for one in found.rulings}
