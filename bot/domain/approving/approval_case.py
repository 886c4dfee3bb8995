"""What an approver has to know to decide, read at one moment and frozen."""

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bot.domain.approving.approval_rule import ApprovalRule
from bot.domain.approving.approvals import (
    Approved,
    Cancelled,
    Decision,
    Expired,
    Rejected,
    Rejection,
    Superseded,
    Void,
)
from bot.domain.approving.plan_digest import Part
from bot.domain.checks import ChecksVerdict
from bot.domain.facts import Hold, ImageFound, NoEarlierHome, RanBefore, RunsNow, TargetFacts
from bot.domain.operations import Change, Operation
from bot.domain.problems import Problem, Reason
from bot.domain.rights import Action, Actor, GitHubUser
from bot.domain.rollback.retreats import Retreat
from bot.domain.stops.locks import Lock
from bot.domain.unknown import Unknown

CONTEXT = 2
"""Unchanged lines shown around each change in a diff."""

End = Approved | Rejected | Expired | Void | Superseded | Cancelled


@dataclass(frozen=True, slots=True)
class InBetween:
    """A commit that would come with it; *pull_request* is its number, None where it has none."""

    sha: str
    title: str
    author: str
    pull_request: int | None = None


@dataclass(frozen=True, slots=True)
class Commits:
    """The commits between what runs and what would, newest first, *total* of them in all.

    *behind* are commits of what runs that would be lost.
    """

    newest: tuple[InBetween, ...]
    total: int
    behind: int = 0


@dataclass(frozen=True, slots=True)
class ServiceCase:
    """One service of the plan. *digest* is the image's (``sha256:…``).

    *drift* is how what runs, Git and the environment before disagree, in a few plain words.
    """

    change: Change
    source: str
    commits: Commits | Unknown
    checks: ChecksVerdict
    digest: str | Unknown
    runs: RunsNow | Unknown
    before: RanBefore | NoEarlierHome | Unknown
    locks: tuple[Lock, ...] | Unknown = ()
    drift: str = ""
    holds: tuple[Hold, ...] | Unknown = ()


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was known of a plan when approval was asked for: it is kept and shown as it was.

    *diff* are the lines of the unified diff of all files. *whom* are the Slack ids of those who
    are called to decide: it gives nobody a right. *instead_of* are the ids of older operations
    that waited for approval at the same targets, and end by this one.
    """

    requester: Actor
    services: tuple[ServiceCase, ...]
    diff: tuple[str, ...]
    whom: tuple[str, ...] = ()
    instead_of: tuple[str, ...] = ()


def pushed_anew(evidence: Evidence, now: Iterable[TargetFacts]) -> tuple[str, ...]:
    """Return the services under whose tag the registry has another image *now* than was shown.

    Whether there is an image at all, and what an unknown one means, is what a rule judges.
    """
    images = {one.service: one.image for one in now}
    return tuple(
        one.change.service
        for one in evidence.services
        if isinstance(one.digest, str)
        and isinstance(image := images.get(one.change.service), ImageFound)
        and image.digest != one.digest
    )


@dataclass(frozen=True, slots=True)
class ApprovalCase:
    """One plan that waits for approval, or did. *end* is None while it waits.

    *diff* are the lines of the unified diff of all files. *approved* are those who said yes so far.
    *trouble* says what keeps a yes from counting, such as a GitHub that does not answer. *whom* are
    the Slack ids of those who are called to decide. *instead_of* are older operations it ended.
    *retreats* say how far a rollback goes back. *by_argocd*, it goes around Git, and
    *without_hooks* it skips what runs before a sync.
    """

    operation: str
    action: Action
    environment: str
    version: str
    requester: Actor
    reason: str | None
    services: tuple[ServiceCase, ...]
    diff: tuple[str, ...]
    rule: ApprovalRule
    approved: tuple[Actor, ...]
    asked_at: datetime
    until: datetime
    end: End | None = None
    trouble: Problem | None = None
    whom: tuple[str, ...] = ()
    instead_of: tuple[str, ...] = ()
    retreats: tuple[Retreat, ...] = ()
    by_argocd: bool = False
    without_hooks: bool = False

    def ended_as(self, end: End | None, approved: tuple[Actor, ...]) -> "ApprovalCase":
        """Return the case with what people said of it so far."""
        return replace(self, end=end, approved=approved)


def end_of(  # noqa: PLR0911  # one for each end
    operation: Operation, decisions: Sequence[Decision]
) -> End | None:
    """Return how the wait of *operation* for approval ended; None while it waits.

    None also where something else ended it, which its problem says.
    """
    at, problem = operation.ended_at, operation.problem
    if at is None or problem is None:
        return None
    by = Actor(problem.facts.get("by", ""), GitHubUser(0, ""))
    match problem.reason:
        case Reason.REJECTED_BY:
            said = [one for one in decisions if isinstance(one, Rejection)]
            return Rejected(said[0].by, said[0].at, said[0].reason) if said else None
        case Reason.APPROVAL_EXPIRED:
            return Expired(at)
        case Reason.SUPERSEDED:
            return Superseded(problem.facts.get("operation", ""), by, at)
        case Reason.CANCELLED:
            return Cancelled(by, at)
        case Reason.PLAN_MOVED:
            named = problem.facts.get("moved", "").split(", ")
            return Void(tuple(part for part in Part if part.value in named), at)
        case _:
            return None


def unified(path: str, before: str, after: str) -> tuple[str, ...]:
    """Return how the text of *path* changes, as lines of a unified diff, without line ends."""
    lines = difflib.unified_diff(
        before.splitlines(), after.splitlines(), path, path, n=CONTEXT, lineterm=""
    )
    return tuple(lines)
