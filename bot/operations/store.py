"""What happened and what is under way, as values: the only reader and writer of our tables.

Every method is one transaction and may run twice with the same arguments.
"""

import hashlib
import json
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
import structlog

from bot.domain.lifecycle import CANCELLABLE_AT_ONCE, may_follow
from bot.domain.operations import (
    ENDS,
    Entry,
    Operation,
    Phase,
    Plan,
    Progress,
    Pull,
    Request,
    Written,
    number_of,
)
from bot.domain.problems import Problem, Reason
from bot.domain.rights import ITSELF
from bot.operations.books.card_book import CardBook
from bot.operations.books.past_book import PastBook
from bot.operations.books.rows import insert_or_leave
from bot.operations.sql.codec import dump, load
from bot.operations.sql.database import Database
from bot.operations.sql.tables import decisions, operation_services, operations, timeline

log = structlog.get_logger(__name__)

UNDER_WAY = tuple(phase.value for phase in Phase if phase not in ENDS)


AtEnd = Callable[[sa.Connection, Operation, datetime], None]
"""Is given an operation that ends, in the transaction that ends it."""


class Receipt(StrEnum):
    """What became of a request."""

    NEW = "new"
    REPEATED = "repeated"  # the same delivery once more
    UNDER_WAY = "under_way"  # another person or delivery wished the same, and it still runs


class CancelOutcome(StrEnum):
    """What became of a cancel."""

    CANCELLED = "cancelled"  # ended here and now; nothing was changed outside
    ASKED = "asked"  # a commit may be under way; the operation answers on its card
    TOO_LATE = "too_late"  # the commit stands
    ENDED = "ended"  # it had ended before
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Versioned:
    """An operation with the number of changes it has had."""

    operation: Operation
    version: int


