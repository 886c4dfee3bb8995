"""The values that reading and committing a branch is about."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

REGULAR = 0o100644


@dataclass(frozen=True, slots=True)
class File:
    """A file as it stands in a commit: its bytes, its Git object id and its mode."""

    text: bytes
    blob: str
    mode: int = REGULAR


@dataclass(frozen=True, slots=True)
class Recent:
    """One commit near the head: its full SHA and whole message."""

    sha: str
    message: str


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One branch at one moment: everything in it belongs to the commit *head*.

    *repo* is the repository's name today, whatever it was asked by. *tree* is the head's tree.
    *files* holds None for a file that is not there. *recent* starts with the head, newest first.
    """

    repo: str
    branch: str
    head: str
    tree: str
    files: Mapping[str, File | None]
    recent: tuple[Recent, ...]

    def commit_with(self, trailer: str) -> str | None:
        """Return the SHA of the newest recent commit that has the line *trailer*, or None."""
        return with_line(self.recent, trailer)


@dataclass(frozen=True, slots=True)
class Found:
    """A commit of ours that was made before."""

    sha: str
    url: str


@dataclass(frozen=True, slots=True)
class Committed:
    """A commit that we made just now."""

    sha: str
    url: str


def with_line(recent: Iterable[Recent], line: str) -> str | None:
    """Return the SHA of the first of *recent* whose message has *line*, or None."""
    return next((one.sha for one in recent if has_line(one.message, line)), None)


def has_line(message: str, line: str) -> bool:
    """Tell whether *line* is a whole line of *message*."""
    return line in message.splitlines()


def blob_id(content: bytes) -> str:
    """Return the id that Git gives to a file of this *content*."""
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()  # noqa: S324  # Git's id
