"""Very many files of one branch, and who changed them last: a few queries, nothing written.

``graph.read`` is for what is going to be committed; this is for looking at everything.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.adapters.github import gitdata
from bot.adapters.github.answers import (
    SYSTEM,
    author_of,
    count,
    decoded,
    full_sha,
    repository_of,
    text,
)
from bot.adapters.github.client import GitHub, NoGraphQL
from bot.adapters.github.graph import refuse_odd, verified
from bot.adapters.github.snapshots import File, blob_id
from bot.domain.drift.items import Changed
from bot.domain.errors import BotError, BranchMissing

AT_ONCE = 200
"""Files of one query: GitHub gives a query ten seconds, and some thousand short files take three.

Source: https://docs.github.com/en/graphql/overview/rate-limits-and-query-limits-for-the-graphql-api
"""

PATHS_AT_ONCE = 20
"""Paths whose newest commit one query asks for: each is a walk through the history."""

HEAD = """query($owner:String!,$name:String!,$ref:String!){repository(owner:$owner,name:$name){
 nameWithOwner ref(qualifiedName:$ref){target{oid}}}}"""

FILES = """query(%s){repository(owner:$owner,name:$name){object(oid:$head){... on Commit{
 %s}}}}"""

FILE = "f%(n)d:file(path:$p%(n)d){oid mode object{... on Blob{text}}}"

LAST = "h%(n)d:history(first:1,path:$p%(n)d){nodes{oid url committedDate author{name user{login}}}}"


@dataclass(frozen=True, slots=True)
class Files:
    """Files of a branch at *head*: None where there is none, an error where one is unreadable."""

    head: str
    files: Mapping[str, File | BotError | None]


class ManyFiles:
    """Reads branches of any repository that the login may see."""

    def __init__(self, github: GitHub) -> None:
        self._github = github

    def read(
        self, repo: str, branch: str, paths: Sequence[str], known: Files | None = None
    ) -> Files:
        """Return *paths* of *branch*, all at one commit.

        One request for each ``AT_ONCE`` files, and one for the head. Where the head is that of
        *known*, nothing more is asked. Binary, cut and oddly encoded files cost one more each.

        Raises:
            BranchMissing: the repository has no such branch.
            NotFound: there is no such repository, or we may not see it.
        """
        wanted = tuple(dict.fromkeys(paths))
        try:
            repo, head = self._head(repo, branch)
        except NoGraphQL:
            snapshot = gitdata.read(self._github, repo, branch, wanted)
            return Files(snapshot.head, snapshot.files)
        if known is not None and known.head == head and set(wanted) <= set(known.files):
            return known
        found: dict[str, File | BotError | None] = {}
        for start in range(0, len(wanted), AT_ONCE):
            found |= self._some(repo, head, wanted[start : start + AT_ONCE])
        return Files(head, found)

    def last_changes(self, repo: str, head: str, paths: Sequence[str]) -> Mapping[str, Changed]:
        """Return the newest commit up to *head* that touched each of *paths*, files or folders.

        One request for each ``PATHS_AT_ONCE``. A path that no commit touched is left out.
        """
        found: dict[str, Changed] = {}
        wanted = tuple(dict.fromkeys(paths))
        for start in range(0, len(wanted), PATHS_AT_ONCE):
            some = wanted[start : start + PATHS_AT_ONCE]
            doing = f"look who changed {len(some)} places of {repo}"
            data = self._ask("last changes", doing, repo, head, some, LAST)
            changes = decoded(doing, lambda data: tuple(map(_changed, _found(data, "h"))), data)
            pairs = zip(some, changes, strict=True)
            found |= {path: change for path, change in pairs if change is not None}
        return found

    def _head(self, repo: str, branch: str) -> tuple[str, str]:
        doing = f"read {branch} of {repo}"
        variables = {**_named(repo), "ref": f"refs/heads/{branch}"}
        data = self._github.graphql("head", doing, HEAD, variables).whole()
        shown = decoded(doing, repository_of, data)
        name = decoded(doing, lambda shown: text(shown["nameWithOwner"]), shown)
        if shown["ref"] is None:
            raise BranchMissing(SYSTEM, doing, f"{repo} has no branch {branch}")
        self._github.learn(repo, name)
        return name, decoded(doing, lambda shown: full_sha(shown["ref"]["target"]["oid"]), shown)

    def _some(
        self, repo: str, head: str, paths: Sequence[str]
    ) -> dict[str, File | BotError | None]:
        doing = f"read {len(paths)} files of {repo}"
        data = self._ask("many files", doing, repo, head, paths, FILE)
        entries = decoded(doing, lambda data: tuple(map(_entry, _found(data, "f"))), data)
        return {
            path: None if entry is None else self._file(repo, path, *entry)
            for path, entry in zip(paths, entries, strict=True)
        }

    def _ask(
        self, name: str, doing: str, repo: str, head: str, paths: Sequence[str], one: str
    ) -> Any:
        declared = ["$owner:String!", "$name:String!", "$head:GitObjectID!"]
        declared += [f"$p{n}:String!" for n in range(len(paths))]
        query = FILES % (",".join(declared), "\n ".join(one % {"n": n} for n in range(len(paths))))
        variables = {**_named(repo), "head": head, **{f"p{n}": p for n, p in enumerate(paths)}}
        return self._github.graphql(name, doing, query, variables).whole()

    def _file(
        self, repo: str, path: str, blob: str, mode: int, said: str | None
    ) -> File | BotError:
        """Return the file; what is wrong with one keeps nobody from the others."""
        doing = f"read {path} of {repo}"
        try:
            refuse_odd(path, mode, doing)
            shown = None if said is None else said.encode(errors="surrogatepass")
            if shown is not None and blob_id(shown) == blob:
                return File(shown, blob, mode)
            return verified(File(gitdata.blob(self._github, repo, blob), blob, mode), path, doing)
        except BotError as error:
            return error


def _named(repo: str) -> dict[str, str]:
    owner, _, name = repo.partition("/")
    return {"owner": owner, "name": name}


# decoders


def _found(data: Any, prefix: str) -> Iterator[Any]:
    """Yield what was asked for by number, in order."""
    commit = repository_of(data)["object"]
    for n in range(len(commit)):
        yield commit[f"{prefix}{n}"]


def _entry(shown: Any) -> tuple[str, int, str | None] | None:
    if shown is None:
        return None
    said = (shown["object"] or {}).get("text")
    return full_sha(shown["oid"]), count(shown["mode"]), None if said is None else text(said)


def _changed(shown: Any) -> Changed | None:
    if not shown["nodes"]:
        return None
    node = shown["nodes"][0]
    at = datetime.fromisoformat(text(node["committedDate"]))
    return Changed(full_sha(node["oid"]), text(node["url"]), author_of(node["author"]), at)
