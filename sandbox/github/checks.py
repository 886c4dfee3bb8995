"""What CI reported on commits: check runs and commit statuses, and what they add up to."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from werkzeug.wrappers import Response

from sandbox.github import shapes
from sandbox.github.commits import chosen_commit
from sandbox.github.rest import Asked, Route, missing, page, stamp
from sandbox.wire import answer

if TYPE_CHECKING:
    from sandbox.github.repositories import Repository
    from sandbox.github.state import State

GREEN = frozenset({"success", "neutral", "skipped"})
READ_CHECKS = ("checks", "read")
READ_STATUSES = ("statuses", "read")


@dataclass(frozen=True, slots=True)
class CheckRun:
    """One run of one check. *conclusion* is None until *status* is ``completed``."""

    id: int
    sha: str
    name: str
    status: str
    conclusion: str | None
    started: datetime
    suite: int
    app: str
    url: str

    @property
    def node(self) -> str:
        """Return its id in GraphQL."""
        return f"CR_{self.id}"


@dataclass(frozen=True, slots=True)
class CommitStatus:
    """One report of a status context: ``error``, ``failure``, ``pending`` or ``success``."""

    id: int
    sha: str
    context: str
    state: str
    at: datetime
    description: str
    url: str


@dataclass
class Checks:
    """Everything reported, in order, by repository number."""

    _runs: dict[int, list[CheckRun]] = field(default_factory=dict)
    _statuses: dict[int, list[CommitStatus]] = field(default_factory=dict)
    _suites: dict[tuple[int, str, str], int] = field(default_factory=dict)
    _next: int = 70000

    def suite(self, repository: int, sha: str, app: str) -> int:
        """Return the number of the suite that *app* has on a commit, made if it is new."""
        if (repository, sha, app) not in self._suites:
            self._next += 1
            self._suites[repository, sha, app] = self._next
        return self._suites[repository, sha, app]

    def add_run(
        self,
        repository: int,
        sha: str,
        name: str,
        status: str,
        conclusion: str | None,
        started: datetime,
        suite: str,
        url: str,
    ) -> CheckRun:
        """Report a run; an earlier one of that name in the suite is no longer the latest."""
        number = self.suite(repository, sha, suite)
        self._next += 1
        conclusion = conclusion if status == "completed" else None
        run = CheckRun(
            self._next,
            sha,
            name,
            status,
            conclusion,
            started,
            number,
            suite,
            url or f"https://ci.example/{self._next}",
        )
        self._runs.setdefault(repository, []).append(run)
        return run

    def add_status(
        self,
        repository: int,
        sha: str,
        context: str,
        state: str,
        at: datetime,
        description: str,
        url: str,
    ) -> CommitStatus:
        """Report a status; it replaces the context's earlier one."""
        self._next += 1
        made = CommitStatus(self._next, sha, context, state, at, description, url)
        self._statuses.setdefault(repository, []).append(made)
        return made

    def forget(self, repository: int, sha: str) -> None:
        """Drop everything that was reported on a commit."""
        runs, statuses = self._runs.get(repository, []), self._statuses.get(repository, [])
        runs[:] = [run for run in runs if run.sha != sha]
        statuses[:] = [one for one in statuses if one.sha != sha]
        for key in [key for key in self._suites if key[:2] == (repository, sha)]:
            del self._suites[key]

    def runs(self, repository: int, sha: str, *, latest: bool = True) -> list[CheckRun]:
        """Return a commit's runs, newest first; *latest*: only the last of each name and suite."""
        found = [run for run in self._runs.get(repository, []) if run.sha == sha][::-1]
        if not latest:
            return found
        firsts: dict[tuple[int, str], CheckRun] = {}
        for run in found:
            firsts.setdefault((run.suite, run.name), run)
        return list(firsts.values())

    def run(self, repository: int, number: int) -> CheckRun | None:
        """Return one run by its number, or None."""
        return next((run for run in self._runs.get(repository, []) if run.id == number), None)

    def of_suite(self, repository: int, suite: int) -> list[CheckRun]:
        """Return the latest runs of one suite, newest first."""
        shas = {run.sha for run in self._runs.get(repository, []) if run.suite == suite}
        return [one for sha in shas for one in self.runs(repository, sha) if one.suite == suite]

    def statuses(self, repository: int, sha: str, *, latest: bool = True) -> list[CommitStatus]:
        """Return a commit's statuses, newest first; *latest*: only the last of each context."""
        found = [one for one in self._statuses.get(repository, []) if one.sha == sha][::-1]
        if not latest:
            return found
        firsts: dict[str, CommitStatus] = {}
        for one in found:
            firsts.setdefault(one.context, one)
        return list(firsts.values())

    def suites(self, repository: int, sha: str) -> list[tuple[int, str]]:
        """Return the number and the app of each suite on a commit."""
        return [
            (number, app)
            for (of, commit, app), number in self._suites.items()
            if (of, commit) == (repository, sha)
        ]

    def rollup(self, repository: int, sha: str) -> str | None:
        """Return what a commit's checks and statuses add up to; None when nothing was reported."""
        states = {_state(run) for run in self.runs(repository, sha)}
        states |= {one.state.upper() for one in self.statuses(repository, sha)}
        order = ("FAILURE", "ERROR", "PENDING", "SUCCESS")
        return next((state for state in order if state in states), None)


