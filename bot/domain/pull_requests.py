"""What a pull request of ours has come to, judged by what GitHub shows of it at one moment."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from bot.domain.operations import Kind, Operation, Phase, Pull

SOONEST = timedelta(seconds=5)
LATEST = timedelta(minutes=5)
"""The shortest and the longest pause between two looks at a pull request that nothing woke."""

SHARE = 8
"""Who has waited for eight minutes is looked after each minute."""

KEY = 8
"""So much of an operation's key stands in its branch: ids begin anew with a new database."""

BRANCHES = "shipmate/"


class PullState(StrEnum):
    """Where a pull request stands."""

    OPEN = "open"
    MERGED = "merged"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class PullSeen:
    """One pull request as GitHub shows it.

    *head* is the newest commit of its branch. *merged_as* is the commit that the base branch got,
    None while it is not merged. *by* is the login of who merged or closed it, empty where nobody
    can tell. *mergeable* is None while GitHub has not worked it out.
    """

    number: int
    url: str
    state: PullState
    head: str
    merged_as: str | None = None
    by: str = ""
    mergeable: bool | None = None


@dataclass(frozen=True, slots=True)
class Merged:
    """It is merged: the base branch got the commit *sha*, from *by*."""

    sha: str
    by: str


@dataclass(frozen=True, slots=True)
class Closed:
    """Somebody, *by*, closed it without merging."""

    by: str


@dataclass(frozen=True, slots=True)
class Taken:
    """It is open, and its branch is no longer ours: somebody else's *head* stands on it."""

    head: str


@dataclass(frozen=True, slots=True)
class Conflicts:
    """It is open and ours, and the base branch has changed in the same lines."""


@dataclass(frozen=True, slots=True)
class Waits:
    """It is open and ours. *ready* tells that nothing which GitHub shows keeps us from merging."""

    ready: bool


State = Merged | Closed | Taken | Conflicts | Waits


def judge(seen: PullSeen, pull: Pull) -> State:
    """Return what *pull*, which we opened, has come to by what is *seen* of it now."""
    match seen.state:
        case PullState.MERGED if seen.merged_as is not None:
            return Merged(seen.merged_as, seen.by)
        case PullState.CLOSED:
            return Closed(seen.by)
        case _ if seen.head != pull.head:
            return Taken(seen.head)
        case _ if seen.mergeable is False:
            return Conflicts()
        case _:
            return Waits(ready=pull.by_bot and seen.state is PullState.OPEN)


def next_look(waited: timedelta) -> timedelta:
    """Return the pause before the next look at a pull request that was open for *waited*."""
    return min(max(waited / SHARE, SOONEST), LATEST)


def newer_in_line(operation: Operation, others: Iterable[Operation]) -> Operation | None:
    """Return the newest of *others* that *operation*, which holds its targets, gives way to.

    A pull request may wait for days: it gives way to whatever was asked for later. What is being
    brought out gives way to a rollback: nobody waits for a bad version to arrive before it goes.
    A rollback on its way is waited for: two who go back at once go back once.
    """
    services = set(operation.request.services)
    rolls_out = operation.phase is Phase.FOLLOWING
    if rolls_out and operation.request.kind is Kind.ROLLBACK:
        return None
    waiting = [
        other
        for other in others
        if other.phase is Phase.QUEUED
        and other.request.environment == operation.request.environment
        and services & set(other.request.services)
        and other.number > operation.number
        and (other.request.kind is Kind.ROLLBACK or not rolls_out)
    ]
    return max(waiting, key=lambda other: other.number, default=None)


def branch_of(operation: Operation) -> str:
    """Return the name of the branch that is the operation's own, in every database."""
    return f"{BRANCHES}{operation.id.lower()}-{operation.key[:KEY]}"


def operation_of(branch: str) -> str | None:
    """Return the id of the operation that a *branch* may be of; None for another's branch."""
    name = branch.removeprefix("refs/heads/")
    if not name.startswith(BRANCHES):
        return None
    letter, _, rest = name.removeprefix(BRANCHES).partition("-")
    number, _, key = rest.partition("-")
    known = letter == "d" and number.isascii() and number.isdecimal() and len(key) == KEY
    return f"D-{number}" if known else None
