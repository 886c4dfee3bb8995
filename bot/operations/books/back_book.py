"""What has become of automatic rollbacks: lines of the failed operation's own timeline.

Each line is written once. Whoever writes one holds the operation's row, so that a stop and the
request that it would stop stand one behind the other, and the first of them counts.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, assert_never

import sqlalchemy as sa

from bot.domain.operations import Operation, Phase, Request, number_of
from bot.domain.problems import Problem, Reason
from bot.domain.rights import ITSELF
from bot.domain.rollback.auto_rollback import (
    Announced,
    Leave,
    Requested,
    Standing,
    Stopped,
    Watched,
    WhyNot,
    is_open,
)
from bot.operations.books.rows import insert_or_leave
from bot.operations.saying.outbox import Letter, put
from bot.operations.sql.database import Database
from bot.operations.sql.tables import cards, operations, timeline
from bot.operations.store import Receipt, write_down

TO = "to "
FACT = "fact "
"""What begins the names of details: a service's tag, a fact of a problem."""


class Line(StrEnum):
    """The lines, in the order they may come; the last one is how it stands."""

    WATCHED = "back_watched"
    ANNOUNCED = "back_announced"
    STOPPED = "back_stopped"
    LEFT = "back_left"
    REQUESTED = "back_requested"


class BackBook:
    """The automatic rollbacks in one database. *changed* is called after what a card shows."""

    def __init__(self, database: Database, changed: Callable[[], None]) -> None:
        self._database, self._changed = database, changed

    def standing(self, operation_id: str) -> Standing | None:
        """Return what has become of it; None: nothing yet.

        Raises:
            Unavailable: the database is away.
        """
        with self._database.read() as connection:
            return _standing(connection, number_of(operation_id))

    def undecided(self, environments: Collection[str], since: datetime) -> tuple[str, ...]:
        """Return the ids of operations that failed *since* then and may still go back.

        That is in these *environments*, and elsewhere where one was watched: it is told the end.

        Raises:
            Unavailable: the database is away.
        """
        ends = (Line.STOPPED, Line.LEFT, Line.REQUESTED)
        query = (
            sa.select(operations.c.number)
            .where(
                operations.c.phase == Phase.FAILED.value,
                operations.c.environment.in_(sorted(environments)) | _has(Line),
                operations.c.ended_at >= since,
                ~_has(ends),
            )
            .order_by(operations.c.number)
        )
        with self._database.read() as connection:
            return tuple(f"D-{number}" for number in connection.execute(query).scalars())

    def write(
        self,
        operation_id: str,
        standing: Watched | Announced | Leave | Stopped,
        at: datetime,
        letters: Iterable[Letter] = (),
    ) -> Standing | None:
        """Write down how it stands, with what is told of it; return how it really stands then.

        That is another one where it was stopped, left or asked for meanwhile: nothing is written
        and told then, nor where the same was written before.
        """
        number = number_of(operation_id)
        with self._database.write() as connection:
            before = self._held(connection, number)
            if not is_open(before) or type(before) is type(standing):
                return before
            _record(connection, number, standing, at)
            put(connection, letters, at)
        self._changed()
        return standing

    def request(
        self,
        operation_id: str,
        request: Request,
        at: datetime,
        tell: Callable[[str], Iterable[Letter]],
    ) -> Operation | Standing | None:
        """Ask for what takes the operation back, once; return it.

        Else it returns how the other stands: it was stopped, left or asked for meanwhile, or
        people asked for the same first. *tell* makes the letters from the new operation's id.
        """
        number = number_of(operation_id)
        with self._database.write() as connection:
            before = self._held(connection, number)
            if not isinstance(before, Announced):
                return before
            made, receipt = write_down(connection, request, asked_as(operation_id), at)
            after: Standing = Requested(made.id)
            if receipt is Receipt.UNDER_WAY:
                after = Leave(WhyNot.PEOPLE_AT_IT, detail=made.id)
            _record(connection, number, after, at)
            put(connection, tell(made.id) if receipt is not Receipt.UNDER_WAY else (), at)
        self._changed()
        return made if isinstance(after, Requested) else after

    def _held(self, connection: sa.Connection, number: int | None) -> Standing | None:
        """Take the operation's row until the transaction ends; return how it stands."""
        query = sa.select(operations.c.number).where(operations.c.number == number)
        connection.execute(query.with_for_update()).one()
        return _standing(connection, number)


