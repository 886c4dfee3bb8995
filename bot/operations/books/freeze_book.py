"""Freezes by people: they stop an environment at once, and until somebody lifts them.

Several may stand side by side; lifting ends them all. Those of the calendar are configuration.
"""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from bot.domain.rights import Actor
from bot.domain.stops.freezes import AdHocFreeze
from bot.operations.books.act_book import Act, Deed, write_act
from bot.operations.books.rows import actor_columns, actor_of, insert_or_leave, take_turns
from bot.operations.saying.outbox import Letter, put
from bot.operations.sql.database import Database
from bot.operations.sql.tables import freezes

Tell = Callable[[tuple[AdHocFreeze, ...]], Iterable[Letter]]


def _silent(_: tuple[AdHocFreeze, ...]) -> Iterable[Letter]:
    return ()


class FreezeBook:
    """The freezes in one database. *asked* is the delivery's id; a repeated one changes nothing.

    Letters about a change go to the outbox in the same transaction.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def freeze(self, freeze: AdHocFreeze, asked: str, letters: Iterable[Letter] = ()) -> bool:
        """Write *freeze* and *letters* down once; tell whether it is new."""
        with self._database.write() as connection:
            statement = insert_or_leave(connection, freezes).returning(freezes.c.id)
            values = {
                "environment": freeze.environment,
                "asked": asked,
                **actor_columns(freeze.by),
                "reason": freeze.reason,
                "since": freeze.since,
                "until": freeze.until,
            }
            number = connection.execute(statement, values).scalar_one_or_none()
            if number is None:
                return False
            detail = {"reason": freeze.reason}
            if freeze.until is not None:
                detail["until"] = freeze.until.isoformat()
            _act(
                connection,
                f"freeze:{number}",
                freeze.since,
                freeze.by,
                Deed.FROZEN,
                freeze.environment,
                detail,
            )
            put(connection, letters, freeze.since)
            return True

    def lift(
        self,
        environment: str,
        by: Actor,
        asked: str,
        at: datetime,
        tell: Tell = _silent,
        asked_at: datetime | None = None,
    ) -> tuple[AdHocFreeze, ...]:
        """End every freeze that stands in *environment* at *at*, and return them, oldest first.

        *tell* makes letters of them, where there are any. With *asked_at* only those that stood
        then already.
        """
        with self._database.write() as connection:
            take_turns(connection, f"freezes {environment}")
            before = sa.select(freezes).where(freezes.c.ended_asked == asked)
            if rows := connection.execute(before.order_by(freezes.c.id)).all():
                return tuple(map(_freeze, rows))
            query = _standing(environment, at)
            if asked_at is not None:
                query = query.where(freezes.c.since <= asked_at)
            rows = connection.execute(query).all()
            for row in rows:
                connection.execute(
                    sa.update(freezes)
                    .where(freezes.c.id == row.id)
                    .values(ended_at=at, ended_by=by.slack, ended_asked=asked)
                )
                detail = {"owner": row.slack, "reason": row.reason}
                mark = f"unfreeze:{row.id}"
                _act(connection, mark, at, by, Deed.UNFROZEN, environment, detail)
            lifted = tuple(map(_freeze, rows))
            put(connection, tell(lifted) if lifted else (), at)
            return lifted

    def standing(self, at: datetime, environment: str | None = None) -> tuple[AdHocFreeze, ...]:
        """Return the freezes that hold at *at*, oldest first: of one *environment*, or all."""
        with self._database.read() as connection:
            return tuple(map(_freeze, connection.execute(_standing(environment, at))))


def _standing(environment: str | None, at: datetime) -> sa.Select[Any]:
    goes_on = sa.or_(freezes.c.until.is_(None), freezes.c.until > at)
    query = sa.select(freezes).where(freezes.c.ended_at.is_(None), goes_on)
    if environment is not None:
        query = query.where(freezes.c.environment == environment)
    return query.order_by(freezes.c.id)


def _act(
    connection: sa.Connection,
    mark: str,
    at: datetime,
    by: Actor,
    what: Deed,
    environment: str,
    detail: dict[str, str],
) -> None:
    write_act(connection, Act(mark, at, by.slack, what, environment, environment, detail))


def _freeze(row: Any) -> AdHocFreeze:
    return AdHocFreeze(row.environment, actor_of(row), row.reason, row.since, row.until)
