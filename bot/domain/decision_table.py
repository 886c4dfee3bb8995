"""The decision table: what a look at an Argo CD application means for our commit.

One rule per row or group of rows, tried top down; the first that answers decides. *T* is our
commit; a revision *has* T when it is T or contains it. Each rule's docstring names its rows, and
each row has its line in ``tests/domain/test_following.py``.

Source: argo-cd v3.5.1, ``controller/appcontroller.go``, ``controller/sync.go``,
``controller/state.go``: two loops write the status independently, so each row first asks whether
what it reads is fresh.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import assert_never

from bot.domain.image_proof import Found, Proof, by_pods, by_workloads, carriers
from bot.domain.observation import (
    MAKES_PODS,
    Health,
    Observation,
    OperationPhase,
    OperationState,
    Sync,
)
from bot.domain.operations import Stage
from bot.domain.problems import Problem, Reason
from bot.domain.verdict import Ask, Evidence, Expectation, Relation, Verdict, Watched

BLOCKED_FLASH = timedelta(seconds=15)
"""The controller's first pass judges a manual sync as automatic, so "blocked" may flash."""

REFRESH_EVERY = timedelta(seconds=60)
"""Argo CD polls Git every 120 s plus jitter; asking more often than this loads its repo server."""

RENDER_REFRESHES = 3
RENDER_REFRESH_EVERY = timedelta(seconds=20)
RENDER_GRACE = timedelta(seconds=60)
"""Manifests must fail to render over three refreshes and this long before it is an end."""

REWRITE_GRACE = timedelta(seconds=30)
"""An application may still stand on a line that was rewritten before our commit."""

PENDING_GRACE = timedelta(seconds=60)
"""How long auto-sync may take to start after it saw our commit."""

DRIFT_GRACE = timedelta(seconds=10)
"""OutOfSync right after a successful sync is usually a status not yet written."""

SYNC_EVERY = timedelta(seconds=60)
"""How long a sync we asked for may take to show up before we ask again."""

LOST_GRACE = timedelta(seconds=120)
"""A running state without an operation is a lost update only when it stays.

Source: https://github.com/argoproj/argo-cd/issues/17155
"""

NOT_LIVE_GRACE = timedelta(seconds=30)
"""The list of images is at times stale; this long after a hard refresh it is believed."""

TERMINATE_EVERY = timedelta(seconds=20)
"""Between two wishes to end a sync: until Argo CD has picked the sync up it cannot end it."""

DEGRADED_GRACE = timedelta(seconds=90)
"""Between 60 and 120 s: a new pod may crash once before what it needs is up."""

DOOMED_GRACE = timedelta(seconds=15)
"""The same for a reason from which Kubernetes does not come back by itself."""

_DOOMED = (
    "ProgressDeadlineExceeded",
    "exceeded its progress deadline",
    "RolloutAborted",
    "CrashLoopBackOff",
)
_UNRENDERED = frozenset({"ComparisonError", "InvalidSpecError", "UnknownError"})
_PASSING = (
    "code = Unavailable",
    "connection refused",
    "connection reset",
    "i/o timeout",
    "deadline exceeded",
    "no such host",
    "TLS handshake timeout",
)
_HAS = frozenset({Relation.SAME, Relation.CONTAINS})
_BEST_FIRST = (Relation.SAME, Relation.CONTAINS, Relation.OLDER, Relation.DIVERGED)
_NEVER_STARTS_PODS_BY_ITSELF = frozenset({"CronJob"})


