"""What one value of a file in Git was over time: the commits that changed it, by one query."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from bot.adapters.github.answers import SYSTEM, author_of, decoded, full_sha, repository_of, text
from bot.adapters.github.client import GitHub
from bot.adapters.github.snapshots import blob_id
from bot.domain.edit import EditError, read_tag
from bot.domain.errors import BranchMissing
from bot.domain.locations import Location
from bot.domain.rollback.going_back import GitValue

COMMITS = 30
"""How many commits of the file are read, each with the whole file."""

_FILE = "file(path:$path){oid object{... on Blob{text}}}"

HISTORY = f"""query($owner:String!,$name:String!,$ref:String!,$path:String!){{
 repository(owner:$owner,name:$name){{ref(qualifiedName:$ref){{target{{... on Commit{{
 history(first:{COMMITS},path:$path){{pageInfo{{hasNextPage}}
 nodes{{oid committedDate author{{name user{{login}}}} {_FILE}}}}}}}}}}}}}}}"""

AT = """query(%s){repository(owner:$owner,name:$name){%s}}"""


@dataclass(frozen=True, slots=True)
class ValueHistory:
    """The *values* that one place of a file had, newest first; no two neighbours are alike.

    Each stands with the commit that brought it. *unread* commits of the file could not be read:
    cut or binary texts, and such as hold no such place. It is *whole* if the file is no older.
    """

    values: tuple[GitValue, ...]
    unread: int = 0
    whole: bool = True


@dataclass(frozen=True, slots=True)
class _Version:
    """One commit of the file; *content* is None where it is not shown as it is."""

    commit: str
    at: datetime
    author: str
    is_there: bool
    content: bytes | None


class FileHistory:
    """Reads the past of values in any repository that the login may see."""

    def __init__(self, github: GitHub) -> None:
        self._github = github

    def values(self, where: Location) -> ValueHistory:
        """Return what stood at *where* over the newest ``COMMITS`` commits of its file.

        One request. A commit whose text is cut, binary or not what its id says is left out and
        counted; so is one whose text has no such place.

        Raises:
            BranchMissing: the repository has no such branch.
            NotFound: there is no such repository, or we may not see it.
            NoGraphQL: the server has none.

        Source: https://docs.github.com/en/graphql/reference/objects#commit
        """
        doing = f"read the history of {where.file} in {where.repo}"
        variables = {"ref": f"refs/heads/{where.branch}", **_named(where)}
        data = self._github.graphql("file history", doing, HISTORY, variables).whole()
        found = decoded(doing, _versions, data)
        if found is None:
            raise BranchMissing(SYSTEM, doing, f"{where.repo} has no branch {where.branch}")
        versions, whole = found
        return _history(where, versions, whole=whole)

    def at(self, where: Location, commits: Sequence[str]) -> dict[str, str | None]:
        """Return the tag that stood at *where* in each of *commits*, by the commit's full SHA.

        One request. A commit that is not there, or in which the value cannot be read, is left out.

        Raises:
            NotFound: there is no such repository, or we may not see it.
        """
        doing = f"read {where.file} of {where.repo} as it was"
        names = {f"c{n}": sha for n, sha in enumerate(dict.fromkeys(commits))}
        declared = ["$owner:String!", "$name:String!", "$path:String!"]
        declared += [f"${name}:GitObjectID!" for name in names]
        asked = " ".join(f"{n}:object(oid:${n}){{... on Commit{{{_FILE}}}}}" for n in names)
        query = AT % (",".join(declared), asked)
        data = self._github.graphql("file as it was", doing, query, {**_named(where), **names})
        shown = decoded(doing, lambda data: _contents(data, names), data.whole())
        return {sha: tag for sha, content in shown.items() for tag in _tags(where, content)}


def _history(where: Location, versions: Sequence[_Version], *, whole: bool) -> ValueHistory:
    read = [
        GitValue(tag, one.commit, one.at, one.author)
        for one in versions
        for tag in ((None,) if not one.is_there else _tags(where, one.content))
    ]
    runs = (list(alike) for _, alike in groupby(read, key=lambda one: one.tag))
    # The last of those that are alike is the oldest: it brought the value, the others kept it.
    return ValueHistory(tuple(run[-1] for run in runs), len(versions) - len(read), whole)


def _tags(where: Location, content: bytes | None) -> Iterable[str | None]:
    """Return the one tag that stands there, or nothing where it cannot be read."""
    if content is None:
        return ()
    try:
        return (read_tag(content, where.file, where.at),)
    except EditError:
        return ()


def _named(where: Location) -> dict[str, str]:
    owner, _, name = where.repo.partition("/")
    return {"owner": owner, "name": name, "path": where.file}


# decoders


def _versions(data: Any) -> tuple[tuple[_Version, ...], bool] | None:
    ref = repository_of(data)["ref"]
    if ref is None:
        return None
    history = ref["target"]["history"]
    return tuple(map(_version, history["nodes"])), not history["pageInfo"]["hasNextPage"]


def _version(node: Any) -> _Version:
    return _Version(
        commit=full_sha(node["oid"]),
        at=datetime.fromisoformat(text(node["committedDate"])),
        author=author_of(node["author"]),
        is_there=node["file"] is not None,
        content=_content(node["file"]),
    )


def _contents(data: Any, names: dict[str, str]) -> dict[str, bytes | None]:
    repository = repository_of(data)
    found = ((sha, repository[name]) for name, sha in names.items())
    return {sha: _content(commit.get("file")) for sha, commit in found if commit is not None}


def _content(file: Any) -> bytes | None:
    """Return the file's bytes if GraphQL shows them whole: a text may be cut, changed or absent."""
    said = (file["object"] or {}).get("text") if file is not None else None
    if said is None:
        return None
    shown = text(said).encode(errors="surrogatepass")
    return shown if blob_id(shown) == full_sha(file["oid"]) else None