class Store:
    """The operations in one database; *cards* are their messages, *past* what they brought."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._observers: list[Callable[[], None]] = []
        self._enders: list[AtEnd] = []
        self._followers: list[Callable[[Operation, Operation], None]] = []
        self.cards = CardBook(database)
        self.past = PastBook(database)

    def observe(self, changed: Callable[[], None]) -> None:
        """Call *changed* after every change of an operation, in the thread that made it."""
        self._observers.append(changed)

    def follow(self, moved: Callable[[Operation, Operation], None]) -> None:
        """Call *moved* with an operation before and after each change, in the thread of it."""
        self._followers.append(moved)

    def at_end(self, ended: AtEnd) -> None:
        """Call *ended* with an operation that ends, in the transaction that ends it."""
        self._enders.append(ended)

    def changed(self) -> None:
        """Tell those who observe; for who changes an operation in another book."""
        for observer in self._observers:
            observer()

    # receiving

    def receive(self, request: Request, asked: str, at: datetime) -> tuple[Operation, Receipt]:
        """Write *request* down once, and return its operation.

        *asked* identifies the delivery. A repeat of it, or the same wish while one is under way,
        returns the operation that is already there.

        Raises:
            Unavailable: the database is away or locked; nothing was written.
        """
        of_a_person(request)
        with self._database.write() as connection:
            return write_down(connection, request, asked, at)

    # reading

    def operation(self, operation_id: str) -> Operation | None:
        """Return the operation people call *operation_id*, or None."""
        found = self.versioned(operation_id)
        return found.operation if found else None

    def versioned(self, operation_id: str) -> Versioned | None:
        """Return the operation with its count of changes, and with the ids ahead of it."""
        number = number_of(operation_id)
        if number is None:
            return None
        with self._database.read() as connection:
            found = _by(connection, operations.c.number == number)
            if found is None:
                return None
            ahead = _ahead(connection, number, found.operation)
            return replace(found, operation=replace(found.operation, ahead=ahead))

    def flow(self, operation_id: str) -> int:
        """Return the flow number that the operation was received under."""
        with self._database.read() as connection:
            query = sa.select(operations.c.flow).where(
                operations.c.number == number_of(operation_id)
            )
            return int(connection.execute(query).scalar_one())

    def under_way(
        self, services: Iterable[str] = (), environment: str | None = None
    ) -> tuple[Operation, ...]:
        """Return the operations that have not ended, oldest first; no *services* means all."""
        query = sa.select(operations).where(operations.c.phase.in_(UNDER_WAY))
        return self._list(query.order_by(operations.c.number), services, environment)

    def latest(
        self,
        services: Iterable[str] = (),
        environment: str | None = None,
        limit: int = 50,
        before: str | None = None,
    ) -> tuple[Operation, ...]:
        """Return the newest operations, newest first: of all, or of those asked for *before* one.

        Before what is no operation's id there is nothing.
        """
        query = sa.select(operations).order_by(operations.c.number.desc()).limit(limit)
        if before is not None:
            query = query.where(operations.c.number < (number_of(before) or 0))
        return self._list(query, services, environment)

    def timeline(self, operation_id: str) -> tuple[Entry, ...]:
        """Return what happened to the operation, oldest first."""
        query = (
            sa.select(timeline)
            .where(timeline.c.number == number_of(operation_id))
            .order_by(timeline.c.id)
        )
        with self._database.read() as connection:
            return tuple(
                Entry(operation_id, row.at, row.by, row.what, row.detail)
                for row in connection.execute(query)
            )

    def _list(
        self, query: sa.Select[Any], services: Iterable[str], environment: str | None
    ) -> tuple[Operation, ...]:
        if names := tuple(services):
            chosen = sa.select(operation_services.c.number).where(
                operation_services.c.service.in_(names)
            )
            query = query.where(operations.c.number.in_(chosen))
        if environment is not None:
            query = query.where(operations.c.environment == environment)
        with self._database.read() as connection:
            return tuple(_operation(row) for row in connection.execute(query))

    # going on

    def move(
        self,
        operation_id: str,
        phase: Phase,
        at: datetime,
        mark: str,
        *,
        by: str = "shipmate",
        changes: Mapping[str, Any] | None = None,
        detail: Mapping[str, str] | None = None,
        out_of: Phase | None = None,
    ) -> Operation | None:
        """Bring the operation to *phase*, with *changes* to its fields, and write the timeline.

        *mark* names this line of the timeline within the operation, so that a second run of the
        same step writes nothing new. Returns None, and changes nothing, where *phase* may not
        follow the present one: it was cancelled or has ended. So too where it has gone on *out_of*
        the phase that it was seen in, which only its own workflow can be sure of.
        """
        number = number_of(operation_id)
        with self._database.write() as connection:
            query = sa.select(operations).where(operations.c.number == number).with_for_update()
            row = connection.execute(query).one()
            before = _operation(row)
            if not may_follow(before.phase, phase) or before.phase is not (out_of or before.phase):
                return None
            after = replace(before, phase=phase, **(changes or {}))
            if phase.value not in after.entered:
                after = replace(after, entered={**after.entered, phase.value: at})
            if phase.ended and after.ended_at is None:
                after = replace(after, ended_at=at)
            if after != before:
                _save(connection, number, after, row.version + 1)
            if before.phase is not phase or detail is not None:
                _record(connection, number, mark, at, by, phase.value, detail or {})
            if before.phase is not phase and phase.ended:
                for ended in self._enders:
                    ended(connection, after, at)
        if before.phase is not phase:
            told = dict(detail or {})
            log.info("moved", operation=operation_id, phase=phase.value, by=by, detail=told)
        for moved in self._followers:
            moved(before, after)
        self.changed()
        return after

    def end(
        self,
        operation_id: str,
        phase: Phase,
        at: datetime,
        mark: str,
        problem: Problem,
        *,
        by: str = "shipmate",
        progress: tuple[Progress, ...] | None = None,
        out_of: Phase | None = None,
    ) -> Operation | None:
        """End the operation in *phase* with *problem*, as ``move`` does; *progress* None: as is."""
        changes: dict[str, Any] = {"problem": problem}
        if progress is not None:
            changes["progress"] = progress
        return self.move(
            operation_id,
            phase,
            at,
            mark,
            by=by,
            changes=changes,
            detail=problem.told(),
            out_of=out_of,
        )

    def note(
        self,
        operation_id: str,
        mark: str,
        what: str,
        at: datetime,
        detail: Mapping[str, str] | None = None,
        *,
        by: str = ITSELF,
    ) -> bool:
        """Write the line *mark* of the operation's timeline once; tell whether it is new."""
        number = number_of(operation_id)
        with self._database.write() as connection:
            return _record(connection, number, mark, at, by, what, detail or {})

    def cancel(
        self, operation_id: str, by: str, at: datetime
    ) -> tuple[Operation | None, CancelOutcome]:
        """Take *by*'s wish to cancel. Before the commit it ends the operation at once.

        The workflow finds an operation that it may no longer begin; while a commit may be under
        way the wish is only written down, and the workflow answers it.
        """
        number = number_of(operation_id)
        if number is None:
            return None, CancelOutcome.UNKNOWN
        with self._database.write() as connection:
            query = sa.select(operations).where(operations.c.number == number).with_for_update()
            row = connection.execute(query).one_or_none()
            if row is None:
                return None, CancelOutcome.UNKNOWN
            now = _operation(row)
            if now.phase.ended:
                return now, CancelOutcome.ENDED
            if now.written is not None or now.phase is Phase.FOLLOWING:
                return now, CancelOutcome.TOO_LATE
            connection.execute(
                insert_or_leave(connection, decisions).values(
                    number=number, kind="cancel", by=by, at=at
                )
            )
            if now.phase not in CANCELLABLE_AT_ONCE:
                return now, CancelOutcome.ASKED
            after = replace(
                now,
                phase=Phase.CANCELLED,
                problem=Problem(Reason.CANCELLED, {"by": by}),
                ended_at=at,
                entered={**now.entered, Phase.CANCELLED.value: at},
            )
            _save(connection, number, after, row.version + 1)
            _record(connection, number, "cancelled", at, by, Phase.CANCELLED.value, {})
        for moved in self._followers:
            moved(now, after)
        self.changed()
        return after, CancelOutcome.CANCELLED

    def cancel_wished(self, operation_id: str) -> str | None:
        """Return who first wished to cancel the operation, or None."""
        query = (
            sa.select(decisions.c.by)
            .where(decisions.c.number == number_of(operation_id), decisions.c.kind == "cancel")
            .order_by(decisions.c.id)
            .limit(1)
        )
        with self._database.read() as connection:
            return connection.execute(query).scalar_one_or_none()


