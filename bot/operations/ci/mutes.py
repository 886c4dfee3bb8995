"""Who does not want to hear of a workflow, and until when. A row ends and is never taken away."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from bot.domain.ci.notes import Extent, Mute
from bot.domain.ci.runs import Origin, Series
from bot.operations.ci.tables import ci_mutes

SHIPMATE = "shipmate"
"""Who ends a mute whose time is over."""


def mute_series(connection: sa.Connection, series: Series, mute: Mute) -> None:
    """Write *mute* down in place of one that says the same of *series*."""
    branch = series.branch if mute.extent is Extent.BRANCH else None
    same = ci_mutes.c.branch == branch if branch else ci_mutes.c.branch.is_(None)
    _end(connection, (*_of_workflow(series), same), mute.by, mute.at)
    values = {
        "repository": series.repository,
        "origin": series.origin.value,
        "workflow": series.workflow,
        "branch": branch,
        "by": mute.by,
        "at": mute.at,
        "until": mute.until,
    }
    connection.execute(sa.insert(ci_mutes).values(values))


def unmute_series(connection: sa.Connection, series: Series, by: str, at: datetime) -> None:
    """End every mute that is about *series*."""
    _end(connection, _about(series), by, at)


def mute_of(connection: sa.Connection, series: Series, now: datetime) -> Mute | None:
    """Return the mute about *series* that lasts longest, or None."""
    query = (
        sa.select(ci_mutes)
        .where(*_about(series), ci_mutes.c.ended_at.is_(None), ci_mutes.c.until > now)
        .order_by(ci_mutes.c.until.desc())
        .limit(1)
    )
    row = connection.execute(query).one_or_none()
    return None if row is None else _mute(row)


def end_expired(connection: sa.Connection, now: datetime) -> tuple[tuple[Series, Extent], ...]:
    """End the mutes that are over; return what they were about."""
    over = (ci_mutes.c.until <= now, ci_mutes.c.ended_at.is_(None))
    rows = connection.execute(sa.select(ci_mutes).where(*over)).all()
    if rows:
        _end(connection, over, SHIPMATE, now)
    return tuple((_series(row), _mute(row).extent) for row in rows)


def _of_workflow(series: Series) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        ci_mutes.c.repository == series.repository,
        ci_mutes.c.origin == series.origin.value,
        ci_mutes.c.workflow == series.workflow,
    )


def _about(series: Series) -> tuple[sa.ColumnElement[bool], ...]:
    here = ci_mutes.c.branch.is_(None) | (ci_mutes.c.branch == series.branch)
    return (*_of_workflow(series), here)


def _end(
    connection: sa.Connection, which: Iterable[sa.ColumnElement[bool]], by: str, at: datetime
) -> int:
    statement = sa.update(ci_mutes).where(*which, ci_mutes.c.ended_at.is_(None))
    return connection.execute(statement.values(ended_at=at, ended_by=by)).rowcount


def _series(row: Any) -> Series:
    """Return what the mute is about; of every branch it has none."""
    return Series(row.repository, Origin(row.origin), row.workflow, row.branch or "")


def _mute(row: Any) -> Mute:
    extent = Extent.WORKFLOW if row.branch is None else Extent.BRANCH
    return Mute(extent, row.by, row.at, row.until)