@dataclass(frozen=True, slots=True)
class Look:
    """Everything a rule may know: what is *seen*, *wanted* and remembered from *before*."""

    seen: Observation
    wanted: Expectation
    relations: Mapping[str, Relation]
    before: Watched
    now: datetime
    evidence: Evidence = field(default_factory=Evidence)

    def held(self, name: str) -> timedelta:
        """Return how long the condition *name* has held without a break; zero if it is new."""
        return self.now - self.before.since.get(name, self.now)

    def asked(self, ask: Ask, row: str) -> int:
        """Return how often *ask* has been made for *row*."""
        return self.before.asks.get(f"{ask}:{row}", 0)

    def due(self, ask: Ask, row: str, every: timedelta) -> Ask:
        """Return *ask* when it was not made for *row* within *every*, else NOTHING."""
        last = self.before.asked_at.get(f"{ask}:{row}")
        return ask if last is None or self.now - last >= every else Ask.NOTHING

    def relation(self, revisions: tuple[str, ...]) -> Relation:
        """Return how *revisions*, one per source, stand to our commit: the nearest one counts.

        Sources of other repositories are unknown to ours, so they never decide.
        """
        found = {self._relation(self._dry(revision)) for revision in revisions}
        return next((one for one in _BEST_FIRST if one in found), Relation.UNKNOWN)

    def _relation(self, revision: str) -> Relation:
        if revision and revision == self.wanted.commit:
            return Relation.SAME
        return self.relations.get(revision, Relation.UNKNOWN)

    def _dry(self, revision: str) -> str:
        hydrated = self.seen.hydrated
        if hydrated is None:
            return revision
        return hydrated.dry if revision == hydrated.wet else ""

    @property
    def ended(self) -> OperationState | None:
        """Return the last operation if it is over, had T and was no rehearsal or part."""
        state = self.seen.operation_state
        if state is None or not state.phase.completed or state.dry_run or state.partial:
            return None
        return state if self.relation(state.revisions) in _HAS else None

    @property
    def fresh(self) -> bool:
        """Tell whether sync and health were compared after the last operation ended."""
        state = self.seen.operation_state
        if state is None or state.dry_run:
            return state is None or state.phase.completed
        if not state.phase.completed:
            return False
        if state.finished_at is None:
            return True
        reconciled = self.seen.reconciled_at
        return reconciled is not None and reconciled >= state.finished_at

    def problem(self, reason: Reason, **facts: str) -> Problem:
        """Return the problem with the application's name among its facts."""
        return Problem(reason, {"app": self.seen.name, **facts})


Rule = Callable[[Look], Verdict | None]


def deleting(look: Look) -> Verdict | None:
    """Row 2."""
    if not look.seen.deleting:
        return None
    return Verdict("2", Stage.FAILED, final=True, problem=look.problem(Reason.APP_DELETING))


def in_flight(look: Look) -> Verdict | None:
    """Rows 3a to 3d, and 3e: a running state whose operation was lost."""
    seen = look.seen
    if not seen.in_flight:
        return None
    state = seen.operation_state
    running = state if state is not None and not state.phase.completed else None
    message = running.message if running else ""
    revisions = _flying(look, running)
    relation = look.relation(revisions)
    if _ours(look, running):
        relation = Relation.SAME
    behind = relation in {Relation.OLDER, Relation.DIVERGED}
    stage = Stage.SYNCING if relation in _HAS else Stage.WAITING
    queued = look.problem(Reason.QUEUED_BEHIND, revision=_first(revisions), detail=message)
    if "blocked by sync window" in message and look.held("blocked") >= BLOCKED_FLASH:
        closed = look.problem(Reason.WINDOW_CLOSED, detail=message)
        return Verdict("3a", Stage.WAITING, problem=closed, detail=message)
    if running is not None and running.finished_at is not None:
        # A retry of something older keeps ours waiting: that is what people need to know.
        retrying = queued if behind else look.problem(Reason.RETRYING, detail=message)
        return Verdict("3b", stage, problem=retrying, ask=_stop(look, "3b", behind), detail=message)
    if seen.operation is None and look.held("lost") >= LOST_GRACE:
        ask = look.due(Ask.SYNC, "3e", SYNC_EVERY)
        return Verdict("3e", stage, problem=queued if behind else None, ask=ask, detail=message)
    if relation not in _HAS:
        problem = queued if behind else None
        return Verdict("3c", stage, problem=problem, ask=_stop(look, "3c", behind), detail=message)
    return Verdict("3d", stage, detail=message or _latest_result(running))


def _stop(look: Look, row: str, behind: bool) -> Ask:  # noqa: FBT001  # a fact of the row
    """Return the wish to end what is *behind* us, where we take it back.

    A retrying sync of the bad commit blocks the one that reverts it.

    Source: https://github.com/argoproj/argo-cd/issues/11494
    """
    if not (look.wanted.goes_back and behind):
        return Ask.NOTHING
    return look.due(Ask.TERMINATE, row, TERMINATE_EVERY)


def _flying(look: Look, running: OperationState | None) -> tuple[str, ...]:
    ordered = look.seen.operation
    if running is not None and running.revisions:
        return running.revisions
    return ordered.revisions if ordered is not None else ()


def _ours(look: Look, running: OperationState | None) -> bool:
    ordered = look.seen.operation
    infos = running.infos if running is not None else ordered.infos if ordered is not None else {}
    return bool(look.wanted.key) and look.wanted.key in infos.values()


def _latest_result(running: OperationState | None) -> str:
    if running is None or not running.resources:
        return ""
    last = running.resources[-1]
    return f"{last.label}: {last.message or last.hook_phase or last.status}"


