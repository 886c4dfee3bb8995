"""Real bare git repositories: their references, their history, and who may move a branch.

A reference moves only from the value it must have had, under the repository's lock and git's own
lock file, as ``git update-ref`` does it; where there is any doubt that command is asked. Readers
go through a ``View``, which may be made to lag behind.
"""

import heapq
import itertools
import re
import threading
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sandbox.github.objects import (
    EXECUTABLE,
    FILE,
    FOLDER,
    Commit,
    Entry,
    Objects,
    Person,
    git,
)

NOWHERE = "0" * 40
FULL_SHA = re.compile(r"[0-9a-f]{40}")
SHORT_SHA = re.compile(r"[0-9a-f]{4,39}")
PLAIN = re.compile(r"refs/(?:heads|tags)(?:/[\w-]+(?:\.\w+)*)+(?<!\.lock)", re.ASCII)
"""References whose names git certainly takes."""

EMPTY = "[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = true\n"
"""What ``git init --bare`` writes; starting git takes longer than most worlds' other parts."""


class Ambiguous(Exception):  # noqa: N818  # it names what the short id is
    """A short id begins several commits' ids."""


@dataclass(frozen=True, slots=True)
class View:
    """One repository as one read sees it: *refs* by full name, all from the same moment."""

    repository: "Repository"
    refs: Mapping[str, str]

    def branch(self, name: str) -> str | None:
        """Return a branch's head, or None where there is no such branch."""
        return self.refs.get(f"refs/heads/{name}")

    def resolve(self, expression: str) -> str | None:
        """Return the object that a sha, branch, tag or full reference names; None if none.

        Raises:
            Ambiguous: a short sha begins several commits.
        """
        objects = self.repository.objects
        if FULL_SHA.fullmatch(expression) and objects.kind(expression):
            return expression
        for pattern in ("{}", "refs/{}", "refs/tags/{}", "refs/heads/{}"):
            if sha := self.refs.get(pattern.format(expression)):
                return sha
        if expression == "HEAD":
            return self.branch(self.repository.default_branch)
        if SHORT_SHA.fullmatch(expression):
            candidates = objects.expand(expression)
            if len(candidates) > 1:
                raise Ambiguous(expression)
            return candidates[0] if candidates else None
        return None

    def commit(self, expression: str) -> str | None:
        """Return the commit that *expression* names, through annotated tags; None if none.

        Raises:
            Ambiguous: a short sha begins several commits.
        """
        sha = self.resolve(expression)
        sha = self.repository.objects.peel(sha) if sha else None
        return sha if sha and self.repository.objects.kind(sha) == "commit" else None


@dataclass
class _Lag:
    refs: Mapping[str, str]
    calls: int | None
    until: datetime | None


