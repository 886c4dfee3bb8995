"""Deletes what is older than the history is to be kept; without a configured time, nothing ever.

What it deletes it deletes whole, and it writes down how much that was. Three things stay however
old they are: operations under way, the last one that went live at each target, for the rules go by
it, and those that a hold or an open item still rests on.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import sqlalchemy as sa
import structlog

from bot.clock import Clock
from bot.domain.operations import Phase
from bot.domain.rights import ITSELF
from bot.operations.books.act_book import Act, Deed, write_act
from bot.operations.books.rows import take_turns
from bot.operations.ci.tables import ci_mutes
from bot.operations.drift.tables import items as drift_items
from bot.operations.drift.tables import replies as drift_replies
from bot.operations.sql.database import Database
from bot.operations.sql.tables import (
    act_services,
    acts,
    freezes,
    holds,
    locks,
    metadata,
    open_items,
    operation_services,
    operations,
)

log = structlog.get_logger(__name__)

AT_ONCE = 500
"""Rows in one transaction, so that nobody waits behind a deletion."""


class Keeping:
    """Keeps the history as long as *keep*. One for the process; ``forget`` is for its tick."""

    def __init__(self, database: Database, keep: timedelta | None, clock: Clock) -> None:
        self._database, self._keep, self._clock = database, keep, clock

    def forget(self) -> None:
        """Delete what is older, and write down how much it was, if anything.

        Raises:
            Unavailable: our own database is away; the next round goes on.
        """
        if self._keep is None:
            return
        now = self._clock.now()
        before = now - self._keep
        gone = {
            "operations": self._in_turns(partial(_forget_operations, before)),
            "acts": self._in_turns(partial(_forget_acts, before)),
            "drift_items": self._in_turns(partial(_forget_drift, before)),
        }
        for table in (locks, freezes, holds, ci_mutes):
            gone[table.name] = self._in_turns(partial(_forget_ended, table, before))
        if any(gone.values()):
            self._tell(gone, before, now)

    def _in_turns(self, forget: Callable[[sa.Connection], int]) -> int:
        """Call *forget* in transactions of its own until it finds nothing; return the sum."""
        total = 0
        while True:
            with self._database.write() as connection:
                take_turns(connection, "history")
                count = forget(connection)
            total += count
            if count < AT_ONCE:
                return total

    def _tell(self, gone: dict[str, int], before: datetime, now: datetime) -> None:
        told = {name: str(count) for name, count in gone.items() if count}
        detail = {"older_than": before.isoformat(timespec="seconds"), **told}
        log.info("forgot what is older than the history is kept", **detail)
        with self._database.write() as connection:
            write_act(
                connection,
                Act(f"forgot:{now.isoformat()}", now, ITSELF, Deed.FORGOT, "history", None, detail),
            )


def _forget_operations(before: datetime, connection: sa.Connection) -> int:
    last = (
        sa.select(sa.func.max(operations.c.number))
        .join(operation_services, operation_services.c.number == operations.c.number)
        .where(operations.c.phase == Phase.LIVE.value)
        .group_by(operation_services.c.service, operations.c.environment)
    )
    held = sa.select(holds.c.operation).where(
        holds.c.ended_at.is_(None), holds.c.operation.is_not(None)
    )
    rested_on = {int(one.removeprefix("D-")) for one in connection.execute(held).scalars()}
    off = sa.select(open_items.c.number).where(open_items.c.ended_at.is_(None))
    rested_on |= set(connection.execute(off).scalars())
    query = (
        sa.select(operations.c.number)
        .where(
            operations.c.requested_at < before,
            operations.c.ended_at < before,
            operations.c.number.not_in(last),
            operations.c.number.not_in(rested_on),
        )
        .order_by(operations.c.number)
        .limit(AT_ONCE)
    )
    numbers = list(connection.execute(query).scalars())
    if numbers:
        for column in _pointing_at(operations.c.number):
            connection.execute(sa.delete(column.table).where(column.in_(numbers)))
        connection.execute(sa.delete(operations).where(operations.c.number.in_(numbers)))
    return len(numbers)


def _pointing_at(key: sa.Column[Any]) -> list[sa.Column[Any]]:
    """Return the columns of all our tables that hold *key* as a foreign one."""
    return [
        column
        for table in metadata.sorted_tables
        for column in table.columns
        if column.references(key)
    ]


def _forget_acts(before: datetime, connection: sa.Connection) -> int:
    query = sa.select(acts.c.id).where(acts.c.at < before).order_by(acts.c.at).limit(AT_ONCE)
    numbers = list(connection.execute(query).scalars())
    if numbers:
        connection.execute(sa.delete(act_services).where(act_services.c.act.in_(numbers)))
        connection.execute(sa.delete(acts).where(acts.c.id.in_(numbers)))
    return len(numbers)


def _forget_drift(before: datetime, connection: sa.Connection) -> int:
    """Forget what drifted once and does not any more, with what people said to it."""
    query = sa.select(drift_items.c.id).where(drift_items.c.ended_at < before).limit(AT_ONCE)
    numbers = list(connection.execute(query).scalars())
    if numbers:
        connection.execute(sa.delete(drift_replies).where(drift_replies.c.item.in_(numbers)))
        connection.execute(sa.delete(drift_items).where(drift_items.c.id.in_(numbers)))
    return len(numbers)


def _forget_ended(table: sa.Table, before: datetime, connection: sa.Connection) -> int:
    over = table.c.ended_at < before
    if table is freezes:  # nobody writes down that its time is over
        over |= table.c.until < before
    query = sa.select(table.c.id).where(over).limit(AT_ONCE)
    numbers = list(connection.execute(query).scalars())
    if numbers:
        connection.execute(sa.delete(table).where(table.c.id.in_(numbers)))
    return len(numbers)
