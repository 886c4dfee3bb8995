"""A rollback by Argo CD itself, around Git: may it be, to what, how far is it, and is it done.

Argo CD refuses its own rollback while auto-sync is on, and an owner of the application may switch
that on again at once. So much is decided here; nothing is asked.

Source: argo-cd v3.5.1 ``server/application/application.go``, Rollback.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, assert_never

from bot.domain.observation import (
    Health,
    Observation,
    OperationPhase,
    OperationState,
    OwnerKind,
)
from bot.domain.problems import Problem, Reason

COVERING = frozenset({"/spec", "/spec/syncPolicy", "/spec/syncPolicy/automated"})
"""JSON pointers by which an ApplicationSet leaves alone what we change."""

COVERING_JQ = frozenset({".spec", ".spec.syncPolicy", ".spec.syncPolicy.automated"})
LEAVES_ALONE = frozenset({"create-only", "create-delete"})
"""Policies of an ApplicationSet that never write an application again."""

SAYS_ENABLED = (3, 1)
"""The first version that knows ``automated.enabled``; older ones drop it without a word."""

PRE_SYNC = "PreSync"
BLOCKED = "blocked by sync window"
_VERSION = re.compile(r"v?(\d+)\.(\d+)")


# may it be


@dataclass(frozen=True, slots=True)
class SetRule:
    """What an ApplicationSet does: it *keeps* a changed sync policy, it *rolls* out itself."""

    keeps: bool
    rolls: bool = False


@dataclass(frozen=True, slots=True)
class Unread:
    """An owner could not be read, and *why* (plain text). It counts as one that reverts."""

    why: str


Ownership = SetRule | Observation | Unread | None
"""What is known of the owner: a set's rule, a parent application, or that it has none."""


def revert_feared(seen: Observation, owner: Ownership) -> Problem | None:
    """Return who would undo a changed sync policy of *seen*, or None."""
    facts = {"app": seen.name, "owner": seen.owner.name}
    if isinstance(owner, Unread):
        facts["detail"] = owner.why
    match seen.owner.kind:
        case OwnerKind.NONE:
            return Problem(Reason.HYDRATED, {"app": seen.name}) if seen.hydrated else None
        case OwnerKind.APPLICATION_SET:
            if isinstance(owner, SetRule) and owner.rolls:
                return Problem(Reason.ROLLED_BY_SET, facts)
            keeps = isinstance(owner, SetRule) and owner.keeps
            return None if keeps else Problem(Reason.REVERTED_BY_SET, facts)
        case OwnerKind.APPLICATION:
            keeps = isinstance(owner, Observation) and not owner.self_heal
            return None if keeps else Problem(Reason.REVERTED_BY_PARENT, facts)
        case _:
            assert_never(seen.owner.kind)


