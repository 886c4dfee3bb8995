"""The routes of GitHub Actions, and what its webhooks say."""

from typing import TYPE_CHECKING, Any

from werkzeug.wrappers import Request, Response

from sandbox.github import shapes
from sandbox.github.actions import (
    BAD,
    RERUN_WITHIN,
    Annotation,
    Attempt,
    Job,
    Permission,
    WorkflowRun,
)
from sandbox.github.checks import shown_run
from sandbox.github.rest import Asked, Refused, Route, missing, page, stamp
from sandbox.wire import answer

if TYPE_CHECKING:
    from sandbox.github.repositories import Repository
    from sandbox.github.state import State

READ = ("actions", "read")
WRITE = ("actions", "write")
READ_CHECKS = ("checks", "read")
METADATA = ("metadata", "read")

STALE = "Unable to retry this workflow run because it was created over a month ago"
NOT_FAILED = "Unable to retry this workflow run because it was not attempted with failed jobs."
UNDER_WAY = "This workflow is already running"


def shown_workflow_run(state: "State", run: WorkflowRun, attempt: Attempt) -> dict[str, Any]:
    """Return the JSON of one attempt of a run."""
    home = _repository(state, run.repository)
    link = f"{state.link(home)}/actions/runs/{run.id}"
    number = attempt.number
    return {
        "id": run.id,
        "name": run.name,
        "node_id": f"WFR_{run.id}",
        "check_suite_id": run.suite,
        "check_suite_node_id": f"CS_{run.suite}",
        "head_branch": run.branch,
        "head_sha": run.sha,
        "path": f".github/workflows/{run.name}.yml",
        "run_number": run.number,
        "run_attempt": number,
        "referenced_workflows": [],
        "event": run.event,
        "display_title": _title(home, run.sha),
        "status": "queued" if attempt.conclusion is None else "completed",
        "conclusion": attempt.conclusion,
        "workflow_id": run.workflow,
        "url": link,
        "html_url": f"{state.page(home)}/actions/runs/{run.id}",
        "pull_requests": [],
        "created_at": stamp(run.created),
        "updated_at": stamp(attempt.ended or attempt.started),
        "actor": shapes.user(state.accounts.add(run.actor), state.api),
        "triggering_actor": shapes.user(state.accounts.add(attempt.by), state.api),
        "run_started_at": stamp(attempt.started),
        "jobs_url": f"{link}/jobs",
        "logs_url": f"{link}/logs",
        "check_suite_url": f"{state.link(home)}/check-suites/{run.suite}",
        "artifacts_url": f"{link}/artifacts",
        "cancel_url": f"{link}/cancel",
        "rerun_url": f"{link}/rerun",
        "previous_attempt_url": f"{link}/attempts/{number - 1}" if number > 1 else None,
        "workflow_url": f"{state.link(home)}/actions/workflows/{run.workflow}",
        "head_commit": shapes.simple_commit(home, run.sha),
        "repository": shapes.minimal_repository(state, home),
        "head_repository": shapes.minimal_repository(state, _repository(state, run.head)),
        "head_repository_id": run.head,
    }


def told_of_run(state: "State", run: WorkflowRun) -> dict[str, Any]:
    """Return the payload of ``workflow_run``, completed."""
    home = _repository(state, run.repository)
    workflow = {
        "id": run.workflow,
        "node_id": f"W_{run.workflow}",
        "name": run.name,
        "path": f".github/workflows/{run.name}.yml",
        "state": "active",
        "created_at": shapes.EPOCH,
        "updated_at": shapes.EPOCH,
        "url": f"{state.link(home)}/actions/workflows/{run.workflow}",
        "html_url": f"{state.page(home)}/blob/main/.github/workflows/{run.name}.yml",
        "badge_url": f"{state.page(home)}/workflows/{run.name}/badge.svg",
    }
    return {
        "action": "completed",
        "workflow_run": shown_workflow_run(state, run, run.last),
        "workflow": workflow,
        "repository": shapes.repository(state, home),
        "sender": shapes.user(state.accounts.add(run.last.by), state.api),
    }


