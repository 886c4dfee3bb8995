"""The pretended world of a rehearsal: filled from the reader's configuration and clone."""

import posixpath
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import yaml  # type: ignore[import-untyped]  # no stubs

from bot.adapters.registry_ecr import HOST as ECR_HOST
from bot.clock import Clock
from bot.config import Config, load
from bot.domain.catalog import Instance, Target
from bot.domain.edit import EditError, read_tag
from bot.domain.locations import Key
from sandbox.argocd import ArgoCD, ValuesWorkload
from sandbox.argocd.cluster import images_of
from sandbox.argocd.kustomize import Broken
from sandbox.argocd.render import Renderer, Source
from sandbox.argocd.repository import Unresolved
from sandbox.argocd.world import CONTROL_PLANE
from sandbox.demo.clone import Clone
from sandbox.demo.outside import Outside
from sandbox.demo.passing import fill_commits, fill_teams, fill_what_stands, with_registries
from sandbox.ecr import Ecr
from sandbox.github import GitHub
from sandbox.images import Images
from sandbox.registry import Registry
from sandbox.slack import Slack
from sandbox.wire import Wire
from sandbox.world import APP_TOKEN, BOT_LOGIN, BOT_TOKEN, GITHUB_TOKEN, SIGNING_SECRET, aws

RELEASE = "v1.0.0-rehearsal"
"""The Git tag on the newest commit of each stand-in."""

READER = "U0READER"
"""Who types where the configuration's map names nobody."""

_BRANCH = "main"
_AUTHOR = ("A Stand-in", "stand-in@example.com")
_DAY = datetime(2026, 1, 5, 9, tzinfo=UTC)
"""Always the same day, so that a stand-in's SHAs are the same in each rehearsal."""


@dataclass(frozen=True, slots=True)
class Versions:
    """What may be deployed from the code repository *repo*; *stands_in* where it is invented."""

    repo: str
    branch: str
    sha: str
    release: str
    stands_in: bool


