"""The status loop: compares an application to Git and writes what it finds, in one patch."""

import copy
from datetime import datetime, timedelta
from typing import Any

from sandbox.argocd import tree
from sandbox.argocd.application import REFRESH, Application, Level
from sandbox.argocd.cluster import Health, Key, key_of, version_of, worst
from sandbox.argocd.kustomize import Broken, Manifest
from sandbox.argocd.operations import Operations
from sandbox.argocd.repository import Unresolved
from sandbox.argocd.windows import can_sync
from sandbox.argocd.world import World

HOOK = "argocd.argoproj.io/hook"


def is_hook(manifest: Manifest) -> bool:
    """Tell whether *manifest* is a sync hook and no part of the desired state."""
    return HOOK in ((manifest.get("metadata") or {}).get("annotations") or {})


class Status:
    """Runs the status loop of every application on the world's agenda."""

    def __init__(self, world: World, operations: Operations) -> None:
        self._world = world
        self._operations = operations

    def ask(self, application: Application, level: Level, *, at: datetime | None = None) -> None:
        """Let the loop look at *application*, after the usual delay or at a given time."""
        world = self._world
        application.level = max(application.level, level)
        due = at or world.now() + world.tempo.reconcile_delay
        if level >= Level.LATEST:
            due += timedelta(seconds=application.slow)
        if application.quiet_until is not None:
            due = max(due, application.quiet_until)
        if application.status_due is not None and application.status_due <= due:
            return
        application.status_due = due
        application.status_turn += 1
        turn = application.status_turn
        world.agenda.at(due, lambda: self._run(application, turn))

    def _run(self, application: Application, turn: int) -> None:
        world = self._world
        with world.lock:
            if application.status_turn != turn or not self._exists(application):
                return
            application.status_due = None
            if application.deaf:
                return
            if application.quiet_until is not None and application.quiet_until > world.now():
                self.ask(application, application.level)
                return
            level, application.level = application.level, Level.NONE
            asked = (application.metadata.get("annotations") or {}).get(REFRESH)
            if asked is not None:
                level = Level.LATEST
            if level <= Level.RESOURCES:
                self._summarise(application)
                return
            source = application.source()
            known = (application.status.get("sync") or {}).get("revision")
            revision = known if level is Level.RECENT and known else application.target
        sha = ""
        manifests: tuple[Manifest, ...] = ()
        problem: str | None = None
        try:
            sha = world.renderer.resolve(source.repo_url, revision)
            manifests = world.renderer.render(source, sha, hard=asked == "hard")
        except Unresolved as gone:
            problem = f"rpc error: code = Unknown desc = {gone}"
        except Broken as broken:
            problem = (
                "Failed to load target state: failed to generate manifest for source 1 of 1: "
                f"rpc error: code = Unknown desc = {broken}"
            )
        with world.lock:
            if self._exists(application):
                self._found(application, level, sha, manifests, problem, asked)

    def _exists(self, application: Application) -> bool:
        return self._world.applications.get(application.key) is application

    def _summarise(self, application: Application) -> None:
        self._cache(application)
        summary = {"images": application.cluster.images()} if application.cluster.images() else {}
        if application.status.get("summary", {}) != summary:
            application.status["summary"] = summary
            self._world.write(application)

    def _found(
        self,
        application: Application,
        level: Level,
        sha: str,
        manifests: tuple[Manifest, ...],
        problem: str | None,
        asked: str | None,
    ) -> None:
        world, status = self._world, application.status
        if application.quiet_until is not None and application.quiet_until > world.now():
            # An operation ended while manifests were rendered: what we saw is from before it.
            self.ask(application, level)
            return
        before = copy.deepcopy(status)
        stamp = world.stamp()
        application.condition("ComparisonError", problem, stamp)
        if problem is None:
            desired = {
                key_of(each, application.cluster.namespace): each
                for each in manifests
                if not is_hook(each)
            }
            resources, in_sync = self._compare(application, desired)
            sync: dict[str, Any] = {"status": "Synced" if in_sync else "OutOfSync", "revision": sha}
        else:
            desired = {key: live.manifest for key, live in application.cluster.objects.items()}
            resources, _ = self._compare(application, desired)
            for each in resources:
                each["status"] = "Unknown"
            sync = {"status": "Unknown"}
        sync["comparedTo"] = {
            "source": copy.deepcopy(application.spec["source"]),
            "destination": copy.deepcopy(application.spec["destination"]),
        }
        if problem is None:
            self._automate(application, sync, resources, stamp)
        status["sync"] = sync
        status["resources"] = resources
        self._cache(application)
        health = self._health(resources)
        if (status.get("health") or {}).get("status") != health[0]:
            status["health"] = {"status": health[0], "lastTransitionTime": stamp}
        status["summary"] = (
            {"images": application.cluster.images()} if application.cluster.images() else {}
        )
        if level >= Level.LATEST or "reconciledAt" not in status:
            status["reconciledAt"] = stamp
        annotations = application.metadata.get("annotations") or {}
        refreshed = asked is not None and annotations.get(REFRESH) == asked
        if refreshed:
            del annotations[REFRESH]
        if refreshed or status != before:
            world.write(application)
        if level >= Level.LATEST:
            self._poll_again(application)

    def _cache(self, application: Application) -> None:
        """Let tree and managed-resources show what is true now, as late as List is."""
        shown = (tree.resource_tree(application), tree.managed_resources(application))

        def arrive() -> None:
            application.shown_tree, application.shown_resources = shown

        if self._world.informer.lag:
            self._world.later(self._world.informer.lag, arrive)
        else:
            arrive()

    def _poll_again(self, application: Application) -> None:
        world = self._world
        application.poll_turn += 1
        turn = application.poll_turn

        def poll() -> None:
            if application.poll_turn == turn and self._exists(application):
                self.ask(application, Level.LATEST, at=world.now())

        world.later(world.tempo.poll_interval, poll)

    def _compare(
        self, application: Application, desired: dict[Key, Manifest]
    ) -> tuple[list[dict[str, Any]], bool]:
        """Return ``status.resources`` and whether all of it is as Git wants."""
        objects = application.cluster.objects
        application.compared = {"/".join(key): manifest for key, manifest in desired.items()}
        resources = []
        for key in sorted({*desired, *objects}):
            live, wanted = objects.get(key), desired.get(key)
            manifest = wanted if wanted is not None else live.manifest if live else {}
            group, kind, namespace, name = key
            entry: dict[str, Any] = {
                "version": version_of(manifest),
                "kind": kind,
                "namespace": namespace,
                "name": name,
            }
            if group:
                entry["group"] = group
            entry["status"] = (
                "Synced" if live and wanted is not None and live.manifest == wanted else "OutOfSync"
            )
            if live is None:
                entry["health"] = {"status": "Missing"}
            elif live.health is not None:
                entry["health"] = _shown(live.health)
            if wanted is None:
                entry["requiresPruning"] = True
            resources.append(entry)
        return resources, all(each["status"] == "Synced" for each in resources)

    def _health(self, resources: list[dict[str, Any]]) -> Health:
        counted = [
            (each["health"]["status"], each["health"].get("message", ""))
            for each in resources
            if "health" in each and not each.get("requiresPruning")
        ]
        if self._world.version >= (3, 4):
            counted = [health for health in counted if health[0] != "Missing"]
        return worst(counted)

    # auto-sync

    def _automate(
        self,
        application: Application,
        sync: dict[str, Any],
        resources: list[dict[str, Any]],
        stamp: str,
    ) -> None:
        """Start an operation when auto-sync is on and this revision has not been tried."""
        automated = application.automated
        out = [each for each in resources if each["status"] == "OutOfSync"]
        if automated is None or sync["status"] == "Synced":
            application.condition("SyncError", None, stamp)
        if (
            automated is None
            or sync["status"] != "OutOfSync"
            or application.operation is not None
            or "deletionTimestamp" in application.metadata
            or not can_sync(application.windows, manual=False)
        ):
            return
        if not automated.get("prune") and all(each.get("requiresPruning") for each in out):
            return
        operation: dict[str, Any] = {
            "sync": {"revision": sync["revision"]},
            "initiatedBy": {"automated": True},
            "retry": (application.spec.get("syncPolicy") or {}).get("retry") or {"limit": 5},
        }
        if automated.get("prune"):
            operation["sync"]["prune"] = True
        options = (application.spec.get("syncPolicy") or {}).get("syncOptions")
        if options:
            operation["sync"]["syncOptions"] = options
        tried = self._tried(application, sync["revision"])
        if tried is not None:
            if tried["phase"] != "Succeeded":
                application.condition(
                    "SyncError",
                    f"Failed last sync attempt to [{sync['revision']}]: {tried.get('message', '')}",
                    stamp,
                )
                return
            if not automated.get("selfHeal") or not self._may_heal(application):
                return
            operation["sync"]["resources"] = [
                {
                    name: each[name]
                    for name in ("group", "kind", "name", "namespace")
                    if name in each
                }
                for each in out
            ]
            operation["sync"]["selfHealAttemptsCount"] = 1
        application.condition("SyncError", None, stamp)
        self._operations.begin(application, operation)

    def _tried(self, application: Application, revision: str) -> dict[str, Any] | None:
        """Return the state of the last operation when it was for this revision and source."""
        state = application.operation_state
        result = (state or {}).get("syncResult")
        if state is None or not result or state["operation"]["sync"].get("dryRun"):
            return None
        same = (
            result.get("revision") == revision
            and result.get("source") == application.spec["source"]
        )
        return state if same else None

    def _may_heal(self, application: Application) -> bool:
        """Tell whether the wait before a self-heal is over; else see that somebody looks then."""
        world = self._world
        now = world.now()
        if application.self_heal_at is None:
            application.self_heal_at = now + world.tempo.self_heal_delay
        if now < application.self_heal_at:
            self.ask(application, Level.RECENT, at=application.self_heal_at)
            return False
        application.self_heal_at = None
        return True


def _shown(health: Health) -> dict[str, str]:
    status, message = health
    return {"status": status, **({"message": message} if message else {})}
