"""What a promote of everything would come to: which services move, which stay and why."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from bot.domain.approving.approval_case import Commits, InBetween
from bot.domain.facts import Facts, Proposal
from bot.domain.problems import Problem
from bot.domain.rules import Decision, Refused, judge, judge_all
from bot.domain.rules.rulings import RuleName
from bot.domain.unknown import Unknown


@dataclass(frozen=True, slots=True)
class Moves:
    """A service that can move from the tag *now* in Git (None: none) to the *new* one."""

    service: str
    now: str | None
    new: str


@dataclass(frozen=True, slots=True)
class Stays:
    """A service that stays, at the tag *now* (None: none, or unknown), and *why*."""

    service: str
    now: str | None
    why: Problem


@dataclass(frozen=True, slots=True)
class News:
    """The *commits* of one *source* repository that would go live."""

    source: str
    commits: Commits | Unknown


@dataclass(frozen=True, slots=True)
class Preview:
    """A promote to *environment*; *origin* None takes each version from the nearest one before.

    *decision* is what the policy says of moving all of *moves* at once; None where none moves.
    """

    origin: str | None
    environment: str
    moves: tuple[Moves, ...]
    stays: tuple[Stays, ...]
    news: tuple[News, ...] = ()
    decision: Decision | None = None

    @property
    def is_open(self) -> bool:
        """Tell whether there is something that may be ordered."""
        return bool(self.moves) and not isinstance(self.decision, Refused)


def stranger(proposal: Proposal, facts: Facts) -> Problem | None:
    """Return why nobody knows who asks; then nothing else is for them to read."""
    rulings = judge_all(proposal, facts)
    found = (one.problem for one in rulings if one.rule is RuleName.IDENTITY and one.stops)
    return next(found, None)


def staying(proposal: Proposal, facts: Facts) -> dict[str, Problem]:
    """Return which services can't move by themselves, and why, each judged as if alone."""
    alone = ((one.service, replace(facts, targets=(one,))) for one in facts.targets)
    judged = {
        service: judge(replace(proposal, services=(service,)), its).decision
        for service, its in alone
    }
    return {name: one.problem for name, one in judged.items() if isinstance(one, Refused)}


def by_author(commits: Iterable[InBetween]) -> tuple[tuple[str, tuple[InBetween, ...]], ...]:
    """Return *commits* by who wrote them, the busiest first; within each they keep their order."""
    found: dict[str, list[InBetween]] = {}
    for one in commits:
        found.setdefault(one.author, []).append(one)
    busiest = sorted(found.items(), key=lambda each: -len(each[1]))
    return tuple((author, tuple(theirs)) for author, theirs in busiest)
