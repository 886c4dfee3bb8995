"""What operations of ours brought to a target, and what became of it."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from bot.domain.operations import Change, Kind, Phase, Plan, Request
from bot.domain.rollback.going_back import Lived
from bot.operations.sql.codec import load
from bot.operations.sql.database import Database
from bot.operations.sql.tables import operation_services, operations

WROTE = tuple(
    phase.value
    for phase in (Phase.COMMITTING, Phase.MERGING, Phase.FOLLOWING, Phase.LIVE, Phase.FAILED)
)
"""The phases of an operation whose change may stand in Git."""

MOST_IDLE = 4
"""For each operation that brought something, so many are looked at."""

NEWEST = 300
"""Operations of one target that are looked through; what is older nobody stands on any more."""


class PastBook:
    """Reads what was brought where, out of the operations in one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def was_live(self, service: str, environment: str, tag: str) -> bool:
        """Tell whether an operation of ours ever brought *tag* live there."""
        # The text is a first sieve: a plan that holds the tag may hold it for another service.
        holds = sa.cast(operations.c.plan, sa.Text).contains(tag, autoescape=True)
        query = _lived(service, environment).where(holds)
        with self._database.read() as connection:
            return any(tag == _brought(row, service) for row in connection.execute(query))

    def last_live(self, service: str, environment: str) -> tuple[str, datetime] | None:
        """Return the tag that our newest live operation brought there, and when, or None."""
        with self._database.read() as connection:
            row = connection.execute(_lived(service, environment).limit(1)).one_or_none()
        tag = row and _brought(row, service)
        return (tag, row.ended_at) if row and tag and row.ended_at else None

    def lived(self, service: str, environment: str, limit: int = 20) -> tuple[Lived, ...]:
        """Return what operations of ours brought live there, newest first, at most *limit*.

        Those that changed nothing are left out. What a later rollback took away is told to be left,
        also where that rollback failed after its commit.
        """
        query = _reached(service, environment).limit(limit * MOST_IDLE)
        with self._database.read() as connection:
            rows = connection.execute(query).all()
        taken: set[str] = set()
        found = []
        for row in rows:
            change = _change(row, service)
            if change is None or change.old == change.new:
                continue
            if load(Request, row.request).by_argocd:  # Git never had it, and has what was left
                taken.add(change.old or "")
                continue
            if row.phase == Phase.LIVE.value:
                found.append(_lived_as(row, change, left=change.new in taken))
            if row.kind == Kind.ROLLBACK.value and row.written and change.old is not None:
                taken.add(change.old)
        return tuple(found[:limit])

    def brought(self, service: str, environment: str) -> tuple[str, ...]:
        """Return the tags that operations of ours may have put into Git there, newest first.

        Also those that are at it, and those that failed before they knew. Of many the ``NEWEST``.
        """
        query = _of_target(service, environment).where(operations.c.phase.in_(WROTE))
        with self._database.read() as connection:
            newest = query.order_by(operations.c.number.desc()).limit(NEWEST)
            rows = connection.execute(newest).all()
        by_git = (row for row in rows if not load(Request, row.request).by_argocd)
        changes = (_change(row, service) for row in by_git)
        return tuple(dict.fromkeys(one.new for one in changes if one is not None))

    def broken(self, service: str, environment: str) -> frozenset[str]:
        """Return the tags that operations of ours committed there and that never went live.

        Of many operations the ``NEWEST`` tell.
        """
        with self._database.read() as connection:
            rows = connection.execute(_reached(service, environment).limit(NEWEST)).all()
        tags: dict[bool, set[str]] = {True: set(), False: set()}
        for row in rows:
            change = _change(row, service)
            if change is not None and row.written:
                tags[row.phase == Phase.LIVE.value].add(change.new)
        return frozenset(tags[False] - tags[True])


def _lived(service: str, environment: str) -> sa.Select[Any]:
    """Return the query for plans that went live there, newest first."""
    chosen = sa.select(operation_services.c.number).where(operation_services.c.service == service)
    return (
        sa.select(operations.c.plan, operations.c.ended_at)
        .where(
            operations.c.phase == Phase.LIVE.value,
            operations.c.environment == environment,
            operations.c.number.in_(chosen),
        )
        .order_by(operations.c.ended_at.desc(), operations.c.number.desc())
    )


def _of_target(service: str, environment: str) -> sa.Select[Any]:
    """Return the query for the operations that are about *service* there."""
    chosen = sa.select(operation_services.c.number).where(operation_services.c.service == service)
    return sa.select(operations).where(
        operations.c.environment == environment, operations.c.number.in_(chosen)
    )


def _reached(service: str, environment: str) -> sa.Select[Any]:
    """Return the query for what went live there or failed after its commit, newest first."""
    ended = operations.c.phase.in_((Phase.LIVE.value, Phase.FAILED.value))
    newest = (operations.c.ended_at.desc(), operations.c.number.desc())
    return _of_target(service, environment).where(ended).order_by(*newest)


def _change(row: Any, service: str) -> Change | None:
    """Return what the plan in *row* did to *service*."""
    plan = row.plan and load(Plan, row.plan)
    return next((one for one in plan.changes if one.service == service), None) if plan else None


def _lived_as(row: Any, change: Change, *, left: bool) -> Lived:
    plan = load(Plan, row.plan)
    # Older plans name one commit for all of their services.
    commit = change.commit or (plan.commit if len(plan.changes) == 1 else "")
    by = load(Request, row.request).requester
    return Lived(change.new, commit, f"D-{row.number}", row.ended_at, by, left)


def _brought(row: Any, service: str) -> str | None:
    """Return the tag that the plan in *row* gave *service*."""
    change = _change(row, service)
    return change.new if change else None