def cannot_render(look: Look) -> Verdict | None:
    """Row 4. What a repo server out of reach causes passes by itself, so it is no end."""
    broken = [one for one in look.seen.conditions if one.kind in _UNRENDERED]
    if not broken and look.seen.sync is not Sync.UNKNOWN:
        return None
    detail = broken[0].message if broken else ""
    problem = look.problem(Reason.CANNOT_RENDER, detail=detail)
    passing = any(words in detail for words in _PASSING)
    tried = look.asked(Ask.REFRESH, "4") >= RENDER_REFRESHES
    if tried and not passing and look.held("row:4") >= RENDER_GRACE:
        return Verdict("4", Stage.FAILED, final=True, problem=problem)
    every = REFRESH_EVERY if tried else RENDER_REFRESH_EVERY
    return Verdict("4", Stage.WAITING, problem=problem, ask=look.due(Ask.REFRESH, "4", every))


def not_ours_yet(look: Look) -> Verdict | None:
    """Rows 5a and 5b, and 5u: nobody could tell how the revision stands to ours."""
    revisions = look.seen.revisions
    relation = look.relation(revisions)
    match relation:
        case Relation.SAME | Relation.CONTAINS:
            return None
        case Relation.OLDER:
            return _not_observed(look)
        case Relation.DIVERGED:
            return _rewritten(look, revisions)
        case Relation.UNKNOWN:
            if not any(revisions):
                return _not_observed(look)
            ask = look.due(Ask.REFRESH, "5u", REFRESH_EVERY)
            return Verdict("5u", Stage.WAITING, ask=ask)
        case _:
            assert_never(relation)


def _not_observed(look: Look) -> Verdict:
    ask = look.due(Ask.REFRESH, "5a", REFRESH_EVERY)
    return Verdict("5a", Stage.WAITING, problem=look.problem(Reason.NOT_OBSERVED), ask=ask)


def _rewritten(look: Look, revisions: tuple[str, ...]) -> Verdict:
    problem = look.problem(Reason.OVERTAKEN, revision=_first(revisions))
    if look.asked(Ask.REFRESH, "5b") and look.held("row:5b") >= REWRITE_GRACE:
        return Verdict("5b", Stage.FAILED, final=True, problem=problem)
    ask = look.due(Ask.REFRESH, "5b", REFRESH_EVERY)
    return Verdict("5b", Stage.WAITING, problem=look.problem(Reason.NOT_OBSERVED), ask=ask)


def out_of_sync(look: Look) -> Verdict | None:
    """Rows 6a to 6d. None for 6d: deployed with drift goes on to row 8."""
    if look.seen.sync is not Sync.OUT_OF_SYNC:
        return None
    ended = look.ended
    if ended is not None and not look.fresh:
        return stale(look)
    if ended is not None and ended.phase is not OperationPhase.SUCCEEDED:
        return _sync_failed(look, ended)
    if ended is not None:
        waits = look.held("drift") < DRIFT_GRACE
        return Verdict("6d", Stage.SYNCING) if waits else None
    return _auto_sync_pending(look) if look.seen.auto_sync else _needs_sync(look)


def _sync_failed(look: Look, ended: OperationState, row: str = "6a") -> Verdict:
    failed = [one for one in ended.resources if one.failed]
    detail = "; ".join(one.message for one in failed if one.message) or ended.message
    resource = ", ".join(one.label for one in failed)
    problem = look.problem(Reason.SYNC_FAILED, detail=detail, resource=resource)
    return Verdict(row, Stage.FAILED, final=True, problem=problem)


def _needs_sync(look: Look) -> Verdict:
    ask = look.due(Ask.SYNC, "6b", SYNC_EVERY)
    windows = look.evidence.windows
    if windows is not None and not windows.manual:
        closed = look.problem(Reason.WINDOW_CLOSED, detail=windows.detail)
        return Verdict("6b", Stage.WAITING, problem=closed, ask=Ask.WINDOWS)
    if ask is Ask.NOTHING:
        ask = Ask.WINDOWS  # We asked and nothing started: a closed window is the usual reason.
    return Verdict("6b", Stage.WAITING, problem=look.problem(Reason.NEEDS_SYNC), ask=ask)


