"""The reader's own GitOps clone: looked at and copied, never written to."""

import os
import re
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

_QUIET = {
    "GIT_OPTIONAL_LOCKS": "0",  # `git status` writes the index otherwise
    "GIT_NO_LAZY_FETCH": "1",  # a partial clone would call its server
    "GIT_TERMINAL_PROMPT": "0",
    "LC_ALL": "C",
}
_ORIGIN = re.compile(r"[/:]([^/:]+/[^/:]+?)(?:\.git)?/?$")


class CloneUnfit(Exception):  # noqa: N818  # it names what is true of the clone
    """The clone cannot be rehearsed on; the sentence says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Clone:
    """A clone as it was when we looked. *branch* is None where HEAD is on none.

    *origin* is ``owner/name`` of its remote, or None. *uncommitted* counts the changed files,
    which are no part of a rehearsal. *looks* is everything that must stay the same.
    """

    path: Path
    head: str
    branch: str | None
    origin: str | None
    uncommitted: int
    looks: tuple[str, ...]

    def is_untouched(self) -> bool:
        """Tell whether the clone is as it was: HEAD, branches, tags, index and files."""
        return read(self.path) == self

    def copy(self, to: Path, branches: Iterable[str]) -> Path:
        """Copy its history into a new bare repository at *to*, with each of *branches*.

        The only one, and the one that is checked out, stands at HEAD; another one where the clone
        has it, else at HEAD too.

        Raises:
            CloneUnfit: Git cannot copy it.
        """
        wanted = tuple(branches)
        _git("clone", "--quiet", "--bare", "--no-hardlinks", str(self.path), str(to))
        for branch in wanted:
            alone = len(wanted) == 1 or branch == self.branch
            start = self.head if alone else self._start(branch)
            _git("-C", str(to), "update-ref", f"refs/heads/{branch}", start)
        return to

    def _start(self, branch: str) -> str:
        for ref in (f"refs/heads/{branch}", f"refs/remotes/origin/{branch}"):
            if found := _asked(self.path, "rev-parse", "--verify", "--quiet", f"{ref}^{{commit}}"):
                return found
        return self.head


def read(path: Path) -> Clone:
    """Return what stands at *path*.

    Raises:
        CloneUnfit: it is no clone, or has no commit.
    """
    if not path.is_dir():
        raise CloneUnfit(f"{path} is no folder. Give the path of your GitOps clone.")
    try:
        top = Path(_git("-C", str(path), "rev-parse", "--show-toplevel").strip())
    except CloneUnfit as none:
        raise CloneUnfit(f"{path} is not inside a Git clone: {none}") from none
    head = _asked(top, "rev-parse", "--verify", "--quiet", "HEAD^{commit}")
    if head is None:
        raise CloneUnfit(f"{top} has no commit yet. Commit your manifests, then rehearse.")
    status = _git("-C", str(top), "status", "--porcelain=v1", "--untracked-files=all")
    branch = _asked(top, "symbolic-ref", "--quiet", "--short", "HEAD")
    refs = _git("-C", str(top), "for-each-ref", "--format=%(refname) %(objectname)")
    url = _asked(top, "remote", "get-url", "origin") or ""
    origin = _ORIGIN.search(url)
    return Clone(
        path=top,
        head=head,
        branch=branch,
        origin=origin[1] if origin else None,
        uncommitted=len(status.splitlines()),
        looks=(status, refs),
    )


def _asked(path: Path, *words: str) -> str | None:
    """Return the one line that git answers; None where it has no answer."""
    try:
        return _git("-C", str(path), *words).strip() or None
    except CloneUnfit:
        return None


def _git(*words: str) -> str:
    # A git that runs us (in a hook) would say by variables which repository is meant.
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    try:
        done = subprocess.run(
            ["git", *words],
            env={**inherited, **_QUIET},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            encoding="utf-8",
            errors="replace",
            check=False,
        )
    except FileNotFoundError as missing:
        raise CloneUnfit("git is not installed. Install it, then rehearse.") from missing
    if done.returncode:
        raise CloneUnfit(done.stderr.strip() or f"git {words[0]} failed")
    return done.stdout
