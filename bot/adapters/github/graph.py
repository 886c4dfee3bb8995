"""Reads and commits a branch by GraphQL: one query for all files, one mutation for the commit.

Source: https://docs.github.com/en/graphql/reference/mutations#createcommitonbranch
"""

import base64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from bot.adapters.github.answers import SYSTEM, count, decoded, full_sha, repository_of, text
from bot.adapters.github.client import GitHub
from bot.adapters.github.snapshots import (
    Committed,
    File,
    Found,
    Recent,
    Snapshot,
    blob_id,
    has_line,
)
from bot.domain.errors import BotError, BranchMissing, Garbled, NotFound, Rejected, Unavailable

RECENT = 100
"""How many messages are read for our own trailer; 100 is the most a page may have."""

FILE = 0o100000
"""The type bits of a regular file, executable or not; 0o120000 is a link, 0o040000 a directory."""

READ = """query(%(variables)s){repository(owner:$owner,name:$name){nameWithOwner
 ref(qualifiedName:$ref){target{oid ... on Commit{tree{oid}
 %(files)s
 history(first:%(recent)d){nodes{oid message}}}}}}}"""

READ_FILE = "f%(n)d:file(path:$p%(n)d){mode oid object{... on Blob{text}}}"

HISTORY = """query($owner:String!,$name:String!,$ref:String!,$since:GitTimestamp!,$after:String){
 repository(owner:$owner,name:$name){ref(qualifiedName:$ref){target{... on Commit{
 history(first:100,since:$since,after:$after){pageInfo{hasNextPage endCursor}
 nodes{oid url message}}}}}}}"""

COMMIT = """mutation($input:CreateCommitOnBranchInput!){
 createCommitOnBranch(input:$input){commit{oid url}}}"""

FetchBlob = Callable[[str, str], bytes]
"""Takes a repository and an object id, returns the object's bytes."""


@dataclass(frozen=True, slots=True)
class _Entry:
    """A file as the query shows it; *said* is None for a binary one, and cut for a long one."""

    blob: str
    mode: int
    said: str | None


@dataclass(frozen=True, slots=True)
class _Branch:
    """A branch as the query shows it, before the texts are verified."""

    repo: str
    head: str
    tree: str
    entries: Sequence[_Entry | None]
    recent: tuple[Recent, ...]


@dataclass(frozen=True, slots=True)
class _Page:
    """One page of the history; *after* is None on the last."""

    commits: tuple[tuple[Found, str], ...]
    after: str | None


def read(github: GitHub, repo: str, branch: str, files: Sequence[str], blob: FetchBlob) -> Snapshot:
    """Return *branch* as it stands now, by one query; *blob* fetches what GraphQL cannot show.

    Raises:
        NoGraphQL: the server has none.
        BranchMissing: the repository has no such branch.
        NotFound: there is no such repository, or we may not see it.
    """
    doing = f"read {branch} of {repo}"
    variables = {**_named(repo), "ref": f"refs/heads/{branch}"}
    variables |= {f"p{n}": path for n, path in enumerate(files)}
    answer = github.graphql("read files", doing, _read_query(len(files)), variables)
    data = answer.whole()
    found = decoded(doing, lambda data: _branch(data, len(files)), data)
    if found is None:
        raise BranchMissing(SYSTEM, doing, f"{repo} has no branch {branch}")
    github.learn(repo, found.repo)
    texts = {
        path: None if entry is None else _file(path, entry, found.repo, doing, blob)
        for path, entry in zip(files, found.entries, strict=True)
    }
    return Snapshot(found.repo, branch, found.head, found.tree, texts, found.recent)


def find(github: GitHub, repo: str, branch: str, trailer: str, since: datetime) -> Found | None:
    """Return the newest commit on *branch* with the line *trailer*, not older than *since*."""
    doing = f"look for our commit on {branch} of {repo}"
    variables: dict[str, Any] = {**_named(repo), "ref": f"refs/heads/{branch}", "after": None}
    variables["since"] = since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    while True:
        data = github.graphql("find commit", doing, HISTORY, variables).whole()
        page = decoded(doing, _page, data)
        if page is None:
            raise BranchMissing(SYSTEM, doing, f"{repo} has no branch {branch}")
        for found, message in page.commits:
            if has_line(message, trailer):
                return found
        if page.after is None:
            return None
        if page.after == variables["after"]:
            raise Garbled(SYSTEM, doing, "the history leads back to the same page")
        variables["after"] = page.after


