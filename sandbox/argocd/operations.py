"""The operation loop: takes up ``operation``, applies manifests, writes ``operationState``."""

import copy
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from sandbox.argocd.application import Application, Running
from sandbox.argocd.cluster import Key, key_of, version_of
from sandbox.argocd.kustomize import Broken, Manifest
from sandbox.argocd.repository import Unresolved
from sandbox.argocd.rollouts import duration_of
from sandbox.argocd.windows import can_sync
from sandbox.argocd.world import World

BLOCKED = "Sync operation blocked by sync window"
IN_PROGRESS = {"Running", "Terminating"}
HOOK = "argocd.argoproj.io/hook"
WAVE = "argocd.argoproj.io/sync-wave"
PHASES = ("PreSync", "Sync", "PostSync")


class Operations:
    """Runs the operation loop of every application on the world's agenda.

    *finished* hears of each operation that ended, *applied* of each manifest put into a cluster.
    """

    def __init__(
        self,
        world: World,
        finished: Callable[[Application], None],
        applied: Callable[[Application, Manifest], None],
    ) -> None:
        self._world = world
        self._told = applied
        self._finished = finished

    def begin(self, application: Application, operation: dict[str, Any]) -> None:
        """Write ``operation``: from here until the loop takes it up there is no operationState."""
        application.document["operation"] = operation
        application.status.pop("operationState", None)
        application.running = None
        self._world.write(application)
        self.wake(application)

    def wake(self, application: Application, span: timedelta | None = None) -> None:
        """Let the loop look at *application* after its delay, or after *span*."""
        application.operation_turn += 1
        turn = application.operation_turn

        def look() -> None:
            self._run(application, turn)

        delay = self._world.tempo.operation_delay if span is None else span
        self._world.agenda.after(delay, look)

    def _run(self, application: Application, turn: int) -> None:
        world = self._world
        with world.lock:
            if (
                application.operation_turn != turn
                or world.applications.get(application.key) is not application
                or application.operation is None
            ):
                return
            state = application.operation_state
            if state is None:
                self._take_up(application)
                return
            if not self._may_go_on(application, state):
                return
            running = application.running or Running(turn)
            application.running = running
            if running.waves is not None:
                self._go_on(application, running)
                return
            sync = application.operation["sync"]
            source = application.source(sync.get("source"))
            revision = sync.get("revision") or application.target
        try:
            sha = world.renderer.resolve(source.repo_url, revision)
            manifests = world.renderer.render(source, sha)
        except (Unresolved, Broken) as problem:
            with world.lock:
                if application.operation_turn == turn:
                    self._unrendered(application, str(problem))
            return
        with world.lock:
            if application.operation_turn == turn and application.operation is not None:
                self._attempt(application, running, sha, manifests)

    def _take_up(self, application: Application) -> None:
        application.status["operationState"] = {
            "phase": "Running",
            "startedAt": self._world.stamp(),
            "operation": copy.deepcopy(application.operation),
        }
        application.running = None
        self._world.write(application)
        if not application.stuck:
            self.wake(application)

    def _may_go_on(self, application: Application, state: dict[str, Any]) -> bool:
        """Look at windows, termination and retries; True when manifests are to be applied."""
        operation = application.operation or {}
        manual = not operation.get("initiatedBy", {}).get("automated")
        if not can_sync(application.windows, manual=manual):
            # Checked before termination is: a terminate under a closed window hangs.
            if state["phase"] == "Running" and state.get("message") != BLOCKED:
                state["message"] = BLOCKED
                self._world.write(application)
            return False
        if state["phase"] == "Terminating":
            self._end(application, "Failed", "Operation terminated")
            return False
        if application.stuck:
            return False
        running = application.running
        if running is not None and running.retry_at is not None:
            if self._world.now() < running.retry_at:
                self.wake(application, running.retry_at - self._world.now())
                return False
            application.running = Running(application.operation_turn)
            state.pop("finishedAt", None)
            state.pop("message", None)
        return True

    def _unrendered(self, application: Application, problem: str) -> None:
        message = (
            "ComparisonError: Failed to load target state: failed to generate manifest for "
            f"source 1 of 1: rpc error: code = Unknown desc = {problem}"
        )
        state = application.operation_state
        if state is not None:
            state["syncResult"] = self._result(application, [], self._wanted_revision(application))
        self._fail(application, "Error", message)

    def _wanted_revision(self, application: Application) -> str:
        return str((application.operation or {}).get("sync", {}).get("revision") or "")

    def _result(
        self, application: Application, resources: list[dict[str, Any]], sha: str
    ) -> dict[str, Any]:
        sync = (application.operation or {}).get("sync", {})
        return {
            "resources": resources,
            "revision": sha,
            "source": copy.deepcopy(sync.get("source") or application.spec["source"]),
        }

    def _attempt(
        self,
        application: Application,
        running: Running,
        sha: str,
        manifests: tuple[Manifest, ...],
    ) -> None:
        """Apply what was rendered, or fail as told to."""
        state, sync = application.operation_state, (application.operation or {})["sync"]
        assert state is not None
        failures = application.sync_failures
        if failures is not None and failures.times > 0:
            failures.times -= 1
            state["syncResult"] = self._result(
                application, _failed(manifests, application, failures.message), sha
            )
            reason = f"one or more objects failed to apply, reason: {failures.message}"
            self._fail(application, "Failed", reason)
            return
        if sync.get("dryRun"):
            results = [self._applied(application, each, "dry run") for each in manifests]
            state["syncResult"] = self._result(application, results, sha)
            self._end(application, "Succeeded", "successfully synced (no more tasks)")
            return
        running.waves = _waves(manifests, sync)
        running.results = self._prune(application, manifests, sync)
        state["syncResult"] = self._result(application, running.results, sha)
        self._go_on(application, running)

    def _go_on(self, application: Application, running: Running) -> None:
        """Apply batch after batch; wait in between for hooks and for health."""
        world, state = self._world, application.operation_state
        assert state is not None
        assert running.waves is not None
        while True:
            if running.hook_until is not None:
                if world.now() < running.hook_until:
                    self.wake(application, running.hook_until - world.now())
                    return
                running.hook_until = None
            unhealthy = self._unhealthy(application, running)
            if unhealthy is not None:
                self._say(application, f"waiting for healthy state of {unhealthy}")
                return
            if not running.waves:
                break
            batch = running.waves.pop(0)
            for manifest in batch:
                done = "created" if _hook(manifest) else application.cluster.apply(manifest)
                self._told(application, manifest)
                running.results.append(self._applied(application, manifest, done))
            state["syncResult"]["resources"] = running.results
            if _hook(batch[0]):
                running.hook_until = world.now() + world.tempo.hook_duration
                self._say(application, f"waiting for completion of hook {_printed(batch[0])}")
            elif running.waves:
                running.waiting = batch
        self._end(application, "Succeeded", "successfully synced (all tasks run)")

    def _unhealthy(self, application: Application, running: Running) -> str | None:
        for manifest in running.waiting:
            live = application.cluster.objects.get(key_of(manifest, application.cluster.namespace))
            if live is not None and live.health is not None and live.health[0] != "Healthy":
                return _printed(manifest)
        running.waiting = []
        return None

    def _say(self, application: Application, message: str) -> None:
        state = application.operation_state
        if state is not None and state.get("message") != message:
            state["message"] = message
            self._world.write(application)

    def _prune(
        self, application: Application, manifests: tuple[Manifest, ...], sync: dict[str, Any]
    ) -> list[dict[str, Any]]:
        """Delete what Git no longer has, or say that it was left."""
        if sync.get("resources"):
            return []
        namespace = application.cluster.namespace
        wanted = {key_of(each, namespace) for each in manifests}
        results = []
        for key in [key for key in application.cluster.objects if key not in wanted]:
            manifest = application.cluster.objects[key].manifest
            entry = self._applied(application, manifest, "pruned")
            if sync.get("prune"):
                application.cluster.delete(key)
                entry["status"], entry["message"] = "Pruned", "pruned"
            else:
                entry["status"], entry["message"] = "PruneSkipped", "ignored (requires pruning)"
            results.append(entry)
        return results

    def _applied(self, application: Application, manifest: Manifest, done: str) -> dict[str, Any]:
        key = key_of(manifest, application.cluster.namespace)
        entry = {
            "group": key[0],
            "version": version_of(manifest),
            "kind": key[1],
            "namespace": key[2],
            "name": key[3],
            "status": "Synced",
            "message": f"{key[1].lower()}{'.' if key[0] else ''}{key[0]}/{key[3]} {done}",
            "syncPhase": _hook(manifest) or "Sync",
        }
        if hook := _hook(manifest):
            entry["hookType"] = hook
        entry["hookPhase"] = "Succeeded" if hook else "Running"
        return entry

    # ends

    def _fail(self, application: Application, phase: str, message: str) -> None:
        """End as failed, or wait for the next attempt: Running, with a finishedAt."""
        state, world = application.operation_state, self._world
        assert state is not None
        retry = (application.operation or {}).get("retry") or {}
        limit, count = int(retry.get("limit", 0)), int(state.get("retryCount", 0))
        if limit >= 0 and count >= limit:
            suffix = f" (retried {count} times)." if count else ""
            self._end(application, phase, message + suffix)
            return
        pause = _backoff(retry.get("backoff") or {}, count)
        at = world.now() + pause
        state["retryCount"] = count + 1
        state["finishedAt"] = world.stamp()
        clock = at.strftime("%I:%M%p").lstrip("0")
        state["message"] = f"{message}. Retrying attempt #{count + 1} at {clock}."
        application.running = Running(application.operation_turn, retry_at=at)
        world.write(application)
        self.wake(application, pause)

    def _end(self, application: Application, phase: str, message: str) -> None:
        """Write the end, history included, and take ``operation`` away in the same patch."""
        world, state, operation = self._world, application.operation_state, application.operation
        assert state is not None
        assert operation is not None
        stamp = world.stamp()
        state.update(phase=phase, message=message, finishedAt=stamp)
        sync = operation["sync"]
        if phase == "Succeeded" and not sync.get("dryRun") and not sync.get("resources"):
            entry: dict[str, Any] = {
                "revision": state["syncResult"]["revision"],
                "deployedAt": stamp,
                "deployStartedAt": state["startedAt"],
                "source": copy.deepcopy(state["syncResult"]["source"]),
            }
            if world.version >= (2, 14):
                entry["initiatedBy"] = copy.deepcopy(operation.get("initiatedBy", {}))
            application.remember(entry)
        application.document.pop("operation", None)
        application.running = None
        world.write(application)
        if not sync.get("dryRun"):
            application.quiet_until = world.now() + world.tempo.status_gap
        self._finished(application)


