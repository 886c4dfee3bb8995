"""Links that GitHub has confirmed and whose person has not: offered, and answered once."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from bot.domain.rights import GitHubUser
from bot.operations.books.act_book import Act, Deed, write_act
from bot.operations.saying.outbox import Letter, put
from bot.operations.sql.database import Database
from bot.operations.sql.tables import link_offers


class Ending(StrEnum):
    """How an offer was answered."""

    CONFIRMED = "confirmed"
    DECLINED = "declined"
    REPLACED = "replaced"  # by a later one of the same person


class NotOpen(StrEnum):
    """Why an offer cannot be answered."""

    UNKNOWN = "unknown"
    NOT_YOURS = "not_yours"  # it was made to another Slack user
    SETTLED = "settled"  # it was answered before, or replaced
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Offer:
    """GitHub says that the Slack user *slack* of *team* is *user*. *id* is not to be guessed."""

    id: str
    slack: str
    team: str
    user: GitHubUser
    at: datetime
    until: datetime


class LinkBook:
    """The offers in one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def offer(self, offer: Offer, letter: Letter) -> None:
        """Write *offer* and the *letter* that tells of it; earlier offers of theirs are over."""
        earlier = (
            link_offers.c.slack == offer.slack,
            link_offers.c.team == offer.team,
            link_offers.c.settled_at.is_(None),
        )
        over = {"settled_at": offer.at, "ending": Ending.REPLACED.value}
        values = {
            "id": offer.id,
            "slack": offer.slack,
            "team": offer.team,
            "github_id": offer.user.id,
            "login": offer.user.login,
            "at": offer.at,
            "until": offer.until,
        }
        with self._database.write() as connection:
            connection.execute(sa.update(link_offers).where(*earlier).values(over))
            connection.execute(sa.insert(link_offers).values(values))
            put(connection, [letter], offer.at)

    def settle(
        self,
        id: str,  # noqa: A002  # what it is
        slack: str,
        team: str,
        ending: Ending,
        now: datetime,
    ) -> Offer | NotOpen:
        """Answer an offer as the Slack user *slack*, and return it; only one answer ever counts.

        A refused answer is written down, too.
        """
        with self._database.write() as connection:
            open_still = (
                link_offers.c.id == id,
                link_offers.c.slack == slack,
                link_offers.c.team == team,
                link_offers.c.settled_at.is_(None),
                link_offers.c.until > now,
            )
            values = {"settled_at": now, "ending": ending.value}
            done = connection.execute(sa.update(link_offers).where(*open_still).values(values))
            row = connection.execute(
                sa.select(link_offers).where(link_offers.c.id == id)
            ).one_or_none()
            if row is None:
                return NotOpen.UNKNOWN
            if done.rowcount == 1:
                if ending is Ending.DECLINED:
                    write_act(connection, _refusal(row, slack, now, ending.value))
                return _offer(row)
            why = _why_not(row, slack, team)
            write_act(connection, _refusal(row, slack, now, why.value))
            return why


def _why_not(row: Any, slack: str, team: str) -> NotOpen:
    if (row.slack, row.team) != (slack, team):
        return NotOpen.NOT_YOURS
    return NotOpen.SETTLED if row.settled_at is not None else NotOpen.EXPIRED


def _refusal(row: Any, by: str, at: datetime, why: str) -> Act:
    """Return the deed of a link that did not come about; the offer's id is nobody's to read."""
    mark = f"link:{row.id}:{by}:{why}"
    detail = {"wish": "link", "why": why, "login": row.login, "account": str(row.github_id)}
    return Act(mark, at, by, Deed.REFUSED, row.slack, None, detail)


def _offer(row: Any) -> Offer:
    user = GitHubUser(row.github_id, row.login)
    return Offer(row.id, row.slack, row.team, user, row.at, row.until)