def _auto_sync_pending(look: Look) -> Verdict | None:
    if _only_pruning_is_left(look.seen):
        return None  # Auto-sync never starts for that alone, so what is ours is applied: row 6d.
    windows = look.evidence.windows
    if windows is not None and not windows.automatic:
        closed = look.problem(Reason.WINDOW_CLOSED, detail=windows.detail)
        return Verdict("6c", Stage.WAITING, problem=closed, ask=Ask.WINDOWS)
    if look.held("row:6c") < PENDING_GRACE:
        return Verdict("6c", Stage.WAITING)
    refused = _refused_by_auto_sync(look)
    if refused:
        problem = look.problem(Reason.SYNC_FAILED, detail=refused, resource="")
        return Verdict("6c", Stage.FAILED, final=True, problem=problem)
    return Verdict("6c", Stage.WAITING, ask=Ask.WINDOWS)


def _only_pruning_is_left(seen: Observation) -> bool:
    """Source: argo-cd v3.5.1 ``controller/appcontroller.go``, autoSync."""
    differing = [one for one in seen.resources if one.sync is Sync.OUT_OF_SYNC]
    prunes = all(one.requires_pruning for one in differing)
    return bool(differing) and prunes and not seen.auto_prune


def _refused_by_auto_sync(look: Look) -> str:
    """Return Argo CD's words when it tried our revision once and will not again."""
    tried = {look.wanted.commit, *look.seen.revisions} - {""}
    for one in look.seen.conditions:
        if one.kind == "SyncError" and any(revision in one.message for revision in tried):
            return one.message
    return ""


def failed_after_applying(look: Look) -> Verdict | None:
    """Row 6e: Synced, but a hook of our own operation failed, such as a PostSync smoke test.

    The table goes on to row 8 there. People must not be told that all is well when the last check
    they wrote themselves said no.
    """
    ended = look.ended
    if look.seen.sync is not Sync.SYNCED or ended is None or not look.fresh:
        return None
    if ended.phase is OperationPhase.SUCCEEDED:
        return None
    hook_failed = any(one.failed and one.hook for one in ended.resources)
    return _sync_failed(look, ended, "6e") if hook_failed else None


def stale(look: Look) -> Verdict | None:
    """Row 7."""
    if look.fresh:
        return None
    return Verdict("7", Stage.SYNCING, ask=look.due(Ask.REFRESH, "7", REFRESH_EVERY))


def health(look: Look) -> Verdict | None:
    """Rows 8a to 8g."""
    match look.seen.health:
        case Health.HEALTHY:
            return _proven(look)
        case Health.PROGRESSING:
            return Verdict("8c", Stage.ROLLING, detail=_told(look.seen, Health.PROGRESSING))
        case Health.SUSPENDED:
            return _suspended(look)
        case Health.DEGRADED:
            return _degraded(look)
        case Health.MISSING | Health.UNKNOWN as worst:
            return Verdict("8g", Stage.ROLLING, detail=_told(look.seen, worst))
        case _ as never:
            assert_never(never)


def found(look: Look) -> Found:
    """Return what is known of the running image: pods first, templates where pods leave doubt."""
    pods = by_pods(look.seen.images, look.wanted)
    workloads = look.evidence.workloads
    if pods.proof is Proof.PROVEN or workloads is None:
        return pods
    templates = by_workloads(workloads, look.wanted)
    return pods if templates.proof is Proof.ABSENT else templates


def _proven(look: Look) -> Verdict:
    """Rows 8a and 8b; 8b.mixed while old pods end, which a blue-green takes 30 s for at least."""
    what = found(look)
    if what.proof is Proof.PROVEN:
        newer = look.relation(look.seen.revisions) is not Relation.SAME
        return Verdict(
            "8a",
            Stage.LIVE,
            drift=look.seen.sync is not Sync.SYNCED,
            newer=_first(look.seen.revisions) if newer else "",
            ask=Ask.WORKLOADS if look.evidence.workloads is not None else Ask.NOTHING,
        )
    if what.proof in {Proof.MIXED, Proof.SETTLING}:
        return Verdict("8b.mixed", Stage.ROLLING, ask=Ask.WORKLOADS)
    return _not_live(look, what)


def _not_live(look: Look, what: Found) -> Verdict:
    if look.evidence.workloads is None:
        return Verdict("8b", Stage.ROLLING, ask=Ask.WORKLOADS)
    if not look.asked(Ask.HARD_REFRESH, "8b"):
        return Verdict("8b", Stage.ROLLING, ask=Ask.HARD_REFRESH)
    if look.held("row:8b") < NOT_LIVE_GRACE:
        return Verdict("8b", Stage.ROLLING, ask=Ask.WORKLOADS)
    return Verdict("8b", Stage.FAILED, final=True, problem=another_runs(look, what))


