"""What a version is: the commit that a SHA, tag or branch names, and how two commits relate."""

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from bot.adapters.github.answers import FULL_SHA, SYSTEM, count, decoded, full_sha, moment, text
from bot.adapters.github.client import GitHub, quoted
from bot.domain.errors import Ambiguous, NotFound

SHA = re.compile(r"[0-9a-f]{7,40}", re.IGNORECASE)
"""What is read as a SHA: GitHub shows 7 digits at least."""

NOT_IN_NAMES = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|^[-/.]|[/.]$|/\.|\.lock(/|$)")
"""What no branch or tag may hold; such a name could also lead a URL astray.

Source: https://git-scm.com/docs/git-check-ref-format
"""

LONGEST_NAME = 255


class CommitName(StrEnum):
    """By what a version names its commit."""

    SHA = "sha"
    TAG = "tag"
    BRANCH = "branch"


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit: its full *sha*, the first line of its message, and who wrote it.

    *author* is the name Git keeps; *login* and *author_id* are None where GitHub
    knows no such person. *name* is the version as asked, *kind* what it turned out to be. *at* is
    when it was committed, as its committer's clock told.
    """

    sha: str
    title: str
    author: str
    kind: CommitName
    name: str
    login: str | None = None
    author_id: int | None = None
    at: datetime | None = None


class Relation(StrEnum):
    """How a head lies to a base."""

    IDENTICAL = "identical"
    AHEAD = "ahead"
    BEHIND = "behind"
    DIVERGED = "diverged"
    UNKNOWN = "unknown"  # one of them is not in the repository, or they share no history


@dataclass(frozen=True, slots=True)
class Ahead:
    """How a head lies to a base: commits it has more (*ahead_by*) and lacks (*behind_by*)."""

    relation: Relation
    ahead_by: int = 0
    behind_by: int = 0


@dataclass(frozen=True, slots=True)
class _Found:
    """A commit as GitHub describes it, before we know what named it."""

    sha: str
    title: str
    author: str
    login: str | None
    author_id: int | None
    at: datetime | None


class Commits:
    """Reads commits of any repository that the login may see."""

    def __init__(self, github: GitHub) -> None:
        self._github = github

    def resolve(self, repo: str, version: str) -> Commit:
        """Return the commit that *version* names in *repo* now.

        Seven to 40 hex digits are first read as a SHA; anything else as the exact name of a tag or
        branch. Such digits name a tag only where all of them are decimal, as in a date.

        Raises:
            NotFound: nothing is called so, the repository is empty, or we may not see it.
            Ambiguous: several commits begin so, a tag and a branch of that name differ, or a name
                is called like the digits of a commit, which Git then hides behind it.

        Source: https://docs.github.com/en/rest/commits/commits#get-a-commit
        """
        if SHA.fullmatch(version):
            found = self._read(repo, version.lower(), version)
            if found is not None and found.sha.startswith(version.lower()):
                return _named(found, CommitName.SHA, version)
            if found is None and FULL_SHA.fullmatch(version.lower()):
                raise _missing(repo, version)
            named = self._by_name(repo, version)
            if named.kind is CommitName.TAG and version.isdecimal():
                return named
            detail = f"a {named.kind} of {repo} is called like the digits of a commit"
            raise Ambiguous(SYSTEM, _doing(repo, version), detail)
        return self._by_name(repo, version)

    def has(self, repo: str, version: str) -> bool:
        """Tell whether *version* names something in *repo*, be it several things."""
        try:
            self.resolve(repo, version)
        except Ambiguous:
            return True
        except NotFound:
            return False
        return True

    def relation(self, repo: str, base: str, head: str) -> Ahead:
        """Return how the commit *head* lies to *base*; both are full SHAs.

        Source: https://docs.github.com/en/rest/commits/commits#compare-two-commits
        """
        base, head = full_sha(base), full_sha(head)
        if base == head:
            return Ahead(Relation.IDENTICAL)
        doing = f"compare {base[:8]} with {head[:8]} in {repo}"
        path = f"/repos/{quoted(repo)}/compare/{base}...{head}"
        try:
            body = self._github.rest("compare", doing, "GET", path, parameters={"per_page": "1"})
        except NotFound:
            return Ahead(Relation.UNKNOWN)
        return decoded(doing, _ahead, body)

    def _by_name(self, repo: str, version: str) -> Commit:
        if len(version) > LONGEST_NAME or NOT_IN_NAMES.search(version) or not version:
            raise _missing(repo, version)
        tag = self._read(repo, f"tags/{version}", version)
        branch = self._read(repo, f"heads/{version}", version)
        if tag and branch and tag.sha != branch.sha:
            detail = f"a tag and a branch of {repo} are both called {version}"
            raise Ambiguous(SYSTEM, _doing(repo, version), detail)
        if tag:
            return _named(tag, CommitName.TAG, version)
        if branch:
            return _named(branch, CommitName.BRANCH, version)
        raise _missing(repo, version)

    def _read(self, repo: str, ref: str, version: str) -> _Found | None:
        """Return the commit that *ref* names, or None where there is none."""
        doing = _doing(repo, version)
        try:
            body = self._github.rest(
                "resolve", doing, "GET", f"/repos/{quoted(repo)}/commits/{quoted(ref)}"
            )
        except NotFound:
            return None
        return decoded(doing, _found, body)


def _named(found: _Found, kind: CommitName, name: str) -> Commit:
    return Commit(
        found.sha,
        found.title,
        found.author,
        kind,
        name,
        found.login,
        found.author_id,
        found.at,
    )


def _doing(repo: str, version: str) -> str:
    return f"find the commit {version:.100} in {repo}"


def _missing(repo: str, version: str) -> NotFound:
    detail = f"no commit, tag or branch of {repo} is called {version:.100}"
    if SHA.fullmatch(version) and not FULL_SHA.fullmatch(version.lower()):
        detail += "; if several commits begin so, the full SHA tells them apart"
    return NotFound(SYSTEM, _doing(repo, version), detail)


def _found(body: Any) -> _Found:
    """Decode a commit. ``author`` is null, or empty, for people whom GitHub does not know.

    Source: https://github.com/github/rest-api-description (schema ``commit``)
    """
    commit, author = body["commit"], body.get("author")
    title = text(commit["message"]).strip().partition("\n")[0]
    login, number = (text(author["login"]), count(author["id"])) if author else (None, None)
    name = text(commit["author"]["name"])
    committer = commit.get("committer")  # null where Git's own line of it cannot be read
    at = moment(committer["date"]) if committer else None
    return _Found(full_sha(body["sha"]), title.strip(), name, login, number, at)


def _ahead(body: Any) -> Ahead:
    return Ahead(Relation(body["status"]), count(body["ahead_by"]), count(body["behind_by"]))
