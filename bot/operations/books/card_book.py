"""Where in Slack the card of each operation stands, and which of its states it shows."""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from bot.domain.operations import number_of
from bot.operations.books.rows import insert_or_leave
from bot.operations.sql.database import Database
from bot.operations.sql.tables import cards, operations


@dataclass(frozen=True, slots=True)
class Card:
    """The Slack message of an operation; *channel* and *ts* are None until Slack took it."""

    operation: str
    channel: str | None
    ts: str | None
    shown: str | None
    shown_version: int


class CardBook:
    """The cards in one database. Every method is one transaction and may run twice."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def begin(self, operation_id: str) -> Card:
        """Say that the first card is about to be posted; return the card as it was before.

        A card without *ts* that was begun before may stand in Slack: look for it, then post.
        """
        number = number_of(operation_id)
        with self._database.write() as connection:
            insert = insert_or_leave(connection, cards).values(
                number=number, shown_version=0, settled=False
            )
            new = connection.execute(insert.returning(cards.c.number)).first()
            row = connection.execute(sa.select(cards).where(cards.c.number == number)).one()
            version = -1 if new else row.shown_version
            return Card(operation_id, row.channel, row.ts, row.shown, version)

    def of(self, operation_id: str) -> Card | None:
        """Return the card of the operation, or None while none was begun."""
        query = sa.select(cards).where(cards.c.number == number_of(operation_id))
        with self._database.read() as connection:
            row = connection.execute(query).one_or_none()
            if row is None:
                return None
            return Card(operation_id, row.channel, row.ts, row.shown, row.shown_version)

    def save(self, card: Card, before: Card) -> None:
        """Keep where the card stands and what it shows; *before* is what it was made from.

        Where another replica has shown something since, nobody knows whose words Slack took last:
        the card then counts as stale and is shown anew.
        """
        place = {"channel": card.channel, "ts": card.ts}
        mine = sa.update(cards).where(cards.c.number == number_of(card.operation))
        as_read = (
            cards.c.shown_version == max(before.shown_version, 0),
            cards.c.shown.is_not_distinct_from(before.shown),
        )
        shown = {
            "shown": card.shown,
            "shown_version": card.shown_version,
            "settled": _shows_the_end(card),
        }
        with self._database.write() as connection:
            if connection.execute(mine.where(*as_read).values(**place, **shown)).rowcount == 0:
                anew = {"shown": None, "shown_version": 0, "settled": False}
                connection.execute(mine.values(**place, **anew))

    def behind(self, limit: int = 1000) -> tuple[tuple[str, bool], ...]:
        """Return the ids of operations whose card is behind, and whether they ended; those first.

        Cards that show an end are not looked at again, however many there have been.
        """
        ended = operations.c.ended_at.is_not(None)
        query = (
            sa.select(operations.c.number, ended)
            .join(cards, cards.c.number == operations.c.number)
            .where(
                ~cards.c.settled,
                cards.c.ts.is_not(None),
                cards.c.shown_version < operations.c.version,
            )
            .order_by(operations.c.ended_at.is_(None), operations.c.number)
            .limit(limit)
        )
        with self._database.read() as connection:
            return tuple((f"D-{row[0]}", bool(row[1])) for row in connection.execute(query))

    def stale(self) -> tuple[str, ...]:
        """Return the ids of operations whose card is behind, ended ones first."""
        return tuple(name for name, _ in self.behind())


def _shows_the_end(card: Card) -> sa.ScalarSelect[Any]:
    """Return whether *card* shows the last state that its operation will have, in SQL."""
    shows = sa.and_(operations.c.ended_at.is_not(None), operations.c.version <= card.shown_version)
    query = sa.select(shows).where(operations.c.number == number_of(card.operation))
    return query.scalar_subquery()
