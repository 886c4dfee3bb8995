"""Looks into failures that were told: which jobs failed, what they said, who wrote the commit."""

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import structlog

from bot.adapters.github.commits import Commits
from bot.adapters.github.job_logs import JobLogs
from bot.adapters.github.workflow_runs import FailedJob, WorkflowRuns
from bot.clock import Clock
from bot.domain.ci.excerpts import Window, masked, shortened
from bot.domain.ci.findings import Annotation, Findings, Job
from bot.domain.ci.runs import Origin, Run
from bot.domain.errors import BotError, Unavailable
from bot.domain.patience import next_try
from bot.domain.rights import GitHubUser
from bot.operations.ci.book import CiBook, Watched
from bot.operations.ci.telling import CiTelling
from bot.operations.ci.waiting import WaitingBehind
from bot.operations.identity.roster import Roster
from bot.operations.sql.database import Database

log = structlog.get_logger(__name__)

JOBS = 10
"""Jobs that are named."""

EXCERPTS = 2
"""Jobs whose annotations, or else log, are read: three requests each at most."""

ROUND = 10
"""The most failures looked into in one round: some eighty requests."""

HELD = timedelta(minutes=2)
"""How long one look may take."""

MOST_TRIES = 6
"""After so many the note says what could not be read."""


class CiLooking:
    """One for the process; ``look`` is for its tick. Any replica looks, one at each failure.

    *secrets* are our own, for the mask.
    """

    def __init__(
        self,
        database: Database,
        book: CiBook,
        telling: CiTelling,
        runs: WorkflowRuns,
        logs: JobLogs,
        commits: Commits,
        waiting: WaitingBehind,
        roster: Roster,
        secrets: Callable[[], tuple[str, ...]],
        clock: Clock,
    ) -> None:
        self._database, self._book, self._telling = database, book, telling
        self._runs, self._logs, self._commits = runs, logs, commits
        self._waiting, self._roster, self._secrets = waiting, roster, secrets
        self._clock = clock
        self._stopping = threading.Event()

    def stop(self) -> None:
        """Look into nothing more; another replica does, or the next start."""
        self._stopping.set()

    def look(self) -> None:
        """Look into what is due, whoever waits longest first.

        Raises:
            Unavailable: our own database is away.
        """
        for watched in self._book.due(self._clock.now(), ROUND):
            if self._stopping.is_set():
                return
            until = self._clock.now() + HELD * self._clock.speed
            if self._book.take(watched, until):
                self._look_into(watched)

    def _look_into(self, watched: Watched) -> None:
        if not watched.stands or watched.track.episode is None:
            self._settle(watched, None)
            return
        run = watched.track.episode.last
        try:
            jobs, hidden = self._failed(run)
            found = self._found(run, jobs, hidden, "")
        except Unavailable as away:
            if watched.tries + 1 < MOST_TRIES:
                log.info("a failure is looked into later", run=run.url, why=str(away))
                self._put_off(watched, next_try(watched.tries + 1, away.retry_after))
                return
            found = self._found(run, (), 0, str(away))
        except BotError as error:
            log.warning("a failure cannot be looked into", run=run.url, why=str(error))
            found = self._found(run, (), 0, str(error))
        self._settle(watched, found)

    def _failed(self, run: Run) -> tuple[tuple[Job, ...], int]:
        """Return the jobs that failed, the first ones looked into, and how many are not named."""
        repository = run.series.repository
        if run.series.origin is Origin.ACTIONS:
            failed = self._runs.failed_jobs(repository, run.id, run.attempt)
        else:
            failed = self._runs.failed_checks(repository, run.id)
        looked = [self._excerpt(repository, job) for job in failed[:EXCERPTS]]
        named = [_named(job) for job in failed[EXCERPTS:JOBS]]
        return (*looked, *named), max(0, len(failed) - JOBS)

    def _excerpt(self, repository: str, job: FailedJob) -> Job:
        """Return *job* with what it noted or, where it noted nothing, the end of its log.

        Raises:
            Unavailable: GitHub did not answer.
        """
        shown = _named(job)
        try:
            noted = self._runs.annotations(repository, job.id)
            if noted:
                return replace(shown, annotations=tuple(map(self._masked, noted)))
            if not job.has_log:
                return shown
            step = job.steps[0] if job.steps else None
            window = Window(step.since, step.until) if step else Window()
            return replace(shown, tail=self._logs.tail(repository, job.id, window))
        except Unavailable:
            raise
        except BotError as error:  # what it said stays unknown; that it failed does not
            log.info("a job's words cannot be read", job=job.url, why=str(error))
            return shown

    def _masked(self, one: Annotation) -> Annotation:
        return replace(one, message=shortened(masked(one.message, self._secrets())))

    def _found(self, run: Run, jobs: tuple[Job, ...], hidden: int, trouble: str) -> Findings:
        waiting = self._waiting.behind(run)
        return Findings(run.place, jobs, hidden, self._author(run), waiting, trouble)

    def _author(self, run: Run) -> str | None:
        """Return the Slack id of who wrote the commit, else of who set the run off, or None."""
        person = GitHubUser(run.started_by.id, run.started_by.login) if run.started_by else None
        try:
            commit = self._commits.resolve(run.series.repository, run.sha)
            if commit.login is not None and commit.author_id is not None:
                person = GitHubUser(commit.author_id, commit.login)
        except BotError as error:
            log.info("the author of a commit is not known", run=run.url, why=str(error))
        return self._roster.known(person) if person is not None else None

    def _put_off(self, watched: Watched, pause: timedelta) -> None:
        now = self._clock.now()
        with self._database.write() as connection:
            newest = self._book.of(connection, watched.series)
            if newest.track == watched.track:
                self._book.write(connection, replace(newest, look_at=now + pause), now)

    def _settle(self, watched: Watched, found: Findings | None) -> None:
        """Tell what was found, unless something newer was heard of meanwhile: that is due then."""
        now = self._clock.now()
        with self._database.write() as connection:
            newest = self._book.of(connection, watched.series)
            if newest.track != watched.track:
                return
            settled = replace(newest, findings=found or newest.findings, look_at=None, tries=0)
            if found is None:
                self._book.write(connection, settled, now)
            else:
                self._telling.found(connection, settled, found.author, now)


def _named(job: FailedJob) -> Job:
    # A step without a name is called like the command that it runs.
    steps = tuple(masked(step.name) for step in job.steps)
    return Job(job.id, job.name, job.conclusion, job.url, steps)