def of_a_person(request: Request) -> None:
    """Take no request in the bot's own name from outside: that one is its own book's.

    Raises:
        ValueError: it is such a one.
    """
    if request.takes_back is not None or request.requester == ITSELF:
        raise ValueError("what nobody asked for is never received")


def write_down(
    connection: sa.Connection, request: Request, asked: str, at: datetime
) -> tuple[Operation, Receipt]:
    """Write *request* down in the transaction of its caller, as ``Store.receive`` does."""
    wish = wish_of(request)
    if found := _there(connection, asked, wish):
        return found
    operation = Operation(
        id="",
        key=uuid.uuid4().hex,
        request=request,
        phase=Phase.RECEIVED,
        requested_at=at,
        entered={Phase.RECEIVED.value: at},
    )
    values = {
        "key": operation.key,
        "asked": asked,
        "wish": wish,
        "flow": FLOW,
        "kind": request.kind.value,
        "environment": request.environment,
        "request": dump(Request, request),
        "phase": Phase.RECEIVED.value,
        "progress": [],
        "entered": {Phase.RECEIVED.value: at.isoformat()},
        "requested_at": at,
        "version": 1,
    }
    insert = insert_or_leave(connection, operations)
    number = connection.execute(insert.returning(operations.c.number), values).scalar_one_or_none()
    if number is None:
        # Another replica came between our look and our insert.
        found = _there(connection, asked, wish)
        assert found is not None, "a conflicting row must exist"
        return found
    connection.execute(
        sa.insert(operation_services),
        [{"number": number, "service": service} for service in request.services],
    )
    _record(connection, number, "received", at, request.requester, "received", {})
    return replace(operation, id=f"D-{number}"), Receipt.NEW


FLOW = 2
"""The code path of newly received operations. A running operation keeps the one it began with."""


def wish_of(request: Request) -> str:
    """Return what makes two requests the same wish: kind, services, environment and version.

    To break the glass is another wish than to ask for the same by the rules.
    """
    parts = [request.kind.value, sorted(request.services), request.environment, request.version]
    if request.override:
        parts.append("override")
    if request.origin is not None:
        parts.append(f"from {request.origin}")
    if request.by_argocd:
        parts.append("by argocd")
    if request.without_hooks:
        parts.append("without hooks")
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


_THERE = sa.select(operations).where(
    sa.or_(
        operations.c.asked == sa.bindparam("asked"),
        operations.c.wish == sa.bindparam("wish"),
    )
)


