"""The way around Git that is offered where a rollback waits for GitHub: where it leads, or why not.

It travels in the facts of the problem that says what is waited for.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from bot.domain.errors import BotError
from bot.domain.operations import Kind, Operation, Phase
from bot.domain.problems import Problem, Reason

GITHUB = "GitHub"
"""What its errors call it."""

OFFER, TO, HOOKS, WHY, BECAUSE = "around", "around.to.", "around.hooks", "around.why", "around.is."


class Offer(StrEnum):
    """Whether Argo CD could roll it back in place of Git."""

    OPEN = "open"
    # open to whoever GitHub confirmed a short while ago; who asked is none of them
    FOR_THE_CONFIRMED = "for_the_confirmed"
    # nobody's right can be confirmed: GitHub's last word never stands here
    NOBODY_CONFIRMED = "nobody_confirmed"
    BARRED = "barred"

    @property
    def is_open(self) -> bool:
        """Tell whether somebody may take it."""
        return self in {Offer.OPEN, Offer.FOR_THE_CONFIRMED}


@dataclass(frozen=True, slots=True)
class WayAround:
    """What a rollback by Argo CD would come to: the tags it brings *to* each service.

    *hooks* are what it would skip. *barred* is why it can't be done, where it is barred.
    """

    offer: Offer
    to: Mapping[str, str] = field(default_factory=dict)
    hooks: tuple[str, ...] = ()
    barred: Problem | None = None


def waits_for_github(operation: Operation, why: object) -> bool:
    """Tell whether *operation* is a rollback by Git that goes no further because of GitHub."""
    request = operation.request
    by_git = request.kind is Kind.ROLLBACK and not request.by_argocd
    return by_git and isinstance(why, BotError) and why.system == GITHUB


def noted(way: WayAround) -> dict[str, str]:
    """Return *way* as facts of the problem that it is a way around."""
    facts = {OFFER: way.offer.value}
    if way.hooks:
        facts[HOOKS] = ", ".join(way.hooks)
    facts |= {f"{TO}{service}": tag for service, tag in way.to.items()}
    if way.barred is not None:
        facts[WHY] = way.barred.reason.value
        facts |= {f"{BECAUSE}{name}": fact for name, fact in way.barred.facts.items()}
    return facts


def way_around(problem: Problem | None) -> WayAround | None:
    """Return the way around that was noted beside *problem*, or None."""
    facts = problem.facts if problem is not None else {}
    if OFFER not in facts:
        return None
    barred = None
    if WHY in facts:
        barred = Problem(Reason(facts[WHY]), _behind(BECAUSE, facts))
    hooks = tuple(filter(None, facts.get(HOOKS, "").split(", ")))
    return WayAround(Offer(facts[OFFER]), _behind(TO, facts), hooks, barred)


def gives_way(operation: Operation, others: Collection[Operation]) -> Operation | None:
    """Return which of *others*, those under way there, goes around Git and waits for *operation*.

    What waits for GitHub holds its targets and would let nobody past.
    """
    mine = set(operation.request.services)
    for one in others:
        request = one.request
        waits = request.by_argocd and one.phase is Phase.QUEUED
        if waits and one.id != operation.id and mine & set(request.services):
            return one
    return None


def _behind(prefix: str, facts: Mapping[str, str]) -> dict[str, str]:
    return {key.removeprefix(prefix): fact for key, fact in facts.items() if key.startswith(prefix)}
