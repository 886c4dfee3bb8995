"""One system's whole outside: Slack, GitHub and Argo CD as fakes, populated, on loopback."""

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

from bot.clock import Clock
from sandbox.argocd import ApplicationSet, ArgoCD, Parent, Tempo
from sandbox.github import GitHub
from sandbox.slack import Slack
from sandbox.systems.nouns import Application, CodeRepository, Helmfile, System
from sandbox.wire import Wire

BOT_TOKEN = "xoxb-sandbox-bot"
APP_TOKEN = "xapp-sandbox-app"
SIGNING_SECRET = "sandbox-signing-secret"
GITHUB_TOKEN = "ghp_sandbox"
BOT_LOGIN = "shipmate-bot"

SPEED = 20.0


class World:
    """The outside of one *system*, its repositories below *folder*.

    ``start`` listens and fills everything; ``environment`` is what a bot needs to live in it.
    """

    def __init__(
        self,
        system: System,
        folder: Path,
        *,
        clock: Clock | None = None,
        tempo: Tempo | None = None,
    ) -> None:
        self.system, self.folder = system, folder
        self.clock = clock or Clock(SPEED)
        self.github = GitHub(folder / "github", self.clock)
        self.argocd = ArgoCD(self.clock, self._path, tempo=tempo)
        self.slack = Slack(
            self.clock, signing_secret=SIGNING_SECRET, bot_token=BOT_TOKEN, app_token=APP_TOKEN
        )

    @property
    def wires(self) -> tuple[Wire, ...]:
        """Return every fake."""
        return (self.github, self.argocd, self.slack)

    def start(self) -> None:
        """Listen, and fill every fake with what the system has."""
        for wire in self.wires:
            wire.start()
        self._fill_github()
        self._fill_slack()
        for application in self.system.applications:
            self._add(application)

    def stop(self) -> None:
        """Stop every fake."""
        for wire in self.wires:
            wire.stop()

    def troubles(self) -> list[str]:
        """Return whatever the fakes could not make sense of; empty after a good run."""
        return [odd for wire in self.wires for odd in wire.strange]

    def environment(self, database_url: str, *, socket_mode: bool = False) -> dict[str, str]:
        """Return the environment variables of a bot in this world, and write its configuration."""
        config = self.folder / "shipmate.yaml"
        config.write_text(self.system.config(self.argocd.url), encoding="utf-8")
        variables = {
            "SLACK_BOT_TOKEN": BOT_TOKEN,
            "SLACK_SIGNING_SECRET": SIGNING_SECRET,
            "SLACK_API_URL": self.slack.api_url,
            "GITHUB_TOKEN": GITHUB_TOKEN,
            "GITHUB_API_URL": self.github.api_url,
            "ARGOCD_AUTH_TOKEN": self.argocd.token,
            "DATABASE_URL": database_url,
            "SHIPMATE_CONFIG": str(config),
        }
        if socket_mode:
            variables["SLACK_APP_TOKEN"] = APP_TOKEN
        return variables

    def sha(self, repo: str, ref: str) -> str:
        """Return the full SHA of *ref* (branch, tag, ``main~1``) in *repo*."""
        command = ["git", "-C", str(self.github.path(repo)), "rev-parse", f"{ref}^{{commit}}"]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    def until(self, true: Callable[[], bool], seconds: float = 60.0) -> bool:
        """Wait until *true*, asked whenever any fake was called; False when it never was."""
        return self.slack.until(true, seconds)

    # filling

    def _path(self, repo_url: str) -> Path:
        name = re.sub(r"^.*[/:]([^/:]+/[^/]+?)(\.git)?/?$", r"\1", repo_url)
        return self.github.path(name)

    def _fill_github(self) -> None:
        system = self.system
        self.github.add_token(GITHUB_TOKEN, BOT_LOGIN)
        self.github.create_repository(system.gitops, system.files(), branch=system.branch)
        for repository in system.code:
            self._write(repository)

    def _write(self, repository: CodeRepository) -> None:
        if repository.name != self.system.gitops:
            self.github.create_repository(repository.name, {}, branch=repository.default)
        heads: dict[str, str] = {}
        if repository.name == self.system.gitops:
            heads[self.system.branch] = self.github.head(repository.name, self.system.branch)
        for number, commit in enumerate(repository.commits, 1):
            if commit.branch not in heads and repository.default in heads:
                start = heads[repository.default]
                self.github.create_branch(repository.name, commit.branch, start)
            heads[commit.branch] = self.github.push(
                repository.name,
                commit.branch,
                {f"services/change-{number}.txt": f"{commit.message}\n"},
                message=commit.message,
                author=(commit.author, commit.email),
            )
            if commit.tag is not None:
                self.github.tag(repository.name, commit.tag, heads[commit.branch])

    def _fill_slack(self) -> None:
        for person in self.system.people:
            self.slack.add_user(person.id, person.name)
        for channel in self.system.channels:
            self.slack.add_channel(channel.id, channel.name, *(p.id for p in self.system.people))

    def _add(self, application: Application) -> None:
        workloads: list[tuple[str, str, str]] = []
        path = application.path
        if isinstance(application.renderer, Helmfile):
            path = application.renderer.values
            workloads = [(one.name, one.image, one.key) for one in application.renderer.workloads]
        owner = application.owner
        made_by = None
        if owner is not None:
            is_set = owner.kind == "ApplicationSet"
            made_by = ApplicationSet(owner.name) if is_set else Parent(owner.name)
        self.argocd.add_application(
            application.name,
            repo_url=application.repo_url,
            path=path,
            target_revision=application.revision,
            project=application.project,
            auto_sync=application.auto_sync,
            self_heal=application.self_heal,
            destination_namespace=application.namespace,
            owner=made_by,
            workloads=workloads,
        )
