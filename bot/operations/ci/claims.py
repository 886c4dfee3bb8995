"""Who let failed jobs run again: claimed before GitHub is asked, let go of where it does not.

Whoever dies in between leaves a claim that nobody stands behind; a tick finds it.
"""

from dataclasses import replace
from datetime import timedelta

import sqlalchemy as sa
import structlog

from bot.adapters.github.workflow_runs import WorkflowRuns
from bot.clock import Clock
from bot.domain.ci.notes import Rerun
from bot.domain.ci.runs import Run, Series
from bot.domain.errors import BotError, Unavailable
from bot.operations.ci.book import CiBook, Watched
from bot.operations.ci.telling import CiTelling
from bot.operations.sql.database import Database

log = structlog.get_logger(__name__)

HELD = timedelta(minutes=2)
"""How long asking GitHub may take; a claim that is older is asked about."""

ROUND = 10
"""The most claims that are asked about in one round: one request each."""


class Claims:
    """The claims on attempts, in the book's rows. Every method is for any thread."""

    def __init__(
        self,
        database: Database,
        book: CiBook,
        telling: CiTelling,
        runs: WorkflowRuns,
        clock: Clock,
    ) -> None:
        self._database, self._book, self._telling = database, book, telling
        self._runs, self._clock = runs, clock

    def confirm(self, connection: sa.Connection, series: Series, claim: Rerun) -> None:
        """Write down that GitHub took what was claimed. The note says so already."""
        watched = self._book.of(connection, series)
        if watched.rerun == claim:
            taken = replace(watched, rerun=replace(claim, taken=True))
            self._book.write(connection, taken, self._clock.now())

    def let_go(self, connection: sa.Connection, series: Series, claim: Rerun) -> None:
        """Give *claim* up, so that the note offers the attempt again."""
        watched = self._book.of(connection, series)
        if watched.rerun == claim and watched.track.episode is not None:
            free = replace(watched, rerun=None)
            self._telling.refresh(connection, free, self._clock.now())

    def free_lost(self) -> None:
        """Let go of old claims that nobody knows the end of and of which GitHub runs nothing.

        Raises:
            Unavailable: our own database is away.
        """
        before = self._clock.now() - HELD * self._clock.speed
        open_claims = [
            (one.series, run, claim)
            for one in self._book.claimed()
            if (run := _last(one)) and (claim := one.rerun)
            if claim.place == run.place and not claim.taken and claim.at <= before
        ]
        open_claims.sort(key=lambda one: one[2].at)
        for series, run, claim in open_claims[:ROUND]:
            try:
                runs = self._runs_anew(series, run)
            except Unavailable as away:
                log.info("a claim is asked about later", run=run.url, why=str(away))
                return
            with self._database.write() as connection:
                if runs:
                    self.confirm(connection, series, claim)
                else:
                    self.let_go(connection, series, claim)

    def _runs_anew(self, series: Series, run: Run) -> bool:
        """Tell whether GitHub runs another attempt, or ran one.

        Raises:
            Unavailable: GitHub did not answer.
        """
        try:
            newest = self._runs.newest(series.repository, run.id)
        except Unavailable:
            raise
        except BotError as error:  # it will be the same each time; who clicks reads why
            log.warning("a claim cannot be asked about", run=run.url, why=str(error))
            return False
        return newest.number > run.attempt or not newest.has_ended


def _last(watched: Watched) -> Run | None:
    return watched.track.episode.last if watched.track.episode is not None else None
