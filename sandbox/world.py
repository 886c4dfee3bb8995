"""One system's whole outside as fakes on loopback: Slack, GitHub with CI, Argo CD, registries."""

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

from ruamel.yaml import YAML

from bot.clock import Clock
from sandbox.argocd import ApplicationSet, ArgoCD, Parent, Tempo
from sandbox.ci import CI
from sandbox.ecr import Ecr
from sandbox.github import GitHub
from sandbox.images import Images
from sandbox.registry import Registry
from sandbox.slack import Slack
from sandbox.slack.app import from_manifest
from sandbox.systems.nouns import Application, CodeRepository, Helmfile, System
from sandbox.wire import Wire

BOT_TOKEN = "xoxb-sandbox-bot"
APP_TOKEN = "xapp-sandbox-app"
SIGNING_SECRET = "sandbox-signing-secret"
GITHUB_TOKEN = "ghp_sandbox"
GITHUB_CLIENT_ID = "Iv1.sandbox"
GITHUB_WEBHOOK_SECRET = "sandbox-webhook-secret"
ARGOCD_WEBHOOK_TOKEN = "sandbox-argocd-webhook-token"
BOT_LOGIN = "shipmate-bot"
PRIVATE = "ghcr.io"
"""The registry whose images only the bot's login may see; Docker Hub's are for everybody."""
REGISTRIES = (PRIVATE, "docker.io")
REGISTRY_PASSWORD = "ghp_sandbox-packages"

SPEED = 20.0


class World:
    """The outside of one *system*, its repositories below *folder*.

    ``start`` listens and fills everything; ``environment`` is what a bot needs to live in it.
    *config* rewrites the system's ``shipmate.yaml``: ``unguarded`` asks nobody for approval.
    """

    def __init__(
        self,
        system: System,
        folder: Path,
        *,
        clock: Clock | None = None,
        tempo: Tempo | None = None,
        config: Callable[[str], str] | None = None,
        manifest: str | None = None,
    ) -> None:
        self.system, self.folder = system, folder
        self.clock = clock or Clock(SPEED)
        self.github = GitHub(folder / "github", self.clock)
        self.argocd = ArgoCD(self.clock, self._path, tempo=tempo)
        self._manifest = manifest
        self.slack = Slack(
            self.clock,
            signing_secret=SIGNING_SECRET,
            bot_token=BOT_TOKEN,
            app_token=APP_TOKEN,
            app=None if manifest is None else from_manifest(YAML(typ="safe").load(manifest)),
        )
        self.registry, self.ecr = Registry(self.clock), Ecr()
        self.images = Images(self.registry, self.ecr)
        self.ci = CI(system, self.github, self.images)
        self._config = config or _as_written

    @property
    def wires(self) -> tuple[Wire, ...]:
        """Return every fake."""
        return (self.github, self.argocd, self.slack, self.registry, self.ecr)

    def start(self) -> None:
        """Listen, and fill every fake with what the system has."""
        for wire in self.wires:
            wire.start()
        self._fill_people()
        self._fill_registries()
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
        config.write_text(self._written(), encoding="utf-8")
        variables = {
            "SLACK_BOT_TOKEN": BOT_TOKEN,
            "SLACK_SIGNING_SECRET": SIGNING_SECRET,
            "SLACK_API_URL": self.slack.api_url,
            "GITHUB_TOKEN": GITHUB_TOKEN,
            "GITHUB_API_URL": self.github.api_url,
            "GITHUB_CLIENT_ID": GITHUB_CLIENT_ID,
            "GITHUB_WEBHOOK_SECRET": GITHUB_WEBHOOK_SECRET,
            "ARGOCD_AUTH_TOKEN": self.argocd.token,
            "ARGOCD_WEBHOOK_TOKEN": ARGOCD_WEBHOOK_TOKEN,
            "DATABASE_URL": database_url,
            "SHIPMATE_CONFIG": str(config),
            "REGISTRY_GHCR_IO_USERNAME": BOT_LOGIN,
            "REGISTRY_GHCR_IO_PASSWORD": REGISTRY_PASSWORD,
            **aws(self.ecr, self.folder),
        }
        if socket_mode:
            variables["SLACK_APP_TOKEN"] = APP_TOKEN
        if self._manifest is not None:
            manifest = self.folder / "manifest.yml"
            manifest.write_text(self._manifest, encoding="utf-8")
            variables["SLACK_MANIFEST"] = str(manifest)
        return variables

    def sha(self, repo: str, ref: str) -> str:
        """Return the full SHA of *ref* (branch, tag, ``main~1``) in *repo*."""
        command = ["git", "-C", str(self.github.path(repo)), "rev-parse", f"{ref}^{{commit}}"]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    def until(self, true: Callable[[], bool], seconds: float = 60.0) -> bool:
        """Wait until *true*, asked whenever any fake was called; False when it never was."""
        return self.slack.until(true, seconds)

    def _written(self) -> str:
        """Return the configuration with our addresses; no ``shipmate.yaml`` names registries."""
        lines = [f'  {host}: {{url: "{self.registry.url}"}}' for host in REGISTRIES]
        text = self._config(self.system.config(self.argocd.url))
        return "\n".join([text, "registries:", *lines, ""])

    # filling

    def _path(self, repo_url: str) -> Path:
        name = re.sub(r"^.*[/:]([^/:]+/[^/]+?)(\.git)?/?$", r"\1", repo_url)
        return self.github.path(name)

    def _fill_people(self) -> None:
        """Make accounts before commits, so that GitHub knows who wrote these."""
        for person in self.system.people:
            self.github.add_user(
                person.login, number=person.number, name=person.real_name, email=person.email
            )
        organization = self.system.organization
        self.github.add_organization(organization)
        for team in self.system.teams:
            self.github.add_team(organization, team.slug, team.members, parent=team.parent)

    def _fill_registries(self) -> None:
        self.registry.add_user(BOT_LOGIN, REGISTRY_PASSWORD)
        built = {build.image for build in self.system.builds}
        for repository in built | {image.rpartition(":")[0] for image in self.system.images}:
            host, _, path = repository.partition("/")
            if host == PRIVATE:
                self.registry.restrict(path, [BOT_LOGIN])
        for image in self.system.images:
            self.images.put(image)

    def _fill_github(self) -> None:
        system = self.system
        self.github.add_token(GITHUB_TOKEN, BOT_LOGIN)
        self.github.allow_device_flow(GITHUB_CLIENT_ID)
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


def aws(ecr: Ecr, folder: Path) -> dict[str, str]:
    """Return what AWS's own library reads, so that nothing of this machine's is used."""
    return {
        "AWS_ENDPOINT_URL_ECR": ecr.url,
        "AWS_ACCESS_KEY_ID": "AKIASANDBOX",
        "AWS_SECRET_ACCESS_KEY": "sandbox-aws-secret",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": str(folder / "no-aws-config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(folder / "no-aws-credentials"),
    }


def unguarded(text: str) -> str:
    """Return a ``shipmate.yaml`` whose environments ask for no approval, order or waiting."""
    return re.sub(r"^ +(?:after|soak|approvals): .*\n", "", text, flags=re.MULTILINE)


def _as_written(text: str) -> str:
    return text
