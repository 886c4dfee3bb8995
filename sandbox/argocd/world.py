"""Everything the pretended Argo CD knows, behind one lock, and the time it lives in."""

import re
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sandbox.argocd.agenda import Agenda, Clock
from sandbox.argocd.application import Application, Name
from sandbox.argocd.informer import Informer
from sandbox.argocd.kustomize import split_image
from sandbox.argocd.render import Renderer
from sandbox.argocd.tempo import Tempo

CONTROL_PLANE = "argocd"


class World:
    """The state of one Argo CD. *moved* is notified of each write; it is the lock's condition."""

    def __init__(
        self,
        clock: Clock,
        repositories: Callable[[str], Path],
        *,
        lock: threading.RLock,
        version: str,
        tempo: Tempo,
        done: Callable[[], None],
        crashed: Callable[[Exception], None],
    ) -> None:
        self.clock = clock
        self.lock = lock
        self.moved = threading.Condition(lock)
        self.tempo = tempo
        self.renderer = Renderer(repositories)
        self.agenda = Agenda(clock, done, crashed)
        self.informer = Informer(self.later, self.moved.notify_all)
        self.applications: dict[Name, Application] = {}
        self.breakages: dict[tuple[str, str], str] = {}
        self.version_text = version
        found = re.match(r"v?(\d+)\.(\d+)", version)
        assert found, f"{version} is not a version"
        self.version = (int(found[1]), int(found[2]))
        self._resource_version = 800

    def now(self) -> datetime:
        """Return the time now."""
        return self.clock.now()

    def stamp(self, at: datetime | None = None) -> str:
        """Return a time as Kubernetes writes it: whole seconds, cut off."""
        return (at or self.now()).strftime("%Y-%m-%dT%H:%M:%SZ")

    def later(self, span: timedelta, job: Callable[[], None]) -> None:
        """Run *job* behind the lock when *span* has passed."""

        def locked() -> None:
            with self.lock:
                job()

        self.agenda.after(span, locked)

    def write(self, application: Application, kind: str = "MODIFIED") -> None:
        """Store the application's document: a new resourceVersion, and the informer hears of it."""
        self._resource_version += 1
        metadata = application.metadata
        metadata["resourceVersion"] = str(self._resource_version)
        metadata["generation"] = metadata.get("generation", 0) + 1
        self.informer.written(kind, application.document)
        self.moved.notify_all()

    def wait(self, true: Callable[[], bool], span: timedelta) -> bool:
        """Wait, with the lock given up meanwhile, until *true* or until *span* has passed."""
        due = self.now() + span
        while not true():
            left = self.clock.pause(due - self.now())
            if left <= 0:
                return False
            self.moved.wait(left)
        return True

    def breakage(self, image: str) -> str | None:
        """Return why Pods with *image* do not come up, or None."""
        name, tag, _ = split_image(image)
        return self.breakages.get((name, tag))

    def list_version(self) -> str:
        """Return the resourceVersion of a list made now."""
        return str(self._resource_version)

    def find(self, name: str, namespace: str | None = None) -> Application | None:
        """Return the application, by default in the control plane's namespace."""
        return self.applications.get((namespace or CONTROL_PLANE, name))

    def named(self, name: str) -> dict[str, Any]:
        """Return the document of the only application of this name, for tests.

        Raises:
            KeyError: there is none, or several share the name.
        """
        found = [each for each in self.applications.values() if each.key[1] == name]
        if len(found) != 1:
            raise KeyError(
                f"{len(found)} applications are called {name}: {sorted(self.applications)}"
            )
        return found[0].document
