"""What a rule says of a proposal, and how it says it."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from bot.domain.facts import Facts, Proposal, TargetFacts
from bot.domain.problems import Problem, Reason
from bot.domain.unknown import Silence, Unknown


class RuleName(StrEnum):
    """Every rule, in the order they are judged and shown."""

    IDENTITY = "identity"
    RIGHT = "right"
    OVERRIDE = "override"  # the right to break the glass, where that was asked for
    PLACE = "place"
    TAG = "tag"
    VERSION = "version"
    CHECKS = "checks"
    IMAGE = "image"
    ORDER = "order"
    SOAK = "soak"
    FREEZE = "freeze"
    LOCK = "lock"
    HOLD = "hold"
    NEW = "new"  # not already running there
    AGE = "age"  # not older than what runs


class Verdict(StrEnum):
    """What a rule came to."""

    PASS = "pass"  # noqa: S105  # no secret
    REFUSE = "refuse"
    UNKNOWN = "unknown"  # the fact could not be had; it stops as a refusal does
    SKIPPED = "skipped"  # it would have stopped, and an override went past it


@dataclass(frozen=True, slots=True)
class Ruling:
    """One rule's word on one proposal, for one target (``core/prod``) or, empty, for all of it.

    *reason* is None for a pass. *facts* are plain text: of a problem those its reason promises, of
    a pass those that decided it. *silence* is whom to ask again for what is unknown.
    """

    rule: RuleName
    verdict: Verdict
    reason: Reason | None = None
    facts: Mapping[str, str] = field(default_factory=dict)
    target: str = ""
    silence: Silence | None = None

    @property
    def stops(self) -> bool:
        """Tell whether nothing may happen because of it."""
        return self.verdict in {Verdict.REFUSE, Verdict.UNKNOWN}

    @property
    def problem(self) -> Problem | None:
        """Return why it stops, or stopped before an override; None for a pass."""
        return None if self.reason is None else Problem(self.reason, self.facts)


Judge = Callable[[Proposal, Facts], tuple[Ruling, ...]]
Finding = Problem | Unknown | Mapping[str, str]
"""What a rule found: why not, that nobody knows, or the facts by which it passes."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of the policy. *judge* returns at least one ruling for every proposal with targets.

    *skippable* rules are those that an override goes past.
    """

    name: RuleName
    judge: Judge
    skippable: bool = False


def rule(
    name: RuleName, find: Callable[[Proposal, Facts], Finding], *, skippable: bool = False
) -> Rule:
    """Return the rule that judges a proposal as a whole by what *find* finds."""

    def judge(proposal: Proposal, facts: Facts) -> tuple[Ruling, ...]:
        return (ruling(name, find(proposal, facts)),)

    return Rule(name, judge, skippable)


def target_rule(
    name: RuleName,
    find: Callable[[Proposal, Facts, TargetFacts], Finding],
    *,
    skippable: bool = False,
) -> Rule:
    """Return the rule that judges each target by what *find* finds."""

    def judge(proposal: Proposal, facts: Facts) -> tuple[Ruling, ...]:
        return tuple(
            ruling(name, find(proposal, facts, target), target) for target in facts.targets
        )

    return Rule(name, judge, skippable)


def ruling(name: RuleName, found: Finding, target: TargetFacts | None = None) -> Ruling:
    """Return what was *found* as a ruling of the rule *name*."""
    where = target.name if target else ""
    if isinstance(found, Problem):
        return Ruling(name, Verdict.REFUSE, found.reason, found.facts, where)
    if isinstance(found, Unknown):
        facts = {"question": name.value, "detail": found.why}
        if target:
            facts["service"] = target.service
        return Ruling(name, Verdict.UNKNOWN, Reason.NOT_ANSWERED, facts, where, found.silence)
    return Ruling(name, Verdict.PASS, None, found, where)


def joined(names: Iterable[str]) -> str:
    """Return *names* as one fact, in a steady order."""
    return ", ".join(sorted(names))
