"""What approval was asked for, and every yes, no and override, in the order they came.

The order is that of the operation's row, which each click locks: two at the same instant stand one
behind the other for everybody. What they come to is judged by ``tally``.
"""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, assert_never

import sqlalchemy as sa

from bot.domain.approving.approval_case import Evidence
from bot.domain.approving.approval_rule import ApprovalRule
from bot.domain.approving.approvals import Approval, Asked, Decision, Override, Rejection
from bot.domain.lifecycle import CANCELLABLE_AT_ONCE
from bot.domain.operations import Phase, number_of
from bot.operations.books.rows import actor_columns, actor_of, insert_or_leave
from bot.operations.saying.outbox import Letter, put
from bot.operations.sql.codec import dump, load
from bot.operations.sql.database import Database
from bot.operations.sql.tables import approval_requests, approvals, operations, timeline

NO_PLAN = ""
"""The digest of an override: it is to no plan."""


class Verdict(StrEnum):
    """What somebody said."""

    APPROVE = "approve"
    REJECT = "reject"
    OVERRIDE = "override"


class Receipt(StrEnum):
    """What became of a click."""

    NEW = "new"
    REPEATED = "repeated"  # the same account said the same of the same plan before
    OTHER_PLAN = "other_plan"  # it is to another plan than the one that was asked about
    OVER = "over"  # the operation no longer waits; nothing was written
    UNKNOWN = "unknown"  # there is no such operation


@dataclass(frozen=True, slots=True)
class Ballot:
    """The *receipt* of a click, and all *decisions* there were when it was taken, its own too."""

    receipt: Receipt
    decisions: tuple[Decision, ...] = ()


@dataclass(frozen=True, slots=True)
class Request:
    """What is open: *asked* under *rule*, on the *evidence* that approvers are shown."""

    asked: Asked
    rule: ApprovalRule
    evidence: Evidence


class ApprovalBook:
    """The approvals in one database. *changed* is called after what a card may show."""

    def __init__(self, database: Database, changed: Callable[[], None]) -> None:
        self._database, self._changed = database, changed

    def ask(
        self, operation_id: str, asked: Asked, rule: ApprovalRule, evidence: Evidence
    ) -> Request:
        """Write down what approval is asked for; return it as it stands.

        An operation asks once: a second run returns what the first one wrote, also where the plan
        has moved since. A fresh plan is a fresh operation.
        """
        number = number_of(operation_id)
        values = {
            "number": number,
            "digest": asked.fingerprint.digest,
            "asked": dump(Asked, asked),
            "rule": dump(ApprovalRule, rule),
            "evidence": dump(Evidence, evidence),
        }
        with self._database.write() as connection:
            connection.execute(insert_or_leave(connection, approval_requests), values)
            return _request(connection.execute(_asked(number)).one())

    def asked(self, operation_id: str) -> Request | None:
        """Return what approval was asked for, or None."""
        with self._database.read() as connection:
            row = connection.execute(_asked(number_of(operation_id))).one_or_none()
            return None if row is None else _request(row)

    def record(self, operation_id: str, decision: Decision, told: Iterable[Letter] = ()) -> Ballot:
        """Write *decision* down once for each account. Rights and four eyes were judged before.

        A yes or no is taken only while the operation waits for approval, and a yes only to the
        plan that is asked about; an override until the commit may begin. The letters *told* go
        with it: written if it is, and otherwise not.
        """
        number = number_of(operation_id)
        with self._database.write() as connection:
            query = sa.select(operations.c.phase, operations.c.version)
            query = query.where(operations.c.number == number).with_for_update()
            operation = connection.execute(query).one_or_none()
            if operation is None:
                return Ballot(Receipt.UNKNOWN)
            receipt = self._write(connection, number, operation, decision)
            if receipt is Receipt.NEW:
                put(connection, told, decision.at)
            ballot = Ballot(receipt, _decisions(connection, number))
        if receipt is Receipt.NEW:
            self._changed()
        return ballot

    def decisions(self, operation_id: str) -> tuple[Decision, ...]:
        """Return everything that was said of the operation, in its order."""
        with self._database.read() as connection:
            return _decisions(connection, number_of(operation_id))

    def counts(self) -> dict[str, int]:
        """Return how much was said of each operation that still waits, by its id; none if nothing.

        Raises:
            Unavailable: the database is away.
        """
        query = (
            sa.select(approvals.c.number, sa.func.count())
            .join(operations, operations.c.number == approvals.c.number)
            .where(operations.c.phase == Phase.AWAITING.value)
            .group_by(approvals.c.number)
        )
        with self._database.read() as connection:
            return {f"D-{number}": count for number, count in connection.execute(query)}

    def _write(
        self, connection: sa.Connection, number: int | None, operation: Any, decision: Decision
    ) -> Receipt:
        digest = _digest(connection, number, decision)
        if digest is not None and _said(connection, number, digest, decision):
            return Receipt.REPEATED
        if Phase(operation.phase) not in _open_for(decision):
            return Receipt.OVER
        if digest is None:
            return Receipt.OTHER_PLAN
        connection.execute(sa.insert(approvals).values(_row(number, digest, decision)))
        connection.execute(insert_or_leave(connection, timeline), _line(number, digest, decision))
        connection.execute(
            sa.update(operations)
            .where(operations.c.number == number)
            .values(version=operation.version + 1)
        )
        return Receipt.NEW


