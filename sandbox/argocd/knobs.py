"""What tests and the demo turn: applications, and everything that can go wrong."""

import copy
import threading
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from sandbox.argocd.application import Application, Level, SyncFailures
from sandbox.argocd.cluster import Live, images_of
from sandbox.argocd.controller import Controller
from sandbox.argocd.kustomize import Manifest
from sandbox.argocd.owners import Owner
from sandbox.argocd.render import ValuesWorkload
from sandbox.argocd.tempo import Tempo
from sandbox.argocd.tokens import CHATOPS, Account, make_token
from sandbox.argocd.windows import Window
from sandbox.argocd.world import CONTROL_PLANE, World

SERVER = "https://kubernetes.default.svc"


class Knobs:
    """The Python side of the fake. An application is named by its name, or (namespace, name)."""

    world: World
    controller: Controller
    lock: threading.RLock
    accounts: dict[str, Account]

    def touch(self) -> None:
        """Say that the world changed."""
        raise NotImplementedError

    @property
    def tempo(self) -> Tempo:
        """Return the delays; its fields may be changed at any time."""
        return self.world.tempo

    # applications

    def add_application(
        self,
        name: str,
        *,
        repo_url: str,
        path: str = ".",
        target_revision: str = "main",
        project: str = "default",
        namespace: str = CONTROL_PLANE,
        auto_sync: bool = True,
        self_heal: bool = True,
        prune: bool = True,
        destination_namespace: str | None = None,
        owner: Owner | None = None,
        workloads: Iterable[ValuesWorkload | tuple[str, str, str]] = (),
        images: Iterable[str] = (),
        retry: Mapping[str, Any] | None = None,
    ) -> Application:
        """Create an application; the controller takes it up at once.

        *workloads* makes Deployments of a values file: (name, image repository, dotted key of its
        tag), the file being *path*. Without them the directory decides: kustomize or plain
        manifests. *images* are ``spec.source.kustomize.images``. Equal names in two namespaces
        are normal.
        """
        source: dict[str, Any] = {
            "repoURL": repo_url,
            "path": path,
            "targetRevision": target_revision,
        }
        if images:
            source["kustomize"] = {"images": list(images)}
        spec: dict[str, Any] = {
            "project": project,
            "source": source,
            "destination": {"server": SERVER, "namespace": destination_namespace or name},
        }
        if auto_sync:
            spec["syncPolicy"] = {"automated": {"prune": prune, "selfHeal": self_heal}}
        if retry is not None:
            spec.setdefault("syncPolicy", {})["retry"] = dict(retry)
        made = [
            one if isinstance(one, ValuesWorkload) else ValuesWorkload(*one) for one in workloads
        ]
        with self.lock:
            if (namespace, name) in self.world.applications:
                raise KeyError(f"{namespace}/{name} is there already")
            created = self.controller.create(name, namespace, spec, owner=owner, workloads=made)
        self.touch()
        return created

    def _find(self, application: str | tuple[str, str]) -> Application:
        if isinstance(application, tuple):
            return self.world.applications[application]
        document = self.world.named(application)
        return self.world.applications[document["metadata"]["namespace"], application]

    def application(self, application: str | tuple[str, str]) -> dict[str, Any]:
        """Return a copy of the Application's JSON, as GET gives it."""
        with self.lock:
            return copy.deepcopy(self._find(application).document)

    def images(self, application: str | tuple[str, str]) -> list[str]:
        """Return the images of all Pods that are there now, whatever the status says."""
        with self.lock:
            return self._find(application).cluster.images()

    def applied_images(self, application: str | tuple[str, str]) -> list[str]:
        """Return the images that workloads are told to run, those without Pods included."""
        with self.lock:
            objects = self._find(application).cluster.objects.values()
            return sorted({image for live in objects for image in images_of(live.manifest)})

    def is_live(self, application: str | tuple[str, str], sha: str) -> bool:
        """Tell whether *sha* is synced, healthy, settled, and no older image runs."""
        with self.lock:
            app = self._find(application)
            status, state = app.status, app.operation_state or {}
            wanted = {
                i
                for live in app.cluster.objects.values()
                if live.pods
                for i in images_of(live.manifest)
            }
            return (
                status["sync"].get("revision") == sha
                and status["sync"]["status"] == "Synced"
                and status["health"].get("status") == "Healthy"
                and app.operation is None
                and state.get("finishedAt", "") <= status.get("reconciledAt", "")
                and wanted == set(app.cluster.images())
                and wanted == set(status["summary"].get("images", []))
            )

    def delete_application(self, application: str | tuple[str, str]) -> None:
        """Take an application away."""
        with self.lock:
            self.controller.delete(self._find(application))
        self.touch()

    def mark_deleting(self, application: str | tuple[str, str]) -> None:
        """Let an application be in deletion, held by a finalizer."""
        with self.lock:
            found = self._find(application)
            found.metadata["deletionTimestamp"] = self.world.stamp()
            self.world.write(found)
        self.touch()

    def change_spec(self, application: str | tuple[str, str], spec: dict[str, Any]) -> None:
        """Write a spec past the API, as ``kubectl edit`` does."""
        with self.lock:
            self.controller.set_spec(self._find(application), spec)
        self.touch()

    def own(self, application: str | tuple[str, str], owner: Owner) -> None:
        """Let *owner*, of the same kind and name as before, behave otherwise from now on."""
        with self.lock:
            found = self._find(application)
            assert found.owner is not None
            assert (type(found.owner), found.owner.name) == (type(owner), owner.name)
            found.owner = owner

    def sync_parent(self, name: str) -> None:
        """Let the parent *name* sync: all its children get their specs back."""
        with self.lock:
            for child in list(self.world.applications.values()):
                if child.owner is not None and child.owner.name == name:
                    self.controller.restore(child)
        self.touch()

    def live(self, application: str | tuple[str, str], kind: str, name: str) -> Live:
        """Return one object of the cluster, to look at.

        Raises:
            KeyError: the application has no such object.
        """
        with self.lock:
            for live in self._find(application).cluster.objects.values():
                if (live.kind, live.name) == (kind, name):
                    return live
        raise KeyError(f"{application} has no {kind} {name}")

    def edit_live(self, application: str | tuple[str, str], manifest: Manifest) -> None:
        """Apply *manifest* directly to the cluster, past Git: drift."""
        with self.lock:
            self._find(application).cluster.apply(manifest)
        self.touch()

    # what goes wrong with workloads

    def break_image(self, repository: str, tag: str, how: str = "ImagePullBackOff") -> None:
        """Let Pods with this image never come up: ImagePullBackOff or CrashLoopBackOff."""
        with self.lock:
            self.world.breakages[repository, tag] = how

    def repair_image(self, repository: str, tag: str) -> None:
        """Let Pods with this image come up from now on, those that wait included."""
        with self.lock:
            del self.world.breakages[repository, tag]
            image = f"{repository}:{tag}"
            for application in self.world.applications.values():
                for live in list(application.cluster.objects.values()):
                    if any(image in pod.images for pod in live.pods):
                        application.cluster.start(live)
        self.touch()

    # what goes wrong with the loops

    def fail_sync(
        self,
        application: str | tuple[str, str],
        times: int = 1,
        message: str = 'Deployment.apps "web" is invalid: spec.selector: field is immutable',
    ) -> None:
        """Let the next *times* attempts to apply fail with *message*."""
        with self.lock:
            self._find(application).sync_failures = SyncFailures(times, message)

    def hang_refresh(self, application: str | tuple[str, str], *, on: bool = True) -> None:
        """Let the status loop do nothing for an application: its refresh never ends."""
        with self.lock:
            found = self._find(application)
            found.deaf = on
            if not on:
                self.controller.status.ask(found, Level.LATEST)
        self.touch()

    def slow_render(self, application: str | tuple[str, str], seconds: float) -> None:
        """Let each comparison to Git take *seconds* of the sandbox's time longer."""
        with self.lock:
            self._find(application).slow = seconds

    def stuck_operation(self, application: str | tuple[str, str], *, on: bool = True) -> None:
        """Let operations stay Running until terminated."""
        with self.lock:
            found = self._find(application)
            found.stuck = on
            if not on and found.operation is not None:
                self.controller.operations.wake(found)
        self.touch()

    def lose_operation(self, application: str | tuple[str, str]) -> None:
        """Lose an update: ``operation`` is gone and its state stays Running until a new sync."""
        with self.lock:
            found = self._find(application)
            found.document.pop("operation", None)
            found.operation_turn += 1
            self.world.write(found)
        self.touch()

    def sync_window(self, application: str | tuple[str, str], *windows: Window) -> None:
        """Assign these windows and no others; what waited for one to open goes on."""
        with self.lock:
            found = self._find(application)
            found.windows = windows
            self.controller.status.ask(found, Level.LATEST)
            if found.operation is not None:
                self.controller.operations.wake(found)
        self.touch()

    def poll_now(self, application: str | tuple[str, str]) -> None:
        """Let Argo CD's own poll of Git be due now."""
        with self.lock:
            self.controller.status.ask(self._find(application), Level.LATEST)

    # what goes wrong with reads and streams

    def stale_list(self, seconds: float) -> None:
        """Let List, Watch, tree and actions lag *seconds* of the sandbox's time behind GET."""
        with self.lock:
            self.world.informer.lag = timedelta(seconds=seconds)

    def drop_events(self, count: int) -> None:
        """Lose the next *count* events that streams would have got."""
        with self.lock:
            self.world.informer.dropped = count

    def duplicate_events(self, count: int = 1) -> None:
        """Send each of the next *count* events twice."""
        with self.lock:
            self.world.informer.duplicated = count

    def coalesce_events(self, seconds: float) -> None:
        """Send, of the changes of an application within *seconds*, only the last."""
        with self.lock:
            self.world.informer.coalesce = timedelta(seconds=seconds)

    def subscribe_gap(self, seconds: float) -> None:
        """Let new streams subscribe only this long after their initial events; 0 ends all gaps."""
        with self.lock:
            self.world.informer.gap = timedelta(seconds=seconds)
            self.world.moved.notify_all()

    def silent_stream(self, *, on: bool = True) -> None:
        """Let streams stay open and say nothing, heartbeats included."""
        with self.lock:
            self.world.informer.silent = on
            self.world.moved.notify_all()

    def restart(self, *, cut: bool = False) -> None:
        """End every stream by a plain EOF, or with *cut* in the middle of its chunks."""
        with self.lock:
            self.world.informer.end_all(cut=cut)
        self.touch()

    def open_streams(self) -> int:
        """Return how many streams are subscribed."""
        with self.lock:
            return len(self.world.informer.subscriptions)

    # tokens and rights

    def issue_token(
        self,
        subject: str = "proj:default:chatops",
        *,
        rights: Iterable[str] = CHATOPS,
        projects: Iterable[str] | None = None,
        lasts: timedelta | None = None,
    ) -> str:
        """Return a new token. *rights* are like ``applications/sync``; *projects* None is all."""
        with self.lock:
            now = self.world.now()
            issued = int(now.timestamp()) + len(self.accounts)
            expires = None if lasts is None else now + lasts
            token = make_token(
                subject, issued, None if expires is None else int(expires.timestamp())
            )
            self.accounts[token] = Account(
                subject,
                frozenset(rights),
                None if projects is None else frozenset(projects),
                issued,
                expires,
            )
            return token

    def expire_token(self, token: str | None = None) -> None:
        """Let *token* (None: every one) be expired; open streams go on, as they do."""
        with self.lock:
            for one, account in self.accounts.items():
                if token in {None, one}:
                    account.expires = self.world.now()

    def revoke_token(self, token: str) -> None:
        """Let *token* be revoked."""
        with self.lock:
            self.accounts[token].revoked = True

    def forbid(self, application: str | tuple[str, str], *rights: str) -> None:
        """Take rights on an application (all of them without *rights*) from every token."""
        with self.lock:
            namespace, name = self._find(application).key
            for account in self.accounts.values():
                account.denied |= {(right, namespace, name) for right in rights or CHATOPS}
