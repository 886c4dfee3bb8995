"""What a bot lives in, as the demo looks at it: three kinds of fakes, and Git itself."""

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.clock import Clock
from bot.domain.catalog import Application
from sandbox.argocd import ArgoCD
from sandbox.github import GitHub
from sandbox.slack import Slack
from sandbox.wire import Wire

Looked = tuple[str, str, str, str]
"""How an application looks: sync, health, the running operation's phase, the revision."""


@dataclass(frozen=True, slots=True)
class Outside:
    """The fakes, one Argo CD for each instance by its name, and the branch that is committed to."""

    slack: Slack
    github: GitHub
    argocd: Mapping[str, ArgoCD]
    clock: Clock
    gitops: str
    branch: str

    def wires(self) -> tuple[Wire, ...]:
        """Return every fake."""
        return (self.slack, self.github, *self.argocd.values())

    def git(self, repo: str, *words: str) -> str:
        """Return what git says about the bare repository of *repo*."""
        return subprocess.run(
            ["git", "-C", str(self.github.path(repo)), *words],
            check=True,
            capture_output=True,
            text=True,
            encoding="utf-8",
        ).stdout

    # applications

    def application(self, named: Application) -> dict[str, Any]:
        """Return the application's document as it is now."""
        return self.argocd[named.instance].application(_key(named))

    def images(self, named: Application) -> list[str]:
        """Return the images that run."""
        return self.argocd[named.instance].images(_key(named))

    def applied_images(self, named: Application) -> list[str]:
        """Return the images that workloads are told to run: a CronJob's too, between its runs."""
        return self.argocd[named.instance].applied_images(_key(named))

    def look(self, named: Application) -> Looked:
        """Return how the application looks now."""
        status = self.application(named)["status"]
        return (
            status.get("sync", {}).get("status", "Unknown"),
            status.get("health", {}).get("status", "Unknown"),
            status.get("operationState", {}).get("phase", ""),
            status.get("sync", {}).get("revision", "")[:8],
        )

    def is_healthy(self, named: Application) -> bool:
        """Tell whether the application is synced and healthy."""
        return self.look(named)[:2] == ("Synced", "Healthy")

    def is_settled(self, named: Application) -> bool:
        """Tell whether it is healthy, or Argo CD says that it cannot even be compared to Git."""
        broken = bool(self.application(named)["status"].get("conditions"))
        return broken or self.is_healthy(named)


def _key(named: Application) -> str | tuple[str, str]:
    return named.name if named.namespace is None else (named.namespace, named.name)
