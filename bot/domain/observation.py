"""What Argo CD says of one application at one moment, as values; nothing is judged here.

Every closed set has a last member for words that we do not know: a newer Argo CD may say them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Sync(StrEnum):
    """How the cluster compares with Git."""

    SYNCED = "Synced"
    OUT_OF_SYNC = "OutOfSync"
    UNKNOWN = "Unknown"


class Health(StrEnum):
    """How the live objects are; the worst one is the application's."""

    HEALTHY = "Healthy"
    SUSPENDED = "Suspended"
    PROGRESSING = "Progressing"
    MISSING = "Missing"
    DEGRADED = "Degraded"
    UNKNOWN = "Unknown"


class OperationPhase(StrEnum):
    """Where a sync stands. Running with an end time means: it failed and will be tried again."""

    RUNNING = "Running"
    TERMINATING = "Terminating"
    FAILED = "Failed"
    ERROR = "Error"
    SUCCEEDED = "Succeeded"
    UNKNOWN = "Unknown"

    @property
    def completed(self) -> bool:
        """Tell whether nothing more happens in this operation."""
        return self in _COMPLETED


_COMPLETED = frozenset({OperationPhase.FAILED, OperationPhase.ERROR, OperationPhase.SUCCEEDED})


MAKES_PODS = frozenset(
    {"Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Rollout", "CronJob", "Job"}
)
"""The kinds whose template we can read. Others may make pods, too; their pods are seen anyway."""


class OwnerKind(StrEnum):
    """Who writes the application's spec besides people."""

    NONE = "none"
    APPLICATION_SET = "application_set"
    APPLICATION = "application"  # an app of apps


@dataclass(frozen=True, slots=True)
class Owner:
    """The *kind* and *name* of what restores the spec; the name is empty for none."""

    kind: OwnerKind = OwnerKind.NONE
    name: str = ""


@dataclass(frozen=True, slots=True)
class Source:
    """Where manifests come from. *chart* is empty for a Git directory."""

    repo_url: str
    path: str = ""
    target_revision: str = ""
    chart: str = ""


@dataclass(frozen=True, slots=True)
class Hydrated:
    """The last hydration: people push the *dry* commit, Argo CD deploys the *wet* one."""

    dry: str = ""
    wet: str = ""


@dataclass(frozen=True, slots=True)
class Condition:
    """A *kind* such as ``ComparisonError`` and its *message*."""

    kind: str
    message: str = ""


@dataclass(frozen=True, slots=True)
class Resource:
    """One object that the application manages. *health* is None where Argo CD has no opinion."""

    kind: str
    name: str
    namespace: str = ""
    group: str = ""
    version: str = ""
    sync: Sync = Sync.UNKNOWN
    health: Health | None = None
    message: str = ""
    hook: bool = False
    requires_pruning: bool = False

    @property
    def key(self) -> str:
        """Return what tells this object from all others of the application."""
        return f"{self.group}/{self.kind}/{self.namespace}/{self.name}"

    @property
    def label(self) -> str:
        """Return what people call it: ``Deployment/web``."""
        return f"{self.kind}/{self.name}"


@dataclass(frozen=True, slots=True)
class ResourceResult:
    """What an operation did with one object. *hook* is its hook type, empty for none.

    *status* is ``Synced``, ``SyncFailed``, ``Pruned``, ``PruneSkipped`` or empty; *hook_phase* is
    empty unless it is a hook.
    """

    kind: str
    name: str
    namespace: str = ""
    group: str = ""
    status: str = ""
    message: str = ""
    hook: str = ""
    hook_phase: str = ""

    @property
    def label(self) -> str:
        """Return what people call it: ``Deployment/web``."""
        return f"{self.kind}/{self.name}"

    @property
    def failed(self) -> bool:
        """Tell whether this object is why the operation failed."""
        return self.status == "SyncFailed" or self.hook_phase in {"Failed", "Error"}