def another_runs(look: Look, what: Found) -> Problem:
    """Return the problem of another image: a later commit's doing, or nobody's."""
    tags = ", ".join(what.tags)
    if what.proof is Proof.OTHER and look.relation(look.seen.revisions) is Relation.CONTAINS:
        revision = _first(look.seen.revisions)
        return look.problem(Reason.OVERTAKEN, revision=revision, found=tags)
    return look.problem(Reason.NOT_LIVE, image=look.wanted.image, found=tags)


def _suspended(look: Look) -> Verdict:
    """Rows 8d and 8e. A suspended CronJob is as it should be; so is what is paused beside ours."""
    paused = [one for one in look.seen.resources if one.health is Health.SUSPENDED]
    waiting = [one for one in paused if one.kind not in _NEVER_STARTS_PODS_BY_ITSELF]
    if paused and not waiting:
        return _proven(look)
    if waiting and _stands_beside(look, frozenset(one.key for one in waiting)):
        return _proven(look)
    rollouts = [one for one in waiting if one.kind == "Rollout"]
    row = "8d" if rollouts else "8e"
    elsewhere = look.seen.kinds(MAKES_PODS) - {one.key for one in waiting}
    if elsewhere and look.evidence.workloads is None:
        return Verdict(row, Stage.ROLLING, ask=Ask.WORKLOADS)  # Perhaps not ours is paused.
    resource = ", ".join(one.label for one in rollouts or waiting)
    message = next((one.message for one in rollouts or waiting if one.message), "")
    return Verdict(
        row,
        Stage.PAUSED,
        problem=look.problem(Reason.PAUSED, resource=resource),
        ask=Ask.WORKLOADS if elsewhere else Ask.NOTHING,
        detail=message,
    )


def _stands_beside(look: Look, keys: frozenset[str]) -> bool:
    """Tell whether our image's workloads are known, healthy, and none of *keys*."""
    ours = {one.key for one in carriers(look.evidence.workloads or (), look.wanted)}
    well = {one.key for one in look.seen.resources if one.health in {Health.HEALTHY, None}}
    return bool(ours) and ours <= well and not ours & keys


def _degraded(look: Look) -> Verdict:
    """Row 8f; 8f.before when all that is Degraded was so before we began."""
    degraded = look.seen.degraded
    if degraded and degraded <= look.wanted.degraded_before:
        return _degraded_before(look)
    fresh_wounds = names_of_degraded(look)
    problem = _wound(look, look.wanted.degraded_before)
    doomed = any(words in problem.facts["detail"] for words in _DOOMED)
    held = max((look.held(name) for name in fresh_wounds), default=timedelta())
    if held >= (DOOMED_GRACE if doomed else DEGRADED_GRACE):
        return Verdict("8f", Stage.FAILED, final=True, problem=problem)
    return Verdict("8f", Stage.ROLLING, problem=problem)


def _degraded_before(look: Look) -> Verdict:
    if _stands_beside(look, look.seen.degraded):
        return _proven(look)
    problem = _wound(look, frozenset())
    return Verdict("8f.before", Stage.ROLLING, problem=problem, ask=Ask.WORKLOADS)


def names_of_degraded(look: Look) -> frozenset[str]:
    """Return the names of the conditions "this object has turned Degraded"; empty if none has."""
    if look.seen.health is not Health.DEGRADED:
        return frozenset()
    degraded = look.seen.degraded or {"?"}  # Argo CD does not always say which.
    return frozenset(f"degraded:{key}" for key in degraded - look.wanted.degraded_before)


def _wound(look: Look, beside: frozenset[str]) -> Problem:
    wounded = [
        one
        for one in look.seen.resources
        if one.health is Health.DEGRADED and one.key not in beside
    ]
    resource = ", ".join(one.label for one in wounded)
    detail = "; ".join(one.message for one in wounded if one.message)
    return look.problem(Reason.DEGRADED, resource=resource, detail=detail)


def _told(seen: Observation, health: Health) -> str:
    """Return what the first resource of that *health* says."""
    told = (one for one in seen.resources if one.health is health and one.message)
    return next((f"{one.label}: {one.message}" for one in told), "")


def _first(revisions: tuple[str, ...]) -> str:
    return next(iter(revisions), "")


RULES: tuple[Rule, ...] = (
    deleting,
    in_flight,
    cannot_render,
    not_ours_yet,
    out_of_sync,
    failed_after_applying,
    stale,
    health,
)
"""The table, top down. ``health`` answers always."""
