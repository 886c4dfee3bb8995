"""Reads of a real bare Git repository: revisions, trees, blobs and commits."""

import re
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sandbox.github.objects import FOLDER, Objects

FULL = re.compile(r"[0-9a-f]{40}")
SHORT = re.compile(r"[0-9a-f]{7,39}")


class Unresolved(Exception):  # noqa: N818  # said of a revision
    """No commit goes by this name."""

    def __init__(self, revision: str) -> None:
        super().__init__(f"unable to resolve '{revision}' to a commit SHA")


@dataclass(frozen=True, slots=True)
class Commit:
    """What a commit says of itself; *date* is RFC 3339."""

    author: str
    date: str
    message: str
    tags: tuple[str, ...]


class Repository:
    """One bare repository. Trees and blobs are kept: their names are their content."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._objects = Objects(path)
        self._trees: dict[str, dict[str, str]] = {}
        self._blobs: dict[str, bytes] = {}
        self._lock = threading.Lock()

    def resolve(self, revision: str) -> str:
        """Return the commit that *revision* (branch, tag, HEAD or SHA) names now.

        A full SHA is believed without a look, as Argo CD does.

        Raises:
            Unresolved: no branch, tag or commit is called so.
        """
        revision = revision or "HEAD"
        if FULL.fullmatch(revision):
            return revision
        if loose := self._loose(f"refs/heads/{revision}"):
            return loose
        names = [f"refs/heads/{revision}", f"refs/tags/{revision}"]
        if revision == "HEAD" or revision.startswith("refs/") or SHORT.fullmatch(revision):
            names.append(revision)
        for name in names:
            found = self._git("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}", check=False)
            if found:
                return found.decode().strip()
        raise Unresolved(revision)

    def _loose(self, ref: str) -> str | None:
        """Return a loose ref without starting a process: it is what fifty polls ask for."""
        try:
            text = (self.path / ref).read_text().strip()
        except OSError:
            return None
        return text if FULL.fullmatch(text) else None

    def files(self, sha: str) -> dict[str, str]:
        """Return path → blob id of every file at *sha*.

        Raises:
            Unresolved: there is no such commit.
        """
        with self._lock:
            if sha in self._trees:
                return self._trees[sha]
        try:
            tree = dict(self._below(self._objects.commit(sha).tree))
        except KeyError:
            raise Unresolved(sha) from None
        with self._lock:
            self._trees[sha] = tree
            while len(self._trees) > 64:
                del self._trees[next(iter(self._trees))]
        return tree

    def blob(self, name: str) -> bytes:
        """Return the content of a blob."""
        with self._lock:
            if name in self._blobs:
                return self._blobs[name]
        content = self._objects.blob(name)
        with self._lock:
            self._blobs[name] = content
        return content

    def _below(self, tree: str, folder: str = "") -> Iterator[tuple[str, str]]:
        for name, entry in self._objects.tree(tree).items():
            if entry.mode == FOLDER:
                yield from self._below(entry.sha, f"{folder}{name}/")
            else:
                yield f"{folder}{name}", entry.sha

    def commit(self, sha: str) -> Commit:
        """Return what *sha* says of itself.

        Raises:
            Unresolved: there is no such commit.
        """
        shown = self._git("show", "-s", "--format=%an <%ae>%x00%cI%x00%B", sha, check=False)
        if shown is None:
            raise Unresolved(sha)
        author, date, message = shown.decode().split("\0")
        tags = (self._git("tag", "--points-at", sha) or b"").decode().split()
        return Commit(author, date, message.rstrip("\n"), tuple(tags))

    def _git(self, *words: str, check: bool = True) -> bytes | None:
        """Return what git prints; None when it fails and *check* is off."""
        done = subprocess.run(
            ["git", "-C", str(self.path), *words], capture_output=True, check=False
        )
        if done.returncode and check:
            raise RuntimeError(f"git {words[0]} failed: {done.stderr.decode()}")
        return None if done.returncode else done.stdout
