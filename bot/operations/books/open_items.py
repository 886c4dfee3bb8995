"""Auto-sync that a rollback of ours switched off: written down before, until it is on again.

Of an application at most one stands; the table's partial unique key keeps that. Whatever becomes of
one stands in the acts, in the same transaction.
"""

from collections.abc import Callable, Collection, Iterable
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from bot.domain.catalog import Application
from bot.domain.operations import number_of
from bot.domain.rollback.emergency import Ending, ItemState, OpenItem
from bot.operations.books.act_book import Act, Deed, write_act
from bot.operations.saying.outbox import Letter, put
from bot.operations.sql.database import Database
from bot.operations.sql.tables import cards, operations
from bot.operations.sql.tables import open_items as table

SUBJECT = 255

Hear = Callable[[sa.Connection, OpenItem, datetime], None]


class OpenItemBook:
    """The open items in one database. *changed* is called after what a card may show."""

    def __init__(self, database: Database, changed: Callable[[], None]) -> None:
        self._database, self._changed = database, changed
        self._reminded: list[Hear] = []
        self._ended: list[Hear] = []

    def follow(self, reminded: Hear, ended: Hear) -> None:
        """Call *reminded* and *ended* where that happens to an item, in its transaction."""
        self._reminded.append(reminded)
        self._ended.append(ended)

    def save(self, item: OpenItem) -> OpenItem:
        """Write *item* down, and return what stands of its application or operation.

        That is an older one where another rollback has left its auto-sync off.
        """
        number = number_of(item.operation)
        subject = _subject(item.instance, item.namespace, item.app)
        with self._database.write() as connection:
            known = sa.or_(
                table.c.number == number,
                sa.and_(table.c.subject == subject, table.c.ended_at.is_(None)),
            )
            query = sa.select(table).where(known).order_by(table.c.id.desc()).limit(1)
            row = connection.execute(query).one_or_none()
            if row is not None:
                return _item(row)
            values = {
                "number": number,
                "subject": subject,
                "instance": item.instance,
                "namespace": item.namespace,
                "app": item.app,
                "environment": item.environment,
                "services": dict(item.services),
                "saved": dict(item.saved),
                "owner": item.owner,
                "since": item.since,
                "deadline": item.deadline,
                "state": ItemState.SAVED.value,
            }
            # A plain insert: were one there all the same, the unique key stops the transaction.
            made = sa.insert(table).returning(table)
            return _item(connection.execute(made, values).one())

    def switched(self, item: OpenItem, at: datetime) -> None:
        """Write down that auto-sync is about to be switched off, or is."""
        with self._database.write() as connection:
            statement = sa.update(table).where(table.c.id == item.number)
            connection.execute(statement.values(state=ItemState.OFF.value))
            write_act(connection, _act(item, "off", at, item.owner, Deed.AUTO_SYNC_OFF))
            self._count(connection, item)
        self._changed()

    def announce(self, letters: Iterable[Letter], at: datetime) -> None:
        """Let *letters* about an item be sent, each once."""
        with self._database.write() as connection:
            put(connection, letters, at)

    def end(
        self,
        item: OpenItem,
        ending: Ending,
        by: str,
        at: datetime,
        letters: Iterable[Letter] = (),
    ) -> bool:
        """End *item*, with *letters*; tell whether it stood until now."""
        with self._database.write() as connection:
            stands = (table.c.id == item.number, table.c.ended_at.is_(None))
            values = {"ended_at": at, "ended_by": by, "ending": ending.value}
            statement = sa.update(table).where(*stands).values(values)
            if connection.execute(statement).rowcount == 0:
                return False
            if ending is not Ending.NOT_NEEDED:
                deed = Deed.AUTO_SYNC_ON
                write_act(connection, _act(item, ending.value, at, by, deed))
            put(connection, letters, at)
            for hear in self._ended:
                hear(connection, item, at)
            self._count(connection, item)
        self._changed()
        return True

    def of(self, operation_id: str) -> OpenItem | None:
        """Return the item of the operation, ended or not, or None."""
        query = sa.select(table).where(table.c.number == number_of(operation_id))
        with self._database.read() as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else _item(row)

    def standing(self, environment: str | None = None) -> tuple[OpenItem, ...]:
        """Return the items that stand, oldest first: of one *environment*, or all."""
        query = sa.select(table).where(table.c.ended_at.is_(None)).order_by(table.c.id)
        if environment is not None:
            query = query.where(table.c.environment == environment)
        with self._database.read() as connection:
            return tuple(map(_item, connection.execute(query)))

    def standing_on(self, applications: Collection[Application]) -> tuple[OpenItem, ...]:
        """Return those that stand on *applications*; one without a namespace is any of its name."""
        known = {(one.instance, one.name): one.namespace for one in applications}
        return tuple(
            one
            for one in self.standing()
            if (one.instance, one.app) in known
            and known[one.instance, one.app] in {None, "", one.namespace}
        )

    def remind(
        self,
        now: datetime,
        every: timedelta,
        tell: Callable[[OpenItem], Iterable[Letter]],
    ) -> None:
        """Put what *tell* makes of each item that stands into the outbox, again *every* so long."""
        with self._database.write() as connection:
            heard = sa.func.coalesce(table.c.reminded_at, table.c.since)
            due = (table.c.ended_at.is_(None), heard <= now - every)
            query = sa.select(table).where(*due, table.c.state == ItemState.OFF.value)
            for row in connection.execute(query).all():
                mine = sa.update(table).where(table.c.id == row.id)
                connection.execute(mine.values(reminded_at=now))
                item = _item(row)
                put(connection, tell(item), now)
                for hear in self._reminded:
                    hear(connection, item, now)

    def _count(self, connection: sa.Connection, item: OpenItem) -> None:
        """Count a change of the item's operation: its card shows the item."""
        number = number_of(item.operation)
        statement = sa.update(operations).where(operations.c.number == number)
        connection.execute(statement.values(version=operations.c.version + 1))
        # It may have ended long ago, and its card be done with.
        connection.execute(sa.update(cards).where(cards.c.number == number).values(settled=False))


def _subject(instance: str, namespace: str, app: str) -> str:
    return f"{instance}/{namespace}/{app}"


def _act(item: OpenItem, mark: str, at: datetime, by: str, what: Deed) -> Act:
    subject = _subject(item.instance, item.namespace, item.app)[:SUBJECT]
    detail = {"operation": item.operation, "ending": mark}
    return Act(
        mark=f"auto-sync:{item.number}:{mark}",
        at=at,
        by=by,
        what=what,
        subject=subject,
        environment=item.environment,
        detail=detail,
        services=tuple(item.services),
    )


def _item(row: Any) -> OpenItem:
    return OpenItem(
        number=row.id,
        operation=f"D-{row.number}",
        instance=row.instance,
        namespace=row.namespace,
        app=row.app,
        environment=row.environment,
        services=row.services,
        saved=row.saved,
        owner=row.owner,
        since=row.since,
        deadline=row.deadline,
        state=ItemState(row.state),
        ending=Ending(row.ending) if row.ending else None,
        ended_by=row.ended_by or "",
    )
