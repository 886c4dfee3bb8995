"""Joins the two loops, the clusters and the owners; every write of a spec goes through here."""

import copy
from collections.abc import Iterable
from typing import Any, assert_never

from sandbox.argocd import rollouts
from sandbox.argocd.application import REFRESH, Application, Level
from sandbox.argocd.cluster import Cluster
from sandbox.argocd.kustomize import Manifest
from sandbox.argocd.operations import Operations
from sandbox.argocd.owners import ApplicationSet, Owner, Parent, restored
from sandbox.argocd.render import ValuesWorkload
from sandbox.argocd.status import Status
from sandbox.argocd.world import CONTROL_PLANE, World


class Controller:
    """The application controller. Call everything with the world's lock held."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.operations = Operations(world, self._ended, self._applied)
        self.status = Status(world, self.operations)

    def create(
        self,
        name: str,
        namespace: str,
        spec: dict[str, Any],
        *,
        owner: Owner | None,
        workloads: Iterable[ValuesWorkload],
    ) -> Application:
        """Let a new application be; the status loop looks at it soon."""
        world = self._world
        metadata: dict[str, Any] = {
            "name": name,
            "namespace": namespace,
            "uid": f"uid-app-{namespace}-{name}-{world.list_version()}",
            "creationTimestamp": world.stamp(),
        }
        match owner:
            case ApplicationSet():
                metadata["ownerReferences"] = [
                    {
                        "apiVersion": "argoproj.io/v1alpha1",
                        "kind": "ApplicationSet",
                        "name": owner.name,
                        "uid": f"uid-set-{owner.name}",
                        "controller": True,
                        "blockOwnerDeletion": True,
                    }
                ]
            case Parent():
                tracking = f"{owner.name}:argoproj.io/Application:{namespace}/{name}"
                if world.version >= (3, 0):
                    metadata["annotations"] = {"argocd.argoproj.io/tracking-id": tracking}
                else:
                    metadata["labels"] = {"app.kubernetes.io/instance": owner.name}
            case None:
                pass
            case _:
                assert_never(owner)
        document = {
            "apiVersion": "argoproj.io/v1alpha1",
            "kind": "Application",
            "metadata": metadata,
            "spec": spec,
            "status": {
                "sync": {"status": "", "comparedTo": {"destination": {}}},
                "health": {},
                "summary": {},
                "controllerNamespace": "argocd",
            },
        }
        application: Application

        def changed(managed: bool) -> None:  # noqa: FBT001  # the cluster's word
            self._cluster_changed(application, managed=managed)

        cluster = Cluster(
            world,
            (spec.get("destination") or {}).get("namespace") or "default",
            changed,
            {"Rollout": rollouts.start},
        )
        application = Application(document, cluster, tuple(workloads), owner, copy.deepcopy(spec))
        world.applications[application.key] = application
        world.write(application, "ADDED")
        self.status.ask(application, Level.LATEST)
        return application

    def delete(self, application: Application) -> None:
        """Let an application be gone, its workloads with it."""
        self._world.applications.pop(application.key, None)
        self._world.write(application, "DELETED")

    def request_refresh(self, application: Application, kind: str) -> None:
        """Write the annotation that asks for a refresh; it goes when the status loop has run."""
        application.metadata.setdefault("annotations", {})[REFRESH] = kind
        self._world.write(application)
        self.status.ask(application, Level.LATEST)

    def set_spec(self, application: Application, spec: dict[str, Any]) -> None:
        """Store a spec as somebody wrote it; its owner may write it back."""
        kept = copy.deepcopy(spec)
        automated = (kept.get("syncPolicy") or {}).get("automated")
        if automated is not None and self._world.version < (3, 1):
            automated.pop("enabled", None)
        if kept == application.spec:
            return
        application.document["spec"] = kept
        self._world.write(application)
        self.status.ask(application, Level.LATEST)
        self._owner_looks(application)

    def restore(self, application: Application) -> None:
        """Let the owner write its spec again."""
        if application.owner is None:
            return
        spec = restored(application.wanted, application.spec, application.owner)
        if spec != application.spec:
            application.document["spec"] = spec
            self._world.write(application)
            self.status.ask(application, Level.LATEST)

    def _owner_looks(self, application: Application) -> None:
        tempo = self._world.tempo
        match application.owner:
            case ApplicationSet() as owner:
                if owner.restores:
                    self._world.later(tempo.owner_delay, lambda: self.restore(application))
            case Parent(self_heal=True):
                self._world.later(tempo.parent_delay, lambda: self.restore(application))
            case Parent() | None:
                pass
            case _ as other:
                assert_never(other)

    def _ended(self, application: Application) -> None:
        """An operation ended: look again, and a parent's children get their specs back."""
        sync = (application.operation_state or {}).get("operation", {}).get("sync", {})
        if sync.get("dryRun"):
            return
        self.status.ask(application, Level.LATEST)
        for child in list(self._world.applications.values()):
            owner = child.owner
            if isinstance(owner, Parent) and owner.name == application.key[1]:
                self.restore(child)

    def _applied(self, parent: Application, manifest: Manifest) -> None:
        """An app-of-apps applied an Application: make it, or give it the spec that Git has."""
        if manifest["kind"] != "Application":
            return
        metadata = manifest["metadata"]
        namespace, name = metadata.get("namespace") or CONTROL_PLANE, metadata["name"]
        healing = bool((parent.automated or {}).get("selfHeal"))
        child = self._world.find(name, namespace)
        if child is None:
            owner = Parent(parent.key[1], self_heal=healing)
            self.create(name, namespace, copy.deepcopy(manifest["spec"]), owner=owner, workloads=())
            return
        child.wanted = copy.deepcopy(manifest["spec"])
        self.restore(child)

    def _cluster_changed(self, application: Application, *, managed: bool) -> None:
        self.status.ask(application, Level.RECENT if managed else Level.RESOURCES)
        running = application.running
        if managed and running is not None and running.waiting:
            self.operations.wake(application)
