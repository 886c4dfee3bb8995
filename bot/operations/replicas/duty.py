"""What one replica at a time does for all of them: it holds a row for some seconds, and keeps it.

Nothing may rest on it that must not happen twice: who was frozen and thaws may believe for a moment
that the duty is still theirs. It saves calls; the rows of the work itself keep it right.
"""

from datetime import datetime, timedelta

import sqlalchemy as sa
import structlog

from bot.clock import Clock
from bot.domain.errors import Unavailable
from bot.operations.books.rows import insert_or_leave, now_of_postgresql
from bot.operations.sql.database import Database
from bot.operations.sql.tables import duties

log = structlog.get_logger(__name__)

HELD = timedelta(seconds=6)
"""How long a duty stays with who died holding it. Of the wall, by the database's clock."""


class Duty:
    """The duty *name*, as the replica *holder* may have it. For one thread.

    On SQLite there is one process, and it has every duty.
    """

    def __init__(self, database: Database, clock: Clock, name: str, holder: str) -> None:
        self._database, self._clock = database, clock
        self._name, self._holder = name, holder
        self._ours_until: datetime | None = None

    def is_ours(self) -> bool:
        """Take the duty, or keep it; False while another replica has it.

        Raises:
            Unavailable: our own database is away.
        """
        if self._database.is_sqlite:
            return True
        now = self._clock.now()
        if self._ours_until is not None and now < self._ours_until:
            return True
        ours = self._take()
        # Half of the time, so that it is never another's before it is asked for again.
        self._ours_until = now + HELD / 2 * self._clock.speed if ours else None
        return ours

    def leave(self) -> None:
        """Give the duty to whoever asks next. Where the database is away it ends by itself."""
        if self._ours_until is None:
            return
        self._ours_until = None
        ours = (duties.c.name == self._name, duties.c.holder == self._holder)
        try:
            with self._database.write() as connection:
                connection.execute(sa.delete(duties).where(*ours))
        except Unavailable as away:
            log.warning("a duty was not given back", duty=self._name, error=str(away))

    def _take(self) -> bool:
        now = now_of_postgresql()
        values = {"holder": self._holder, "until": now + HELD}
        free = (duties.c.holder == self._holder) | (duties.c.until < now)
        take = sa.update(duties).where(duties.c.name == self._name, free).values(values)
        with self._database.write() as connection:
            if connection.execute(take).rowcount == 1:
                return True
            new = insert_or_leave(connection, duties).values(name=self._name, **values)
            return connection.execute(new.returning(duties.c.name)).first() is not None
