"""What has happened to an application: what was remembered and one look in, events out.

Looks come when something changed, at times late, doubled or out of order, and whatever lay between
two of them was missed. So an event is never a transition that somebody reported: it is a difference
between what was told last and what is true now. The end state is what counts.

Source: argo-cd v3.5.1, ``controller/appcontroller.go``: health and sync are written by another loop
than operations, so a verdict counts only when it was compared after the last operation ended.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from bot.domain.applications.signs import ImageChange, image_changes, sign_of
from bot.domain.observation import (
    Health,
    Observation,
    OperationPhase,
    OperationState,
    ResourceResult,
    Sync,
)

WELL_FOR = timedelta(seconds=30)
"""So long it must be well again before trouble is over: new pods may crash a moment later."""

SETTLED = timedelta(seconds=15)
"""So long auto-sync must stand otherwise: an ApplicationSet puts a spec back within a second."""

AGAIN = timedelta(seconds=30)
"""When to look again while an operation of ours is on the application."""

STALE = timedelta(seconds=10)
"""When to look again at a verdict from before the last operation ended."""

RELOOK = timedelta(minutes=5)
"""How often trouble is looked at although nothing says that it changed."""

AFTERMATH = timedelta(minutes=1)
"""What turns bad so shortly after a failed operation of ours is what it failed of."""

MOST_NAMED = 3
"""Resources that are named as failing."""

MACHINES = frozenset({"applicationset-controller"})
"""Users that are no persons, though Argo CD does not call their operations automated."""

_WELL = frozenset({Health.HEALTHY, Health.SUSPENDED})


class What(StrEnum):
    """What can happen to an application that people may want to hear of."""

    SYNC_SUCCEEDED = "sync_succeeded"
    SYNC_FAILED = "sync_failed"
    DEGRADED = "degraded"
    RECOVERED = "recovered"
    AUTO_SYNC_CHANGED = "auto_sync_changed"
    MANUAL_SYNC = "manual_sync"


@dataclass(frozen=True, slots=True)
class Event:
    """*what* happened, and *since* when it is so.

    *revisions* are those it is about, one per source. *by* is Argo CD's name for who did it, empty
    where nobody is known. *resource* and *message* say what fails, in outside words. *auto_sync*
    tells how auto-sync stands after it was changed.
    """

    what: What
    since: datetime
    revisions: tuple[str, ...] = ()
    by: str = ""
    images: tuple[ImageChange, ...] = ()
    resource: str = ""
    message: str = ""
    auto_sync: bool | None = None


@dataclass(frozen=True, slots=True)
class Finished:
    """A sync that succeeded and has not been told: *since* when, of which *revisions*."""

    since: datetime
    revisions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Remembered:
    """What is remembered of an application from look to look.

    *sign* is what a list would show of it, *version* Kubernetes' resourceVersion. *operation* is
    the start of the newest finished operation that was judged. *images* are those when it was last
    well. *auto_sync* is how it stood when that was last told, *switched_at* since when it stands
    otherwise. *unwell_since* is the first Degraded since it was well, *excused* that it is not to
    be told. *trouble* is what was told and still stands, *failed_at* and *failed* when which
    revisions failed to sync, *well_since* since when it seems to be over. *pending* is a success
    that waits for the application to be well.
    """

    uid: str
    sign: str = ""
    version: str = ""
    reconciled_at: datetime | None = None
    operation: datetime | None = None
    images: tuple[str, ...] = ()
    auto_sync: bool = False
    switched_at: datetime | None = None
    unwell_since: datetime | None = None
    excused: bool = False
    trouble: What | None = None
    failed_at: datetime | None = None
    failed: tuple[str, ...] = ()
    well_since: datetime | None = None
    pending: Finished | None = None


@dataclass(frozen=True, slots=True)
class OurOperation:
    """An operation of ours on this application, under way or over.

    *key* is what our syncs carry. *commit* is empty until there is one. It was on the application
    *since* then, and not any more after *ended*. *failed* tells whether its card says so. *around*:
    it is a rollback by Argo CD, which no commit tells. *within* are revisions that contain its
    commit.
    """

    id: str
    key: str
    commit: str
    since: datetime
    ended: datetime | None = None
    failed: bool = False
    around: bool = False
    within: frozenset[str] = frozenset()

    def has(self, revisions: Iterable[str]) -> bool:
        """Tell whether one of *revisions* is its commit or contains it."""
        known = self.within | {self.commit} - {""}
        return any(one in known for one in revisions)


@dataclass(frozen=True, slots=True)
class Ours:
    """What we ourselves do to the application.

    *auto_sync* tells whether a rollback of ours switches its auto-sync, or just has.
    """

    operations: tuple[OurOperation, ...] = ()
    auto_sync: bool = False

    @property
    def on_it(self) -> bool:
        """Tell whether an operation of ours is on the application now."""
        return any(one.ended is None for one in self.operations)

    def brought(self, revisions: Iterable[str]) -> str:
        """Return the id of the operation whose commit *revisions* are, or nothing."""
        known = set(revisions) - {""}
        return next((one.id for one in self.operations if one.commit in known), "")


@dataclass(frozen=True, slots=True)
class Judged:
    """What a look means: *after* is to be remembered, *events* are to be told.

    *again* is when to look without being told to, or None. *replaced*: another application has
    taken the name, so that whatever stood of the former is over.
    """

    after: Remembered
    events: tuple[Event, ...] = ()
    again: datetime | None = None
    replaced: bool = False


@dataclass(slots=True)
class _Look:
    """One look while it is judged; *after* grows from rule to rule."""

    seen: Observation
    ours: Ours
    quiet: timedelta
    now: datetime
    after: Remembered
    events: list[Event] = field(default_factory=list)
    due: list[datetime] = field(default_factory=list)

    def tell(
        self,
        what: What,
        since: datetime,
        revisions: tuple[str, ...],
        *,
        by: str = "",
        resource: str = "",
        message: str = "",
    ) -> None:
        images = image_changes(self.after.images, self.seen.images)
        event = Event(what, since, revisions, by, images, resource, message)
        self.events.append(event)


def judge(
    before: Remembered | None, seen: Observation, ours: Ours, quiet: timedelta, now: datetime
) -> Judged:
    """Return what *seen* means after what was remembered *before*.

    The first sight of an application makes no event. Nor does what an operation of ours has caused:
    that is told on its card. It must be Degraded for *quiet* before that is told.
    """
    if before is None or before.uid != seen.uid:
        return Judged(first_sight(seen), replaced=before is not None)
    if is_older(before, seen):
        return Judged(before)
    look = _Look(seen, ours, quiet, now, before)
    _auto_sync(look)
    _operation(look)
    _health(look)
    _recovery(look)
    _success(look)
    _unfinished(look)
    after = replace(
        look.after,
        sign=sign_of(seen),
        version=seen.resource_version,
        reconciled_at=seen.reconciled_at,
    )
    if _is_well(seen) and fresh(seen):
        after = replace(after, images=seen.images)
    return Judged(after, tuple(look.events), min(look.due, default=None))


def first_sight(seen: Observation) -> Remembered:
    """Return what is remembered of an application that was never seen before."""
    state = seen.operation_state
    unwell = seen.health is Health.DEGRADED
    return Remembered(
        uid=seen.uid,
        sign=sign_of(seen),
        version=seen.resource_version,
        reconciled_at=seen.reconciled_at,
        operation=state.started_at if state is not None and state.phase.completed else None,
        images=seen.images if _is_well(seen) and fresh(seen) else (),
        auto_sync=seen.auto_sync,
        unwell_since=seen.health_since if unwell else None,
        excused=unwell,
    )


def is_older(before: Remembered, seen: Observation) -> bool:
    """Tell whether *seen* is from before what is remembered.

    Versions are numbers that grow; one alone is not believed, for a restored cluster counts anew.
    """
    if not before.version.isdecimal() or not seen.resource_version.isdecimal():
        return _is_before(seen.reconciled_at, before.reconciled_at)
    if int(seen.resource_version) >= int(before.version):
        return False
    return not _is_before(before.reconciled_at, seen.reconciled_at)


def fresh(seen: Observation) -> bool:
    """Tell whether sync and health were compared after the last operation ended."""
    state = seen.operation_state
    if state is None or state.dry_run:
        return state is None or state.phase.completed
    if not state.phase.completed:
        return False
    if state.finished_at is None:
        return True
    return seen.reconciled_at is not None and seen.reconciled_at >= state.finished_at


# the rules


def _auto_sync(look: _Look) -> None:
    """Auto-sync stands otherwise than was told, and stays so; ours is told by our rollback."""
    after, seen = look.after, look.seen
    if seen.auto_sync == after.auto_sync:
        look.after = replace(after, switched_at=None)
        return
    since = after.switched_at or look.now
    look.after = replace(after, switched_at=since)
    if look.ours.auto_sync:
        look.after = replace(after, auto_sync=seen.auto_sync, switched_at=None)
    elif look.now - since < SETTLED:
        look.due.append(since + SETTLED)
    else:
        event = Event(What.AUTO_SYNC_CHANGED, since, auto_sync=seen.auto_sync)
        look.events.append(event)
        look.after = replace(after, auto_sync=seen.auto_sync, switched_at=None)


def _operation(look: _Look) -> None:
    """A newer operation has ended: a success waits, a failure and a person's sync are told."""
    state, after = look.seen.operation_state, look.after
    if state is None or not state.phase.completed or state.started_at is None:
        return
    if after.operation is not None and state.started_at <= after.operation:
        return
    look.after = after = replace(after, operation=state.started_at, pending=None)
    if state.dry_run or _is_ours(look.ours, state):
        return
    ended = state.finished_at or look.now
    if state.phase is not OperationPhase.SUCCEEDED:
        resource, message = _failure(state)
        look.tell(
            What.SYNC_FAILED,
            ended,
            state.revisions,
            by=_person(state),
            resource=resource,
            message=message,
        )
        trouble = after.trouble or What.SYNC_FAILED
        look.after = replace(
            after, trouble=trouble, failed_at=ended, failed=state.revisions, well_since=None
        )
    elif _person(state):
        look.tell(What.MANUAL_SYNC, ended, state.revisions, by=_person(state))
    elif not state.partial:  # A partial one is self-heal's, which is routine.
        look.after = replace(after, pending=Finished(ended, state.revisions))


