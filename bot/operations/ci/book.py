"""What is remembered of each workflow on each branch. Whoever changes a row takes turns for it."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from bot.domain.ci.episodes import Track
from bot.domain.ci.findings import Findings
from bot.domain.ci.notes import Extent, Rerun
from bot.domain.ci.runs import Origin, Series
from bot.operations.books.rows import take_turns
from bot.operations.ci.tables import ci_tracks
from bot.operations.saying.outbox import ToChannel, ToPerson, receiver_columns
from bot.operations.sql.codec import dump, load
from bot.operations.sql.database import Database

KEPT = timedelta(days=180)
"""How long a branch that does not fail, and of which nothing is heard, is remembered."""


@dataclass(frozen=True, slots=True)
class Watched:
    """One workflow on one branch. *id* is 0 until it was written.

    *receivers* have the note of its newest episode; *crowd* is the note that tells of it among
    others. *look_at* is when its newest failure is to be looked into, after *tries* tries.
    """

    series: Series
    id: int = 0
    track: Track = field(default_factory=Track)
    began_at: datetime | None = None
    channel: str | None = None
    crowd: str | None = None
    receivers: tuple[ToChannel | ToPerson, ...] = ()
    findings: Findings | None = None
    rerun: Rerun | None = None
    threaded_at: datetime | None = None
    look_at: datetime | None = None
    tries: int = 0

    @property
    def stands(self) -> bool:
        """Tell whether it fails now."""
        return self.track.episode is not None and self.track.episode.stands

    @property
    def key(self) -> str:
        """Return the name of the newest episode: its note's key, and what its buttons carry."""
        return f"{self.id}.{self.track.episode.number if self.track.episode else 0}"