def told_of_suite(
    state: "State", home: "Repository", suite: int, app: str, branch: str | None, sha: str
) -> dict[str, Any]:
    """Return the payload of ``check_suite``, completed."""
    runs = [one for one in state.checks.runs(home.id, sha) if one.suite == suite]
    bad = next((one.conclusion for one in runs if one.conclusion in BAD), "success")
    link = f"{state.link(home)}/check-suites/{suite}"
    now = stamp(state.clock.now())
    shown = {
        "id": suite,
        "node_id": f"CS_{suite}",
        "head_branch": branch,
        "head_sha": sha,
        "status": "completed",
        "conclusion": bad,
        "url": link,
        "before": "0" * 40,
        "after": sha,
        "pull_requests": [],
        "app": shapes.integration(state, app),
        "created_at": now,
        "updated_at": now,
        "rerequestable": True,
        "runs_rerequestable": True,
        "latest_check_runs_count": len(runs),
        "check_runs_url": f"{link}/check-runs",
        "head_commit": shapes.simple_commit(home, sha),
    }
    return {
        "action": "completed",
        "check_suite": shown,
        "repository": shapes.repository(state, home),
        "sender": shapes.user(state.accounts.add(app), state.api),
    }


def shown_job(state: "State", run: WorkflowRun, attempt: Attempt, job: Job) -> dict[str, Any]:
    """Return a job's JSON."""
    home = _repository(state, run.repository)
    first, last = job.steps[0], job.steps[-1]
    steps = [
        {
            "name": one.name,
            "status": "completed",
            "conclusion": one.conclusion,
            "number": one.number,
            "started_at": stamp(one.started),
            "completed_at": stamp(one.ended),
        }
        for one in job.steps
    ]
    return {
        "id": job.id,
        "run_id": run.id,
        "run_url": f"{state.link(home)}/actions/runs/{run.id}",
        "run_attempt": attempt.number,
        "node_id": f"CR_{job.id}",
        "head_sha": run.sha,
        "url": f"{state.link(home)}/actions/jobs/{job.id}",
        "html_url": f"{state.page(home)}/actions/runs/{run.id}/job/{job.id}",
        "status": "completed",
        "conclusion": job.conclusion,
        "created_at": stamp(first.started),
        "started_at": stamp(first.started),
        "completed_at": stamp(last.ended),
        "name": job.work.name,
        "steps": steps,
        "check_run_url": f"{state.link(home)}/check-runs/{job.id}",
        "labels": ["ubuntu-latest"],
        "runner_id": 1,
        "runner_name": "GitHub Actions 1",
        "runner_group_id": 1,
        "runner_group_name": "Default",
        "workflow_name": run.name,
        "head_branch": run.branch,
    }


def _shown_annotation(state: "State", home: "Repository", one: Annotation) -> dict[str, Any]:
    return {
        "path": one.path,
        "blob_href": f"{state.link(home)}/contents/{one.path}",
        "start_line": one.line,
        "end_line": one.line,
        "start_column": None,
        "end_column": None,
        "annotation_level": one.level,
        "title": one.title,
        "message": one.message,
        "raw_details": None,
    }


def _title(home: "Repository", sha: str) -> str:
    return home.objects.commit(sha).message.partition("\n")[0]


def _repository(state: "State", number: int) -> "Repository":
    found = state.repositories.by_id(number)
    assert found is not None, number
    return found


def _run(state: "State", asked: Asked) -> WorkflowRun:
    run = state.actions.runs.get(asked.path["run"])
    if run is None or run.repository != asked.repository.id:
        raise missing()
    return run


def _read_run(state: "State", asked: Asked) -> Response:
    with state.lock:
        run = _run(state, asked)
        return answer(shown_workflow_run(state, run, run.last))