def _health(look: _Look) -> None:
    """Degraded for long enough, not excused, and no operation of ours on it."""
    seen, after = look.seen, look.after
    if _is_well(seen):
        look.after = replace(after, unwell_since=None, excused=False)
        return
    if seen.health is not Health.DEGRADED:
        return  # Progressing, Missing or Unknown: neither good nor bad, and the spell goes on.
    since = after.unwell_since or seen.health_since or look.now
    look.after = after = replace(after, unwell_since=since, well_since=None)
    if after.excused or after.trouble is What.DEGRADED:
        return
    if look.ours.on_it:
        look.due.append(look.now + AGAIN)
    elif _is_our_wound(look.ours, seen, since):
        look.after = replace(after, excused=True, pending=None)
    elif look.now - since < look.quiet:
        look.due.append(since + look.quiet)
    else:
        resource, message = _wound(seen)
        look.tell(What.DEGRADED, since, seen.revisions, resource=resource, message=message)
        look.after = replace(after, trouble=What.DEGRADED, pending=None)


def _recovery(look: _Look) -> None:
    """Trouble that was told is over, and stays so for a moment."""
    seen, after = look.seen, look.after
    if after.trouble is None:
        return
    if not (_is_well(seen) and fresh(seen) and _is_synced_again(look)):
        look.after = replace(after, well_since=None)
        return
    since = after.well_since or look.now
    look.after = replace(after, well_since=since)
    if look.now - since < WELL_FOR:
        look.due.append(since + WELL_FOR)
        return
    look.tell(What.RECOVERED, since, seen.revisions)
    look.after = replace(
        after, trouble=None, failed_at=None, failed=(), well_since=None, pending=None
    )


