"""What people did to locks, freezes, holds and identities, and what was refused: append-only.

What happens to one operation stands in its own timeline instead.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

import sqlalchemy as sa
import structlog

from bot.domain.stops.locks import ALL, environment_of
from bot.operations.books.rows import insert_or_leave
from bot.operations.sql.database import Database
from bot.operations.sql.tables import act_services, acts

log = structlog.get_logger(__name__)

LATELY = timedelta(hours=1)
MOST_REFUSALS = 30
"""So many refusals of one person within ``LATELY`` are written down; the log has the others."""


class Deed(StrEnum):
    """What was done, or was asked for and refused."""

    LOCKED = "locked"
    STOLEN = "stolen"
    UNLOCKED = "unlocked"
    LOCK_EXPIRED = "lock_expired"
    FROZEN = "frozen"
    UNFROZEN = "unfrozen"
    HELD = "held"
    RELEASED = "released"
    CAME_BACK = "came_back"  # somebody else's commit brought what is held back
    LINKED = "linked"
    UNLINKED = "unlinked"
    AUTO_SYNC_OFF = "auto_sync_off"  # by a rollback by Argo CD
    AUTO_SYNC_ON = "auto_sync_on"
    ROLLOUT = "rollout"  # a move of an Argo Rollout, claimed right before it
    DRIFT_FOUND = "drift_found"  # told by a report for the first time
    DRIFT_GONE = "drift_gone"
    DRIFT_ACKNOWLEDGED = "drift_acknowledged"
    DRIFT_SNOOZED = "drift_snoozed"
    DRIFT_SYNC = "drift_sync"  # a sync asked for, claimed right before it
    # What Argo CD did without us.
    FOREIGN_SYNC = "foreign_sync"
    FOREIGN_SYNC_FAILED = "foreign_sync_failed"
    DEGRADED = "degraded"
    RECOVERED = "recovered"
    AUTO_SYNC_SWITCHED = "auto_sync_switched"  # by somebody, and not by a rollback of ours
    MANUAL_SYNC = "manual_sync"
    FORGOT = "forgot"  # what was older than the history is kept
    CI_RERUN = "ci_rerun"  # failed jobs of a workflow
    CI_MUTED = "ci_muted"
    CI_UNMUTED = "ci_unmuted"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Act:
    """One deed *by* a Slack user id or ``shipmate``, on *subject* (``core/prod``, ``U0ALICE``).

    *mark* is the deed's own name: what has the same one is the same deed. *environment* is None
    where it has none. *detail* is plain, unescaped text. *services* are whose history it stands
    in; without them those that *subject* names.
    """

    mark: str
    at: datetime
    by: str
    what: Deed
    subject: str
    environment: str | None = None
    detail: Mapping[str, str] = field(default_factory=dict)
    services: tuple[str, ...] = ()


def services_of(subject: str, environment: str | None) -> tuple[str, ...]:
    """Return the services that *subject* names (``core,batch/prod``); ``*`` for all of them."""
    if environment is None:
        return ()
    if subject == environment:
        return (ALL,)
    named, slash, where = subject.rpartition("/")
    return tuple(named.split(",")) if slash and where == environment else ()


def target_act(
    mark: str, at: datetime, by: str, what: Deed, target: str, detail: Mapping[str, str]
) -> Act:
    """Return a deed on one *target* (``core/prod``)."""
    return Act(mark, at, by, what, target, environment_of(target), detail)


class ActBook:
    """The acts in one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def note(self, act: Act) -> bool:
        """Write *act* down once; tell whether it is new."""
        with self._database.write() as connection:
            return write_act(connection, act)

    def latest(self, environment: str | None = None, limit: int = 50) -> tuple[Act, ...]:
        """Return the newest acts, newest first; those of one *environment*, or all."""
        query = sa.select(acts).order_by(acts.c.id.desc()).limit(limit)
        if environment is not None:
            query = query.where(acts.c.environment == environment)
        with self._database.read() as connection:
            return tuple(
                Act(
                    row.mark,
                    row.at,
                    row.by,
                    Deed(row.what),
                    row.subject,
                    row.environment,
                    row.detail,
                )
                for row in connection.execute(query)
            )


def write_act(connection: sa.Connection, act: Act) -> bool:
    """Write *act* in the transaction of what it tells of; tell whether it is new.

    What is refused to somebody who goes on and on is not written any more for a while.
    """
    if act.what is Deed.REFUSED and _goes_on(connection, act):
        log.warning("one refusal too many to write down", by=act.by, subject=act.subject)
        return False
    values = {
        "mark": act.mark,
        "at": act.at,
        "by": act.by,
        "what": act.what.value,
        "environment": act.environment,
        "subject": act.subject,
        "detail": dict(act.detail),
    }
    statement = insert_or_leave(connection, acts).returning(acts.c.id)
    number = connection.execute(statement, values).scalar_one_or_none()
    if number is None:
        return False
    services = act.services or services_of(act.subject, act.environment)
    if rows := [{"act": number, "service": one} for one in dict.fromkeys(services)]:
        connection.execute(sa.insert(act_services), rows)
    return True


def _goes_on(connection: sa.Connection, act: Act) -> bool:
    """Tell whether more was refused to them lately than anybody asks for who means it."""
    query = sa.select(sa.func.count()).where(
        acts.c.by == act.by, acts.c.what == Deed.REFUSED.value, acts.c.at > act.at - LATELY
    )
    return int(connection.execute(query).scalar_one()) >= MOST_REFUSALS
