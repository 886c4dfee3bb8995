"""What an approver has to know to decide, read at one moment and frozen."""

import difflib
from dataclasses import dataclass
from datetime import datetime

from bot.domain.approval_rule import ApprovalRule
from bot.domain.approvals import Approved, Cancelled, Expired, Rejected, Superseded, Void
from bot.domain.checks import ChecksVerdict
from bot.domain.facts import NoEarlierHome, RanBefore, RunsNow
from bot.domain.locks import Lock
from bot.domain.operations import Change
from bot.domain.rights import Action, Actor
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


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was known of a plan when approval was asked for: it is kept and shown as it was.

    *diff* are the lines of the unified diff of all files.
    """

    requester: Actor
    services: tuple[ServiceCase, ...]
    diff: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ApprovalCase:
    """One plan that waits for approval, or did. *end* is None while it waits.

    *diff* are the lines of the unified diff of all files. *approved* are those who said yes so far.
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


def unified(path: str, before: str, after: str) -> tuple[str, ...]:
    """Return how the text of *path* changes, as lines of a unified diff, without line ends."""
    lines = difflib.unified_diff(
        before.splitlines(), after.splitlines(), path, path, n=CONTEXT, lineterm=""
    )
    return tuple(lines)
