"""What lies between two commits: who wrote what, by which pull requests, in which files."""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from bot.adapters.github.answers import SYSTEM, count, decoded, full_sha, text
from bot.adapters.github.client import GitHub, quoted
from bot.adapters.github.commits import LONGEST_NAME, NOT_IN_NAMES, SHA, Relation
from bot.domain.errors import Ambiguous, NotFound

MOST_COMMITS = 250
"""Commits that an answer without pages lists.

Source: https://docs.github.com/en/rest/commits/commits#compare-two-commits
"""

MOST_FILES = 300
"""Files that an answer lists; a change of more does not say which it left out. Source: as above."""

_SQUASHED = re.compile(r"\(#([0-9]{1,10})\)$")
_MERGED = re.compile(r"Merge pull request #([0-9]{1,10}) ")
_CO_AUTHOR = "co-authored-by"
_NO_REPLY = re.compile(r"(?:([0-9]{1,18})\+)?([A-Za-z0-9_-]{1,100})@users\.noreply\.github\.com")
"""The address that GitHub gives people who hide theirs: their id, unless it is old, and login.

Source: https://docs.github.com/en/account-and-profile/reference/email-addresses-reference
"""


@dataclass(frozen=True, slots=True)
class Author:
    """Who wrote a commit, or took part. *login* and *id* are None where GitHub knows nobody."""

    name: str
    login: str | None = None
    id: int | None = None


@dataclass(frozen=True, slots=True)
class Between:
    """One commit of a comparison: full *sha*, first line of the message, whose, and which PR.

    *authors* starts with the author; who is named by ``Co-authored-by`` lines follows.
    """

    sha: str
    title: str
    authors: tuple[Author, ...]
    pull: int | None = None


@dataclass(frozen=True, slots=True)
class Comparison:
    """What a head has that its base has not; *behind_by* counts the opposite.

    *commits* are in order, the oldest first. *truncated* tells that there are more of them than
    are listed. *files* are all paths that differ from where the two parted, old names too;
    *files_truncated* tells that there may be more.
    """

    relation: Relation
    ahead_by: int = 0
    behind_by: int = 0
    commits: tuple[Between, ...] = ()
    truncated: bool = False
    files: tuple[str, ...] = ()
    files_truncated: bool = False

    @property
    def author_ids(self) -> frozenset[int]:
        """Return the GitHub ids of everybody who took part, as far as GitHub knows them."""
        people = (author for commit in self.commits for author in commit.authors)
        return frozenset(author.id for author in people if author.id is not None)

    def leaves_alone(self, paths: Collection[str]) -> bool:
        """Tell whether it is certain that the head changed none of *paths*.

        Only a head that grew out of the base, with all its files listed, can be certain of that.
        """
        if self.relation is Relation.IDENTICAL:
            return True
        if self.relation is not Relation.AHEAD or self.files_truncated:
            return False
        return not set(paths) & set(self.files)


class Comparisons:
    """Compares commits of any repository that the login may see."""

    def __init__(self, github: GitHub) -> None:
        self._github = github

    def between(self, repo: str, base: str, head: str) -> Comparison:
        """Return what lies between *base* and the full SHA *head*, with one request at most.

        *base* is 7 to 40 digits of a SHA, or a Git tag's name. None is asked where it begins
        *head*. What is not in the repository, names several commits, or shares no history with
        the head has the relation UNKNOWN.

        Raises:
            Ambiguous: *base* begins a SHA, and a branch or tag of that name is another commit.

        Source: https://docs.github.com/en/rest/commits/commits#compare-two-commits
        """
        head, digits = full_sha(head), base.lower() if SHA.fullmatch(base) else ""
        if digits and head.startswith(digits):
            return Comparison(Relation.IDENTICAL)
        if not digits and (len(base) > LONGEST_NAME or NOT_IN_NAMES.search(base) or not base):
            return Comparison(Relation.UNKNOWN)
        doing = f"compare {base:.40} with {head[:8]} in {repo}"
        path = f"/repos/{quoted(repo)}/compare/{quoted(digits or base)}...{head}"
        try:
            body = self._github.rest("compare", doing, "GET", path)
        except NotFound:
            return Comparison(Relation.UNKNOWN)
        # A branch whose name looks like the SHA would be compared in its place.
        if not decoded(doing, _base, body).startswith(digits):
            raise Ambiguous(SYSTEM, doing, f"a branch or tag of {repo} is called like the commit")
        return decoded(doing, _comparison, body)


def pull_number(message: str) -> int | None:
    """Return the pull request that GitHub named in the message of a merge or squash, or None.

    Source: https://docs.github.com/en/pull-requests/collaborating-with-pull-requests/incorporating-changes-from-a-pull-request/about-pull-request-merges
    """
    title = message.strip().partition("\n")[0].strip()
    found = _MERGED.match(title) or _SQUASHED.search(title)
    return int(found[1]) if found else None


def co_authors(message: str) -> tuple[Author, ...]:
    """Return whom the message names by ``Co-authored-by`` lines, in their order.

    Anybody can write such a line, so it may only ever take a right away.

    Source: https://docs.github.com/en/pull-requests/committing-changes-to-your-project/creating-and-editing-commits/creating-a-commit-with-multiple-authors
    """
    return tuple(_co_authors(message))


def _co_authors(message: str) -> Iterator[Author]:
    for line in message.splitlines():
        key, _, rest = line.strip().partition(":")
        if key.lower() != _CO_AUTHOR or not rest.endswith(">"):
            continue
        name, _, address = (part.strip() for part in rest[:-1].rpartition("<"))
        known = _NO_REPLY.fullmatch(address)
        number, login = known.groups() if known else (None, None)
        yield Author(name or login or address, login, int(number) if number else None)


# decoders


def _base(body: Any) -> str:
    return full_sha(body["base_commit"]["sha"])


def _comparison(body: Any) -> Comparison:
    commits = tuple(_between(one) for one in body["commits"])
    files = body.get("files") or []
    return Comparison(
        relation=Relation(body["status"]),
        ahead_by=count(body["ahead_by"]),
        behind_by=count(body["behind_by"]),
        commits=commits,
        truncated=count(body["total_commits"]) > len(commits),
        files=tuple(_paths(files)),
        files_truncated=len(files) >= MOST_FILES,
    )


def _between(body: Any) -> Between:
    message = text(body["commit"]["message"])
    title = message.strip().partition("\n")[0].strip()
    authors = (_author(body), *co_authors(message))
    return Between(full_sha(body["sha"]), title, authors, pull_number(message))


def _author(body: Any) -> Author:
    """Decode the author; ``author`` is null, or empty, for people whom GitHub does not know."""
    name, known = text(body["commit"]["author"]["name"]), body.get("author")
    return Author(name, text(known["login"]), count(known["id"])) if known else Author(name)


def _paths(files: Any) -> Iterator[str]:
    for file in files:
        yield text(file["filename"])
        if "previous_filename" in file:
            yield text(file["previous_filename"])
