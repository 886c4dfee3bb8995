"""The one way to read what happened: operations and acts together, newest first, by keys.

A page begins at a key and not at a count, so the thousandth is as quick as the first, and nothing
is shown twice or left out while more happens.
"""

import heapq
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

import sqlalchemy as sa

from bot.domain.history import Item, Key, Kind, Noted, Told, Wanted, key_of
from bot.domain.operations import Entry
from bot.domain.stops.locks import ALL
from bot.operations.books.approval_book import decisions_on
from bot.operations.sql.database import Database
from bot.operations.sql.tables import (
    act_services,
    acts,
    identities,
    operation_services,
    operations,
    timeline,
)
from bot.operations.store import operation_of

BATCH = 500
"""How much is read at once where everything is."""


class HistoryBook:
    """The history in one database; it writes nothing. Every method is for any thread."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def below(self, wanted: Wanted, key: Key | None, limit: int) -> tuple[Item, ...]:
        """Return at most *limit* entries older than *key*, or the newest, newest first.

        Raises:
            Unavailable: our own database is away.
        """
        with self._database.read() as connection:
            return _read(connection, wanted, key, limit, newer=False)

    def above(self, wanted: Wanted, key: Key, limit: int) -> tuple[Item, ...]:
        """Return at most *limit* entries that are the next newer ones after *key*, newest first.

        Raises:
            Unavailable: our own database is away.
        """
        with self._database.read() as connection:
            return _read(connection, wanted, key, limit, newer=True)

    def whole(self, wanted: Wanted) -> Iterator[Item]:
        """Yield every entry, newest first, with the timelines of operations.

        Raises:
            Unavailable: our own database is away.
        """
        key: Key | None = None
        while True:
            with self._database.read() as connection:
                found = _read(connection, wanted, key, BATCH, newer=False)
                yield from _with_timelines(connection, found)
            if len(found) < BATCH:
                return
            key = key_of(found[-1])

    def users_of(self, login: str) -> frozenset[str]:
        """Return the Slack users who are known to be that GitHub account.

        Raises:
            Unavailable: our own database is away.
        """
        query = sa.select(identities.c.slack).where(
            sa.func.lower(identities.c.login) == login.lower()
        )
        with self._database.read() as connection:
            return frozenset(connection.execute(query).scalars())

    def logins(self) -> dict[str, str]:
        """Return the GitHub logins of those who are known, by their Slack user ids.

        Raises:
            Unavailable: our own database is away.
        """
        query = sa.select(identities.c.slack, identities.c.login).order_by(identities.c.linked_at)
        with self._database.read() as connection:
            return {row.slack: row.login for row in connection.execute(query)}

    def services(self) -> tuple[str, ...]:
        """Return every service that anything is known of, by name.

        Raises:
            Unavailable: our own database is away.
        """
        asked = sa.select(operation_services.c.service)
        done = sa.select(act_services.c.service).where(act_services.c.service != ALL)
        return self._names(asked.union(done))

    def environments(self) -> tuple[str, ...]:
        """Return every environment that anything is known of, by name.

        Raises:
            Unavailable: our own database is away.
        """
        asked = sa.select(operations.c.environment)
        done = sa.select(acts.c.environment).where(acts.c.environment.is_not(None))
        return self._names(asked.union(done))

    def _names(self, query: sa.CompoundSelect[Any]) -> tuple[str, ...]:
        with self._database.read() as connection:
            return tuple(sorted(connection.execute(query).scalars()))


def _read(
    connection: sa.Connection, wanted: Wanted, key: Key | None, limit: int, *, newer: bool
) -> tuple[Item, ...]:
    """Return the next *limit* of both tables on that side of *key*, newest first."""
    found: list[list[tuple[Key, Any]]] = []
    for kind, query in ((Kind.OPERATION, _operations(wanted)), (Kind.ACT, _acts(wanted))):
        at, number = _columns(kind)
        if key is not None:
            query = query.where(_beside(kind, key, newer=newer))  # noqa: PLW2901
        order = (at.asc(), number.asc()) if newer else (at.desc(), number.desc())
        rows = connection.execute(query.order_by(*order).limit(limit))
        found.append([(_key(kind, row), row) for row in rows])
    merged = heapq.merge(*found, key=lambda one: one[0], reverse=not newer)
    chosen = list(islice(merged, limit))
    if newer:
        chosen.reverse()
    return tuple(_items(connection, chosen))


def _key(kind: Kind, row: Any) -> Key:
    if kind is Kind.OPERATION:
        return Key(row.requested_at, kind, row.number)
    return Key(row.at, kind, row.id)


def _columns(kind: Kind) -> tuple[sa.Column[Any], sa.Column[Any]]:
    if kind is Kind.OPERATION:
        return operations.c.requested_at, operations.c.number
    return acts.c.at, acts.c.id


def _beside(kind: Kind, key: Key, *, newer: bool) -> sa.ColumnElement[bool]:
    """Return the condition that entries of *kind* stand on that side of *key*."""
    at, number = _columns(kind)
    if kind is key.kind:
        mine, bound = sa.tuple_(at, number), sa.tuple_(sa.literal(key.at, at.type), key.number)
        return mine > bound if newer else mine < bound
    if newer:
        return at >= key.at if kind > key.kind else at > key.at
    return at <= key.at if kind < key.kind else at < key.at


def _operations(wanted: Wanted) -> sa.Select[Any]:
    query = sa.select(operations)
    if wanted.service is not None:
        query = query.join(
            operation_services,
            sa.and_(
                operation_services.c.number == operations.c.number,
                operation_services.c.service == wanted.service,
            ),
        )
    if wanted.environment is not None:
        query = query.where(operations.c.environment == wanted.environment)
    if wanted.since is not None:
        query = query.where(operations.c.requested_at >= wanted.since)
    if wanted.by is not None:
        theirs = sa.select(timeline.c.number).where(timeline.c.by.in_(wanted.by))
        query = query.where(operations.c.number.in_(theirs))
    return query


def _acts(wanted: Wanted) -> sa.Select[Any]:
    query = sa.select(acts)
    if wanted.service is not None:
        named = sa.select(act_services.c.act).where(
            act_services.c.service.in_((wanted.service, ALL))
        )
        query = query.where(acts.c.id.in_(named))
    if wanted.environment is not None:
        query = query.where(acts.c.environment == wanted.environment)
    if wanted.since is not None:
        query = query.where(acts.c.at >= wanted.since)
    if wanted.by is not None:
        query = query.where(acts.c.by.in_(wanted.by))
    return query


def _items(connection: sa.Connection, chosen: Sequence[tuple[Key, Any]]) -> Iterator[Item]:
    numbers = [key.number for key, _ in chosen if key.kind is Kind.OPERATION]
    said = decisions_on(connection, numbers) if numbers else {}
    named = _services(connection, [key.number for key, _ in chosen if key.kind is Kind.ACT])
    for key, row in chosen:
        if key.kind is Kind.OPERATION:
            yield Told(operation_of(row), said.get(key.number, ()))
        else:
            yield Noted(
                number=key.number,
                at=row.at,
                by=row.by,
                what=row.what,
                subject=row.subject,
                environment=row.environment,
                services=named.get(key.number, ()),
                detail=row.detail,
            )


def _services(connection: sa.Connection, numbers: Sequence[int]) -> dict[int, tuple[str, ...]]:
    query = sa.select(act_services).where(act_services.c.act.in_(numbers))
    found: dict[int, tuple[str, ...]] = {}
    for row in connection.execute(query.order_by(act_services.c.service)) if numbers else ():
        found[row.act] = (*found.get(row.act, ()), row.service)
    return found


def _with_timelines(connection: sa.Connection, found: Sequence[Item]) -> Iterator[Item]:
    numbers = [key_of(one).number for one in found if isinstance(one, Told)]
    query = sa.select(timeline).where(timeline.c.number.in_(numbers)).order_by(timeline.c.id)
    lines: dict[int, tuple[Entry, ...]] = {}
    for row in connection.execute(query) if numbers else ():
        entry = Entry(f"D-{row.number}", row.at, row.by, row.what, row.detail)
        lines[row.number] = (*lines.get(row.number, ()), entry)
    for one in found:
        if isinstance(one, Told):
            yield Told(one.operation, one.decided, lines.get(key_of(one).number, ()))
        else:
            yield one
