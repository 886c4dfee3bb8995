"""People, bots and organizations: a number that stays and a login that may change."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sandbox.github.objects import Person


@dataclass
class Account:
    """A user, a bot or an organization. *kind* is GitHub's word: User, Bot, Organization."""

    id: int
    login: str
    kind: str = "User"
    name: str | None = None
    email: str | None = None
    owners: set[str] = field(default_factory=set)

    @property
    def node(self) -> str:
        """Return its id in GraphQL."""
        return {"User": "U", "Bot": "BOT", "Organization": "O"}[self.kind] + f"_{self.id}"

    def person(self, at: datetime) -> Person:
        """Return it as the author of a commit."""
        email = self.email or f"{self.id}+{self.login}@users.noreply.github.com"
        return Person(self.name or self.login, email, at)


class Accounts:
    """Everybody GitHub knows, by login without regard to case."""

    def __init__(self) -> None:
        self._by_login: dict[str, Account] = {}
        self._next = 1000

    def add(
        self,
        login: str,
        kind: str = "User",
        *,
        number: int | None = None,
        name: str | None = None,
        email: str | None = None,
    ) -> Account:
        """Return the account of *login*, made if it is new."""
        if (known := self.get(login)) is not None:
            return known
        self._next += 1
        account = Account(number or self._next, login, kind, name, email)
        self._by_login[login.lower()] = account
        return account

    def get(self, login: str) -> Account | None:
        """Return the account of *login*, or None."""
        return self._by_login.get(login.lower())

    def by_id(self, number: int) -> Account | None:
        """Return the account with that number, or None."""
        return next((one for one in self._by_login.values() if one.id == number), None)

    def by_email(self, email: str) -> Account | None:
        """Return whose commits bear *email*: a registered address or a noreply one; else None."""
        name, _, host = email.partition("@")
        if host == "users.noreply.github.com":
            return self.get(name.rpartition("+")[2])
        return next((one for one in self._by_login.values() if one.email == email), None)

    def rename(self, old: str, new: str) -> None:
        """Give an account another login; its number stays."""
        account = self._by_login.pop(old.lower())
        account.login = new
        self._by_login[new.lower()] = account


def simple(account: Account, api: str) -> dict[str, Any]:
    """Return the short JSON form of an account."""
    return {
        "login": account.login,
        "id": account.id,
        "node_id": account.node,
        "avatar_url": f"https://avatars.example/u/{account.id}",
        "url": f"{api}/users/{account.login}",
        "html_url": f"https://github.com/{account.login}",
        "type": account.kind,
        "site_admin": False,
    }


def full(account: Account, api: str) -> dict[str, Any]:
    """Return the long JSON form of an account."""
    return simple(account, api) | {"name": account.name, "email": account.email}
