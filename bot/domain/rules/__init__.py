"""The policy: small pure rules over frozen facts, judged in order, and what they come to.

Every rule is judged, so that people see all that stands in the way at once. What is unknown stops
as a refusal does. An override goes past the approval and the skippable rules, and past nothing
else.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.domain.approving.approval_rule import ApprovalRule
from bot.domain.environment_policy import EnvironmentPolicy
from bot.domain.facts import Facts, Proposal
from bot.domain.problems import Problem, Reason
from bot.domain.rights import Action
from bot.domain.rules.moments import (
    not_frozen,
    not_held,
    not_locked,
    not_older,
    ran_before,
    soaked,
    something_changes,
)
from bot.domain.rules.people import identity_known, override_held, right_held
from bot.domain.rules.rulings import Rule, RuleName, Ruling, Verdict, rule, target_rule
from bot.domain.rules.versions import (
    checks_are_green,
    image_exists,
    judge_places,
    tag_allowed,
    version_resolves,
)

RULES: tuple[Rule, ...] = (
    rule(RuleName.IDENTITY, identity_known),
    target_rule(RuleName.RIGHT, right_held),
    target_rule(RuleName.OVERRIDE, override_held),
    Rule(RuleName.PLACE, judge_places),
    target_rule(RuleName.TAG, tag_allowed),
    target_rule(RuleName.VERSION, version_resolves),
    target_rule(RuleName.CHECKS, checks_are_green, skippable=True),
    target_rule(RuleName.IMAGE, image_exists),
    target_rule(RuleName.ORDER, ran_before, skippable=True),
    target_rule(RuleName.SOAK, soaked, skippable=True),
    rule(RuleName.FREEZE, not_frozen, skippable=True),
    target_rule(RuleName.LOCK, not_locked),
    target_rule(RuleName.HOLD, not_held),
    rule(RuleName.NEW, something_changes),
    target_rule(RuleName.AGE, not_older),
)
"""The whole policy, in the order people are told of it."""

SKIPPABLE = frozenset(one.name for one in RULES if one.skippable)
"""What an override goes past, beside the approval."""


@dataclass(frozen=True, slots=True)
class Allowed:
    """It may happen now. *skipped* are the rules that an override went past."""

    skipped: tuple[RuleName, ...] = ()


@dataclass(frozen=True, slots=True)
class NeedsApproval:
    """It may happen once enough people have said yes by *rule*."""

    rule: ApprovalRule


@dataclass(frozen=True, slots=True)
class Refused:
    """It may not happen."""

    problem: Problem


Decision = Allowed | NeedsApproval | Refused


@dataclass(frozen=True, slots=True)
class Judgement:
    """Every ruling, in order, and what they come to."""

    rulings: tuple[Ruling, ...]
    decision: Decision


def judge(proposal: Proposal, facts: Facts) -> Judgement:
    """Judge *proposal* by the whole policy."""
    rulings = judge_all(proposal, facts)
    return Judgement(rulings, decide(rulings, approvals_asked(proposal, facts.policy)))


def judge_all(proposal: Proposal, facts: Facts) -> tuple[Ruling, ...]:
    """Return every rule's ruling on *proposal*, in order; nothing is left out."""
    rulings = tuple(one for each in RULES for one in each.judge(proposal, facts))
    if proposal.override is None or not _may_override(rulings):
        return rulings
    return tuple(_skipped(one) for one in rulings)


def approvals_asked(proposal: Proposal, policy: EnvironmentPolicy | None) -> ApprovalRule | None:
    """Return who has to say yes to *proposal*; None: nobody.

    An override asks nobody; whether it is one that counts is for the rulings to say.
    """
    if policy is None or proposal.override is not None:
        return None
    is_rollback = proposal.action is Action.ROLLBACK
    asked = policy.rollback_approvals if is_rollback else policy.approvals
    return asked if asked is not None and asked.count > 0 else None


def decide(rulings: Sequence[Ruling], approvals: ApprovalRule | None) -> Decision:
    """Return what *rulings* come to: the first that stops, else the *approvals*, else allowed.

    A list in which a rule is missing refuses: what was not judged was not allowed.
    """
    for one in rulings:
        if one.stops:
            return Refused(one.problem or Problem(Reason.INTERNAL))
    judged = {one.rule for one in rulings}
    if unjudged := [name.value for name in RuleName if name not in judged]:
        return Refused(Problem(Reason.INTERNAL, {"detail": f"not judged: {', '.join(unjudged)}"}))
    if approvals is not None:
        return NeedsApproval(approvals)
    skipped = (one.rule for one in rulings if one.verdict is Verdict.SKIPPED)
    return Allowed(tuple(dict.fromkeys(skipped)))


def _may_override(rulings: Sequence[Ruling]) -> bool:
    asked = [one for one in rulings if one.rule is RuleName.OVERRIDE]
    return bool(asked) and all(one.verdict is Verdict.PASS for one in asked)


def _skipped(one: Ruling) -> Ruling:
    past = one.stops and one.rule in SKIPPABLE
    return replace(one, verdict=Verdict.SKIPPED) if past else one