class Ground:
    """The fakes for *config*, whose GitOps repository *gitops* is a copy of *clone*."""

    def __init__(
        self, folder: Path, config: Config, clone: Clone, gitops: str, clock: Clock
    ) -> None:
        self._folder, self._config, self._clone = folder, config, clone
        self.gitops, self.clock = gitops, clock
        self.targets = tuple(
            one for one in config.catalog.targets.values() if one.location.repo == gitops
        )
        self.branches = tuple(dict.fromkeys(one.location.branch for one in self.targets))
        self.github = GitHub(folder / "github", clock)
        self.argocd = {name: ArgoCD(clock, self._path) for name in config.catalog.instances}
        self.slack = Slack(
            clock, signing_secret=SIGNING_SECRET, bot_token=BOT_TOKEN, app_token=APP_TOKEN
        )
        self.registry, self.ecr = Registry(clock), Ecr()
        self._images = Images(self.registry, self.ecr)
        self.versions: dict[str, Versions] = {}
        self.people: dict[str, str] = {}
        """Names by Slack id."""
        self.stood_in: dict[str, str] = {}
        """Why an application is played by simple Deployments, by its name."""

    def outside(self, branch: str) -> Outside:
        """Return what people look at, with *branch* as the one that is committed to."""
        return Outside(self.slack, self.github, self.argocd, self.clock, self.gitops, branch)

    def start(self) -> None:
        """Listen, and fill every fake."""
        for wire in self._wires:
            wire.start()
        self.github.add_token(GITHUB_TOKEN, BOT_LOGIN)
        fill_teams(self.github, self._config)
        bare = self._clone.copy(self._folder / "clone.git", self.branches)
        self.github.adopt(self.gitops, bare, branch=self.branches[0])
        for source in dict.fromkeys(target.source for target in self.targets):
            made = self.versions[source] = self._code(source)
            fill_commits(self.github, self._images, self.targets, source, made.branch, made.release)
        fill_what_stands(self.github, self._images, self.targets)
        self._fill_slack()
        self._fill_argocd()

    def stop(self) -> None:
        """Stop every fake."""
        for wire in self._wires:
            wire.stop()

    @property
    def _wires(self) -> tuple[Wire, ...]:
        return (self.github, self.slack, self.registry, self.ecr, *self.argocd.values())

    def environment(self, text: str, database_url: str) -> dict[str, str]:
        """Return a bot's environment; *text* is its configuration, written with our addresses."""
        addresses = {name: argocd.url for name, argocd in self.argocd.items()}
        hosts = [one.host for one in self._config.registries if not ECR_HOST.fullmatch(one.host)]
        registries = dict.fromkeys(hosts, self.registry.url)
        written = with_registries(with_addresses(text, addresses), registries)
        instances = {name: Instance(name, url) for name, url in addresses.items()}
        wanted = replace(self._config.catalog, instances=instances)
        assert load(written).catalog == wanted, "only the addresses of Argo CD may differ"
        path = self._folder / "shipmate.yaml"
        path.write_text(written, encoding="utf-8")
        tokens = {
            f"ARGOCD_AUTH_TOKEN_{name.upper().replace('-', '_')}": argocd.token
            for name, argocd in self.argocd.items()
        }
        return {
            "SLACK_BOT_TOKEN": BOT_TOKEN,
            "SLACK_SIGNING_SECRET": SIGNING_SECRET,
            "SLACK_API_URL": self.slack.api_url,
            "GITHUB_TOKEN": GITHUB_TOKEN,
            "GITHUB_API_URL": self.github.api_url,
            "DATABASE_URL": database_url,
            "SHIPMATE_CONFIG": str(path),
            **aws(self.ecr, self._folder),
            **tokens,
        }

    # filling

    def _path(self, repo_url: str) -> Path:
        return self.github.path(repo_url.removeprefix("https://github.com/").removesuffix(".git"))

    def _code(self, source: str) -> Versions:
        """Return what may be deployed from *source*, which is made here unless it is the clone."""
        if source == self.gitops:
            branch = self.branches[0]
            head = self.github.head(source, branch)
            self.github.tag(source, RELEASE, head)
            return Versions(source, branch, head, RELEASE, stands_in=False)
        self.github.create_repository(source, {}, branch=_BRANCH)
        sha = ""
        for number, what in enumerate(("Begin", "Go on", "Fix what was wrong"), 1):
            sha = self.github.push(
                source,
                _BRANCH,
                {"README.md": f"Stands in for {source}, state {number}.\n"},
                message=f"{what} (a stand-in for {source})",
                author=_AUTHOR,
                when=_DAY.replace(day=_DAY.day + number),
            )
        self.github.tag(source, RELEASE, sha)
        return Versions(source, _BRANCH, sha, RELEASE, stands_in=True)

    def _fill_slack(self) -> None:
        environments = self._config.catalog.environments.values()
        people = {**self._config.people.logins, READER: "reader"}
        for person, name in people.items():
            self.slack.add_user(person, name)
        self.people = people
        channels = self._config.channels
        ids = [channels.deploys, channels.failures, channels.drift]
        for channel in dict.fromkeys(ids + [one.channel for one in environments]):
            self.slack.add_channel(channel, channel.lower(), *people)

    def _fill_argocd(self) -> None:
        together: dict[tuple[str, str | None, str], list[Target]] = {}
        for target in self.targets:
            app = target.application
            together.setdefault((app.instance, app.namespace, app.name), []).append(target)
        for (instance, _, name), targets in together.items():
            path, workloads = self._source(name, targets)
            app = targets[0].application
            self.argocd[instance].add_application(
                name,
                repo_url=self._url,
                path=path,
                target_revision=targets[0].location.branch,
                project=app.project or "default",
                namespace=app.namespace or CONTROL_PLANE,
                workloads=workloads,
            )

    @property
    def _url(self) -> str:
        return f"https://github.com/{self.gitops}.git"

    def _source(
        self, application: str, targets: Sequence[Target]
    ) -> tuple[str, tuple[ValuesWorkload, ...]]:
        """Return the path of an application, and the Deployments that play it, if any."""
        folders = {posixpath.dirname(one.location.file) or "." for one in targets}
        folder = min(folders, key=len)
        if all(isinstance(one.location.at, Key) for one in targets):
            return folder, tuple(map(_workload, targets))
        why = self._why_not(folder, targets) if len(folders) == 1 else "it has several folders"
        if not why:
            return folder, ()
        self.stood_in[application] = why
        return folder, tuple(map(_workload, targets))

    def _why_not(self, folder: str, targets: Sequence[Target]) -> str:
        """Return why the manifests of *folder* cannot be run here; empty if they can."""
        sha = self.github.head(self.gitops, targets[0].location.branch)
        try:
            manifests = Renderer(self._path).render(Source(self._url, folder), sha)
        except (Broken, Unresolved) as broken:
            return f"{folder} does not build here: {broken}"
        found = {image for manifest in manifests for image in images_of(manifest)}
        repositories = {re.sub(r"(@.*|:[^/]*)$", "", image) for image in found}
        missing = sorted({one.image for one in targets} - repositories)
        return f"no workload of {folder} has the image {', '.join(missing)}" if missing else ""


def _workload(target: Target) -> ValuesWorkload:
    """Return a Deployment whose tag is read where the bot will write it."""

    def tag(content: bytes) -> str:
        try:
            return read_tag(content, target.location.file, target.location.at) or "none"
        except EditError as error:
            raise Broken(str(error)) from error

    return ValuesWorkload(target.service, target.image, "", target.location.file, tag)


def with_addresses(text: str, addresses: Mapping[str, str]) -> str:
    """Return the configuration *text* with other addresses of its Argo CD instances."""
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    places = []
    for name, instance in _entries(_entries(root)["argocd"]).items():
        if name in addresses:
            url = _entries(instance)["url"]
            places.append((url.start_mark.index, url.end_mark.index, addresses[name]))
    for start, end, address in sorted(places, reverse=True):
        text = f'{text[:start]}"{address}"{text[end:]}'
    return text


def _entries(node: yaml.Node) -> dict[str, yaml.Node]:
    assert isinstance(node, yaml.MappingNode)
    return {key.value: value for key, value in node.value}
