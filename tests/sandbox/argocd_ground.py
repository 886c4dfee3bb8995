"""The ground of the Argo CD fake's tests: a real bare repository, a fast clock, a real client."""

import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx

from bot.clock import Clock
from sandbox.argocd import ArgoCD, Tempo

REPO = "https://github.com/acme/gitops"
SPEED = 50.0
WEB = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  replicas: 2
  template:
    spec:
      containers:
        - name: web
          image: ghcr.io/acme/web:1
"""
KUSTOMIZATION = """\
resources:
  - deployment.yaml
images:
  - name: ghcr.io/acme/web
    newTag: "{tag}"
"""


class GitOps:
    """A bare repository that commits can be pushed to."""

    def __init__(self, root: Path) -> None:
        self.bare = root / "gitops.git"
        self._work = root / "work"
        self._git(root, "init", "-q", "--bare", "-b", "main", str(self.bare))
        self._git(root, "init", "-q", "-b", "main", str(self._work))

    def _git(self, where: Path, *words: str) -> str:
        identity = ("-c", "user.name=Ann", "-c", "user.email=ann@example.com")
        done = subprocess.run(
            ["git", *identity, *words], cwd=where, check=True, capture_output=True, text=True
        )
        return done.stdout.strip()

    def push(self, files: Mapping[str, str | None], message: str = "change") -> str:
        """Commit *files* (None deletes) on main and return the SHA."""
        for name, text in files.items():
            path = self._work / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if text is None:
                path.unlink()
            else:
                path.write_text(text)
        self._git(self._work, "add", "-A")
        self._git(self._work, "commit", "-q", "--allow-empty", "-m", message)
        self._git(self._work, "push", "-q", str(self.bare), "HEAD:refs/heads/main")
        return self._git(self._work, "rev-parse", "HEAD")

    def push_web(self, tag: str) -> str:
        """Commit the kustomize directory ``web`` with this tag and return the SHA."""
        return self.push(
            {"web/deployment.yaml": WEB, "web/kustomization.yaml": KUSTOMIZATION.format(tag=tag)},
            f"web {tag}",
        )


@dataclass
class Ground:
    """A started fake, its repository and a client that holds the token."""

    argocd: ArgoCD
    gitops: GitOps
    client: httpx.Client

    def until(self, true: Any, seconds: float = 20.0) -> None:
        """Wait until *true*; fail otherwise with the state of every application."""
        if not self.argocd.until(true, seconds):
            documents = [each.document for each in self.argocd.world.applications.values()]
            raise AssertionError(f"it never came true: {documents}")

    def add_web(self, name: str = "web", **settings: Any) -> dict[str, Any]:
        """Create an application of the directory ``web``."""
        return self.argocd.add_application(name, repo_url=REPO, path="web", **settings).document

    def live(self, sha: str, name: str = "web") -> dict[str, Any]:
        """Wait until *sha* is live and return the application."""
        self.until(lambda: self.argocd.is_live(name, sha))
        return self.argocd.application(name)

    def get(self, path: str, **query: str) -> httpx.Response:
        """GET below /api/v1."""
        return self.client.get(f"/api/v1{path}", params=query)

    def post(self, path: str, body: Any, **query: str) -> httpx.Response:
        """POST below /api/v1."""
        return self.client.post(f"/api/v1{path}", json=body, params=query)


def quick() -> Tempo:
    """Return a tempo in which a deploy takes seconds of the sandbox's time."""
    return Tempo(rollout_duration=timedelta(seconds=4), progress_deadline=timedelta(seconds=10))


@contextmanager
def ground(speed: float = SPEED, **settings: Any) -> Iterator[Ground]:
    """Start a fake on a fresh repository with ``web`` at tag 1; end by asking what was strange."""
    with tempfile.TemporaryDirectory() as root:
        gitops = GitOps(Path(root))
        gitops.push_web("1")
        settings = {"tempo": quick()} | settings
        argocd = ArgoCD(Clock(speed), lambda _url: gitops.bare, **settings)
        argocd.start()
        headers = {
            "Authorization": f"Bearer {argocd.token}",
            "Content-Type": "application/json",
        }
        try:
            with httpx.Client(base_url=argocd.url, headers=headers, timeout=30) as client:
                yield Ground(argocd, gitops, client)
            assert [] == [each for each in argocd.strange if "crashed" in each]
        finally:
            argocd.stop()
