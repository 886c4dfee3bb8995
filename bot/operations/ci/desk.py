"""What people do about a failing workflow: run its failed jobs again, mute it, unmute it.

A click brings an id of ours and who clicked. Everything else is read anew.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

import sqlalchemy as sa
import structlog

from bot.adapters.github.workflow_runs import WorkflowRuns
from bot.clock import Clock
from bot.domain.catalog import Catalog
from bot.domain.ci.clicks import (
    AskedBefore,
    Clicked,
    Muted,
    MuteWish,
    NoteId,
    NotReran,
    Overtaken,
    Reran,
    RerunWish,
    RunsAlready,
    Unmuted,
)
from bot.domain.ci.notes import Mute, Rerun
from bot.domain.ci.runs import Origin, Run, Series
from bot.domain.errors import BotError, Rejected
from bot.domain.problems import Problem
from bot.operations.books.act_book import Act, ActBook, Deed, write_act
from bot.operations.ci.book import CiBook, Watched
from bot.operations.ci.claims import Claims
from bot.operations.ci.mutes import end_expired, mute_of, mute_series, unmute_series
from bot.operations.ci.telling import CiTelling
from bot.operations.ci.writers import Writers
from bot.operations.sql.database import DATABASE, Database

log = structlog.get_logger(__name__)

MARK = 255


class CiDesk:
    """Every method is for any thread. *asked* names the click: a repeated one is one act."""

    def __init__(
        self,
        database: Database,
        catalog: Catalog,
        book: CiBook,
        telling: CiTelling,
        runs: WorkflowRuns,
        writers: Writers,
        acts: ActBook,
        clock: Clock,
    ) -> None:
        self._database, self._book, self._telling = database, book, telling
        self._catalog = catalog
        self._runs, self._writers, self._acts = runs, writers, acts
        self._clock = clock
        self._claims = Claims(database, book, telling, runs, clock)

    def rerun(self, wish: RerunWish, user: str, asked: str) -> Clicked:
        """Run the failed jobs of the run that the note showed again; once for each attempt.

        Raises:
            Unavailable: our own database is away.
        """
        shown = self._shown(wish.note)
        if shown is None or not _is_last(shown, wish):
            return Overtaken()
        if isinstance(refused := self._refused(shown.series, user, "rerun", asked), Problem):
            return refused
        claimed = self._claim(shown.series, wish, user)
        if isinstance(claimed, tuple):
            return self._rerun(shown.series, *claimed, asked)
        return claimed

    def mute(self, wish: MuteWish, user: str, asked: str) -> Clicked:
        """Tell nobody of the workflow for a while.

        Raises:
            Unavailable: our own database is away.
        """
        shown = self._shown(wish.note)
        if shown is None or shown.track.episode is None:
            return Overtaken()
        if isinstance(refused := self._refused(shown.series, user, "mute", asked), Problem):
            return refused
        now, name = self._clock.now(), shown.track.episode.last.name
        mute = Mute(wish.extent, user, now, now + wish.span.length)
        with self._database.write() as connection:
            detail = {"workflow": name, "until": mute.until.isoformat(), "for": wish.extent.value}
            if self._note(connection, Deed.CI_MUTED, shown.series, user, asked, detail):
                mute_series(connection, shown.series, mute)
                found = self._book.failing(connection, shown.series, wish.extent)
                self._tell_anew(connection, found, now)
        return Muted(mute, name, shown.series.branch)

    def unmute(self, note: NoteId, user: str, asked: str) -> Clicked:
        """Tell people of the workflow again.

        Raises:
            Unavailable: our own database is away.
        """
        shown = self._shown(note)
        if shown is None or shown.track.episode is None:
            return Overtaken()
        if isinstance(refused := self._refused(shown.series, user, "unmute", asked), Problem):
            return refused
        now, name = self._clock.now(), shown.track.episode.last.name
        with self._database.write() as connection:
            was = mute_of(connection, shown.series, now)
            detail = {"workflow": name, "for": was.extent.value if was is not None else ""}
            if was is not None and self._note(
                connection, Deed.CI_UNMUTED, shown.series, user, asked, detail
            ):
                unmute_series(connection, shown.series, user, now)
                found = self._book.failing(connection, shown.series, was.extent)
                self._tell_anew(connection, found, now)
        return Unmuted(was is not None, name)

    def end_expired(self) -> None:
        """End the mutes and the lost claims whose time is over; tell of what fails. For a tick.

        Raises:
            Unavailable: our own database is away.
        """
        now = self._clock.now()
        with self._database.write() as connection:
            over = end_expired(connection, now)
            found = [one for each in over for one in self._book.failing(connection, *each)]
            self._tell_anew(connection, found, now)
        self._claims.free_lost()

    def _shown(self, note: NoteId) -> Watched | None:
        """Return what the note tells of; None where it is another episode's by now."""
        found = self._book.find(note.track)
        episode = found.track.episode if found is not None else None
        return found if episode is not None and episode.number == note.number else None

    def _refused(self, series: Series, user: str, wish: str, asked: str) -> Problem | None:
        may = self._writers.may(user, series.repository)
        if not isinstance(may, Problem):
            return None
        mark, detail = f"refused:{asked}"[:MARK], {"wish": f"ci_{wish}", "reason": may.reason.value}
        services = self._catalog.built_from(series.repository)
        now, where = self._clock.now(), series.repository
        act = Act(mark, now, user, Deed.REFUSED, where, None, detail, services)
        self._acts.note(act)
        return may

    def _claim(
        self, series: Series, wish: RerunWish, user: str
    ) -> tuple[Run, Rerun] | AskedBefore | Overtaken:
        """Take the attempt for *user*, or say who was first."""
        now = self._clock.now()
        with self._database.write() as connection:
            watched = self._book.of(connection, series)
            if not _is_last(watched, wish) or watched.track.episode is None:
                return Overtaken()
            run = watched.track.episode.last
            if watched.rerun is not None and watched.rerun.place == run.place:
                return AskedBefore(watched.rerun.by, watched.rerun.at)
            claim = Rerun(run.place, user, now)
            self._telling.refresh(connection, replace(watched, rerun=claim), now)
        return run, claim

    def _rerun(self, series: Series, run: Run, claim: Rerun, asked: str) -> Clicked:
        """Ask GitHub; what it did not take may be asked for again."""
        try:
            newest = self._runs.newest(series.repository, run.id)
            if newest.number > run.attempt or not newest.has_ended:
                return self._runs_already(series, run, claim)
            self._runs.rerun_failed(series.repository, run.id)
        except BotError as error:
            if error.system == DATABASE:
                raise
            log.warning("failed jobs were not run again", run=run.url, by=claim.by, why=str(error))
            return self._let_go(series, run, claim, asked, error)
        detail = {"workflow": run.name, "branch": series.branch, "run": run.url}
        with self._database.write() as connection:
            self._claims.confirm(connection, series, claim)
            self._note(connection, Deed.CI_RERUN, series, claim.by, asked, detail)
        return Reran(run.url)

    def _runs_already(self, series: Series, run: Run, claim: Rerun) -> RunsAlready:
        """Take back that it was this person who let it run."""
        with self._database.write() as connection:
            self._claims.let_go(connection, series, claim)
        return RunsAlready(run.url)

    def _let_go(
        self, series: Series, run: Run, claim: Rerun, asked: str, error: BotError
    ) -> NotReran:
        with self._database.write() as connection:
            self._claims.let_go(connection, series, claim)
            detail = {"workflow": run.name, "run": run.url, "not_taken": error.detail}
            self._note(connection, Deed.REFUSED, series, claim.by, asked, detail)
        return NotReran(error.detail, run.url, again=not isinstance(error, Rejected))

    def _tell_anew(self, connection: sa.Connection, found: Iterable[Series], at: datetime) -> None:
        """Let those of *found* that fail be told of as they are now."""
        # All turns are taken first and in one order, so that nobody waits in a ring.
        order = sorted(set(found), key=lambda one: (one.repository, one.workflow, one.branch))
        failing = [one for each in order if (one := self._book.of(connection, each)).stands]
        channels = {one for watched in failing for one in self._telling.channels(watched)}
        for channel in sorted(channels):
            self._book.turn_in(connection, channel)
        for watched in failing:
            told = self._telling.refresh(connection, watched, at)
            if not told.receivers and told.crowd is None:
                self._telling.resumed(connection, told, at)

    def _note(
        self,
        connection: sa.Connection,
        deed: Deed,
        series: Series,
        user: str,
        asked: str,
        detail: dict[str, str],
    ) -> bool:
        """Write the deed down; tell whether it is new, and not a click that came again."""
        mark = f"{deed.value}:{asked}"[:MARK]
        told = {"branch": series.branch, **detail}
        services = self._catalog.built_from(series.repository)
        now, where = self._clock.now(), series.repository
        act = Act(mark, now, user, deed, where, None, told, services)
        return write_act(connection, act)


def _is_last(watched: Watched, wish: RerunWish) -> bool:
    """Tell whether the wish is about what the note shows now."""
    episode = watched.track.episode
    if episode is None or not episode.stands or watched.series.origin is not Origin.ACTIONS:
        return False
    return (episode.last.id, episode.last.attempt) == (wish.run, wish.attempt)