def commit(
    github: GitHub,
    snapshot: Snapshot,
    files: Mapping[str, bytes],
    headline: str,
    body: str,
    key: str,
) -> Committed:
    """Commit *files* onto the snapshot's head, or raise; a moved head is a Conflict.

    An answer that cannot be read is Unavailable: the commit may be there.

    Raises:
        NoGraphQL: the server has none; nothing was done.
        Conflict: the branch has moved; nothing was done.
        BranchProtected: the branch takes no direct commits; nothing was done.
        Unavailable: no one knows whether the commit was made.
    """
    doing = f"commit to {snapshot.branch} of {snapshot.repo}"
    additions = [
        {"path": path, "contents": base64.b64encode(content).decode()}
        for path, content in files.items()
    ]
    order = {
        "branch": {"repositoryNameWithOwner": snapshot.repo, "branchName": snapshot.branch},
        "expectedHeadOid": snapshot.head,
        "clientMutationId": key,
        "message": {"headline": headline, "body": body},
        "fileChanges": {"additions": additions},
    }
    try:
        answer = github.graphql("commit", doing, COMMIT, {"input": order})
    except Garbled as garbled:
        raise unsure(garbled) from garbled
    try:
        return decoded(doing, _committed, answer.data)  # A commit counts, whatever else is said.
    except Garbled as garbled:
        error = answer.failure or unsure(garbled)
    if isinstance(error, NotFound):
        error = github.renamed(snapshot.repo, doing) or error
    raise error


def unsure(error: BotError) -> Unavailable:
    """Return *error* as one after which nobody knows whether the effect happened."""
    return Unavailable(error.system, error.doing, error.detail)


def verified(file: File, path: str, doing: str) -> File:
    """Return *file* if its text really is the object that its id names.

    Raises:
        Garbled: it is not.
    """
    if blob_id(file.text) != file.blob:
        raise Garbled(SYSTEM, doing, f"the text of {path} does not match its id")
    return file


def refuse_odd(path: str, mode: int, doing: str) -> None:
    """Raise Rejected if *path* is something else than a file with a text of its own."""
    if mode & 0o170000 == FILE:
        return
    kind = {0o120000: "a symbolic link", 0o160000: "a submodule"}.get(mode, "a directory")
    raise Rejected(SYSTEM, doing, f"{path} is {kind}, not a file")


def _named(repo: str) -> dict[str, str]:
    owner, _, name = repo.partition("/")
    return {"owner": owner, "name": name}


def _read_query(files: int) -> str:
    declared = ["$owner:String!", "$name:String!", "$ref:String!"]
    declared += [f"$p{n}:String!" for n in range(files)]
    aliases = "\n ".join(READ_FILE % {"n": n} for n in range(files))
    return READ % {"variables": ",".join(declared), "files": aliases, "recent": RECENT}


def _file(path: str, entry: _Entry, repo: str, doing: str, blob: FetchBlob) -> File:
    """Return the file with its whole text, which GraphQL may have cut, changed or left out."""
    refuse_odd(path, entry.mode, doing)
    if entry.said is not None:
        shown = entry.said.encode(errors="surrogatepass")
        if blob_id(shown) == entry.blob:
            return File(shown, entry.blob, entry.mode)
    return verified(File(blob(repo, entry.blob), entry.blob, entry.mode), path, doing)


# decoders


def _branch(data: Any, files: int) -> _Branch | None:
    repository = repository_of(data)
    if repository["ref"] is None:
        return None
    target = repository["ref"]["target"]
    return _Branch(
        repo=text(repository["nameWithOwner"]),
        head=full_sha(target["oid"]),
        tree=full_sha(target["tree"]["oid"]),
        entries=tuple(_entry(target[f"f{n}"]) for n in range(files)),
        recent=tuple(_recent(node) for node in target["history"]["nodes"]),
    )


def _entry(shown: Any) -> _Entry | None:
    """Decode a tree entry. Only files have a text; a submodule has not even an object."""
    if shown is None:
        return None
    said = (shown["object"] or {}).get("text")
    return _Entry(
        full_sha(shown["oid"]), count(shown["mode"]), None if said is None else text(said)
    )


def _recent(node: Any) -> Recent:
    return Recent(full_sha(node["oid"]), text(node["message"]))


def _page(data: Any) -> _Page | None:
    repository = repository_of(data)
    if repository["ref"] is None:
        return None
    history = repository["ref"]["target"]["history"]
    more = history["pageInfo"]
    commits = tuple(
        (Found(full_sha(node["oid"]), text(node["url"])), text(node["message"]))
        for node in history["nodes"]
    )
    return _Page(commits, text(more["endCursor"]) if more["hasNextPage"] else None)


def _committed(data: Any) -> Committed:
    made = data["createCommitOnBranch"]["commit"]
    return Committed(full_sha(made["oid"]), text(made["url"]))