def asked_as(operation_id: str) -> str:
    """Return what the request that takes *operation_id* back is known by: there is one of each."""
    return f"auto:{operation_id}"


def _has(lines: Iterable[Line]) -> sa.Exists:
    marks = timeline.c.mark.in_([one.value for one in lines])
    return sa.exists().where(timeline.c.number == operations.c.number, marks)


def _record(
    connection: sa.Connection, number: int | None, standing: Standing, at: datetime
) -> None:
    kind, by, detail = _line(standing)
    values = {"number": number, "mark": kind.value, "at": at, "by": by, "what": kind.value}
    connection.execute(insert_or_leave(connection, timeline), {**values, "detail": dict(detail)})
    changed = sa.update(operations).where(operations.c.number == number)
    connection.execute(changed.values(version=operations.c.version + 1))
    # It has ended, and its card may be done with.
    connection.execute(sa.update(cards).where(cards.c.number == number).values(settled=False))


def _line(standing: Standing) -> tuple[Line, str, Mapping[str, str]]:
    """Return *standing* as a line: its name, who did it, and the rest."""
    match standing:
        case Watched(until):
            return Line.WATCHED, ITSELF, {"until": until.isoformat()}
        case Announced(until, since, to):
            tags = {f"{TO}{service}": tag for service, tag in to.items()}
            times = {"until": until.isoformat(), "since": since.isoformat()}
            return Line.ANNOUNCED, ITSELF, {**times, **tags}
        case Stopped(by):
            return Line.STOPPED, by, {}
        case Leave():
            return Line.LEFT, ITSELF, _left(standing)
        case Requested(operation):
            return Line.REQUESTED, ITSELF, {"operation": operation}
        case _:
            assert_never(standing)


def _left(leave: Leave) -> Mapping[str, str]:
    said = {"why": leave.why.value, "service": leave.service, "detail": leave.detail}
    if leave.problem is not None:
        said["reason"] = leave.problem.reason.value
        said |= {f"{FACT}{name}": text for name, text in leave.problem.facts.items()}
    return {name: text for name, text in said.items() if text}


def _standing(connection: sa.Connection, number: int | None) -> Standing | None:
    lines = [one.value for one in Line]
    query = sa.select(timeline).where(timeline.c.number == number, timeline.c.mark.in_(lines))
    rows = connection.execute(query.order_by(timeline.c.id)).all()
    return _read(rows[-1]) if rows else None


def _read(row: Any) -> Standing:
    detail: Mapping[str, str] = row.detail
    match Line(row.mark):
        case Line.WATCHED:
            return Watched(datetime.fromisoformat(detail["until"]))
        case Line.ANNOUNCED:
            return Announced(
                datetime.fromisoformat(detail["until"]),
                datetime.fromisoformat(detail["since"]),
                _named(detail, TO),
            )
        case Line.STOPPED:
            return Stopped(row.by, row.at)
        case Line.LEFT:
            problem = None
            if "reason" in detail:
                problem = Problem(Reason(detail["reason"]), _named(detail, FACT))
            why = WhyNot(detail["why"])
            return Leave(why, detail.get("service", ""), problem, detail.get("detail", ""))
        case Line.REQUESTED:
            return Requested(detail["operation"])


def _named(detail: Mapping[str, str], prefix: str) -> dict[str, str]:
    """Return those of *detail* that begin with *prefix*, by what follows it."""
    found = detail.items()
    return {name.removeprefix(prefix): text for name, text in found if name.startswith(prefix)}
