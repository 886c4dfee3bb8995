"""Where one image tag stands: a scalar in a file of a GitOps repository."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Kustomize:
    """The ``images`` entry of a kustomization whose ``name`` (else ``newName``) is *image*."""

    image: str


@dataclass(frozen=True, slots=True)
class Key:
    """The scalar at a dotted *path*: ``astrago.core.imageTag``, ``a."x.y"``, ``b[name=web].tag``.

    A mapping ``{repository, tag}`` or an ``image: repo:tag`` scalar at the path is also a tag.
    """

    path: str


@dataclass(frozen=True, slots=True)
class Container:
    """The one ``image: repo:tag`` of a manifest whose repository is *repository*."""

    repository: str


@dataclass(frozen=True, slots=True)
class Containers:
    """All ``image: repo:tag`` of a manifest that have the *repository*; they move together."""

    repository: str


At = Kustomize | Key | Container | Containers


@dataclass(frozen=True, slots=True)
class Location:
    """One scalar of one *file* (path from the root, ``/`` between) on *branch* of *repo*."""

    repo: str
    branch: str
    file: str
    at: At