class Repository:
    """One bare repository at *path*, with what GitHub knows about it besides."""

    def __init__(
        self, path: Path, number: int, full_name: str, branch: str, now: Callable[[], datetime]
    ) -> None:
        self.path, self.id, self.full_name, self.default_branch = path, number, full_name, branch
        self.lock = threading.RLock()
        self.objects = Objects(path)
        self.protected: dict[str, bool] = {}  # by branch; True: by a ruleset
        self.archived = False
        self.merge_methods = {"merge", "squash"}
        self.signed: set[str] = set()
        self._now = now
        self._lag: _Lag | None = None

    @classmethod
    def create(
        cls, path: Path, number: int, full_name: str, branch: str, now: Callable[[], datetime]
    ) -> "Repository":
        """Make an empty bare repository, or open the one that is already at *path*."""
        if not (path / "HEAD").exists():
            for folder in ("objects/info", "objects/pack", "refs/heads", "refs/tags"):
                (path / folder).mkdir(parents=True, exist_ok=True)
            (path / "config").write_text(EMPTY, "utf-8")
            (path / "HEAD").write_text(f"ref: refs/heads/{branch}\n", "utf-8")
        return cls(path, number, full_name, branch, now)

    @property
    def owner(self) -> str:
        """Return the login of the organization or user it belongs to."""
        return self.full_name.partition("/")[0]

    @property
    def name(self) -> str:
        """Return its name without the owner."""
        return self.full_name.partition("/")[2]

    # references

    def refs(self) -> dict[str, str]:
        """Return every reference as it is now."""
        found: dict[str, str] = {}
        packed = self.path / "packed-refs"
        if packed.exists():
            for line in packed.read_text().splitlines():
                if line[:1] not in {"#", "^"}:
                    sha, _, name = line.partition(" ")
                    found[name] = sha
        for file in (self.path / "refs").rglob("*"):
            if file.is_file() and not file.name.endswith(".lock"):
                found[file.relative_to(self.path).as_posix()] = file.read_text().strip()
        return dict(sorted(found.items()))

    def ref(self, name: str) -> str | None:
        """Return where the full reference *name* points now; None where it does not exist."""
        file = self.path / name
        if file.is_file():
            return file.read_text().strip()
        return self.refs().get(name)

    def head(self, branch: str) -> str | None:
        """Return the branch's present head; None where there is no such branch."""
        return self.ref(f"refs/heads/{branch}")

    def move(self, name: str, new: str | None, old: str | None) -> bool:
        """Point reference *name* to *new* if it is at *old* (None: absent); tell whether it was."""
        with self.lock:
            if self.ref(name) != old:
                return False
            if new is not None and self._put(name, new, old):
                return True
            done = git(self.path, "update-ref", name, new or NOWHERE, old or NOWHERE)
            return done.returncode == 0

    def _put(self, name: str, new: str, old: str | None) -> bool:
        """Move a plain reference without starting git; False where only git can tell."""
        kind = self.objects.kind(new)
        if kind != "commit" or not PLAIN.fullmatch(name) or (self.path / "packed-refs").exists():
            return False
        file = self.path / name
        lock = file.with_name(f"{file.name}.lock")
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            with lock.open("x", encoding="ascii") as written:
                written.write(f"{new}\n")
        except OSError:  # somebody else moves it, or a reference stands where a folder should
            return False
        try:
            if self.ref(name) != old:
                return False
            lock.replace(file)
        except OSError:  # references stand below this name
            return False
        finally:
            lock.unlink(missing_ok=True)
        return True

    def view(self) -> View:
        """Return what a read sees: the present, or the past while ``lag`` lasts."""
        with self.lock:
            lag = self._lag
            if lag is None:
                return View(self, self.refs())
            if lag.until is not None and self._now() >= lag.until:
                self._lag = None
                return View(self, self.refs())
            if lag.calls is not None:
                lag.calls -= 1
                if lag.calls == 0:
                    self._lag = None
            return View(self, lag.refs)

    def lag(self, calls: int | None, span: timedelta | None) -> None:
        """Let reads see the references as they are now, for so many reads or so long."""
        with self.lock:
            self._lag = _Lag(self.refs(), calls, None if span is None else self._now() + span)

    def fetch(self, source: Path) -> None:
        """Copy the branches and tags of a repository on this machine, which is only read."""
        kept = ("refs/heads/*:refs/heads/*", "refs/tags/*:refs/tags/*")
        done = git(self.path, "fetch", "--quiet", "--update-shallow", str(source), *kept)
        assert done.returncode == 0, done.stderr.decode()

    # history

    def history(
        self, start: str, path: str | None = None, since: datetime | None = None
    ) -> Iterator[Commit]:
        """Yield the commits reachable from *start*, newest first; those that changed *path*."""
        order = itertools.count()
        first = self.objects.commit(start)
        waiting = [(-first.committer.at.timestamp(), next(order), first)]
        seen = {start}
        while waiting:
            _, _, commit = heapq.heappop(waiting)
            parents = [self.objects.commit(parent) for parent in self._parents(commit)]
            same = [p for p in parents if path and self._at(p, path) == self._at(commit, path)]
            for parent in same[:1] or parents:
                if parent.sha not in seen:
                    seen.add(parent.sha)
                    item = -parent.committer.at.timestamp(), next(order), parent
                    heapq.heappush(waiting, item)
            born = bool(parents) or not path or self._at(commit, path) is not None
            if not same and born and (since is None or commit.committer.at >= since):
                yield commit

    def _at(self, commit: Commit, path: str) -> Entry | None:
        return self.objects.at(commit.tree, path)

    def _parents(self, commit: Commit) -> list[str]:
        """Return the parents that are here: a shallow clone ends before history does."""
        return [parent for parent in commit.parents if self.objects.kind(parent)]

    def ancestors(self, sha: str) -> set[str]:
        """Return the ids of *sha* and of all commits before it."""
        seen, waiting = set[str](), [sha]
        while waiting:
            sha = waiting.pop()
            if sha not in seen:
                seen.add(sha)
                waiting.extend(self._parents(self.objects.commit(sha)))
        return seen

    def is_ancestor(self, older: str, newer: str) -> bool:
        """Tell whether *newer* contains *older*."""
        return any(commit.sha == older for commit in self.history(newer))

    def merge_base(self, one: str, other: str) -> str | None:
        """Return the newest commit that both contain; None without common history."""
        common = self.ancestors(one)
        return next((c.sha for c in self.history(other) if c.sha in common), None)

    def between(self, base: str, head: str) -> list[Commit]:
        """Return the commits that *head* has and *base* has not, oldest first."""
        known = self.ancestors(base)
        return [c for c in self.history(head) if c.sha not in known][::-1]

    def files(self, tree: str, below: str = "") -> dict[str, Entry]:
        """Return every file of a tree by its path."""
        found: dict[str, Entry] = {}
        for name, entry in self.objects.tree(tree).items():
            if entry.mode == FOLDER:
                found |= self.files(entry.sha, f"{below}{name}/")
            else:
                found[below + name] = entry
        return found

    # writing

    def entries(
        self, files: Mapping[str, bytes | str | None], tree: str | None, executable: Collection[str]
    ) -> dict[str, Entry | None]:
        """Store *files* as blobs; return their entries, with the modes they have in *tree*."""
        made: dict[str, Entry | None] = {}
        for path, content in files.items():
            if content is None:
                made[path] = None
                continue
            data = content.encode() if isinstance(content, str) else content
            old = self.objects.at(tree, path) if tree else None
            mode = old.mode if old else EXECUTABLE if path in executable else FILE
            made[path] = Entry(mode, self.objects.write("blob", data))
        return made

    def commit(
        self,
        changes: Mapping[str, Entry | None],
        message: str,
        author: Person,
        committer: Person,
        *,
        onto: str | None,
    ) -> str:
        """Store a commit that makes *changes* to *onto* (None: a first commit); return its id."""
        base = self.objects.commit(onto).tree if onto else None
        tree = self.objects.edit_tree(base, changes)
        return self.objects.write_commit(tree, (onto,) if onto else (), author, committer, message)

    def merge_tree(self, ours: str, theirs: str) -> str | None:
        """Return the tree that merging two commits gives; None when they conflict."""
        done = git(self.path, "merge-tree", "--write-tree", ours, theirs)
        return done.stdout.decode().split()[0] if done.returncode == 0 else None

    def close(self) -> None:
        """End what reads the repository."""
        self.objects.close()