# to what


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of Argo CD's history, and the *tags* that Git had then, by service.

    A service whose tag nobody knows is left out.
    """

    id: int
    revisions: tuple[str, ...]
    tags: Mapping[str, str | None] = field(default_factory=dict)


def entry_for(
    entries: Sequence[Entry],
    wanted: Mapping[str, str],
    others: Mapping[str, str | None],
    app: str,
) -> Entry | Problem:
    """Return the newest of *entries* at which the *wanted* tags stood, and what *others* have now.

    An entry is the whole application: what else lives in it must not move along unasked. An
    *others* tag of None is one that nobody knows.
    """
    named = {"app": app, "wanted": ", ".join(f"{wanted[one]}" for one in sorted(wanted))}
    if not entries:
        return Problem(Reason.NO_ARGOCD_HISTORY, {"app": app})
    fit = [one for one in entries if all(one.tags.get(s) == tag for s, tag in wanted.items())]
    if not fit:
        known = {str(one.tags[s]) for one in entries for s in wanted if one.tags.get(s)}
        return Problem(Reason.NOT_IN_ARGOCD_HISTORY, {**named, "known": ", ".join(sorted(known))})
    newest_first = sorted(fit, key=lambda one: one.id, reverse=True)
    for one in newest_first:
        if not _moved_along(one, others):
            return one
    return Problem(Reason.OTHERS_MOVE_ALONG, {**named, **_along(newest_first[0], others)})


def _moved_along(entry: Entry, others: Mapping[str, str | None]) -> tuple[str, ...]:
    """Return who has another tag at *entry* than now, or one that is not known."""
    return tuple(s for s, tag in sorted(others.items()) if tag is None or entry.tags.get(s) != tag)


def _along(entry: Entry, others: Mapping[str, str | None]) -> dict[str, str]:
    """Return as facts who would move from which tag to which, and of whom that is not known."""
    moved = {s: (others[s], entry.tags.get(s)) for s in _moved_along(entry, others)}
    known = [f"{s}: {now} → {then}" for s, (now, then) in moved.items() if now and then]
    unknown = [s for s, (now, then) in moved.items() if not (now and then)]
    return {"along": ", ".join(known), "services": ", ".join(unknown)}


def skipped_hooks(seen: Observation) -> tuple[str, ...]:
    """Return what is known to run before a sync of *seen*, which Argo CD's rollback leaves out.

    The last sync tells of each hook when it ran; one that only stands there may be of any kind.

    Source: argo-cd v3.5.1 ``controller/sync.go``, SyncAppState; ``gitops-engine`` skips hooks where
    a rollback asks for the apply strategy.
    """
    ran = seen.operation_state.resources if seen.operation_state is not None else ()
    known = {one.label for one in ran if one.hook}
    before = {one.label for one in ran if one.hook == PRE_SYNC}
    stand = {one.label for one in seen.resources if one.hook}
    return tuple(sorted(before | (stand - known)))


# auto-sync


def is_on(policy: Mapping[str, Any] | None) -> bool:
    """Tell whether a sync policy syncs by itself."""
    automated = (policy or {}).get("automated")
    return isinstance(automated, Mapping) and automated.get("enabled") is not False


def switched_off(spec: Mapping[str, Any], version: str) -> dict[str, Any]:
    """Return *spec* without auto-sync, as a server of *version* needs it to be said.

    What an unknown version understands is that ``automated`` is not there.
    """
    policy = dict(spec.get("syncPolicy") or {})
    if not is_on(policy):
        return dict(spec)
    if says_enabled(version):
        policy["automated"] = {**policy["automated"], "enabled": False}
    else:
        del policy["automated"]
    return {**spec, "syncPolicy": policy}


def switched_on(spec: Mapping[str, Any], saved: Mapping[str, Any]) -> dict[str, Any]:
    """Return *spec* with the auto-sync of the *saved* policy; what else it says now stays."""
    policy = {**saved, **(spec.get("syncPolicy") or {}), "automated": saved["automated"]}
    return {**spec, "syncPolicy": policy}


def says_enabled(version: str) -> bool:
    """Tell whether a server of *version* knows ``automated.enabled``."""
    found = _VERSION.match(version)
    return found is not None and (int(found[1]), int(found[2])) >= SAYS_ENABLED


# is it done


@dataclass(frozen=True, slots=True)
class Asked:
    """A rollback of ours to *revisions*, asked for not before *since*, in the name *by*."""

    revisions: tuple[str, ...]
    since: datetime
    by: str


class Stand(StrEnum):
    """How far a rollback is."""

    NOT_BEGUN = "not_begun"  # nothing of ours is there
    GOING = "going"
    BLOCKED = "blocked"  # a sync window holds it
    ROLLING = "rolling"  # applied; the pods follow
    DONE = "done"
    FAILED = "failed"


def stand_of(
    seen: Observation, asked: Asked, running: Mapping[str, Collection[str]], new: Mapping[str, str]
) -> Stand:
    """Return how far the rollback *asked* is.

    *running* are the tags that run and *new* the one that is to, both by service. The status must
    be newer than the operation: two loops write it.

    Source: argo-cd v3.5.1 ``cmd/argocd/commands/app.go``, waitOnApplicationStatus.
    """
    if not is_under_way(seen, asked) and not _is_ours(seen.operation_state, asked):
        return Stand.NOT_BEGUN
    state = seen.operation_state
    if seen.operation is not None or state is None or not state.phase.completed:
        blocked = state is not None and BLOCKED in state.message
        return Stand.BLOCKED if blocked else Stand.GOING
    if state.phase is not OperationPhase.SUCCEEDED:
        return Stand.FAILED
    if not _is_fresh(seen, state) or seen.health is not Health.HEALTHY:
        return Stand.ROLLING
    proven = all(set(running.get(service, ())) == {tag} for service, tag in new.items())
    return Stand.DONE if proven else Stand.ROLLING


def is_under_way(seen: Observation, asked: Asked) -> bool:
    """Tell whether the rollback *asked* is taken and not done."""
    ordered = seen.operation
    return (
        ordered is not None
        and not ordered.automated
        and ordered.initiated_by == asked.by
        and ordered.revisions == asked.revisions
        and not ordered.infos
    )


def _is_ours(state: OperationState | None, asked: Asked) -> bool:
    """Tell whether *state* is that of the rollback; Argo CD's times are whole seconds, cut off."""
    return (
        state is not None
        and not state.automated
        and not state.dry_run
        and not state.infos
        and state.username == asked.by
        and state.revisions == asked.revisions
        and state.started_at is not None
        and state.started_at >= asked.since.replace(microsecond=0)
    )


