"""Approvals: who has to say yes to a plan, and what their words so far come to.

An approval is given to a plan's fingerprint and to nothing else. The first decision that settles
the matter is final: later ones are told that they came too late.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.domain.approving.approval_rule import ApprovalRule
from bot.domain.approving.plan_digest import Fingerprint, Part, moved
from bot.domain.rights import Actor, GitHubUser


@dataclass(frozen=True, slots=True)
class Asked:
    """What approval was asked for: the plan by its *fingerprint*, by whom, and when.

    *authors* are the GitHub ids of those who wrote the commits in between.
    """

    fingerprint: Fingerprint
    requester: GitHubUser
    authors: frozenset[int]
    at: datetime


@dataclass(frozen=True, slots=True)
class Approval:
    """A yes to the plan of *digest*."""

    by: Actor
    at: datetime
    digest: str


@dataclass(frozen=True, slots=True)
class Rejection:
    """A no, whatever the plan has become since; *reason* is in their own words."""

    by: Actor
    at: datetime
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Override:
    """Break-glass, kept beside the others for the record. It is nobody's approval."""

    by: Actor
    at: datetime
    reason: str


Decision = Approval | Rejection | Override


@dataclass(frozen=True, slots=True)
class Waiting:
    """*missing* more people have to say yes before *until*; *by* have."""

    missing: int
    by: tuple[Actor, ...]
    until: datetime


@dataclass(frozen=True, slots=True)
class Approved:
    """*by* said yes, the last of them *at*; the commit has to begin before *until*."""

    by: tuple[Actor, ...]
    at: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Rejected:
    """The no that ended it."""

    by: Actor
    at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Expired:
    """Not enough people said yes in time, or nothing was committed in time after they did."""

    at: datetime


@dataclass(frozen=True, slots=True)
class Void:
    """The plan is no longer the one that was asked about: *moved* is what differs, in order.

    *at* is when that was seen.
    """

    moved: tuple[Part, ...]
    at: datetime


@dataclass(frozen=True, slots=True)
class Superseded:
    """*by* asked for something newer at the same target: *operation*."""

    operation: str
    by: Actor
    at: datetime


@dataclass(frozen=True, slots=True)
class Cancelled:
    """*by* took the request back."""

    by: Actor
    at: datetime


Outcome = Waiting | Approved | Rejected | Expired | Void


def tally(
    rule: ApprovalRule,
    asked: Asked,
    current: Fingerprint,
    decisions: Iterable[Decision],
    entitled: frozenset[int],
    now: datetime,
) -> Outcome:
    """Return what *decisions*, in the order they were written down, come to at *now*.

    *current* is the fingerprint of the plan as the world has it now. *entitled* are the GitHub ids
    that hold the right to approve, read just now: a yes of anybody else no longer counts. A no
    was judged when it was given and stays.
    """
    until = asked.at + rule.expires
    yes: dict[int, Approval] = {}
    full: Approved | None = _settled(rule, asked, (), asked.at)
    for decision in decisions:
        if full is not None:
            break
        if not asked.at <= decision.at < until:
            continue
        if isinstance(decision, Rejection):
            return Rejected(decision.by, decision.at, decision.reason)
        if isinstance(decision, Approval) and _counts(decision, rule, asked, entitled):
            yes.setdefault(decision.by.github.id, decision)
            full = _settled(rule, asked, tuple(yes.values()), decision.at)
    if differs := moved(asked.fingerprint, current):
        return Void(differs, now)
    if full is not None:
        return full if now < full.until else Expired(full.until)
    if now >= until:
        return Expired(until)
    return Waiting(rule.count - len(yes), tuple(one.by for one in yes.values()), until)


class Bar(StrEnum):
    """Why a click by somebody with the right still does not count."""

    SELF = "self"  # four eyes: they asked for it
    AUTHOR = "author"  # four eyes: they wrote part of it
    TWICE = "twice"  # they said yes before


def bar(rule: ApprovalRule, asked: Asked, decisions: Sequence[Decision], who: Actor) -> Bar | None:
    """Return why a yes by *who* would not count, or None. The right itself is judged elsewhere."""
    before = {one.by.github.id for one in decisions if isinstance(one, Approval)}
    return _four_eyes(rule, asked, who) or (Bar.TWICE if who.github.id in before else None)


def _settled(
    rule: ApprovalRule, asked: Asked, yes: Sequence[Approval], at: datetime
) -> Approved | None:
    """Return the approval once enough people have given it. A day's wait in line is no yes."""
    if len(yes) < rule.count:
        return None
    return Approved(tuple(one.by for one in yes), at, max(at, asked.at) + rule.expires)


def _counts(decision: Approval, rule: ApprovalRule, asked: Asked, entitled: frozenset[int]) -> bool:
    """Tell whether a yes is one: to this plan, by somebody with the right and other eyes."""
    return (
        decision.digest == asked.fingerprint.digest
        and decision.by.github.id in entitled
        and _four_eyes(rule, asked, decision.by) is None
    )


def _four_eyes(rule: ApprovalRule, asked: Asked, who: Actor) -> Bar | None:
    if who.github.id == asked.requester.id and not rule.self_ok:
        return Bar.SELF
    if who.github.id in asked.authors and not rule.authors_ok:
        return Bar.AUTHOR
    return None