class CiBook:
    """The rows in one database. What takes a connection is part of the caller's transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, connection: sa.Connection, series: Series) -> Watched:
        """Return what is known of *series*; nobody else changes it until the transaction ends."""
        turn = (series.repository, series.origin, series.workflow, series.branch)
        take_turns(connection, "|".join(("ci", *turn)))
        row = connection.execute(sa.select(ci_tracks).where(*_is(series))).one_or_none()
        return Watched(series) if row is None else _watched(row)

    def find(self, number: int) -> Watched | None:
        """Return what is known under *number*, or None.

        Raises:
            Unavailable: our own database is away.
        """
        with self._database.read() as connection:
            query = sa.select(ci_tracks).where(ci_tracks.c.id == number)
            row = connection.execute(query).one_or_none()
        return None if row is None else _watched(row)

    def write(self, connection: sa.Connection, watched: Watched, at: datetime) -> Watched:
        """Write it down as it is now; return it with its number."""
        values = {
            "track": dump(Track, watched.track),
            "stands": watched.stands,
            "heard_at": at,
            "began_at": watched.began_at,
            "channel": watched.channel,
            "crowd": watched.crowd,
            "receivers": [receiver_columns(one) for one in watched.receivers],
            "findings": dump(Findings, watched.findings) if watched.findings else None,
            "rerun": dump(Rerun, watched.rerun) if watched.rerun else None,
            "threaded_at": watched.threaded_at,
            "look_at": watched.look_at,
            "tries": watched.tries,
        }
        if watched.id:
            known = ci_tracks.c.id == watched.id
            connection.execute(sa.update(ci_tracks).where(known).values(values))
            return watched
        series = watched.series
        named = {
            "repository": series.repository,
            "origin": series.origin.value,
            "workflow": series.workflow,
            "branch": series.branch,
        }
        insert = sa.insert(ci_tracks).values(values | named).returning(ci_tracks.c.id)
        return replace(watched, id=connection.execute(insert).scalar_one())

    def failing(
        self, connection: sa.Connection, series: Series, extent: Extent
    ) -> tuple[Series, ...]:
        """Return which series fail that a mute of *extent* at *series* is about."""
        query = sa.select(ci_tracks).where(ci_tracks.c.stands.is_(True), *_alike(series))
        if extent is Extent.BRANCH:
            query = query.where(ci_tracks.c.branch == series.branch)
        rows = connection.execute(query.order_by(ci_tracks.c.id))
        return tuple(_series(row) for row in rows)

    def claimed(self) -> tuple[Watched, ...]:
        """Return what fails and somebody let run again.

        Raises:
            Unavailable: our own database is away.
        """
        asked = ci_tracks.c.rerun.is_not(sa.null())
        query = sa.select(ci_tracks).where(ci_tracks.c.stands.is_(True), asked)
        with self._database.read() as connection:
            return tuple(map(_watched, connection.execute(query)))

    # crowds

    def turn_in(self, connection: sa.Connection, channel: str) -> None:
        """Let nobody else change the crowds of *channel* until the transaction ends."""
        take_turns(connection, f"ci-crowd:{channel}")

    def began_since(
        self, connection: sa.Connection, channel: str, since: datetime
    ) -> tuple[int, str | None]:
        """Return how many episodes began in *channel* since then, and their newest crowd.

        Nobody else begins one in that channel until the transaction ends.
        """
        self.turn_in(connection, channel)
        here = (ci_tracks.c.channel == channel, ci_tracks.c.began_at > since)
        count = connection.execute(sa.select(sa.func.count()).where(*here)).scalar_one()
        newest = (
            sa.select(ci_tracks.c.crowd)
            .where(*here, ci_tracks.c.crowd.is_not(None))
            .order_by(ci_tracks.c.began_at.desc())
            .limit(1)
        )
        return int(count), connection.execute(newest).scalar()

    def notes_of(self, connection: sa.Connection, to: ToPerson, since: datetime) -> int:
        """Return how many episodes that began since then *to* has a note of."""
        query = sa.select(ci_tracks.c.receivers).where(ci_tracks.c.began_at > since)
        wanted = receiver_columns(to)
        return sum(wanted in one for one in connection.execute(query).scalars())

    def crowd(self, connection: sa.Connection, channel: str, crowd: str) -> tuple[Watched, ...]:
        """Return who is in *crowd*, oldest first; nobody else changes it meanwhile."""
        self.turn_in(connection, channel)
        query = sa.select(ci_tracks).where(ci_tracks.c.crowd == crowd).order_by(ci_tracks.c.id)
        return tuple(map(_watched, connection.execute(query)))

    # looking

    def due(self, now: datetime, limit: int) -> tuple[Watched, ...]:
        """Return whose newest failure is to be looked into, who waits longest first."""
        query = (
            sa.select(ci_tracks)
            .where(ci_tracks.c.look_at <= now)
            .order_by(ci_tracks.c.look_at)
            .limit(limit)
        )
        with self._database.read() as connection:
            return tuple(map(_watched, connection.execute(query)))

    def take(self, watched: Watched, until: datetime) -> bool:
        """Take the look for ourselves *until* then; False where another was quicker."""
        ours = (ci_tracks.c.id == watched.id, ci_tracks.c.look_at == watched.look_at)
        statement = sa.update(ci_tracks).where(*ours)
        values = {"look_at": until, "tries": watched.tries + 1}
        with self._database.write() as connection:
            return connection.execute(statement.values(values)).rowcount == 1

    def sweep(self, now: datetime) -> None:
        """Forget branches that do not fail and of which nothing was heard for long.

        Raises:
            Unavailable: our own database is away.
        """
        old = (ci_tracks.c.heard_at < now - KEPT, ci_tracks.c.stands.is_(False))
        with self._database.write() as connection:
            connection.execute(sa.delete(ci_tracks).where(*old))


def _is(series: Series) -> tuple[sa.ColumnElement[bool], ...]:
    return (*_alike(series), ci_tracks.c.branch == series.branch)


def _alike(series: Series) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        ci_tracks.c.repository == series.repository,
        ci_tracks.c.origin == series.origin.value,
        ci_tracks.c.workflow == series.workflow,
    )


def _series(row: Any) -> Series:
    return Series(row.repository, Origin(row.origin), row.workflow, row.branch)


def _receiver(columns: Any) -> ToChannel | ToPerson:
    name = columns["receiver"]
    return ToPerson(name) if columns["in_person"] else ToChannel(name)


def _watched(row: Any) -> Watched:
    return Watched(
        series=_series(row),
        id=row.id,
        track=load(Track, row.track),
        began_at=row.began_at,
        channel=row.channel,
        crowd=row.crowd,
        receivers=tuple(map(_receiver, row.receivers)),
        findings=load(Findings, row.findings) if row.findings else None,
        rerun=load(Rerun, row.rerun) if row.rerun else None,
        threaded_at=row.threaded_at,
        look_at=row.look_at,
        tries=row.tries,
    )