def _is_synced_again(look: _Look) -> bool:
    """Tell whether the sync that failed no longer matters.

    A failed hook leaves the application Synced, so that alone is no sign at the same revision.
    """
    seen, after = look.seen, look.after
    if after.failed_at is None:
        return True
    state = seen.operation_state
    done = state is not None and state.phase is OperationPhase.SUCCEEDED and not state.dry_run
    if done and state is not None and (state.finished_at or look.now) > after.failed_at:
        return True
    return seen.sync is Sync.SYNCED and seen.revisions != after.failed


def _success(look: _Look) -> None:
    """A sync that succeeded is told once the application is well on it."""
    pending = look.after.pending
    if pending is None or look.after.trouble is not None:
        return
    if _is_well(look.seen) and fresh(look.seen):
        look.tell(What.SYNC_SUCCEEDED, pending.since, pending.revisions)
        look.after = replace(look.after, pending=None)


def _unfinished(look: _Look) -> None:
    """What is not through is looked at again, also where nothing says that it changed."""
    after, state = look.after, look.seen.operation_state
    ended = state is not None and state.phase.completed
    if after.pending is not None and ended and not fresh(look.seen):
        look.due.append(look.now + STALE)
    if after.trouble is not None:
        look.due.append(look.now + (RELOOK if fresh(look.seen) or not ended else STALE))