def _state(run: CheckRun) -> str:
    if run.status != "completed":
        return "PENDING"
    return "SUCCESS" if run.conclusion in GREEN else "FAILURE"


def combined(statuses: Iterable[CommitStatus]) -> str:
    """Return the combined state in REST, which is pending when there are no statuses."""
    states = {one.state for one in statuses}
    if states & {"failure", "error"}:
        return "failure"
    return "pending" if not states or "pending" in states else "success"


def shown_run(state: "State", repository: "Repository", run: CheckRun) -> dict[str, Any]:
    """Return a check run's JSON."""
    ended = stamp(run.started) if run.status == "completed" else None
    return {
        "id": run.id,
        "node_id": run.node,
        "name": run.name,
        "head_sha": run.sha,
        "external_id": "",
        "url": f"{state.link(repository)}/check-runs/{run.id}",
        "html_url": f"{state.page(repository)}/runs/{run.id}",
        "details_url": run.url,
        "status": run.status,
        "conclusion": run.conclusion,
        "started_at": stamp(run.started),
        "completed_at": ended,
        "output": {
            "title": None,
            "summary": None,
            "text": None,
            "annotations_count": len(state.actions.annotations.get(run.id, ())),
            "annotations_url": f"{state.link(repository)}/check-runs/{run.id}/annotations",
        },
        "check_suite": {"id": run.suite},
        "app": shapes.integration(state, run.app),
        "pull_requests": [],
    }


def _check_runs(state: "State", asked: Asked) -> Response:
    sha = chosen_commit(asked, asked.path["ref"])
    with state.lock:
        latest = asked.query.get("filter", "latest") == "latest"
        runs = state.checks.runs(asked.repository.id, sha, latest=latest)
    for word, value in (("check_name", "name"), ("status", "status")):
        if word in asked.query:
            runs = [run for run in runs if getattr(run, value) == asked.query[word]]
    shown, links = page(asked, [shown_run(state, asked.repository, run) for run in runs])
    return answer({"total_count": len(runs), "check_runs": shown}, headers=links)


def _check_run(state: "State", asked: Asked) -> Response:
    run = state.checks.run(asked.repository.id, asked.path["number"])
    if run is None:
        raise missing()
    return answer(shown_run(state, asked.repository, run))


def _check_suites(state: "State", asked: Asked) -> Response:
    sha = chosen_commit(asked, asked.path["ref"])
    repository = asked.repository.id
    with state.lock:
        suites = state.checks.suites(repository, sha)
        runs = state.checks.runs(repository, sha)
    items = [
        _shown_suite(number, app, sha, [r for r in runs if r.suite == number])
        for number, app in suites
    ]
    shown, links = page(asked, items)
    return answer({"total_count": len(items), "check_suites": shown}, headers=links)


def _shown_suite(number: int, app: str, sha: str, runs: list[CheckRun]) -> dict[str, Any]:
    done = bool(runs) and all(run.status == "completed" for run in runs)
    bad = next((run.conclusion for run in runs if run.conclusion not in GREEN), None)
    return {
        "id": number,
        "node_id": f"CS_{number}",
        "head_sha": sha,
        "status": "completed" if done else "queued",
        "conclusion": (bad or "success") if done else None,
        "app": {"id": 15368, "slug": app, "name": app},
        "latest_check_runs_count": len(runs),
        "pull_requests": [],
    }


def _shown_status(state: "State", repository: "Repository", one: CommitStatus) -> dict[str, Any]:
    return {
        "id": one.id,
        "node_id": f"SC_{one.id}",
        "url": f"{state.link(repository)}/statuses/{one.sha}",
        "state": one.state,
        "context": one.context,
        "description": one.description or None,
        "target_url": one.url or None,
        "created_at": stamp(one.at),
        "updated_at": stamp(one.at),
    }


def _status(state: "State", asked: Asked) -> Response:
    repository, sha = asked.repository, chosen_commit(asked, asked.path["ref"])
    with state.lock:
        statuses = state.checks.statuses(repository.id, sha)
    shown, links = page(asked, [_shown_status(state, repository, one) for one in statuses])
    body = {
        "state": combined(statuses),
        "sha": sha,
        "total_count": len(statuses),
        "statuses": shown,
        "repository": {
            "id": repository.id,
            "name": repository.name,
            "full_name": repository.full_name,
        },
        "commit_url": f"{state.link(repository)}/commits/{sha}",
        "url": f"{state.link(repository)}/commits/{sha}/status",
    }
    return answer(body, headers=links)


def _statuses(state: "State", asked: Asked) -> Response:
    repository, sha = asked.repository, chosen_commit(asked, asked.path["ref"])
    with state.lock:
        statuses = state.checks.statuses(repository.id, sha, latest=False)
    shown, links = page(asked, [_shown_status(state, repository, one) for one in statuses])
    return answer(shown, headers=links)


ROUTES = (
    Route("check_runs", "GET", "/commits/<path:ref>/check-runs", _check_runs, READ_CHECKS),
    Route("check_run", "GET", "/check-runs/<int:number>", _check_run, READ_CHECKS),
    Route("check_suites", "GET", "/commits/<path:ref>/check-suites", _check_suites, READ_CHECKS),
    Route("status", "GET", "/commits/<path:ref>/status", _status, READ_STATUSES),
    Route("statuses", "GET", "/commits/<path:ref>/statuses", _statuses, READ_STATUSES),
)