def _jobs(state: "State", asked: Asked) -> Response:
    with state.lock:
        run, number = _run(state, asked), asked.path["attempt"]
        attempt = next((one for one in run.attempts if one.number == number), None)
        if attempt is None:
            raise missing()
        shown, links = page(asked, [shown_job(state, run, attempt, job) for job in attempt.jobs])
        return answer({"total_count": len(attempt.jobs), "jobs": shown}, headers=links)


def _annotations(state: "State", asked: Asked) -> Response:
    with state.lock:
        number = asked.path["number"]
        of_check = state.checks.run(asked.repository.id, number)
        if number not in state.actions.jobs and of_check is None:
            raise missing()
        made = state.actions.annotations.get(number, [])
        shown = [_shown_annotation(state, asked.repository, one) for one in made]
    chosen, links = page(asked, shown)
    return answer(chosen, headers=links)


def _logs(state: "State", asked: Asked) -> Response:
    with state.lock:
        if asked.path["job"] not in state.actions.jobs:
            raise missing()
        signature = state.actions.sign(asked.path["job"], state.wall.now())
    return Response(status=302, headers={"Location": f"{state.site}/_logs?sig={signature}"})


def log_file(state: "State", request: Request) -> Response:
    """Answer as the storage does that holds the logs: who shows it a token of GitHub's is refused.

    Source: https://learn.microsoft.com/en-us/rest/api/storageservices/common-rest-api-error-codes
    """
    with state.lock:
        job = state.actions.signed(request.args.get("sig", ""), state.wall.now())
    if "Authorization" in request.headers or job is None:
        code = "<Code>AuthenticationFailed</Code>"
        return Response(f"<Error>{code}</Error>", 403, content_type="application/xml")
    return Response(job.log, content_type="text/plain")


def _rerun(state: "State", asked: Asked) -> Response:
    asked.body()
    with state.lock:
        run = _run(state, asked)
        if run.status != "completed":
            raise Refused(403, UNDER_WAY)
        if state.clock.now() - run.created > RERUN_WITHIN:
            raise Refused(403, STALE)
        if not any(job.conclusion in BAD for job in run.last.jobs):
            raise Refused(403, NOT_FAILED)
        assert asked.token is not None
        state.actions.again(run, asked.token.account.login, state.clock.now())
    return answer({}, 201)


def _suite_runs(state: "State", asked: Asked) -> Response:
    with state.lock:
        runs = state.checks.of_suite(asked.repository.id, asked.path["suite"])
    if not runs:
        raise missing()
    shown, links = page(asked, [shown_run(state, asked.repository, run) for run in runs])
    return answer({"total_count": len(runs), "check_runs": shown}, headers=links)


def _permission(state: "State", asked: Asked) -> Response:
    with state.lock:
        account = state.accounts.get(asked.path["login"])
        if account is None:
            raise missing()
        key = (asked.repository.id, account.login.lower())
        permission = state.actions.collaborators.get(key, Permission.READ)
        may = {Permission.ADMIN: 4, Permission.WRITE: 3, Permission.READ: 1, Permission.NONE: 0}
        names = ("pull", "triage", "push", "maintain", "admin")
        rights = {
            name: index < may[permission] + (permission == "admin")
            for index, name in enumerate(names)
        }
        shown = shapes.user(account, state.api) | {
            "permissions": rights,
            "role_name": permission.value,
        }
    return answer({"permission": permission.value, "role_name": permission.value, "user": shown})


ROUTES = (
    Route("workflow_run", "GET", "/actions/runs/<int:run>", _read_run, READ),
    Route("jobs", "GET", "/actions/runs/<int:run>/attempts/<int:attempt>/jobs", _jobs, READ),
    Route("annotations", "GET", "/check-runs/<int:number>/annotations", _annotations, READ_CHECKS),
    Route("logs", "GET", "/actions/jobs/<int:job>/logs", _logs, READ),
    Route("rerun", "POST", "/actions/runs/<int:run>/rerun-failed-jobs", _rerun, WRITE),
    Route("suite_runs", "GET", "/check-suites/<int:suite>/check-runs", _suite_runs, READ_CHECKS),
    Route("permission", "GET", "/collaborators/<login>/permission", _permission, METADATA),
)