def _is_fresh(seen: Observation, state: OperationState) -> bool:
    at, done = seen.reconciled_at, state.finished_at
    return at is not None and done is not None and at >= done


def synced_by_itself(seen: Observation, since: datetime) -> bool:
    """Tell whether an automatic operation began after *since*, or is about to."""
    if seen.operation is not None and seen.operation.automated:
        return True
    state = seen.operation_state
    begun = state.started_at if state is not None and state.automated else None
    return begun is not None and begun > since.replace(microsecond=0)


# what stays open


class ItemState(StrEnum):
    """How an open item stands. While it is written down only, nothing was switched."""

    SAVED = "saved"
    OFF = "off"


class Ending(StrEnum):
    """How an open item ended."""

    RESUMED = "resumed"  # by a person, through us
    UNDONE = "undone"  # the rollback did not come about, and auto-sync is as it was
    FOUND_ON = "found_on"  # somebody or something else switched it on
    NOT_NEEDED = "not_needed"  # nothing had been switched


@dataclass(frozen=True, slots=True)
class OpenItem:
    """Auto-sync of an application is off because of the rollback *operation*.

    *instance*, *namespace* and *app* name the application; *namespace* may be empty. *services*
    are the tags it went back to, by service. *saved* is the sync policy verbatim as it was before.
    *owner* is the Slack user who asked, and shall have it on again by *deadline*. *ending* is None
    while it stands.
    """

    number: int
    operation: str
    instance: str
    namespace: str
    app: str
    environment: str
    services: Mapping[str, str]
    saved: Mapping[str, Any]
    owner: str
    since: datetime
    deadline: datetime
    state: ItemState = ItemState.SAVED
    ending: Ending | None = None
    ended_by: str = ""

    @property
    def stands(self) -> bool:
        """Tell whether auto-sync may still be off by us."""
        return self.ending is None


OWED = timedelta(hours=24)
"""How long auto-sync may be off before everybody is reminded, not only who asked."""


def still_differs(
    in_git: Mapping[str, str | None], running: Mapping[str, Collection[str]]
) -> tuple[str, str, str] | None:
    """Return the first service whose tag in Git is not what runs, with both; None: all agree.

    Switched on, auto-sync brings out what Git says at once.
    """
    for service, tag in sorted(in_git.items()):
        runs = sorted(running.get(service, ()))
        if tag is not None and runs and runs != [tag]:
            return service, tag, ", ".join(runs)
    return None


def stops_others(items: Collection[OpenItem], services: Collection[str]) -> Problem | None:
    """Refuse a change by Git of *services* that would bring back what was rolled back.

    *items* are those of the applications that the change is of. With auto-sync off a change is
    synced by us, and with the whole of Git: what was rolled back, too, unless it is what changes.
    """
    for item in items:
        left = sorted(set(item.services) - set(services))
        if left:
            facts = {
                "app": item.app,
                "operation": item.operation,
                "services": ", ".join(left),
                "environment": item.environment,
                "service": left[0],
            }
            return Problem(Reason.AUTO_SYNC_OFF, facts)
    return None
