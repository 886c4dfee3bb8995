"""The fingerprint of a plan: what an approval is bound to, part by part.

Each part has a digest of its own, so that a plan that no longer holds can say what moved.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from bot.domain.catalog import Target
from bot.domain.environment_policy import EnvironmentPolicy
from bot.domain.operations import Plan
from bot.domain.rights import Action


class Part(StrEnum):
    """What a plan is made of, in the order people are told that it moved."""

    ACTION = "action"  # deploy, promote, rollback; and the environment
    TARGETS = "targets"  # the services, their images and applications
    FILES = "files"  # repository, branch, paths, and the places in the files
    VALUES = "values"  # the tags that stand there now
    TAGS = "tags"  # the tags that will stand there
    BLOBS = "blobs"  # the whole text of each file that is touched
    COMMIT = "commit"  # the commit that the version named
    TEMPLATES = "templates"  # how tags are made; the order says which is tried first
    POLICY = "policy"  # what the environment asks of a deploy
    IMAGE = "image"  # what the registry has under the new tag: beside the plan, see ``evidence``


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """One SHA-256 in hex for each part of the plan itself, in the order of ``Part``."""

    parts: tuple[tuple[Part, str], ...]

    @property
    def digest(self) -> str:
        """Return the digest of the whole plan, 64 hex digits."""
        return _sha256([[part.value, digest] for part, digest in self.parts])


def fingerprint(
    action: Action, plan: Plan, targets: Iterable[Target], policy: EnvironmentPolicy
) -> Fingerprint:
    """Return the fingerprint of *plan*, whatever the order of its changes and *targets*."""
    places = sorted(targets, key=lambda target: target.name)
    changes = sorted(plan.changes, key=lambda change: (change.service, change.file))
    contents: Mapping[Part, Any] = {
        Part.ACTION: [action.value, policy.name],
        Part.TARGETS: [
            [target.name, target.source, target.image, repr(target.application)]
            for target in places
        ],
        Part.FILES: [
            plan.repo,
            plan.branch,
            [[change.service, change.file] for change in changes],
            [[target.name, repr(target.location)] for target in places],
        ],
        Part.VALUES: [[change.service, change.file, change.old] for change in changes],
        Part.TAGS: [[change.service, change.file, change.new] for change in changes],
        Part.BLOBS: sorted({(change.file, change.blob) for change in changes}),
        Part.COMMIT: [plan.source, plan.commit],
        Part.TEMPLATES: [[target.name, [str(tag) for tag in target.tags]] for target in places],
        Part.POLICY: canonical_policy(policy),
    }
    return Fingerprint(tuple((part, _sha256(content)) for part, content in contents.items()))


def moved(then: Fingerprint, now: Fingerprint) -> tuple[Part, ...]:
    """Return the parts that differ; a part that one of them lacks differs."""
    before, after = dict(then.parts), dict(now.parts)
    if before == after:
        return ()
    return tuple(part for part in Part if before.get(part) != after.get(part))


def canonical_policy(policy: EnvironmentPolicy) -> list[Any]:
    """Return everything *policy* says, as JSON can write it, sets in a steady order."""
    rules = [
        None
        if rule is None
        else [
            rule.count,
            sorted(rule.teams),
            rule.self_ok,
            rule.authors_ok,
            rule.expires.total_seconds(),
        ]
        for rule in (policy.approvals, policy.rollback_approvals)
    ]
    tags = [sorted(policy.tags.deny), sorted(policy.tags.require), policy.tags.moving_ok]
    freezes = sorted(repr(freeze) for freeze in policy.freezes)
    back = policy.auto_rollback
    return [
        policy.name,
        policy.after,
        policy.soak.total_seconds(),
        rules,
        tags,
        sorted(policy.required_checks),
        sorted(policy.unchecked),
        freezes,
        policy.freeze_stops_rollback,
        policy.diverged_ok,
        policy.change.value,
        # Only where it is configured, so that what was asked for by an older version still holds.
        *([] if back is None else [back.after.total_seconds(), back.grace.total_seconds()]),
    ]


def _sha256(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=True, separators=(",", ":"), sort_keys=True)
    return hashlib.sha256(text.encode("ascii")).hexdigest()
