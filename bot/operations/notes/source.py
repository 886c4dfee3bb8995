"""The notes that stand in Slack, as the updater reads them."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from bot.adapters.slack import Posted
from bot.clock import Clock
from bot.operations.notes.note_book import note_of
from bot.operations.notes.posting import Renderers
from bot.operations.saying.updater import Behind, Living
from bot.operations.sql.database import Database
from bot.operations.sql.tables import notes

AT_ONCE = 1000
"""The most notes looked at in one round."""

_NAME = "note "


class StandingNotes:
    """Tells the updater which notes are behind, and how they look. For any thread."""

    def __init__(self, database: Database, renderers: Renderers, clock: Clock) -> None:
        self._database, self._renderers, self._clock = database, renderers, clock

    def behind(self) -> Sequence[Behind]:
        """Return the notes that are behind their state, ended ones first.

        Raises:
            Unavailable: our own database is away.
        """
        query = (
            sa.select(notes.c.id, notes.c.ended)
            .where(notes.c.shown_version < notes.c.version, notes.c.ts.is_not(None))
            .order_by(notes.c.ended.desc(), notes.c.id)
            .limit(AT_ONCE)
        )
        with self._database.read() as connection:
            return [Behind(f"{_NAME}{row.id}", row.ended) for row in connection.execute(query)]

    def read(self, name: str) -> Living | None:
        """Return the note as it is to be now; None where it does not stand any more.

        Raises:
            Unavailable: our own database is away.
        """
        with self._database.read() as connection:
            query = sa.select(notes).where(notes.c.id == _id_of(name), notes.c.ts.is_not(None))
            row: Any = connection.execute(query).one_or_none()
        if row is None:
            return None
        note = note_of(row)
        return Living(
            name=name,
            key=note.key,
            since=row.at,
            at=Posted(row.channel, row.ts),
            message=self._renderers[note.kind](note.state, self._clock.now()),
            version=row.version,
            shown=row.shown,
            shown_version=row.shown_version,
        )

    def keep(self, living: Living, at: Posted, shown: str) -> None:
        """Keep where the note stands and what it shows.

        Where another replica has shown something since, nobody knows whose words Slack took last:
        the note then counts as behind and is shown anew.

        Raises:
            Unavailable: our own database is away.
        """
        mine = sa.update(notes).where(notes.c.id == _id_of(living.name))
        as_read = (
            notes.c.shown_version == living.shown_version,
            notes.c.shown.is_not_distinct_from(living.shown),
        )
        values = {"channel": at.channel, "ts": at.ts, "shown": shown}
        now = mine.where(*as_read).values(**values, shown_version=living.version)
        with self._database.write() as connection:
            if connection.execute(now).rowcount == 0:
                anew = {**values, "shown": None, "shown_version": 0}
                connection.execute(mine.values(anew))


def _id_of(name: str) -> int:
    return int(name.removeprefix(_NAME))
