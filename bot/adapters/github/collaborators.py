"""Who may write to a repository, by GitHub's own word: teams, owners and invitations included."""

from typing import Any

from bot.adapters.github.answers import count, decoded, text
from bot.adapters.github.client import GitHub, quoted
from bot.domain.errors import NotFound
from bot.domain.rights import GitHubUser

WRITING = frozenset({"admin", "write"})
"""GitHub maps maintain to write and triage to read here."""


class Collaborators:
    """Reads what people may do in repositories; nothing is remembered."""

    def __init__(self, github: GitHub) -> None:
        self._github = github

    def may_write(self, repo: str, person: GitHubUser) -> bool:
        """Tell whether *person* may push to *repo* now. One request.

        A login that is another account's by now may not, whoever that is.

        Raises:
            Unavailable: nobody could tell.

        Source: https://docs.github.com/en/rest/collaborators/collaborators#get-repository-permissions-for-a-user
        """
        doing = f"read what {person.login:.60} may do in {repo}"
        path = f"/repos/{quoted(repo)}/collaborators/{quoted(person.login)}/permission"
        try:
            body = self._github.rest("permission", doing, "GET", path)
        except NotFound:
            return False
        number, permission = decoded(doing, _permission, body)
        return number == person.id and permission in WRITING


def _permission(body: Any) -> tuple[int | None, str]:
    user = body["user"]
    return (count(user["id"]) if user else None), text(body["permission"])
