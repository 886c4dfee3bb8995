"""What GitHub's webhooks say of CI: a payload in, a run that has ended out. Pure.

A webhook that has not ended, or is of a fork, of no branch, or of GitHub Actions twice (each run is
a check suite, too) is no run here: None.
"""

from collections.abc import Mapping
from typing import Any

from bot.adapters.github.answers import count, decoded, full_sha, moment, text
from bot.domain.ci.runs import Account, Conclusion, Origin, Run, Series

ACTIONS = "github-actions"
"""The App behind GitHub Actions: its suites are told by ``workflow_run``, and better."""

COMPLETED = "completed"
LONGEST_NAME = 255
"""What a branch or workflow may be called at most; more is no name of anything we watch."""


def workflow_run(body: Mapping[str, Any]) -> Run | None:
    """Return the run that a ``workflow_run`` webhook tells of, or None.

    Raises:
        Garbled: a field is missing or has the wrong shape.

    Source: https://docs.github.com/en/webhooks/webhook-events-and-payloads#workflow_run
    """
    if body.get("action") != COMPLETED:
        return None
    return decoded("read what a workflow_run webhook says", _workflow_run, body)


def check_suite(body: Mapping[str, Any]) -> Run | None:
    """Return the run of another CI system that a ``check_suite`` webhook tells of, or None.

    Raises:
        Garbled: a field is missing or has the wrong shape.

    Source: https://docs.github.com/en/webhooks/webhook-events-and-payloads#check_suite
    """
    if body.get("action") != COMPLETED:
        return None
    return decoded("read what a check_suite webhook says", _check_suite, body)


def _workflow_run(body: Mapping[str, Any]) -> Run | None:
    run, repository = body["workflow_run"], body["repository"]
    branch, home = run["head_branch"], text(repository["full_name"])
    head = run.get("head_repository")
    # A fork's pull request comes from a branch that may be called main as well.
    if branch is None or head is None or count(head["id"]) != count(repository["id"]):
        return None
    name = text(run["name"]) if run.get("name") else text(run.get("path") or "workflow")
    if len(text(branch)) > LONGEST_NAME:
        return None
    commit = run["head_commit"]
    return Run(
        series=Series(home, Origin.ACTIONS, str(count(run["workflow_id"])), branch),
        id=count(run["id"]),
        number=count(run["run_number"]),
        attempt=count(run["run_attempt"]),
        conclusion=_conclusion(run["conclusion"]),
        name=name[:LONGEST_NAME],
        sha=full_sha(run["head_sha"]),
        title=_title(commit),
        author=text(commit["author"]["name"]) if commit else "",
        url=text(run["html_url"]),
        at=moment(run["updated_at"]),
        started_by=_account(run.get("triggering_actor") or run.get("actor") or body.get("sender")),
        on_default=branch == repository.get("default_branch"),
    )


def _check_suite(body: Mapping[str, Any]) -> Run | None:
    suite, repository = body["check_suite"], body["repository"]
    branch, app = suite["head_branch"], suite["app"] or {}
    # Older servers send no slug; nobody could tell then whether it is Actions' own suite.
    slug = app.get("slug")
    if not branch or not slug or slug == ACTIONS or len(text(branch)) > LONGEST_NAME:
        return None
    commit, sha, at = suite["head_commit"], full_sha(suite["head_sha"]), moment(suite["updated_at"])
    page = f"{text(repository['html_url'])}/commit/{sha}/checks"
    return Run(
        series=Series(text(repository["full_name"]), Origin.CHECKS, text(slug), branch),
        id=count(suite["id"]),
        # Suites are numbered in the order of pushes; a repeated one keeps its number.
        number=count(suite["id"]),
        attempt=int(at.timestamp()),
        conclusion=_conclusion(suite["conclusion"]),
        name=text(app["name"])[:LONGEST_NAME],
        sha=sha,
        title=_title(commit),
        author=text(commit["author"]["name"]) if commit else "",
        url=f"{page}?check_suite_id={count(suite['id'])}",
        at=at,
        on_default=branch == repository.get("default_branch"),
    )


def _conclusion(value: Any) -> Conclusion:
    known = {one.value for one in Conclusion}
    return Conclusion(value) if value in known else Conclusion.UNKNOWN


def _title(commit: Any) -> str:
    return text(commit["message"]).strip().partition("\n")[0].strip()[:300] if commit else ""


def _account(value: Any) -> Account | None:
    return Account(text(value["login"]), count(value["id"])) if value else None
