"""The git objects of one bare repository: commits, trees and blobs, read and written.

Objects are written loose, in git's own format; what git itself packed is read through one
``git cat-file --batch``. References live in ``repositories.py``.
"""

import hashlib
import os
import subprocess
import threading
import weakref
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

FILE = 0o100644
EXECUTABLE = 0o100755
FOLDER = 0o040000
SUBMODULE = 0o160000


@dataclass(frozen=True, slots=True)
class Person:
    """Who made a commit, and when (aware)."""

    name: str
    email: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Commit:
    """One commit as git keeps it."""

    sha: str
    tree: str
    parents: tuple[str, ...]
    author: Person
    committer: Person
    message: str


@dataclass(frozen=True, slots=True)
class Entry:
    """What stands at one path of a tree."""

    mode: int
    sha: str

    @property
    def kind(self) -> str:
        """Return git's word for it."""
        return {FOLDER: "tree", SUBMODULE: "commit"}.get(self.mode, "blob")


def git(path: Path, *arguments: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """Run git on the bare repository at *path*, untouched by the user's own configuration."""
    return subprocess.run(
        ["git", "--git-dir", str(path), *arguments],  # the user's git is the point
        input=stdin,
        capture_output=True,
        check=False,
        env=git_environment(),
    )


def git_environment() -> dict[str, str]:
    """Return an environment in which git obeys no configuration but the repository's."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    return kept | {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull, "LC_ALL": "C"}


class Objects:
    """The objects under *path*. Safe to use from several threads."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known: dict[str, tuple[str, bytes]] = {}
        self._commits: dict[str, Commit] = {}
        self._trees: dict[str, dict[str, Entry]] = {}
        self._reader: subprocess.Popen[bytes] | None = None
        self._guard = threading.Lock()
        self._close: weakref.finalize[[subprocess.Popen[bytes]], Objects] | None = None

    def close(self) -> None:
        """End the reading process, if there is one."""
        with self._guard:
            if self._close is not None:
                self._close()
            self._reader = self._close = None

    # reading

    def read(self, sha: str) -> tuple[str, bytes] | None:
        """Return the kind and content of an object by its full id; None where there is none."""
        if sha in self._known:
            return self._known[sha]
        found = self._loose(sha) or self._packed(sha)
        if found is not None:
            self._known[sha] = found
        return found

    def kind(self, sha: str) -> str | None:
        """Return ``commit``, ``tree``, ``blob`` or ``tag``; None where there is no such object."""
        found = self.read(sha)
        return found[0] if found else None

    def blob(self, sha: str) -> bytes:
        """Return a blob's bytes; KeyError when *sha* is no blob."""
        return self._content(sha, "blob")

    def commit(self, sha: str) -> Commit:
        """Return a commit; KeyError when *sha* is no commit."""
        if sha not in self._commits:
            self._commits[sha] = _parse_commit(sha, self._content(sha, "commit"))
        return self._commits[sha]

    def tree(self, sha: str) -> Mapping[str, Entry]:
        """Return a tree's entries by name, in git's order; KeyError when *sha* is no tree."""
        if sha not in self._trees:
            self._trees[sha] = _parse_tree(self._content(sha, "tree"))
        return self._trees[sha]

    def peel(self, sha: str) -> str:
        """Return what a chain of annotated tags points to; any other object is itself."""
        while (found := self.read(sha)) and found[0] == "tag":
            sha = found[1].split(b"\n", 1)[0].removeprefix(b"object ").decode()
        return sha

    def at(self, tree: str, path: str) -> Entry | None:
        """Return the entry at *path* below *tree*; None when there is none."""
        entry: Entry | None = Entry(FOLDER, tree)
        for part in path.split("/"):
            if entry is None or entry.mode != FOLDER:
                return None
            entry = self.tree(entry.sha).get(part)
        return entry

    def expand(self, prefix: str) -> tuple[str, ...]:
        """Return the ids of the commits that begin with *prefix* (at least 4 hex digits)."""
        if self._is_packed():
            answer = git(self._path, "rev-parse", f"--disambiguate={prefix}").stdout.decode()
            found = answer.split()
        else:
            folder = self._path / "objects" / prefix[:2]
            found = [f"{prefix[:2]}{one.name}" for one in folder.glob(f"{prefix[2:]}*")]
        return tuple(sorted(sha for sha in found if self.kind(sha) == "commit"))

    def _content(self, sha: str, kind: str) -> bytes:
        found = self.read(sha)
        if found is None or found[0] != kind:
            raise KeyError(f"{sha} is no {kind}")
        return found[1]

    def _loose(self, sha: str) -> tuple[str, bytes] | None:
        try:
            raw = zlib.decompress((self._path / "objects" / sha[:2] / sha[2:]).read_bytes())
        except FileNotFoundError:
            return None
        head, _, content = raw.partition(b"\0")
        return head.split(b" ")[0].decode(), content

    def _packed(self, sha: str) -> tuple[str, bytes] | None:
        if not self._is_packed():
            return None
        with self._guard:
            reader = self._started()
            assert reader.stdin is not None
            assert reader.stdout is not None
            reader.stdin.write(sha.encode() + b"\n")
            reader.stdin.flush()
            head = reader.stdout.readline().split()
            if len(head) != 3:  # "<id> missing"
                return None
            content = reader.stdout.read(int(head[2]))
            reader.stdout.read(1)
            return head[1].decode(), content

    def _is_packed(self) -> bool:
        return any((self._path / "objects" / "pack").glob("*.idx"))

    def _started(self) -> subprocess.Popen[bytes]:
        if self._reader is None:
            self._reader = subprocess.Popen(
                ["git", "--git-dir", str(self._path), "cat-file", "--batch"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env=git_environment(),
            )
            self._close = weakref.finalize(self, _end, self._reader)
        return self._reader

    # writing

    def write(self, kind: str, content: bytes) -> str:
        """Store an object; return its id."""
        raw = f"{kind} {len(content)}\0".encode() + content
        sha = hashlib.sha1(raw, usedforsecurity=False).hexdigest()
        if self.read(sha) is None:
            folder = self._path / "objects" / sha[:2]
            folder.mkdir(exist_ok=True)
            unfinished = folder / f"tmp_obj_{threading.get_ident()}"
            unfinished.write_bytes(zlib.compress(raw, 1))
            unfinished.replace(folder / sha[2:])
            self._known[sha] = kind, content
        return sha

    def write_commit(
        self, tree: str, parents: tuple[str, ...], author: Person, committer: Person, message: str
    ) -> str:
        """Store a commit; return its id."""
        lines = [f"tree {tree}", *(f"parent {parent}" for parent in parents)]
        lines += [f"author {_signature(author)}", f"committer {_signature(committer)}", "", message]
        return self.write("commit", "\n".join(lines).encode())

    def write_tree(self, entries: Mapping[str, Entry]) -> str:
        """Store a tree; return its id."""
        ordered = sorted(
            entries.items(), key=lambda item: (item[0] + "/" * (item[1].mode == FOLDER)).encode()
        )
        return self.write(
            "tree",
            b"".join(
                f"{entry.mode:o} {name}\0".encode() + bytes.fromhex(entry.sha)
                for name, entry in ordered
            ),
        )

    def edit_tree(self, tree: str | None, changes: Mapping[str, Entry | None]) -> str:
        """Store *tree* (None: empty) with *changes* by path, None removing; return its id."""
        entries = dict(self.tree(tree)) if tree else {}
        below: dict[str, dict[str, Entry | None]] = {}
        for path, entry in changes.items():
            name, _, rest = path.partition("/")
            if rest:
                below.setdefault(name, {})[rest] = entry
            elif entry is None:
                entries.pop(name, None)
            else:
                entries[name] = entry
        for name, inner in below.items():
            old = entries.get(name)
            folder = self.edit_tree(old.sha if old and old.mode == FOLDER else None, inner)
            if self.tree(folder):
                entries[name] = Entry(FOLDER, folder)
            else:
                entries.pop(name, None)
        return self.write_tree(entries)


def _end(reader: subprocess.Popen[bytes]) -> None:
    with reader:
        assert reader.stdin is not None
        reader.stdin.close()


def _signature(person: Person) -> str:
    zone = person.at.strftime("%z")[:5]
    return f"{person.name} <{person.email}> {int(person.at.timestamp())} {zone}"


def _parse_tree(content: bytes) -> dict[str, Entry]:
    entries, at = {}, 0
    while at < len(content):
        end = content.index(b"\0", at)
        mode, _, name = content[at:end].partition(b" ")
        entries[name.decode()] = Entry(int(mode, 8), content[end + 1 : end + 21].hex())
        at = end + 21
    return entries


def _parse_commit(sha: str, content: bytes) -> Commit:
    head, _, message = content.decode("utf-8", "replace").partition("\n\n")
    lines = [line.partition(" ") for line in head.split("\n") if not line.startswith(" ")]
    fields = {key: value for key, _, value in lines}
    return Commit(
        sha,
        fields["tree"],
        tuple(value for key, _, value in lines if key == "parent"),
        _parse_person(fields["author"]),
        _parse_person(fields["committer"]),
        message,
    )


def _parse_person(text: str) -> Person:
    who, _, when = text.rpartition("> ")
    name, _, email = who.partition(" <")
    seconds, zone = when.split()
    minutes = int(zone[1:3]) * 60 + int(zone[3:5])
    offset = timedelta(minutes=-minutes if zone[0] == "-" else minutes)
    at = datetime.fromtimestamp(int(seconds), UTC).astimezone(timezone(offset))
    return Person(name, email, at)
