"""Which GitHub account a Slack user was believed to be, by which source, since when.

The account's number is remembered, so that a login that changed hands is noticed.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from bot.domain.rights import GitHubUser
from bot.operations.books.act_book import Act, Deed, write_act
from bot.operations.books.rows import take_turns
from bot.operations.saying.outbox import Letter, put
from bot.operations.sql.database import Database
from bot.operations.sql.tables import identities


@dataclass(frozen=True, slots=True)
class Link:
    """The Slack user *slack* of the workspace *team* is *user*, says *source* (``map``).

    *by* is the Slack user id of who made the link, or ``shipmate``.
    """

    slack: str
    team: str
    source: str
    user: GitHubUser
    at: datetime
    by: str = "shipmate"


class IdentityBook:
    """The links in one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, slack: str, team: str) -> tuple[Link, ...]:
        """Return every link of a Slack user, in the order of their sources' names."""
        query = sa.select(identities).where(identities.c.slack == slack, identities.c.team == team)
        with self._database.read() as connection:
            rows = connection.execute(query.order_by(identities.c.source))
            return tuple(map(_link, rows))

    def behind(self, account: int) -> tuple[Link, ...]:
        """Return every link to the GitHub account with the id *account*, oldest first."""
        query = sa.select(identities).where(identities.c.github_id == account)
        query = query.order_by(identities.c.linked_at, identities.c.slack, identities.c.source)
        with self._database.read() as connection:
            return tuple(map(_link, connection.execute(query)))

    def remember(self, link: Link) -> Link:
        """Keep what a source was found to say, and return what is remembered.

        A login that stands for another account than it did is not taken over: what comes back then
        has another ``user.id`` than *link*. A source that names another login is believed anew.
        """
        with self._database.read() as connection:
            row = connection.execute(_one(link.slack, link.team, link.source)).one_or_none()
        if row is not None and not _is_news(_link(row).user, link.user):
            return _link(row)
        with self._database.write() as connection:
            before = _before(connection, link)
            if before is None or _is_news(before.user, link.user):
                _write(connection, link, before)
                return link
            return before

    def replace(self, link: Link, told: Iterable[Letter] = ()) -> Link | None:
        """Put *link*, which was proven, in the place of what was; return that, or None.

        The letters *told* are written in the same transaction.
        """
        with self._database.write() as connection:
            before = _before(connection, link)
            if before is None or before.user != link.user:
                _write(connection, link, before)
            put(connection, told, link.at)
            return before

    def forget(self, slack: str, team: str, source: str, by: str, at: datetime) -> Link | None:
        """Take a link away and return it; None where there is none."""
        with self._database.write() as connection:
            take_turns(connection, f"identity {team} {slack}")
            row = connection.execute(_one(slack, team, source)).one_or_none()
            if row is None:
                return None
            link = _link(row)
            key = (identities.c.slack == slack, identities.c.team == team)
            connection.execute(sa.delete(identities).where(*key, identities.c.source == source))
            _act(connection, Deed.UNLINKED, link, by, at, None)
            return link


def _is_news(before: GitHubUser, now: GitHubUser) -> bool:
    """Tell whether *now* is to be believed instead: another login, and no changed hands."""
    if before.login.casefold() == now.login.casefold():
        return before.id == now.id and before.login != now.login
    return True


def _before(connection: sa.Connection, link: Link) -> Link | None:
    take_turns(connection, f"identity {link.team} {link.slack}")
    row = connection.execute(_one(link.slack, link.team, link.source)).one_or_none()
    return None if row is None else _link(row)


def _write(connection: sa.Connection, link: Link, before: Link | None) -> None:
    key = {"slack": link.slack, "team": link.team, "source": link.source}
    values = {
        "github_id": link.user.id,
        "login": link.user.login,
        "linked_at": link.at,
        "by": link.by,
    }
    if before is None:
        connection.execute(sa.insert(identities).values(**key, **values))
    else:
        chosen = [identities.c[name] == value for name, value in key.items()]
        connection.execute(sa.update(identities).where(*chosen).values(**values))
    _act(connection, Deed.LINKED, link, link.by, link.at, before)


def _act(
    connection: sa.Connection,
    what: Deed,
    link: Link,
    by: str,
    at: datetime,
    before: Link | None,
) -> None:
    detail = {"team": link.team, "source": link.source, "login": link.user.login}
    detail["account"] = str(link.user.id)
    if before is not None:
        detail |= {"was": before.user.login, "was_account": str(before.user.id)}
    mark = f"{what}:{link.team}:{link.slack}:{link.source}:{link.user.id}:{at.isoformat()}"
    write_act(connection, Act(mark, at, by, what, link.slack, None, detail))


def _one(slack: str, team: str, source: str) -> sa.Select[Any]:
    return sa.select(identities).where(
        identities.c.slack == slack, identities.c.team == team, identities.c.source == source
    )


def _link(row: Any) -> Link:
    user = GitHubUser(row.github_id, row.login)
    return Link(row.slack, row.team, row.source, user, row.linked_at, row.by)