# what is asked of a look


def _is_well(seen: Observation) -> bool:
    return seen.health in _WELL


def _is_before(one: datetime | None, other: datetime | None) -> bool:
    return one is not None and other is not None and one < other


def _person(state: OperationState) -> str:
    """Return whom Argo CD names as having asked for it, or nothing where a machine has."""
    return "" if state.automated or state.username in MACHINES else state.username


def _is_ours(ours: Ours, state: OperationState) -> bool:
    """Tell whether *state* is of a sync that an operation of ours caused.

    A newer commit that contains ours is ours as long as our card follows it. Our own commit's
    automatic sync is always ours; a person's one after our end is theirs.
    """
    carried = set(state.infos.values())
    began = state.started_at
    for one in ours.operations:
        if one.key in carried:
            return True
        during = began is not None and began >= one.since.replace(microsecond=0)
        during = during and (one.ended is None or (began is not None and began <= one.ended))
        if during and (one.around or one.has(state.revisions)):
            return True
        if not _person(state) and one.commit and one.commit in state.revisions:
            return True
    return False


def _is_our_wound(ours: Ours, seen: Observation, since: datetime) -> bool:
    """Tell whether a failed operation of ours has told of this on its card."""
    for one in ours.operations:
        if not one.failed or one.ended is None:
            continue
        began = one.since <= since <= one.ended + AFTERMATH
        if began or (one.commit and one.commit in seen.revisions):
            return True
    return False


def _failure(state: OperationState) -> tuple[str, str]:
    """Return which objects failed and what was said of it."""
    failed: list[ResourceResult] = [one for one in state.resources if one.failed]
    said = "; ".join(dict.fromkeys(one.message for one in failed[:MOST_NAMED] if one.message))
    return _named([one.label for one in failed]), said or state.message


def _wound(seen: Observation) -> tuple[str, str]:
    """Return which objects are Degraded and what is said of them."""
    wounded = [one for one in seen.resources if one.health is Health.DEGRADED]
    said = "; ".join(dict.fromkeys(one.message for one in wounded[:MOST_NAMED] if one.message))
    return _named([one.label for one in wounded]), said


def _named(labels: list[str]) -> str:
    more = f" and {len(labels) - MOST_NAMED} more" if len(labels) > MOST_NAMED else ""
    return ", ".join(labels[:MOST_NAMED]) + more