def _there(connection: sa.Connection, asked: str, wish: str) -> tuple[Operation, Receipt] | None:
    """Return the operation of this delivery or else of this wish, or None."""
    rows = connection.execute(_THERE, {"asked": asked, "wish": wish}).all()
    for row in rows:
        if row.asked == asked:
            return _operation(row), Receipt.REPEATED
    return (_operation(rows[0]), Receipt.UNDER_WAY) if rows else None


def _by(connection: sa.Connection, condition: sa.ColumnElement[bool]) -> Versioned | None:
    row = connection.execute(sa.select(operations).where(condition)).one_or_none()
    return Versioned(_operation(row), row.version) if row else None


def _ahead(connection: sa.Connection, number: int, operation: Operation) -> tuple[str, ...]:
    if operation.phase is not Phase.QUEUED:
        return ()
    # Only what already passed its checks holds or waits for a target; what is still being checked
    # will line up behind us.
    holds = operations.c.phase.in_(
        (Phase.COMMITTING.value, Phase.MERGING.value, Phase.FOLLOWING.value)
    )
    waits = sa.and_(operations.c.phase == Phase.QUEUED.value, operations.c.number < number)
    query = (
        sa.select(operations.c.number)
        .distinct()
        .join(operation_services, operation_services.c.number == operations.c.number)
        .where(
            sa.or_(holds, waits),
            operations.c.environment == operation.request.environment,
            operation_services.c.service.in_(operation.request.services),
        )
        .order_by(operations.c.number)
    )
    return tuple(f"D-{one}" for one in connection.execute(query).scalars())


def _save(connection: sa.Connection, number: int | None, value: Operation, version: int) -> None:
    values: dict[str, Any] = {
        "phase": value.phase.value,
        "plan": value.plan and dump(Plan, value.plan),
        "pull": value.pull and dump(Pull, value.pull),
        "written": value.written and dump(Written, value.written),
        "progress": [dump(Progress, one) for one in value.progress],
        "problem": value.problem and dump(Problem, value.problem),
        "entered": {phase: at.isoformat() for phase, at in value.entered.items()},
        "ended_at": value.ended_at,
        "version": version,
    }
    if value.phase.ended:
        values["wish"] = None
        _move_up(connection, number, value.request)
    connection.execute(sa.update(operations).where(operations.c.number == number).values(values))


def _move_up(connection: sa.Connection, number: int | None, ended: Request) -> None:
    """Count a change of all who waited behind *ended*: their cards say who is ahead."""
    sharing = sa.select(operation_services.c.number).where(
        operation_services.c.service.in_(ended.services)
    )
    # Locked in the order of their numbers, and always higher than ours, so that two ends at once
    # never wait for each other.
    behind = (
        sa.select(operations.c.number)
        .where(
            operations.c.number > number,
            operations.c.environment == ended.environment,
            operations.c.phase == Phase.QUEUED.value,
            operations.c.number.in_(sharing),
        )
        .order_by(operations.c.number)
        .with_for_update()
    )
    numbers = list(connection.execute(behind).scalars())
    connection.execute(
        sa.update(operations)
        .where(operations.c.number.in_(numbers))
        .values(version=operations.c.version + 1)
    )


def _record(
    connection: sa.Connection,
    number: int | None,
    mark: str,
    at: datetime,
    by: str,
    what: str,
    detail: Mapping[str, str],
) -> bool:
    new = connection.execute(
        insert_or_leave(connection, timeline).returning(timeline.c.id),
        {"number": number, "mark": mark, "at": at, "by": by, "what": what, "detail": dict(detail)},
    )
    return new.first() is not None


def operation_of(row: Any) -> Operation:
    """Return the operation in *row* of its table."""
    return _operation(row)


def _operation(row: Any) -> Operation:
    progress: Sequence[Any] = row.progress or ()
    return Operation(
        id=f"D-{row.number}",
        key=row.key,
        request=load(Request, row.request),
        phase=Phase(row.phase),
        requested_at=row.requested_at,
        plan=row.plan and load(Plan, row.plan),
        pull=row.pull and load(Pull, row.pull),
        written=row.written and load(Written, row.written),
        progress=tuple(load(Progress, one) for one in progress),
        problem=row.problem and load(Problem, row.problem),
        ended_at=row.ended_at,
        entered={phase: datetime.fromisoformat(at) for phase, at in (row.entered or {}).items()},
    )
