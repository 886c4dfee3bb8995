"""What drifted, in one database: since when by our clock, and what people said to it."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from bot.domain.catalog import Application
from bot.domain.drift.items import DriftKind, Item, Told
from bot.domain.drift.reporting import Replied, Reply, Row, is_unclear
from bot.operations.books.act_book import Act, write_act
from bot.operations.books.rows import insert_or_leave, take_turns
from bot.operations.drift.tables import auto_sync, items, replies
from bot.operations.sql.codec import dump, load
from bot.operations.sql.database import Database
from bot.operations.sql.tables import acts

SUBJECT = 255

AT_ONCE = 500
"""Rows of one statement."""


class DriftBook:
    """The items in one database. Every method is for any thread."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def record(
        self,
        found: Collection[Item],
        environments: Collection[str],
        at: datetime,
        unseen: Collection[DriftKind] = (),
    ) -> None:
        """Write down what was *found* in *environments* by a look that began at *at*.

        What stood and was not found is over, but for kinds that this look was *unseen* to, and
        what an unreadable system hides. What a look saw that began later is left as it is.
        """
        with self._database.write() as connection:
            take_turns(connection, "drift")
            known = _standing(connection, environments)
            standing = {key: row for key, row in known.items() if row.seen_at <= at}
            newer = (known.keys() - standing.keys()) | _ended_since(connection, environments, at)
            new = {one.key: one for one in found if one.key not in newer}
            for key, row in standing.items():
                if key in new or DriftKind(key.split("/", 1)[0]) in unseen:
                    continue
                if not is_unclear(Told(key, tuple(row.item["services"])), found):
                    connection.execute(
                        sa.update(items).where(items.c.id == row.id).values(ended_at=at)
                    )
            _note(connection, new, standing, at)
            _see(connection, [standing[key].id for key in new if key in standing], at)

    def standing(self, environments: Collection[str]) -> tuple[Row, ...]:
        """Return what stands in *environments*, each with the newest word on it.

        Raises:
            Unavailable: our own database is away.
        """
        with self._database.read() as connection:
            rows = _standing(connection, environments)
            said = _newest_replies(connection)
        return tuple(_row(row, said.get(row.id)) for row in rows.values())

    def find(self, number: int) -> tuple[Row, bool] | None:
        """Return the item of this id and whether it stands; None where there never was one.

        Raises:
            Unavailable: our own database is away.
        """
        with self._database.read() as connection:
            row = connection.execute(sa.select(items).where(items.c.id == number)).one_or_none()
            if row is None:
                return None
            said = _newest_replies(connection, number)
        return _row(row, said.get(row.id)), row.ended_at is None

    def reply(self, number: int, replied: Replied, act: Act) -> bool:
        """Write down what was said to the item, with *act*; tell whether it is new."""
        with self._database.write() as connection:
            return _reply(connection, number, replied, act)

    def claim(
        self, number: int, replied: Replied, act: Act, begins: str, within: timedelta
    ) -> bool:
        """Write it down like a reply; False where somebody did the same *within* the time before.

        The same is an act of that kind whose mark *begins* so; the rest of the mark is the click.
        A click that comes again goes on with its claim where it still begins so, and else not.

        Raises:
            Unavailable: our own database is away; nothing was written.
        """
        alike = sa.select(acts.c.mark).where(acts.c.what == act.what.value)
        mine = alike.where(acts.c.mark.endswith(act.mark.removeprefix(begins), autoescape=True))
        same = alike.where(acts.c.mark.startswith(begins, autoescape=True))
        with self._database.write() as connection:
            take_turns(connection, f"drift-claim:{number}")
            if before := connection.execute(mine).scalars().all():
                return act.mark in before
            if connection.execute(same.where(acts.c.at > act.at - within).limit(1)).first():
                return False
            return _reply(connection, number, replied, act)

    def note_auto_sync(self, applications: Collection[Application], at: datetime) -> None:
        """Write down that *applications* were seen to sync by themselves."""
        with self._database.write() as connection:
            known = set(connection.execute(sa.select(auto_sync.c.subject)).scalars())
            fresh = sorted({subject_of(one) for one in applications} - known)
            for start in range(0, len(fresh), AT_ONCE):
                some = [{"subject": one, "seen_at": at} for one in fresh[start : start + AT_ONCE]]
                connection.execute(insert_or_leave(connection, auto_sync), some)

    def had_auto_sync(self, applications: Iterable[Application]) -> frozenset[Application]:
        """Return which of *applications* were ever seen to sync by themselves.

        Raises:
            Unavailable: our own database is away.
        """
        with self._database.read() as connection:
            known = set(connection.execute(sa.select(auto_sync.c.subject)).scalars())
        return frozenset(one for one in applications if subject_of(one) in known)


