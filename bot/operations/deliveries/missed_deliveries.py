"""What GitHub could not tell us while we were away is asked for again.

Only a GitHub App has a list of it. Of several replicas one asks for each delivery, by a row; a
delivery is asked for a few times at most, in growing pauses.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from http import HTTPStatus
from itertools import islice
from typing import Any

import sqlalchemy as sa
import structlog

from bot.adapters.github.hook_deliveries import Attempt, HookDeliveries
from bot.clock import Clock
from bot.domain.errors import BotError
from bot.operations.books.rows import insert_or_leave
from bot.operations.deliveries.inbox import Inbox
from bot.operations.sql.database import Database
from bot.operations.sql.tables import redeliveries

log = structlog.get_logger(__name__)

KEPT = timedelta(days=3)
"""How long GitHub can deliver something once more."""

MOST_TRIES = 4

PAUSE = timedelta(minutes=10)
"""Before it is asked for the second time; four times as long before each next."""

AT_ONCE = 100
"""Asked for in one round. More would be a burst to ourselves and a limit at GitHub."""

OF_ONE_QUERY = 500
"""Deliveries that one query names."""

REFUSED = frozenset(
    {HTTPStatus.BAD_REQUEST, HTTPStatus.FORBIDDEN, HTTPStatus.REQUEST_ENTITY_TOO_LARGE}
)
"""Answers of ours that would be the same once more."""


class MissedDeliveries:
    """Asks for what was missed of *events*; ``look`` is for a tick."""

    def __init__(
        self,
        database: Database,
        hook: HookDeliveries,
        inbox: Inbox,
        events: frozenset[str],
        clock: Clock,
    ) -> None:
        self._database, self._hook, self._inbox = database, hook, inbox
        self._events, self._clock = events, clock
        self._told: str | None = None

    def look(self) -> None:
        """Ask GitHub for what it could not deliver and we have not got since.

        Where it does not answer that is logged, once for each reason, and the next round tries.
        """
        since = self._clock.now() - KEPT
        try:
            asked = self._ask(self._missed(since))
            self._forget(since)
        except BotError as error:
            self._tell(str(error))
            return
        self._told = None
        if asked:
            log.info("asked GitHub for missed deliveries", count=asked)

    def _ask(self, missed: Iterable[Attempt]) -> int:
        """Ask for those that are due and no other replica is at; return how many."""
        every = list(missed)
        early = self._early([one.delivery for one in every])
        free = (one for one in every if one.delivery not in early)
        due = islice((one for one in free if self._take(one.delivery)), AT_ONCE)
        asked = 0
        for attempt in due:
            self._hook.again(attempt)
            asked += 1
        return asked

    def _tell(self, why: str) -> None:
        if why != self._told:
            log.warning("missed deliveries are not asked for", error=why)
        self._told = why

    def _missed(self, since: datetime) -> list[Attempt]:
        """Return the newest attempt of each delivery that we never took in, oldest first."""
        newest: dict[str, Attempt] = {}
        arrived: set[str] = set()  # where a server tells of all attempts, as older ones may
        for attempt in self._hook.failed(since):
            if attempt.is_taken:
                arrived.add(attempt.delivery)
            elif attempt.event in self._events and attempt.status not in REFUSED:
                newest.setdefault(attempt.delivery, attempt)
        taken = arrived | self._inbox.known("github", list(newest))
        return [one for name, one in reversed(newest.items()) if name not in taken]

    def _early(self, deliveries: Sequence[str]) -> frozenset[str]:
        """Return which of *deliveries* were asked for too lately, or too often."""
        now, found = self._clock.now(), set[str]()
        with self._database.read() as connection:
            for start in range(0, len(deliveries), OF_ONE_QUERY):
                some = redeliveries.c.delivery.in_(deliveries[start : start + OF_ONE_QUERY])
                rows = connection.execute(sa.select(redeliveries).where(some))
                found |= {row.delivery for row in rows if not _is_due(row, now)}
        return frozenset(found)

    def _take(self, delivery: str) -> bool:
        """Write down that we ask now; False where it is too early, too often, or another's."""
        now = self._clock.now()
        it = redeliveries.c.delivery == delivery
        with self._database.write() as connection:
            insert = insert_or_leave(connection, redeliveries).returning(redeliveries.c.delivery)
            first = {"delivery": delivery, "tries": 1, "asked_at": now}
            if connection.execute(insert, first).first() is not None:
                return True
            row = connection.execute(sa.select(redeliveries).where(it)).one()
            if not _is_due(row, now):
                return False
            again = sa.update(redeliveries).where(it, redeliveries.c.tries == row.tries)
            done = connection.execute(again.values(tries=row.tries + 1, asked_at=now))
            return done.rowcount == 1

    def _forget(self, since: datetime) -> None:
        with self._database.write() as connection:
            connection.execute(sa.delete(redeliveries).where(redeliveries.c.asked_at < since))


def _is_due(row: Any, now: datetime) -> bool:
    """Tell whether the delivery in *row* may be asked for once more."""
    return bool(row.tries < MOST_TRIES and now >= row.asked_at + PAUSE * 4 ** (row.tries - 1))
