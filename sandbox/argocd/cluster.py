"""The cluster under one application: objects, their Pods, and how long a rolling update takes."""

import copy
import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Protocol

from sandbox.argocd.kustomize import Manifest
from sandbox.argocd.tempo import Tempo

Key = tuple[str, str, str, str]
"""Group, kind, namespace, name."""

Health = tuple[str, str]
"""Status and message; the message may be empty."""

WORST_FIRST = ("Unknown", "Degraded", "Missing", "Progressing", "Suspended", "Healthy")
WORKLOADS = {"Deployment", "StatefulSet", "DaemonSet", "Rollout", "Job", "ReplicaSet"}
WITHOUT_PODS = {"CronJob", "HorizontalPodAutoscaler", "Ingress", "PersistentVolumeClaim"}


@dataclass
class Pod:
    """One Pod. *template* is the hash of the template it was made from."""

    name: str
    images: tuple[str, ...]
    template: str
    ready: bool = False
    leaving: bool = False
    reason: str = "ContainerCreating"
    message: str = ""
    restarts: int = 0


@dataclass
class Progress:
    """Where a Rollout stands. *step* counts from 0; at the number of steps it is through."""

    stable: str = ""
    step: int = 0
    revision: int = 0
    phase: str = "Healthy"
    paused_for: str | None = None
    paused_at: str = ""
    aborted: bool = False
    promote_full: bool = False


@dataclass
class Live:
    """One object as the cluster has it. *turn* makes late events of an older spec harmless."""

    key: Key
    manifest: Manifest
    uid: str
    created: str
    generation: int = 1
    health: Health | None = None
    pods: list[Pod] = field(default_factory=list)
    turn: int = 0
    born: int = 0
    progress: Progress = field(default_factory=Progress)
    patched: dict[str, Any] = field(default_factory=dict)
    """Spec fields that actions set beside what Git says (``paused``, ``restartAt``)."""

    @property
    def spec(self) -> dict[str, Any]:
        """Return the spec as applied, empty where the kind has none."""
        spec = self.manifest.get("spec")
        return spec if isinstance(spec, dict) else {}

    @property
    def kind(self) -> str:
        """Return the kind."""
        return self.key[1]

    @property
    def name(self) -> str:
        """Return the name."""
        return self.key[3]

    @property
    def replicas(self) -> int:
        """Return how many Pods are asked for."""
        if self.kind in {"DaemonSet", "Job"}:
            return 1
        count = self.spec.get("replicas", 1)
        return count if isinstance(count, int) else 1


class World(Protocol):
    """What a cluster needs of the world around it."""

    tempo: Tempo

    def later(self, span: timedelta, job: Callable[[], None]) -> None:
        """Run *job* behind the lock when *span* has passed."""
        ...

    def stamp(self) -> str:
        """Return the time now, in whole seconds, RFC 3339."""
        ...

    def breakage(self, image: str) -> str | None:
        """Return why Pods with *image* do not come up, or None."""
        ...


def key_of(manifest: Manifest, namespace: str) -> Key:
    """Return what identifies *manifest*; *namespace* is where it lands without one of its own."""
    group, _, _ = str(manifest.get("apiVersion", "v1")).rpartition("/")
    metadata = manifest.get("metadata") or {}
    return (group, manifest["kind"], metadata.get("namespace") or namespace, metadata["name"])


def version_of(manifest: Manifest) -> str:
    """Return the API version without its group."""
    return str(manifest.get("apiVersion", "v1")).rpartition("/")[2]


def template_of(manifest: Manifest) -> dict[str, Any]:
    """Return the Pod template, empty where there is none."""
    spec = manifest.get("spec") or {}
    if manifest.get("kind") == "CronJob":
        spec = (spec.get("jobTemplate") or {}).get("spec") or {}
    template = spec.get("template") if isinstance(spec, dict) else None
    return template if isinstance(template, dict) else {}


def images_of(manifest: Manifest) -> tuple[str, ...]:
    """Return the images that a Pod of *manifest* runs, init containers included."""
    spec = template_of(manifest).get("spec") or {}
    containers = [*(spec.get("initContainers") or []), *(spec.get("containers") or [])]
    return tuple(str(each["image"]) for each in containers if "image" in each)


def digest(value: Any) -> str:
    """Return a short hash of a JSON-like value, as ReplicaSets are named by."""
    text = json.dumps(value, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:10]