def _open_for(decision: Decision) -> frozenset[Phase]:
    if isinstance(decision, Override):
        return CANCELLABLE_AT_ONCE
    return frozenset({Phase.AWAITING})


def _digest(connection: sa.Connection, number: int | None, decision: Decision) -> str | None:
    """Return the digest that *decision* is written under; None: it is to another plan."""
    if isinstance(decision, Override):
        return NO_PLAN
    row = connection.execute(_asked(number)).one_or_none()
    if row is None:
        return None
    if isinstance(decision, Approval) and decision.digest != row.digest:
        return None
    return str(row.digest)


def _said(connection: sa.Connection, number: int | None, digest: str, decision: Decision) -> bool:
    query = sa.select(approvals.c.id).where(
        approvals.c.number == number,
        approvals.c.digest == digest,
        approvals.c.github_id == decision.by.github.id,
        approvals.c.verdict == _verdict(decision).value,
    )
    return connection.execute(query).first() is not None


def _verdict(decision: Decision) -> Verdict:
    match decision:
        case Approval():
            return Verdict.APPROVE
        case Rejection():
            return Verdict.REJECT
        case Override():
            return Verdict.OVERRIDE
        case _:
            assert_never(decision)


def _row(number: int | None, digest: str, decision: Decision) -> dict[str, Any]:
    return {
        "number": number,
        "digest": digest,
        "verdict": _verdict(decision).value,
        **actor_columns(decision.by),
        "reason": "" if isinstance(decision, Approval) else decision.reason,
        "at": decision.at,
    }


def _line(number: int | None, digest: str, decision: Decision) -> dict[str, Any]:
    verdict = _verdict(decision).value
    row = _row(number, digest, decision)
    detail = {"login": row["login"], "account": str(row["github_id"]), "plan": digest}
    if row["reason"]:
        detail["reason"] = row["reason"]
    return {
        "number": number,
        "mark": f"{verdict}:{row['github_id']}:{digest}",
        "at": decision.at,
        "by": decision.by.slack,
        "what": verdict,
        "detail": detail,
    }


def _asked(number: int | None) -> sa.Select[Any]:
    return sa.select(approval_requests).where(approval_requests.c.number == number)


def _decisions(connection: sa.Connection, number: int | None) -> tuple[Decision, ...]:
    query = sa.select(approvals).where(approvals.c.number == number).order_by(approvals.c.id)
    return tuple(_decision(row) for row in connection.execute(query))


def decisions_on(
    connection: sa.Connection, numbers: Collection[int]
) -> dict[int, tuple[Decision, ...]]:
    """Return what was said of each of these operations, in its order."""
    query = sa.select(approvals).where(approvals.c.number.in_(numbers)).order_by(approvals.c.id)
    said: dict[int, tuple[Decision, ...]] = {}
    for row in connection.execute(query):
        said[row.number] = (*said.get(row.number, ()), _decision(row))
    return said


def _decision(row: Any) -> Decision:
    by, at = actor_of(row), row.at
    match Verdict(row.verdict):
        case Verdict.APPROVE:
            return Approval(by, at, row.digest)
        case Verdict.REJECT:
            return Rejection(by, at, row.reason)
        case Verdict.OVERRIDE:
            return Override(by, at, row.reason)


def _request(row: Any) -> Request:
    return Request(
        load(Asked, row.asked), load(ApprovalRule, row.rule), load(Evidence, row.evidence)
    )