def target_of(services: Sequence[str], subject: str, environment: str) -> str:
    """Return what an act is about: the target, where it is one, by which the history finds it."""
    return f"{services[0] if len(services) == 1 else subject}/{environment}"[:SUBJECT]


def subject_of(application: Application) -> str:
    """Return the application as one text, so that it can be a key."""
    return f"{application.instance}/{application.namespace or ''}/{application.name}"


def _standing(connection: sa.Connection, environments: Collection[str]) -> dict[str, Any]:
    query = sa.select(items).where(
        items.c.ended_at.is_(None), items.c.environment.in_(list(environments))
    )
    return {row.key: row for row in connection.execute(query.order_by(items.c.id))}


def _ended_since(
    connection: sa.Connection, environments: Collection[str], at: datetime
) -> frozenset[str]:
    """Return the keys of what a look saw to be over that began after *at*."""
    query = sa.select(items.c.key).where(
        items.c.ended_at > at, items.c.environment.in_(list(environments))
    )
    return frozenset(connection.execute(query).scalars())


def _see(connection: sa.Connection, numbers: Sequence[int], at: datetime) -> None:
    """Write down that these items were seen at *at*."""
    for start in range(0, len(numbers), AT_ONCE):
        some = items.c.id.in_(numbers[start : start + AT_ONCE])
        connection.execute(sa.update(items).where(some).values(seen_at=at))


def _reply(connection: sa.Connection, number: int, replied: Replied, act: Act) -> bool:
    if not write_act(connection, act):
        return False
    values = {
        "item": number,
        "reply": replied.reply.value,
        "by": replied.by,
        "reason": replied.reason,
        "at": replied.at,
        "until": replied.until,
    }
    connection.execute(sa.insert(replies), values)
    return True


def _note(
    connection: sa.Connection,
    new: Mapping[str, Item],
    standing: Mapping[str, Any],
    at: datetime,
) -> None:
    """Write *new* items down, and those that look otherwise than when they were seen last."""
    fresh = []
    for key, item in new.items():
        seen, row = dump(Item, item), standing.get(key)
        if row is None:
            since = min(item.known_since or at, at)
            fresh.append(
                {
                    "key": key,
                    "environment": item.environment,
                    "item": seen,
                    "since": since,
                    "seen_at": at,
                }
            )
        elif row.item != seen:
            since = min(item.known_since or row.since, row.since)
            values = {"item": seen, "since": since}
            connection.execute(sa.update(items).where(items.c.id == row.id).values(values))
    for start in range(0, len(fresh), AT_ONCE):
        connection.execute(insert_or_leave(connection, items), fresh[start : start + AT_ONCE])


def _newest_replies(connection: sa.Connection, number: int | None = None) -> dict[int, Replied]:
    """Return the newest word on each item that stands, or on the one."""
    standing = sa.select(items.c.id).where(items.c.ended_at.is_(None))
    about = replies.c.item.in_(standing) if number is None else replies.c.item == number
    newest = sa.select(sa.func.max(replies.c.id)).where(about).group_by(replies.c.item)
    query = sa.select(replies).where(replies.c.id.in_(newest))
    return {
        row.item: Replied(Reply(row.reply), row.by, row.at, row.until, row.reason)
        for row in connection.execute(query)
    }


def _row(row: Any, replied: Replied | None) -> Row:
    return Row(row.id, load(Item, row.item), row.since, replied=replied)
