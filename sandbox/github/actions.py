"""GitHub Actions: runs of workflows with their attempts, jobs, steps, logs and annotations."""

import itertools
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum

LOG_LIVES = timedelta(minutes=1)
"""How long the address of a log is good for.

Source: https://docs.github.com/en/rest/actions/workflow-jobs#download-job-logs-for-a-workflow-run
"""

RERUN_WITHIN = timedelta(days=30)
"""Source: https://docs.github.com/en/actions/how-tos/manage-workflow-runs/re-run-workflows-and-jobs"""

EXIT = "Process completed with exit code 1."
BAD = frozenset({"failure", "timed_out", "startup_failure", "cancelled", "action_required"})


class Permission(StrEnum):
    """What somebody may do in a repository, in the old four words of GitHub."""

    ADMIN = "admin"
    WRITE = "write"
    READ = "read"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Annotation:
    """A message on a line of a file, of a *level* such as ``failure``."""

    path: str
    line: int
    message: str
    level: str = "failure"
    title: str = ""


@dataclass(frozen=True, slots=True)
class Work:
    """What a job is to do: fail at the step *fails_at*, which *says* something, or go well.

    *conclusion* is the job's end where a step fails. *annotations* come before the one that Actions
    makes by itself.
    """

    name: str
    fails_at: str | None = None
    says: tuple[str, ...] = ()
    annotations: tuple[Annotation, ...] = ()
    conclusion: str = "failure"

    @property
    def ending(self) -> str:
        """Return the conclusion of the job."""
        return self.conclusion if self.fails_at else "success"


@dataclass(frozen=True, slots=True)
class Step:
    """A step as it ended."""

    number: int
    name: str
    conclusion: str
    started: datetime
    ended: datetime


@dataclass(frozen=True, slots=True)
class Job:
    """A job as it ended; its *id* is that of its check run, too."""

    id: int
    work: Work
    conclusion: str
    steps: tuple[Step, ...]

    @property
    def log(self) -> bytes:
        """Return what the runner wrote, each line with its time."""
        said = itertools.chain.from_iterable(map(self._said, self.steps))
        return ("\ufeff" + "".join(f"{line}\n" for line in said)).encode()

    def _said(self, step: Step) -> list[str]:
        begun, ended = _moment(step.started), _moment(step.ended)
        lines = [f"{begun} ##[group]{step.name}", f"{begun} ##[endgroup]"]
        if step.conclusion == "success":
            return [*lines, f"{ended} done"]
        # Only the first line of what is printed at once has a time.
        lines += [
            f"{ended} {one}" if index == 0 else one for index, one in enumerate(self.work.says)
        ]
        return [*lines, f"{ended} ##[error]{EXIT}"]


@dataclass
class Attempt:
    """One attempt of a run; *conclusion* and *ended* are None while it is under way."""

    number: int
    started: datetime
    by: str
    jobs: list[Job] = field(default_factory=list)
    conclusion: str | None = None
    ended: datetime | None = None


@dataclass
class WorkflowRun:
    """One run of a workflow. *head* is the repository of its branch, another one for forks."""

    id: int
    suite: int
    repository: int
    workflow: int
    name: str
    number: int
    event: str
    branch: str
    sha: str
    head: int
    actor: str
    created: datetime
    attempts: list[Attempt] = field(default_factory=list)

    @property
    def last(self) -> Attempt:
        """Return the newest attempt."""
        return self.attempts[-1]

    @property
    def status(self) -> str:
        """Return GitHub's word for how far it is."""
        return "queued" if self.last.conclusion is None else "completed"


class Actions:
    """Every run of every repository. The caller holds the world's lock."""

    def __init__(self) -> None:
        self.runs: dict[int, WorkflowRun] = {}
        self.jobs: dict[int, Job] = {}
        self.annotations: dict[int, list[Annotation]] = {}
        self.when_rerun: list[Callable[[WorkflowRun], None]] = []
        self.collaborators: dict[tuple[int, str], Permission] = {}
        self._signed: dict[str, tuple[int, datetime]] = {}
        self._workflows: dict[tuple[int, str], int] = {}
        self._ids = itertools.count(500_001)

    def begin(
        self,
        repository: int,
        workflow: str,
        event: str,
        branch: str,
        sha: str,
        actor: str,
        at: datetime,
        *,
        suite: int,
        head: int | None = None,
    ) -> WorkflowRun:
        """Make a run, under way."""
        number = self._workflows.setdefault((repository, workflow), next(self._ids))
        before = [one for one in self.runs.values() if one.workflow == number]
        run = WorkflowRun(
            next(self._ids),
            suite,
            repository,
            number,
            workflow,
            len(before) + 1,
            event,
            branch,
            sha,
            head or repository,
            actor,
            at,
            [Attempt(1, at, actor)],
        )
        self.runs[run.id] = run
        return run

    def end(
        self,
        run: WorkflowRun,
        works: Mapping[int, Work],
        at: datetime,
        conclusion: str | None = None,
    ) -> None:
        """End the newest attempt as its jobs end, or by a *conclusion* of its own.

        *works* are the jobs by their numbers.
        """
        attempt = run.last
        attempt.jobs = [self._job(number, work, attempt.started) for number, work in works.items()]
        bad = [job.conclusion for job in attempt.jobs if job.conclusion in BAD]
        attempt.conclusion = conclusion or (bad[0] if bad else "success")
        attempt.ended = at

    def again(self, run: WorkflowRun, by: str, at: datetime) -> None:
        """Begin another attempt."""
        run.attempts.append(Attempt(len(run.attempts) + 1, at, by))
        for tell in self.when_rerun:
            tell(run)

    def sign(self, job: int, now: datetime) -> str:
        """Return the secret of an address by which the log of *job* can be had for a minute."""
        signature = secrets.token_urlsafe(24)
        self._signed[signature] = (job, now + LOG_LIVES)
        return signature

    def signed(self, signature: str, now: datetime) -> Job | None:
        """Return whose log *signature* opens; None when it is over."""
        job, until = self._signed.get(signature, (0, now))
        return self.jobs.get(job) if now < until else None

    def _job(self, number: int, work: Work, started: datetime) -> Job:
        names = ["Set up job", "Run actions/checkout@v4", work.fails_at or "Run tests"]
        steps = []
        for index, name in enumerate([*names, "Complete job"], 1):
            begun = started + timedelta(seconds=2 * index)
            conclusion = work.conclusion if name == work.fails_at else "success"
            steps.append(Step(index, name, conclusion, begun, begun + timedelta(seconds=1)))
        job = Job(number, work, work.ending, tuple(steps))
        self.jobs[job.id] = job
        made = [Annotation(".github", 7, EXIT)] if work.fails_at else []
        self.annotations[job.id] = [*work.annotations, *made]
        return job


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f0Z")