def worst(healths: list[Health]) -> Health:
    """Return the worst health of several; Healthy when there are none."""
    for status in WORST_FIRST:
        for health in healths:
            if health[0] == status:
                return health
    return ("Healthy", "")


class Cluster:
    """The objects of one application. *changed* hears whether a managed object's state changed.

    *own_ways* says by kind who brings an object to its spec instead of a rolling update.
    """

    def __init__(
        self,
        world: World,
        namespace: str,
        changed: Callable[[bool], None],
        own_ways: Mapping[str, Callable[["Cluster", Live], None]],
    ) -> None:
        self.world = world
        self._own_ways = own_ways
        self.namespace = namespace
        self.changed = changed
        self.objects: dict[Key, Live] = {}
        self._uids = 0

    def apply(self, manifest: Manifest) -> str:
        """Put *manifest* into the cluster; return created, configured or unchanged."""
        key = key_of(manifest, self.namespace)
        live = self.objects.get(key)
        if live is None:
            self._uids += 1
            uid = f"uid-{digest([key, self._uids])}"
            live = Live(key, copy.deepcopy(manifest), uid, self.world.stamp())
            self.objects[key] = live
            self.start(live)
            return "created"
        if live.manifest == manifest:
            return "unchanged"
        live.manifest = copy.deepcopy(manifest)
        live.generation += 1
        self.start(live)
        return "configured"

    def delete(self, key: Key) -> None:
        """Take an object out of the cluster; its Pods stay seen while they terminate."""
        live = self.objects[key]
        live.turn += 1
        if not live.pods:
            del self.objects[key]
            return
        for pod in live.pods:
            pod.leaving = True
        live.health = ("Progressing", "Pending deletion")

        def gone() -> None:
            if self.objects.get(key) is live:
                del self.objects[key]
                self.changed(True)  # noqa: FBT003  # a managed object

        self.world.later(self.world.tempo.termination_grace, gone)

    def pods(self) -> Iterator[tuple[Live, Pod]]:
        """Yield every Pod with the object that owns it."""
        for live in self.objects.values():
            for pod in live.pods:
                yield live, pod

    def images(self) -> list[str]:
        """Return the images of all Pods, terminating ones included, sorted."""
        return sorted({image for _, pod in self.pods() for image in pod.images})

    def start(self, live: Live) -> None:
        """Let the cluster bring *live* to its spec."""
        live.turn += 1
        if live.kind in self._own_ways:
            self._own_ways[live.kind](self, live)
        elif live.kind == "CronJob":
            live.health = ("Suspended", "") if live.spec.get("suspend") else ("Healthy", "")
        elif live.kind in WORKLOADS:
            self._roll(live)
        elif live.kind in WITHOUT_PODS:
            live.health = ("Healthy", "")
        self.changed(True)  # noqa: FBT003  # a managed object

    # Pods

    def add_pods(self, live: Live, count: int) -> None:
        """Start *count* Pods of the template as it is now."""
        template = digest(template_of(live.manifest))
        for _ in range(count):
            live.born += 1
            name = f"{live.name}-{template[:9]}-{digest([live.uid, live.born])[:5]}"
            live.pods.append(Pod(name, images_of(live.manifest), template))

    def of_template(self, live: Live) -> list[Pod]:
        """Return the staying Pods of the template as it is now."""
        template = digest(template_of(live.manifest))
        return [pod for pod in live.pods if pod.template == template and not pod.leaving]

    def broken(self, live: Live) -> str | None:
        """Return why Pods of *live* do not come up, and mark them; None when they do."""
        reasons = {}
        for pod in self.of_template(live):
            for image in pod.images:
                if how := self.world.breakage(image):
                    pod.ready, pod.reason = False, how
                    if how == "CrashLoopBackOff":
                        pod.restarts += 3
                        container = live.name
                        pod.message = f"back-off 40s restarting failed container={container}"
                    else:
                        pod.message = f'Back-off pulling image "{image}"'
                    reasons[how] = pod.message
        return next(iter(reasons), None)

    def make_ready(self, live: Live) -> None:
        """Let every Pod of the newest template run; fill up to the replicas asked for."""
        self.add_pods(live, live.replicas - len(self.of_template(live)))
        for pod in self.of_template(live)[: live.replicas]:
            pod.ready, pod.reason, pod.message = True, "Running", ""
        self.retire(live, self.of_template(live)[live.replicas :])

    def retire(self, live: Live, pods: list[Pod]) -> None:
        """Let *pods* terminate: they are still seen for the grace period."""
        for pod in pods:
            pod.leaving = True
        if not pods:
            return

        def gone() -> None:
            live.pods = [pod for pod in live.pods if not any(pod is one for one in pods)]
            self.changed(False)  # noqa: FBT003  # only Pods

        self.world.later(self.world.tempo.termination_grace, gone)

    def others(self, live: Live) -> list[Pod]:
        """Return the staying Pods of older templates."""
        template = digest(template_of(live.manifest))
        return [pod for pod in live.pods if pod.template != template and not pod.leaving]

    def later(self, live: Live, span: timedelta, job: Callable[[], None]) -> None:
        """Run *job* after *span*, unless the object has another spec by then."""
        turn = live.turn

        def unless_overtaken() -> None:
            if live.turn == turn and self.objects.get(live.key) is live:
                job()

        self.world.later(span, unless_overtaken)

    def deadline(self, live: Live) -> timedelta:
        """Return how long a rollout may make no progress."""
        seconds = live.spec.get("progressDeadlineSeconds")
        return (
            timedelta(seconds=seconds)
            if isinstance(seconds, int)
            else self.world.tempo.progress_deadline
        )

    def set_health(self, live: Live, status: str, message: str = "") -> None:
        """Change the health and tell it."""
        if live.health != (status, message):
            live.health = (status, message)
            self.changed(True)  # noqa: FBT003  # a managed object

    def replace_pods(self, live: Live) -> None:
        """Let every staying Pod terminate, and one of the same template take its place."""
        staying = [pod for pod in live.pods if not pod.leaving]
        self.retire(live, staying)
        for pod in staying:
            live.born += 1
            name = f"{pod.name[:-5]}{digest([live.uid, live.born])[:5]}"
            live.pods.append(Pod(name, pod.images, pod.template, ready=True, reason="Running"))
        self.changed(False)  # noqa: FBT003  # only Pods

    # a rolling update

    def restart(self, live: Live) -> None:
        """Roll all Pods over without a change of their template."""
        live.turn += 1
        self.retire(live, [pod for pod in live.pods if not pod.leaving])
        self.add_pods(live, live.replicas)
        live.health = ("Progressing", _waiting(live, 0))
        self.later(live, self.world.tempo.rollout_duration, lambda: self._rolled(live))
        self.changed(True)  # noqa: FBT003  # a managed object

    def _roll(self, live: Live) -> None:
        if live.kind == "Deployment" and live.spec.get("paused"):
            live.health = ("Suspended", "Deployment is paused")
            return
        never_ready = [pod for pod in self.others(live) if not pod.ready]
        self.retire(live, never_ready)
        fresh, old = self.of_template(live), self.others(live)
        if not old and len(fresh) == live.replicas and all(pod.ready for pod in fresh):
            live.health = ("Healthy", "")
            return
        if live.replicas == 0:
            self.retire(live, [*fresh, *old])
            live.health = ("Healthy", "")
            return
        if not fresh:
            self.add_pods(live, 1 if old else live.replicas)
        live.health = ("Progressing", _waiting(live, 0))
        self.later(live, self.world.tempo.rollout_duration, lambda: self._rolled(live))

    def _rolled(self, live: Live) -> None:
        if self.broken(live) is not None:
            live.health = ("Progressing", _waiting(live, 1))
            self.changed(True)  # noqa: FBT003  # a managed object
            if live.kind == "Deployment":
                left = self.deadline(live) - self.world.tempo.rollout_duration
                message = f'Deployment "{live.name}" exceeded its progress deadline'
                self.later(live, left, lambda: self.set_health(live, "Degraded", message))
            return
        self.make_ready(live)
        self.retire(live, self.others(live))
        if live.kind == "Job":
            for pod in live.pods:
                pod.reason = "Completed"
        live.health = ("Healthy", "")
        self.changed(True)  # noqa: FBT003  # a managed object


def _waiting(live: Live, updated: int) -> str:
    if live.kind == "Deployment":
        return (
            f"Waiting for rollout to finish: {updated} out of {live.replicas} new replicas "
            "have been updated..."
        )
    if live.kind == "StatefulSet":
        return f"Waiting for {live.replicas} pods to be ready..."
    if live.kind == "Job":
        return ""
    return (
        f'Waiting for daemon set "{live.name}" rollout to finish: {updated} out of '
        f"{live.replicas} new pods have been updated..."
    )