class Repositories:
    """Every repository below *root*, by full name without regard to case, and former names."""

    def __init__(self, root: Path, now: Callable[[], datetime]) -> None:
        self._root, self._now = root, now
        self._known: dict[str, Repository] = {}
        self._former: dict[str, Repository] = {}
        self._next = 5000

    def create(self, full_name: str, branch: str) -> Repository:
        """Make an empty repository."""
        self._next += 1
        path = self._root / f"{full_name}.git"
        made = Repository.create(path, self._next, full_name, branch, self._now)
        self._known[full_name.lower()] = made
        return made

    def get(self, full_name: str) -> Repository | None:
        """Return the repository that has this name now, or None."""
        return self._known.get(full_name.lower())

    def former(self, full_name: str) -> Repository | None:
        """Return the repository that had this name before it was renamed, or None."""
        return self._former.get(full_name.lower())

    def by_id(self, number: int) -> Repository | None:
        """Return the repository with that number, or None."""
        return next((one for one in self._known.values() if one.id == number), None)

    def all(self) -> tuple[Repository, ...]:
        """Return every repository."""
        return tuple(self._known.values())

    def rename(self, old: str, new: str) -> None:
        """Give a repository another name; its files stay where they are."""
        repository = self._known.pop(old.lower())
        repository.full_name = new
        self._known[new.lower()] = repository
        self._former[old.lower()] = repository
