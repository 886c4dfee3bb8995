"""Tells other channels than Slack what is written down for them, however long they are away.

It has a tick and rows of its own, so nothing that fails here keeps anything back in Slack. Every
replica tells; who takes an alert has it for ``HELD``. Who dies on the way may have told it: then it
is told again, and PagerDuty makes one incident of both.
"""

import threading
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain
from typing import Any

import sqlalchemy as sa
import structlog

from bot.adapters.other_channels import OtherChannels
from bot.clock import Clock
from bot.domain.alerts import Alert
from bot.domain.errors import BotError
from bot.messages.alerts import spoken
from bot.operations.sql.codec import load
from bot.operations.sql.database import Database
from bot.operations.sql.tables import alerts

log = structlog.get_logger(__name__)

HELD = timedelta(minutes=2)
"""How long one telling may take; apprise waits eight seconds for a web page, longer for mail."""

NEWS = timedelta(days=1)
"""What could not be told for so long is given up."""

KEPT = timedelta(days=30)
"""How long it is known who heard of a trouble, so that they hear of its end."""

FIRST, LONGEST = timedelta(seconds=10), timedelta(minutes=15)
AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class _Waiting:
    """An alert that *receiver* has not been told yet, with the *tries* already made."""

    id: int
    receiver: str
    alert: Alert
    at: datetime
    tries: int
    not_before: datetime


class Telling:
    """Tells through *channels*. ``tell`` and ``sweep`` are for ticks."""

    def __init__(self, database: Database, channels: OtherChannels, clock: Clock) -> None:
        self._database, self._channels, self._clock = database, channels, clock
        self._stopping = threading.Event()

    def stop(self) -> None:
        """Tell nothing more; the next start does, or another replica."""
        self._stopping.set()

    def tell(self) -> None:
        """Tell what is due, oldest first. Who cannot be told is left alone until the next round.

        Of one trouble everything is told in order: an end waits for the news of the trouble.

        Raises:
            Unavailable: our own database is away.
        """
        away: set[str] = set()
        behind: set[tuple[str, str]] = set()
        for one in chain.from_iterable(map(self._untold, self._channels.receivers)):
            if self._stopping.is_set():
                return
            trouble = (one.receiver, one.alert.dedup)
            due = one.not_before <= self._clock.now()
            free = one.receiver not in away and trouble not in behind
            if not (due and free and self._take(one)):
                behind.add(trouble)
            elif not self._said(one):
                away.add(one.receiver)

    def sweep(self) -> None:
        """Forget what was told long ago, and what is for receivers that are there no more.

        Raises:
            Unavailable: our own database is away.
        """
        now = self._clock.now()
        old = sa.or_(
            alerts.c.settled_at < now - KEPT,
            sa.and_(
                alerts.c.settled_at.is_(None),
                alerts.c.at < now - NEWS,
                alerts.c.receiver.not_in(self._channels.receivers),
            ),
        )
        with self._database.write() as connection:
            connection.execute(sa.delete(alerts).where(old))

    def _untold(self, receiver: str) -> list[_Waiting]:
        mine = (alerts.c.receiver == receiver, alerts.c.settled_at.is_(None))
        query = sa.select(alerts).where(*mine).order_by(alerts.c.id)
        with self._database.read() as connection:
            return [_waiting(row) for row in connection.execute(query.limit(AT_ONCE))]

    def _take(self, one: _Waiting) -> bool:
        """Take it for ourselves; False where another replica was quicker."""
        statement = sa.update(alerts).where(
            alerts.c.id == one.id, alerts.c.tries == one.tries, alerts.c.settled_at.is_(None)
        )
        # Calls take their time on the wall, however fast the clock runs in a rehearsal.
        until = self._clock.now() + HELD * self._clock.speed
        with self._database.write() as connection:
            taken = statement.values(tries=one.tries + 1, not_before=until)
            return connection.execute(taken).rowcount == 1

    def _said(self, one: _Waiting) -> bool:
        """Tell it; return whether it is settled."""
        now, told = self._clock.now(), {"receiver": one.receiver, "alert": one.alert.dedup}
        if now - one.at > NEWS:
            log.error("an alert is given up", **told)
            self._change(one, {"settled_at": now})
            return True
        try:
            self._channels.tell(one.receiver, one.alert, *spoken(one.alert))
        except BotError as error:
            log.warning("an alert waits", error=str(error), **told)
            pause: timedelta = min(LONGEST, FIRST * 2 ** min(one.tries, 10))
            self._change(one, {"not_before": self._clock.now() + pause})
            return False
        self._change(one, {"settled_at": self._clock.now()})
        return True

    def _change(self, one: _Waiting, values: dict[str, Any]) -> None:
        # Whoever has taken it after us decides now.
        ours = (alerts.c.id == one.id, alerts.c.tries == one.tries + 1)
        with self._database.write() as connection:
            connection.execute(sa.update(alerts).where(*ours).values(values))


def _waiting(row: Any) -> _Waiting:
    alert = load(Alert, row.alert)
    return _Waiting(row.id, row.receiver, alert, row.at, row.tries, row.not_before)
