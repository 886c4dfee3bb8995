"""The commit that digits of a SHA name, and what CI reported on it, for one request.

It answers only where nothing is in doubt; everything else is for ``Commits`` and ``Checks``.
"""

from dataclasses import dataclass
from typing import Any

from bot.adapters.github.answers import count, decoded, full_sha, moment, text
from bot.adapters.github.checks import CONTEXTS, page_of
from bot.adapters.github.client import GitHub, NoGraphQL
from bot.adapters.github.commits import SHA, Commit, CommitName
from bot.domain.checks import Rollup
from bot.domain.errors import Garbled, Rejected

VERSION = f"""query($owner:String!,$name:String!,$digits:String!,$after:String){{
 repository(owner:$owner,name:$name){{object(expression:$digits){{__typename ... on Commit{{
 oid message committedDate author{{name user{{login databaseId}}}} {CONTEXTS}}}}}}}}}"""


@dataclass(frozen=True, slots=True)
class CheckedCommit:
    """A *commit* and everything reported on it; *rollup* None: nothing was."""

    commit: Commit
    rollup: Rollup | None


class Versions:
    """Reads commits with their checks in any repository that the login may see."""

    def __init__(self, github: GitHub) -> None:
        self._github = github

    def checked(self, repo: str, version: str) -> CheckedCommit | None:
        """Return the commit that begins with *version* and its checks, by one request.

        None where that does not tell it all: *version* is not 7 to 40 digits of a SHA, a branch
        is called so, several commits or none begin so, there are more than a hundred checks, our
        login may not read them, or the server has no GraphQL.

        Raises:
            Unavailable: GitHub did not answer.

        Source: https://docs.github.com/en/graphql/reference/objects#repository
        """
        digits = version.lower()
        if not SHA.fullmatch(version):
            return None
        doing = f"find the commit {version} in {repo}"
        owner, _, name = repo.partition("/")
        variables = {"owner": owner, "name": name, "digits": digits, "after": None}
        try:
            data = self._github.graphql("version", doing, VERSION, variables).whole()
            found = decoded(doing, lambda data: _checked(data, doing, version), data)
        except (NoGraphQL, Rejected, Garbled):
            return None
        return found if found and found.commit.sha.startswith(digits) else None


def _checked(data: Any, doing: str, version: str) -> CheckedCommit | None:
    shown = (data["repository"] or {}).get("object")
    if shown is None or shown["__typename"] != "Commit":
        return None
    page = page_of(data, doing)
    if page is not None and page.after is not None:
        return None
    rollup = None if page is None else Rollup(page.state, page.checks)
    return CheckedCommit(_commit(shown, version), rollup)


def _commit(shown: Any, version: str) -> Commit:
    """Decode a commit; ``user`` is null for people whom GitHub does not know."""
    title = text(shown["message"]).strip().partition("\n")[0].strip()
    author, user = shown["author"], shown["author"]["user"]
    login, number = (text(user["login"]), count(user["databaseId"])) if user else (None, None)
    sha = full_sha(shown["oid"])
    at, name = moment(shown["committedDate"]), text(author["name"])
    return Commit(sha, title, name, CommitName.SHA, version, login, number, at)
