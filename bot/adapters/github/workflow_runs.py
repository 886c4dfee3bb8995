"""Runs of CI at GitHub: which jobs failed and where, and running them again."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.adapters.github.answers import count, decoded, moment, text
from bot.adapters.github.client import GitHub, quoted
from bot.domain.ci.findings import Annotation

MOST_PAGES = 3
"""Pages of 100 jobs that are read: GitHub starts at most 256 jobs from one matrix."""

MOST_ANNOTATIONS = 50
"""GitHub keeps at most 10 errors of a step and 50 of a run.

Source: https://docs.github.com/en/rest/checks/runs
"""

FAILED = frozenset({"failure", "timed_out", "startup_failure", "action_required", "cancelled"})
EXIT = "Process completed with exit code"
"""What the runner itself notes for every step that fails: it says nothing of why."""


@dataclass(frozen=True, slots=True)
class FailedStep:
    """A step that failed, and when it ran, if GitHub says so."""

    name: str
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class FailedJob:
    """A job that failed; *has_log* tells whether it ran on a runner of GitHub Actions."""

    id: int
    name: str
    conclusion: str
    url: str
    steps: tuple[FailedStep, ...] = ()
    has_log: bool = True


@dataclass(frozen=True, slots=True)
class Attempt:
    """Which attempt of a run is the newest, and whether it has ended."""

    number: int
    has_ended: bool


class WorkflowRuns:
    """Reads runs of any repository that the login may see, and starts them again."""

    def __init__(self, github: GitHub) -> None:
        self._github = github

    def failed_jobs(self, repo: str, run: int, attempt: int) -> tuple[FailedJob, ...]:
        """Return the jobs of one attempt that failed; those that only were cut off come last.

        Raises:
            Forbidden: our login has no right actions:read.

        Source: https://docs.github.com/en/rest/actions/workflow-jobs#list-jobs-for-a-workflow-run-attempt
        """
        doing = f"read the jobs of run {run} in {repo}"
        path = f"/repos/{quoted(repo)}/actions/runs/{run}/attempts/{attempt}/jobs"
        found = self._listed(doing, path, "jobs", _job)
        return tuple(sorted(found, key=lambda job: job.conclusion == "cancelled"))

    def failed_checks(self, repo: str, suite: int) -> tuple[FailedJob, ...]:
        """Return the checks of a suite that failed.

        Raises:
            Forbidden: our login has no right checks:read.

        Source: https://docs.github.com/en/rest/checks/runs#list-check-runs-in-a-check-suite
        """
        doing = f"read the checks of suite {suite} in {repo}"
        path = f"/repos/{quoted(repo)}/check-suites/{suite}/check-runs"
        return self._listed(doing, path, "check_runs", _check)

    def annotations(self, repo: str, job: int) -> tuple[Annotation, ...]:
        """Return what was noted as a failure, without what the runner notes of every failure.

        Raises:
            Forbidden: our login has no right checks:read.

        Source: https://docs.github.com/en/rest/checks/runs#list-check-run-annotations
        """
        doing = f"read what job {job} of {repo} noted"
        path = f"/repos/{quoted(repo)}/check-runs/{job}/annotations"
        most = {"per_page": str(MOST_ANNOTATIONS)}
        body = self._github.rest("annotations", doing, "GET", path, parameters=most)
        return decoded(doing, _annotations, body)

    def newest(self, repo: str, run: int) -> Attempt:
        """Return the newest attempt of a run.

        Source: https://docs.github.com/en/rest/actions/workflow-runs#get-a-workflow-run
        """
        doing = f"read run {run} of {repo}"
        path = f"/repos/{quoted(repo)}/actions/runs/{run}"
        return decoded(doing, _attempt, self._github.rest("workflow_run", doing, "GET", path))

    def rerun_failed(self, repo: str, run: int) -> None:
        """Let the failed jobs of a run, and those that depend on them, run again.

        Raises:
            Forbidden: GitHub will not, and says why; or our login has no right actions:write.

        Source: https://docs.github.com/en/rest/actions/workflow-runs#re-run-failed-jobs-from-a-workflow-run
        """
        doing = f"run the failed jobs of run {run} in {repo} again"
        # A write under an old name is dropped, so the name of today is asked for.
        path = f"/repos/{quoted(self._github.canonical(repo))}/actions/runs/{run}/rerun-failed-jobs"
        self._github.rest("rerun", doing, "POST", path, input={})

    def _listed(self, doing: str, path: str, key: str, decode: Any) -> tuple[FailedJob, ...]:
        found: list[FailedJob] = []
        for number in range(1, MOST_PAGES + 1):
            pages = {"per_page": "100", "page": str(number)}
            body = self._github.rest("jobs", doing, "GET", path, parameters=pages)
            listed = decoded(doing, lambda body: [decode(one) for one in body[key]], body)
            found += [one for one in listed if one.conclusion in FAILED]
            if number * 100 >= decoded(doing, lambda body: count(body["total_count"]), body):
                break
        return tuple(found)


# decoders


def _job(body: Any) -> FailedJob:
    steps = tuple(
        FailedStep(text(one["name"]), _time(one.get("started_at")), _time(one.get("completed_at")))
        for one in body.get("steps") or ()
        if one["conclusion"] in FAILED
    )
    address = body["html_url"]
    return FailedJob(
        count(body["id"]),
        text(body["name"]),
        body["conclusion"] or "",
        "" if address is None else text(address),
        steps,
    )


def _check(body: Any) -> FailedJob:
    address = body["details_url"] or body["html_url"] or ""
    name, ended = text(body["name"]), body["conclusion"] or ""
    return FailedJob(count(body["id"]), name, ended, text(address), has_log=False)


def _annotations(body: Any) -> tuple[Annotation, ...]:
    return tuple(
        Annotation(text(one["path"]), count(one["start_line"]), text(one["message"]))
        for one in body
        if one["annotation_level"] == "failure"
        and one["message"]
        and not one["message"].startswith(EXIT)
    )


def _attempt(body: Any) -> Attempt:
    return Attempt(count(body["run_attempt"]), text(body["status"]) == "completed")


def _time(value: Any) -> datetime | None:
    return None if value is None else moment(value)
