"""One application: the object as Kubernetes stores it, and what the fake knows beside it."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum
from typing import Any

from sandbox.argocd.cluster import Cluster
from sandbox.argocd.kustomize import Manifest
from sandbox.argocd.owners import Owner
from sandbox.argocd.render import Source, ValuesWorkload
from sandbox.argocd.windows import Window

Name = tuple[str, str]
"""Namespace and name."""

REFRESH = "argocd.argoproj.io/refresh"
HISTORY_LIMIT = 10


class Level(IntEnum):
    """How much the status loop compares. The higher one asked for wins."""

    NONE = 0
    RESOURCES = 1  # Pods came or went: only the summary
    RECENT = 2  # a managed object changed: compare to the revision already known
    LATEST = 3  # resolve the target revision again


@dataclass
class SyncFailures:
    """The next *times* attempts to apply fail with *message*."""

    times: int
    message: str


@dataclass
class Running:
    """What the operation loop remembers of the operation it works on.

    *waves* are the batches of manifests still to be applied; *waiting* the objects whose health
    the next batch waits for; *hook_until* when a hook that runs ends.
    """

    turn: int
    waves: list[list[Manifest]] | None = None
    results: list[dict[str, Any]] = field(default_factory=list)
    waiting: list[Manifest] = field(default_factory=list)
    hook_until: datetime | None = None
    retry_at: datetime | None = None


@dataclass
class Application:
    """One application. *document* is the object's JSON; everything else is the fake's own."""

    document: dict[str, Any]
    cluster: Cluster
    workloads: tuple[ValuesWorkload, ...] = ()
    owner: Owner | None = None
    wanted: dict[str, Any] = field(default_factory=dict)
    """The spec as its owner generates it."""

    level: Level = Level.NONE
    status_due: datetime | None = None
    status_turn: int = 0
    poll_turn: int = 0
    quiet_until: datetime | None = None
    operation_turn: int = 0
    running: Running | None = None
    compared: dict[str, Manifest] = field(default_factory=dict)
    """Manifests of the last comparison, by a printed key."""

    shown_tree: dict[str, Any] = field(default_factory=lambda: {"nodes": []})
    shown_resources: dict[str, Any] = field(default_factory=lambda: {"items": []})
    """What the status loop last wrote into the cache that tree and managed-resources read."""

    self_heal_at: datetime | None = None

    # faults

    deaf: bool = False
    stuck: bool = False
    slow: float = 0.0
    windows: tuple[Window, ...] = ()
    sync_failures: SyncFailures | None = None

    @property
    def key(self) -> Name:
        """Return namespace and name."""
        return (self.metadata["namespace"], self.metadata["name"])

    @property
    def metadata(self) -> dict[str, Any]:
        """Return the metadata, to read or to change."""
        found: dict[str, Any] = self.document["metadata"]
        return found

    @property
    def spec(self) -> dict[str, Any]:
        """Return the spec, to read or to change."""
        found: dict[str, Any] = self.document["spec"]
        return found

    @property
    def status(self) -> dict[str, Any]:
        """Return the status, to read or to change."""
        found: dict[str, Any] = self.document["status"]
        return found

    @property
    def operation(self) -> dict[str, Any] | None:
        """Return the operation in flight, or None."""
        found: dict[str, Any] | None = self.document.get("operation")
        return found

    @property
    def operation_state(self) -> dict[str, Any] | None:
        """Return the state of the last operation taken up, or None."""
        found: dict[str, Any] | None = self.status.get("operationState")
        return found

    @property
    def project(self) -> str:
        """Return the project's name."""
        return str(self.spec.get("project") or "default")

    @property
    def automated(self) -> dict[str, Any] | None:
        """Return the settings of auto-sync; None when it is off."""
        found = (self.spec.get("syncPolicy") or {}).get("automated")
        if found is None or found.get("enabled") is False:
            return None
        return dict(found)

    @property
    def target(self) -> str:
        """Return the target revision."""
        return str(self.spec["source"].get("targetRevision") or "HEAD")

    def source(self, given: dict[str, Any] | None = None) -> Source:
        """Return what is rendered: the spec's source, or another one of the same shape."""
        shown = given or self.spec["source"]
        images = (shown.get("kustomize") or {}).get("images") or ()
        return Source(
            shown["repoURL"], shown.get("path") or ".", self.workloads, tuple(map(str, images))
        )

    def remember(self, entry: dict[str, Any]) -> None:
        """Append to the history under a new id, and let the oldest go."""
        history = self.status.setdefault("history", [])
        entry["id"] = history[-1]["id"] + 1 if history else 0
        history.append(entry)
        del history[: -int(self.spec.get("revisionHistoryLimit", HISTORY_LIMIT))]

    def condition(self, kind: str, message: str | None, at: str) -> None:
        """Set the condition *kind*, or take it away when *message* is None."""
        kept = [each for each in self.status.get("conditions", []) if each["type"] != kind]
        if message is not None:
            kept.append({"type": kind, "message": message, "lastTransitionTime": at})
        if kept:
            self.status["conditions"] = kept
        else:
            self.status.pop("conditions", None)
