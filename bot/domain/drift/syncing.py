"""Whether what drifted may be synced by a click: what Git says would run at once."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from bot.domain.drift.items import DriftKind
from bot.domain.observation import Observation, OperationPhase, Sync, Windows
from bot.domain.rights import Actor
from bot.domain.rollback.going_back import names
from bot.domain.stops.freezes import Frozen
from bot.domain.stops.holds import WHOLE, Held
from bot.domain.stops.locks import Lock, holds_against

SYNCABLE = frozenset({DriftKind.OUT_OF_SYNC, DriftKind.WRONG_IMAGE})
"""The kinds that a sync may mend."""


class Bar(StrEnum):
    """Why not. The comment names the facts that come with each."""

    IN_ORDER = "in_order"  # app
    SYNCS_BY_ITSELF = "syncs_by_itself"  # app
    LEFT_OFF = "left_off"  # app, operation, service, environment
    UNDER_WAY = "under_way"  # app, operation (of ours; absent: somebody else's)
    WINDOW = "window"  # app, detail
    LOCKED = "locked"  # service, environment, by, detail
    FROZEN = "frozen"  # environment, detail
    HELD = "held"  # service, environment, tag, detail
    UNREAD = "unread"  # app, detail
    ASKED = "asked"  # app: by somebody else, a moment ago
    REFUSED = "refused"  # app, detail: Argo CD's own words


@dataclass(frozen=True, slots=True)
class Barred:
    """No sync, for this reason. Values of *facts* are plain, unescaped text."""

    bar: Bar
    facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Around:
    """What our own books and Git say around the application: *tags* are those in Git, by target."""

    locks: tuple[Lock, ...] = ()
    frozen: Frozen | None = None
    holds: tuple[Held, ...] = ()
    tags: Mapping[str, str | None] = field(default_factory=dict)
    operation: str = ""
    left_off_by: str = ""


def bar(
    app: str,
    targets: Iterable[str],
    who: Actor,
    seen: Observation,
    windows: Windows,
    around: Around,
    at: datetime,
) -> Barred | None:
    """Return why *who* may not sync *app*, which runs *targets* (``core/prod``); None: they may."""
    every = tuple(targets)
    service, _, environment = every[0].rpartition("/")
    if around.left_off_by:
        place = {"service": service, "environment": environment}
        return Barred(Bar.LEFT_OFF, {"app": app, "operation": around.left_off_by, **place})
    if around.operation:
        return Barred(Bar.UNDER_WAY, {"app": app, "operation": around.operation})
    return _kept(app, every, who, around, at) or _of_argocd(app, seen, windows)


def _of_argocd(app: str, seen: Observation, windows: Windows) -> Barred | None:
    """Return what Argo CD's own state says against a sync."""
    if seen.in_flight:
        return Barred(Bar.UNDER_WAY, {"app": app})
    if seen.sync is Sync.SYNCED:
        return Barred(Bar.IN_ORDER, {"app": app})
    if seen.auto_sync and not _has_failed(seen):
        return Barred(Bar.SYNCS_BY_ITSELF, {"app": app})
    if not windows.manual:
        return Barred(Bar.WINDOW, {"app": app, "detail": windows.detail})
    return None


def _kept(
    app: str, targets: tuple[str, ...], who: Actor, around: Around, at: datetime
) -> Barred | None:
    """Return what people have stopped of *targets*, or that nobody knows whether they have."""
    if around.frozen is not None:
        environment = targets[0].rpartition("/")[2]
        return Barred(Bar.FROZEN, {"environment": environment})
    for target in targets:
        service, _, environment = target.rpartition("/")
        place = {"service": service, "environment": environment}
        for lock in around.locks:
            if holds_against(lock, target, who.github, at):
                return Barred(Bar.LOCKED, {**place, "by": lock.owner.slack, "detail": lock.reason})
        tag = around.tags.get(target)
        for held in around.holds:
            if held.target != target:
                continue
            if held.hold.tag != WHOLE and not tag:
                unknown = f"the tag of {target} in Git cannot be read, and {held.hold.tag} is held"
                return Barred(Bar.UNREAD, {"app": app, "detail": unknown})
            if held.hold.tag == WHOLE or (tag and names(held.hold.tag, tag)):
                facts = {**place, "tag": tag or "", "detail": held.hold.reason}
                return Barred(Bar.HELD, facts)
    return None


def _has_failed(seen: Observation) -> bool:
    """Tell whether Argo CD has given up: it tries each commit once by itself."""
    state = seen.operation_state
    return state is not None and state.phase in {OperationPhase.FAILED, OperationPhase.ERROR}
