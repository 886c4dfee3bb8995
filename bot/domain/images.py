"""Image references: taking ``registry:5000/team/app:tag@sha256:…`` apart and comparing them."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Self

HUB = "docker.io"
"""The registry of a name that tells none.

Source: https://docs.docker.com/reference/cli/docker/image/tag/
"""

_HUB_NAMES = frozenset({HUB, "index.docker.io", "registry-1.docker.io"})
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")
_DIGEST = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:[+._-][A-Za-z][A-Za-z0-9]*)*:[0-9A-Fa-f]{32,}")
_REPOSITORY = re.compile(
    r"(?:[A-Za-z0-9.-]+(?::[0-9]+)?/|\[[0-9A-Fa-f:]+\](?::[0-9]+)?/)?"
    r"[A-Za-z0-9._-]+(?:/[A-Za-z0-9._-]+)*"
)


def is_tag(text: str) -> bool:
    """Tell whether a registry takes *text* as a tag.

    Source: https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pulling-manifests
    """
    return _TAG.fullmatch(text) is not None


def is_digest(text: str) -> bool:
    """Tell whether *text* has a digest's shape, such as ``sha256:`` and 64 hex digits."""
    return _DIGEST.fullmatch(text) is not None


@dataclass(frozen=True, slots=True)
class ImageReference:
    """An image as manifests write it; *tag* and *digest* are None where it has none."""

    repository: str
    tag: str | None = None
    digest: str | None = None

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the parts of *text*.

        Upper case is let through, although registries refuse it: placeholders use it.

        Raises:
            ValueError: *text* is no image reference.
        """
        name, at, digest = text.partition("@")
        slash = name.rfind("/")
        colon = name.find(":", slash + 1)
        repository, tag = (name, None) if colon < 0 else (name[:colon], name[colon + 1 :])
        if (
            not _REPOSITORY.fullmatch(repository)
            or (tag is not None and not is_tag(tag))
            or (at and not is_digest(digest))
        ):
            raise ValueError(f"{text!r} is no image reference")
        return cls(repository, tag, digest or None)

    def __str__(self) -> str:
        """Return it as manifests write it."""
        tag = "" if self.tag is None else f":{self.tag}"
        digest = "" if self.digest is None else f"@{self.digest}"
        return f"{self.repository}{tag}{digest}"

    @property
    def registry(self) -> str:
        """Return the host, with its port, that serves it; Docker Hub where it names none."""
        return normalised(self.repository).partition("/")[0]

    @property
    def path(self) -> str:
        """Return the repository's name within its registry: ``library/nginx`` for ``nginx``."""
        return normalised(self.repository).partition("/")[2]


def normalised(repository: str) -> str:
    """Return *repository* with the registry, and Docker Hub's ``library``, spelled out.

    The first part is a host if it has a dot, a port, upper case, or is ``localhost``.

    Source: https://github.com/distribution/reference/blob/main/normalize.go
    """
    first, slash, rest = repository.partition("/")
    names_host = bool(slash) and (
        "." in first or ":" in first or first == "localhost" or first != first.lower()
    )
    host, path = (first, rest) if names_host else (HUB, repository)
    if host in _HUB_NAMES:
        host, path = HUB, path if "/" in path else f"library/{path}"
    return f"{host}/{path}"


def same_repository(one: str, other: str) -> bool:
    """Tell whether both names mean the same repository: ``nginx``, ``docker.io/library/nginx``."""
    return one == other or normalised(one) == normalised(other)


def tags_of(images: Iterable[str], repository: str) -> tuple[str, ...]:
    """Return the tags of *repository* among *images*, sorted; a digest where there is no tag."""
    return tags_in(of_repository(images, repository))


def tags_in(images: Iterable[ImageReference]) -> tuple[str, ...]:
    """Return the tags of *images*, sorted; a digest where there is no tag."""
    return tuple(sorted({one.tag or one.digest or "" for one in images}))


def of_repository(images: Iterable[str], repository: str) -> frozenset[ImageReference]:
    """Return those of *images* that are of *repository*."""
    read = (_read(text) for text in images)
    return frozenset(one for one in read if one and same_repository(one.repository, repository))


def _read(text: str) -> ImageReference | None:
    """Return the parts of *text*; a bare repository means its ``latest``. None: no image at all."""
    try:
        one = ImageReference.parse(text.strip())
    except ValueError:
        return None
    return one if one.tag or one.digest else replace(one, tag="latest")
