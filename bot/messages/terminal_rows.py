"""What a program reads of what people look at on a terminal: differences and Rollouts."""

from collections.abc import Mapping
from typing import Any

from bot.domain.differences import Difference, Named, Place, Side
from bot.domain.rollout import Rollout
from bot.domain.unknown import Unknown


def difference_row(found: Difference) -> Mapping[str, Any]:
    """Return what lies between the two sides; null with the reason where nobody could tell."""
    said = {"service": found.service, "source": found.source}
    sides = {"older": _side(found.older), "newer": _side(found.newer)}
    lying = found.lying
    if isinstance(lying, Unknown):
        silent: dict[str, Any] = {"ahead": None, "behind": None, "commits": [], "files": None}
        return {**said, **sides, **silent, "unknown": lying.why}
    commits = [
        {"sha": one.sha, "title": one.title, "author": one.author, "pull_request": one.pull_request}
        for one in lying.commits
    ]
    files = None if lying.files is None else list(lying.files)
    counts = {"ahead": lying.ahead, "behind": lying.behind}
    return {**said, **sides, **counts, "commits": commits, "files": files, "unknown": None}


def rollout_row(one: Rollout) -> Mapping[str, Any]:
    """Return how one Rollout stands."""
    return {
        "rollout": one.name,
        "namespace": one.namespace,
        "strategy": one.strategy.value,
        "phase": one.phase,
        "message": one.message,
        "new": list(one.new.images),
        "stable": list(one.stable.images),
        "step": one.step,
        "steps": one.steps,
        "weight": one.weight,
        "pods": {
            "desired": one.desired,
            "updated": one.updated,
            "ready": one.ready,
            "available": one.available,
        },
        "waits": one.waits,
        "aborted": one.aborted,
        "is_through": one.is_through,
    }


def _side(side: Side) -> Mapping[str, Any]:
    match side:
        case Place(environment, tags, in_git):
            known = None if isinstance(tags, Unknown) else list(tags)
            return {"environment": environment, "in_git": in_git, "tags": known}
        case Named(version, sha):
            return {"version": version, "sha": None if isinstance(sha, Unknown) else sha}
