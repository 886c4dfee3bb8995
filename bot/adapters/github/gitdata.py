"""Reads and commits a branch by the REST API of Git's objects: slower, but it keeps file modes.

Used for executable files and for servers without GraphQL. All reads after the first name objects
by their ids, so they belong together.

One hole is left: a branch that somebody forces back while we write still lies behind our commit,
which then brings back what they removed. The GraphQL way has none.

Source: https://docs.github.com/en/rest/git
"""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from bot.adapters.github.answers import SYSTEM, decoded, full_sha, text
from bot.adapters.github.client import GitHub, quoted
from bot.adapters.github.graph import RECENT, refuse_odd, unsure, verified
from bot.adapters.github.snapshots import (
    REGULAR,
    Committed,
    File,
    Found,
    Recent,
    Snapshot,
    has_line,
)
from bot.domain.errors import BranchMissing, Conflict, Garbled, NotFound

DIRECTORY = 0o040000


@dataclass(frozen=True, slots=True)
class _Entry:
    """One line of a Git tree."""

    id: str
    mode: int


_Tree = Mapping[str, _Entry]


def blob(github: GitHub, repo: str, sha: str) -> bytes:
    """Return the bytes of an object; up to 100 MB, which is GitHub's limit."""
    doing = f"read the object {sha[:8]} of {repo}"
    body = github.rest("read blob", doing, "GET", f"{_git(repo)}/blobs/{sha}")
    return decoded(doing, _blob, body)


def read(github: GitHub, repo: str, branch: str, files: Sequence[str]) -> Snapshot:
    """Return *branch* as it stands now.

    Raises:
        BranchMissing: the repository has no such branch.
        NotFound: there is no such repository, or we may not see it.
    """
    repo = github.canonical(repo)
    doing = f"read {branch} of {repo}"
    try:
        path = f"{_git(repo)}/ref/heads/{quoted(branch)}"
        ref = github.rest("read branch", doing, "GET", path)
    except NotFound as missing:
        raise BranchMissing(SYSTEM, doing, f"{repo} has no branch {branch}") from missing
    head = decoded(doing, lambda body: full_sha(body["object"]["sha"]), ref)
    body = github.rest("read commit", doing, "GET", f"{_git(repo)}/commits/{head}")
    root = decoded(doing, lambda body: full_sha(body["tree"]["sha"]), body)
    trees: dict[str, _Tree] = {}
    texts = {path: _file(github, repo, root, path, trees) for path in files}
    return Snapshot(repo, branch, head, root, texts, _recent(github, repo, head, doing))


def find(github: GitHub, repo: str, branch: str, trailer: str, since: datetime) -> Found | None:
    """Return the newest commit on *branch* with the line *trailer*, not older than *since*."""
    repo = github.canonical(repo)
    doing = f"look for our commit on {branch} of {repo}"
    asked = {
        "sha": branch,
        "since": since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "per_page": "100",
    }
    page = 1
    while True:
        parameters = {**asked, "page": str(page)}
        path = f"/repos/{quoted(repo)}/commits"
        body = github.rest("find commit", doing, "GET", path, parameters=parameters)
        commits = decoded(doing, _listed, body)
        for found, message in commits:
            if has_line(message, trailer):
                return found
        if len(commits) < int(asked["per_page"]):
            return None
        page += 1


def commit(
    github: GitHub, snapshot: Snapshot, files: Mapping[str, bytes], headline: str, body: str
) -> Committed:
    """Commit *files* onto the snapshot's head, each with the mode it has, or raise.

    Until the last call nothing can be seen by anybody; it moves the branch only forwards.

    Raises:
        Conflict: the branch has moved; nothing was done.
        BranchProtected: the branch takes no direct commits; nothing was done.
        Unavailable: no one knows whether the commit was made.
    """
    repo, doing = snapshot.repo, f"commit to {snapshot.branch} of {snapshot.repo}"
    entries = [_addition(github, snapshot, path, content) for path, content in files.items()]
    tree = _write(
        github, "write tree", doing, repo, "trees", {"base_tree": snapshot.tree, "tree": entries}
    )
    message = f"{headline}\n\n{body}" if body else headline
    order = {"message": message, "tree": full_sha(tree["sha"]), "parents": [snapshot.head]}
    made = _write(github, "write commit", doing, repo, "commits", order)
    committed = decoded(doing, lambda made: Committed(made["sha"], text(made["html_url"])), made)
    _move(github, snapshot, committed.sha, doing)
    return committed