def _hook(manifest: Manifest) -> str:
    """Return the phase a hook runs in; empty for what is no hook."""
    annotations = (manifest.get("metadata") or {}).get("annotations") or {}
    return str(annotations.get(HOOK, ""))


def _wave(manifest: Manifest) -> int:
    annotations = (manifest.get("metadata") or {}).get("annotations") or {}
    return int(annotations.get(WAVE, 0))


def _waves(manifests: tuple[Manifest, ...], sync: dict[str, Any]) -> list[list[Manifest]]:
    """Return the batches in which manifests are applied, hooks in batches of their own."""
    chosen = list(manifests)
    only = {(each.get("kind"), each.get("name")) for each in sync.get("resources") or []}
    if only or "apply" in (sync.get("syncStrategy") or {}):
        chosen = [each for each in chosen if not _hook(each)]
    if only:
        chosen = [each for each in chosen if (each["kind"], each["metadata"]["name"]) in only]
    batches: dict[tuple[int, int, bool], list[Manifest]] = {}
    for each in chosen:
        phase = _hook(each) or "Sync"
        if phase in PHASES:
            place = (PHASES.index(phase), _wave(each), bool(_hook(each)))
            batches.setdefault(place, []).append(each)
    return [batches[place] for place in sorted(batches)]


def _failed(
    manifests: tuple[Manifest, ...], application: Application, message: str
) -> list[dict[str, Any]]:
    results = []
    for manifest in manifests[:1]:
        group, kind, namespace, name = key_of(manifest, application.cluster.namespace)
        results.append(
            {
                "group": group,
                "version": version_of(manifest),
                "kind": kind,
                "namespace": namespace,
                "name": name,
                "status": "SyncFailed",
                "message": message,
                "hookPhase": "Failed",
                "syncPhase": "Sync",
            }
        )
    return results


def _printed(manifest: Manifest) -> str:
    key: Key = key_of(manifest, "")
    return f"{key[0]}/{key[1]}/{key[3]}"


def _backoff(backoff: dict[str, Any], count: int) -> timedelta:
    """Return the pause before the next attempt: 5 s, doubled each time, 3 min at most."""
    base = duration_of(backoff.get("duration")) or timedelta(seconds=5)
    factor = int(backoff.get("factor", 2))
    longest = duration_of(backoff.get("maxDuration")) or timedelta(minutes=3)
    return min(base * float(factor**count), longest)