@dataclass(frozen=True, slots=True)
class Ordered:
    """An operation that was asked for and not yet done (the application's ``operation``).

    *revisions* has one entry per source and may be empty. *infos* are the name/value pairs of the
    one who asked, by which we know our own.
    """

    revisions: tuple[str, ...] = ()
    initiated_by: str = ""
    automated: bool = False
    infos: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class OperationState:
    """The operation under way, else the last one.

    *revisions* are those of its result, or those asked for while there is none. A *partial* one
    named single objects. *finished_at* is set during a pause between retries, too.
    """

    phase: OperationPhase
    message: str = ""
    started_at: datetime | None = None
    finished_at: datetime | None = None
    revisions: tuple[str, ...] = ()
    dry_run: bool = False
    partial: bool = False
    automated: bool = False
    username: str = ""
    infos: Mapping[str, str] = field(default_factory=dict)
    resources: tuple[ResourceResult, ...] = ()


@dataclass(frozen=True, slots=True)
class Deployed:
    """One entry of Argo CD's own history. Ids start at 0."""

    id: int
    revisions: tuple[str, ...]
    deployed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Workload:
    """What makes pods, read from the cluster itself.

    *images* are those of its pod template, init containers included. *desired*, *updated* are
    numbers of pods; None where the kind has none (a CronJob). *observed* tells whether the
    cluster's controller has seen the latest template.
    """

    kind: str
    name: str
    namespace: str
    group: str
    images: tuple[str, ...]
    desired: int | None = None
    updated: int | None = None
    observed: bool = True

    @property
    def key(self) -> str:
        """Return the same key as the ``Resource`` of this object."""
        return f"{self.group}/{self.kind}/{self.namespace}/{self.name}"

    @property
    def settled(self) -> bool:
        """Tell whether every wanted pod is made from the latest template."""
        return self.observed and (self.desired is None or (self.updated or 0) >= self.desired)


@dataclass(frozen=True, slots=True)
class Windows:
    """Whether sync windows let a *manual* and an *automatic* sync through now.

    *detail* names the windows in question, for people.
    """

    manual: bool
    automatic: bool
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Observation:
    """One application as Argo CD described it.

    *revisions* are those the comparison was made with, one per source; an entry may be a chart's
    version. *images* are those of all pods, terminating ones included. *hydrated* is None unless
    the application uses the source hydrator. *refresh_pending*: a refresh was asked for and the
    controller has not done it. *health_since* is when the health became what it is; None where
    this Argo CD does not say.
    """

    instance: str
    namespace: str
    name: str
    uid: str
    project: str
    sync: Sync
    health: Health
    resource_version: str = ""
    deleting: bool = False
    sources: tuple[Source, ...] = ()
    revisions: tuple[str, ...] = ()
    operation: Ordered | None = None
    operation_state: OperationState | None = None
    reconciled_at: datetime | None = None
    images: tuple[str, ...] = ()
    conditions: tuple[Condition, ...] = ()
    resources: tuple[Resource, ...] = ()
    history: tuple[Deployed, ...] = ()
    auto_sync: bool = False
    self_heal: bool = False
    auto_prune: bool = False
    owner: Owner = Owner()
    refresh_pending: bool = False
    hydrated: Hydrated | None = None
    health_since: datetime | None = None

    @property
    def degraded(self) -> frozenset[str]:
        """Return the keys of the resources that are Degraded."""
        return frozenset(one.key for one in self.resources if one.health is Health.DEGRADED)

    def kinds(self, kinds: frozenset[str]) -> frozenset[str]:
        """Return the keys of the resources of these *kinds*."""
        return frozenset(one.key for one in self.resources if one.kind in kinds)

    @property
    def in_flight(self) -> bool:
        """Tell whether an operation is asked for or under way."""
        state = self.operation_state
        running = state is not None and state.phase in _IN_FLIGHT
        return self.operation is not None or running


_IN_FLIGHT = frozenset({OperationPhase.RUNNING, OperationPhase.TERMINATING})


class Absence(StrEnum):
    """Why there is nothing to observe."""

    GONE = "gone"  # not there, or hidden from us
    FORBIDDEN = "forbidden"


@dataclass(frozen=True, slots=True)
class Absent:
    """Argo CD *instance* showed no application *name*. *detail* is its own words, unescaped."""

    why: Absence
    detail: str = ""
    name: str = ""
    instance: str = ""


@dataclass(frozen=True, slots=True)
class Listed:
    """One application in a list: enough to tell that something about it changed."""

    namespace: str
    name: str
    project: str
    sync: str = ""
    health: str = ""
    phase: str = ""
    started_at: str = ""
    finished_at: str = ""
    images: tuple[str, ...] = ()
    revision: str = ""
    auto_sync: bool = False