def _move(github: GitHub, snapshot: Snapshot, sha: str, doing: str) -> None:
    """Let the branch point to *sha*, if that lies ahead of where it points now."""
    path = f"{_git(snapshot.repo)}/refs/heads/{quoted(snapshot.branch)}"
    try:
        moved = github.rest("move branch", doing, "PATCH", path, input={"sha": sha, "force": False})
        now = decoded(doing, lambda body: full_sha(body["object"]["sha"]), moved)
    except Garbled as garbled:
        raise github.renamed(snapshot.repo, doing) or unsure(garbled) from garbled
    if now != sha:
        raise Conflict(SYSTEM, doing, f"the branch went on to {now[:8]} at once")


def _write(
    github: GitHub, what: str, doing: str, repo: str, kind: str, order: Mapping[str, Any]
) -> Mapping[str, Any]:
    """Return the object that was written, with a checked ``sha``.

    An answer without one has written nothing that counts: it is Garbled, or a Conflict when the
    repository has got another name since the snapshot.
    """
    try:
        body = github.rest(what, doing, "POST", f"{_git(repo)}/{kind}", input=order)
        return decoded(doing, _written, body)
    except Garbled as garbled:
        raise github.renamed(repo, doing) or garbled from garbled


def _addition(github: GitHub, snapshot: Snapshot, path: str, content: bytes) -> dict[str, str]:
    """Return the tree entry of one file; bytes that are no text are written as an object first."""
    before = snapshot.files[path]
    mode = format(before.mode if before else REGULAR, "06o")
    entry = {"path": path, "mode": mode, "type": "blob"}
    try:
        return {**entry, "content": content.decode()}
    except UnicodeDecodeError:
        order = {"content": base64.b64encode(content).decode(), "encoding": "base64"}
        doing = f"write {path} to {snapshot.repo}"
        written = _write(github, "write blob", doing, snapshot.repo, "blobs", order)
        return {**entry, "sha": written["sha"]}


def _file(github: GitHub, repo: str, root: str, path: str, trees: dict[str, _Tree]) -> File | None:
    """Return the file at *path* under the tree *root*; *trees* remembers those already read."""
    doing = f"read {path} of {repo}"
    *directories, name = path.split("/")
    at = root
    for directory in directories:
        entry = _tree(github, repo, at, trees).get(directory)
        if entry is None or entry.mode != DIRECTORY:
            return None
        at = entry.id
    entry = _tree(github, repo, at, trees).get(name)
    if entry is None:
        return None
    refuse_odd(path, entry.mode, doing)
    return verified(File(blob(github, repo, entry.id), entry.id, entry.mode), path, doing)


def _tree(github: GitHub, repo: str, sha: str, trees: dict[str, _Tree]) -> _Tree:
    if sha not in trees:
        doing = f"read a directory of {repo}"
        body = github.rest("read tree", doing, "GET", f"{_git(repo)}/trees/{sha}")
        trees[sha] = decoded(doing, _entries, body)
    return trees[sha]


def _recent(github: GitHub, repo: str, head: str, doing: str) -> tuple[Recent, ...]:
    body = github.rest(
        "read history",
        doing,
        "GET",
        f"/repos/{quoted(repo)}/commits",
        parameters={"sha": head, "per_page": str(RECENT)},
    )
    return tuple(Recent(found.sha, said) for found, said in decoded(doing, _listed, body))


def _git(repo: str) -> str:
    return f"/repos/{quoted(repo)}/git"


# decoders


def _blob(body: Any) -> bytes:
    content = text(body["content"])
    match body["encoding"]:
        case "base64":
            return base64.b64decode(content)
        case "utf-8":
            return content.encode()
        case other:
            raise ValueError(f"encoding {other!r}")


def _entries(body: Any) -> _Tree:
    """Decode one directory. A cut one would make files look absent."""
    if body["truncated"]:
        raise ValueError("a directory too large to show")
    return {
        text(line["path"]): _Entry(full_sha(line["sha"]), int(line["mode"], 8))
        for line in body["tree"]
    }


def _listed(body: Any) -> list[tuple[Found, str]]:
    if not isinstance(body, list):
        raise TypeError("not a list of commits")
    return [
        (Found(full_sha(one["sha"]), text(one["html_url"])), text(one["commit"]["message"]))
        for one in body
    ]


def _written(body: Any) -> Mapping[str, Any]:
    full_sha(body["sha"])
    return dict(body)
