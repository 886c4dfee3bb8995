"""What a system is made of: repositories, applications, people and images, as frozen values."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable

ARGOCD = "https://argocd.example.com"
"""The Argo CD address that each ``shipmate.yaml`` names."""

_SHA = re.compile(r"\{sha(?::(\d+))?\}")


@dataclass(frozen=True, slots=True)
class CodeCommit:
    """One commit of a code repository. *tag* is the Git tag that stands on it, or None."""

    branch: str
    author: str
    email: str
    message: str
    tag: str | None = None


@dataclass(frozen=True, slots=True)
class CodeRepository:
    """Where services are written. *commits* are in the order they were made.

    A branch other than *default* begins at the newest commit of *default* that stands before its
    own first one. Where *name* is also the GitOps repository, these commits follow the tree's.
    """

    name: str
    default: str
    commits: tuple[CodeCommit, ...]


@dataclass(frozen=True, slots=True)
class Kustomized:
    """The application's path is a kustomization."""


@dataclass(frozen=True, slots=True)
class Plain:
    """The application's path holds manifests, applied as they are."""


@dataclass(frozen=True, slots=True)
class Workload:
    """One Deployment that a chart renders: its image is *image* ``:`` the scalar at *key*."""

    kind: str
    name: str
    image: str
    key: str


@dataclass(frozen=True, slots=True)
class Helmfile:
    """The chart renders *workloads* from the file *values* (path from the root)."""

    values: str
    workloads: tuple[Workload, ...]


Renderer = Kustomized | Plain | Helmfile


@dataclass(frozen=True, slots=True)
class Owner:
    """What made an application: *kind* is ``ApplicationSet`` or ``Application``."""

    kind: str
    name: str


@dataclass(frozen=True, slots=True)
class Application:
    """One Argo CD application. *revision* is what it follows, *namespace* where it deploys to."""

    name: str
    project: str
    repo_url: str
    path: str
    revision: str
    namespace: str
    renderer: Renderer
    owner: Owner | None = None
    auto_sync: bool = True
    self_heal: bool = True


@dataclass(frozen=True, slots=True)
class Build:
    """What CI pushes for each commit of *branch* of the repository *source*: *image* ``:`` *tag*.

    *tag* holds ``{sha}`` or ``{sha:8}``, or ``{version}`` for each commit with a Git tag.
    """

    source: str
    image: str
    branch: str
    tag: str

    def of(self, sha: str, version: str | None = None) -> str | None:
        """Return the image of the commit *sha* (40 hex), or None when CI builds none of it."""
        if "{version}" in self.tag and version is None:
            return None
        tag = self.tag.replace("{version}", version or "")
        cut = _SHA.sub(lambda found: sha[: int(found[1] or 40)], tag)
        return f"{self.image}:{cut}"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody in Slack, and on GitHub: *login*, the *number* that outlives it, and *email*."""

    id: str
    name: str
    real_name: str
    login: str
    number: int
    email: str


@dataclass(frozen=True, slots=True)
class Team:
    """A GitHub team of the system's organization: logins of *members*, nested in *parent*."""

    slug: str
    members: tuple[str, ...]
    parent: str | None = None


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel that the bot was invited to."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Deploy:
    """What a person here asks for; Git resolves *ref* (branch, tag, ``main~1``) in *source*."""

    services: tuple[str, ...]
    environment: str
    source: str
    ref: str


@dataclass(frozen=True, slots=True)
class System:
    """One company's set-up. Its tree and ``shipmate.yaml`` are the files beside its description.

    *images* are those that exist from before, as ``repository:tag``; *builds* say what CI adds.
    *deploys* hold each service in each of its environments at least once. *settings* names the file
    of its configuration, where it has several.
    """

    name: str
    title: str
    package: str
    gitops: str
    branch: str
    code: tuple[CodeRepository, ...]
    applications: tuple[Application, ...]
    builds: tuple[Build, ...]
    images: tuple[str, ...]
    deploys: tuple[Deploy, ...]
    people: tuple[Person, ...]
    teams: tuple[Team, ...]
    channels: tuple[Channel, ...]
    settings: str = "shipmate.yaml"

    @property
    def organization(self) -> str:
        """Return the GitHub organization, whose teams hold the rights."""
        return self.gitops.partition("/")[0]

    def files(self) -> Mapping[str, bytes]:
        """Return the GitOps tree: path from the root to bytes, sorted by path."""
        return dict(sorted(_walk(files(self.package) / "gitops", "")))

    def config(self, argocd: str = ARGOCD) -> str:
        """Return its configuration, with the address *argocd* in place of the written one."""
        written = (files(self.package) / self.settings).read_text(encoding="utf-8")
        return written.replace(ARGOCD, argocd.rstrip("/"))


def _walk(folder: Traversable, prefix: str) -> Iterator[tuple[str, bytes]]:
    for entry in folder.iterdir():
        path = f"{prefix}{entry.name}"
        if entry.is_dir():
            yield from _walk(entry, f"{path}/")
        else:
            yield path, entry.read_bytes()
