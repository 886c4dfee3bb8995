"""Locks: nobody else deploys here, by a person, with a reason and usually an end."""

from dataclasses import dataclass
from datetime import datetime

from bot.domain.rights import Actor, GitHubUser

ALL = "*"
"""Stands for every service in a lock's target: ``*/prod``."""


@dataclass(frozen=True, slots=True)
class Lock:
    """*owner* holds *targets* (``core/prod``, ``*/prod``) for *reason*, in their own words.

    *until* is the first moment that it no longer holds; None: until it is taken away. A
    *warn_only* lock is said to people and stops nobody.
    """

    owner: Actor
    targets: frozenset[str]
    reason: str
    since: datetime
    until: datetime | None = None
    warn_only: bool = False


def expired(lock: Lock, at: datetime) -> bool:
    """Tell whether *lock* has come to its end by *at*."""
    return lock.until is not None and at >= lock.until


def environment_of(target: str) -> str:
    """Return the environment in *target* (``core/prod``)."""
    return target.rpartition("/")[2]


def covers(lock: Lock, target: str) -> bool:
    """Tell whether *target* (``core/prod``) is one that *lock* is about."""
    return target in lock.targets or f"{ALL}/{environment_of(target)}" in lock.targets


def concerns(lock: Lock, target: str, who: GitHubUser | None, at: datetime) -> bool:
    """Tell whether *lock* is another's, on *target*, now; *who* None is another to everybody."""
    theirs = who is not None and who.id == lock.owner.github.id
    return covers(lock, target) and not expired(lock, at) and not theirs


def holds_against(lock: Lock, target: str, who: GitHubUser | None, at: datetime) -> bool:
    """Tell whether *lock* keeps *who* from changing *target* at *at*."""
    return concerns(lock, target, who, at) and not lock.warn_only
