"""What CI says: check runs and statuses, nothing reported, several runs of one name."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from sandbox.github import GitHub
from tests.sandbox.github_ground import NOON, REPO, ask, http, pygithub, world

ROLLUP = """query($oid:GitObjectID!,$after:String){repository(owner:"acme",name:"gitops"){
 object(oid:$oid){... on Commit{statusCheckRollup{state
  contexts(first:100,after:$after){pageInfo{hasNextPage endCursor} nodes{__typename
   ... on CheckRun{name status conclusion startedAt detailsUrl}
   ... on StatusContext{context state targetUrl}}}}}}}}"""


@pytest.fixture
def fake(tmp_path: Path) -> Iterator[GitHub]:
    with world(tmp_path) as started:
        yield started


@pytest.fixture
def plain(fake: GitHub) -> Iterator[httpx.Client]:
    with http(fake) as opened:
        yield opened


def rollup(plain: httpx.Client, sha: str, after: str | None = None):
    found = ask(plain, ROLLUP, oid=sha, after=after)["data"]["repository"]["object"]
    return found["statusCheckRollup"]


def test_nothing_reported_is_a_null_rollup_and_a_pending_status(fake: GitHub, plain: httpx.Client):
    sha = fake.head(REPO)
    assert rollup(plain, sha) is None
    shown = plain.get(f"/repos/{REPO}/commits/{sha}/status").json()
    assert (shown["state"], shown["total_count"]) == ("pending", 0)


@pytest.mark.parametrize(
    ("runs", "statuses", "state"),
    [
        pytest.param(["success", "neutral", "skipped"], [], "SUCCESS", id="green"),
        pytest.param(["success", "failure"], [], "FAILURE", id="one red"),
        pytest.param(["cancelled"], [], "FAILURE", id="cancelled"),
        pytest.param(["startup_failure"], [], "FAILURE", id="did not start"),
        pytest.param(["success", None], [], "PENDING", id="one runs"),
        pytest.param([], ["success"], "SUCCESS", id="status green"),
        pytest.param(["success"], ["error"], "ERROR", id="status error"),
        pytest.param(["success"], ["pending"], "PENDING", id="status pending"),
        pytest.param(["failure"], ["pending"], "FAILURE", id="red beats pending"),
    ],
)
def test_a_rollup_adds_up_runs_and_statuses(
    fake: GitHub, plain: httpx.Client, runs: list[str | None], statuses: list[str], state: str
):
    sha = fake.head(REPO)
    for number, conclusion in enumerate(runs):
        status = "completed" if conclusion else "in_progress"
        fake.report_check(REPO, sha, f"check {number}", status, conclusion)
    for number, said in enumerate(statuses):
        fake.report_status(REPO, sha, f"context {number}", said)
    assert rollup(plain, sha)["state"] == state


def test_contexts_are_of_both_kinds(fake: GitHub, plain: httpx.Client):
    sha = fake.head(REPO)
    fake.report_check(REPO, sha, "ci", "queued", "success", started=NOON, url="https://ci/1")
    fake.report_status(REPO, sha, "lint", "failure", url="https://lint/1")
    assert rollup(plain, sha)["contexts"]["nodes"] == [
        {
            "__typename": "CheckRun",
            "name": "ci",
            "status": "QUEUED",
            "conclusion": None,
            "startedAt": "2026-11-02T12:00:00Z",
            "detailsUrl": "https://ci/1",
        },
        {
            "__typename": "StatusContext",
            "context": "lint",
            "state": "FAILURE",
            "targetUrl": "https://lint/1",
        },
    ]


def test_more_than_100_contexts_come_in_pages(fake: GitHub, plain: httpx.Client):
    sha = fake.head(REPO)
    for number in range(120):
        fake.report_check(REPO, sha, f"check {number}")
    first = rollup(plain, sha)["contexts"]
    second = rollup(plain, sha, first["pageInfo"]["endCursor"])["contexts"]
    names = {one["name"] for part in (first, second) for one in part["nodes"]}
    assert (len(first["nodes"]), len(second["nodes"]), len(names)) == (100, 20, 120)
    assert [part["pageInfo"]["hasNextPage"] for part in (first, second)] == [True, False]
    found = pygithub(fake).get_repo(REPO).get_commit(sha).get_check_runs()
    assert len(list(found)) == 120


def test_a_rerun_replaces_its_run_and_another_suite_stands_beside(
    fake: GitHub, plain: httpx.Client
):
    sha = fake.head(REPO)
    fake.report_check(REPO, sha, "ci", conclusion="failure", started=NOON)
    fake.report_check(REPO, sha, "ci", conclusion="success", started=NOON + timedelta(minutes=1))
    fake.report_check(REPO, sha, "ci", conclusion="failure", started=NOON, suite="other")
    nodes = rollup(plain, sha)["contexts"]["nodes"]
    assert [one["conclusion"] for one in nodes] == ["FAILURE", "SUCCESS"]
    runs = f"/repos/{REPO}/commits/{sha}/check-runs"
    assert plain.get(runs).json()["total_count"] == 2
    assert plain.get(runs, params={"filter": "all"}).json()["total_count"] == 3
    suites = plain.get(f"/repos/{REPO}/commits/{sha}/check-suites").json()["check_suites"]
    assert [one["conclusion"] for one in suites] == ["success", "failure"]


def test_a_run_has_no_conclusion_until_it_is_completed(fake: GitHub, plain: httpx.Client):
    run = fake.report_check(REPO, fake.head(REPO), "ci", "in_progress")
    shown = plain.get(f"/repos/{REPO}/check-runs/{run.id}").json()
    assert (shown["status"], shown["conclusion"]) == ("in_progress", None)


@pytest.mark.parametrize(
    ("said", "state"),
    [
        pytest.param(["success", "pending"], "pending", id="pending"),
        pytest.param(["success", "error"], "failure", id="error"),
        pytest.param(["success", "success"], "success", id="success"),
    ],
)
def test_statuses_combine(fake: GitHub, plain: httpx.Client, said: list[str], state: str):
    sha = fake.head(REPO)
    for number, one in enumerate(said):
        fake.report_status(REPO, sha, f"context {number}", one)
    assert plain.get(f"/repos/{REPO}/commits/{sha}/status").json()["state"] == state


def test_without_the_right_the_rollup_is_refused(fake: GitHub):
    fake.add_token("ghp_blind", "bo", {"contents": "read", "checks": "read"})
    sha = fake.head(REPO)
    with http(fake, "ghp_blind") as plain:
        (error,) = ask(plain, ROLLUP, oid=sha)["errors"]
    assert error["type"] == "FORBIDDEN"


def test_the_workflow_run_without_actions_read_fails_the_whole_query(fake: GitHub):
    rights = {"contents": "read", "checks": "read", "statuses": "read"}
    fake.add_token("ghp_blind", "bo", rights)
    fake.report_check(REPO, fake.head(REPO), "ci")
    query = """{repository(owner:"acme",name:"gitops"){object(expression:"main"){... on Commit{
      statusCheckRollup{contexts(first:9){nodes{... on CheckRun{
        checkSuite{workflowRun{id}}}}}}}}}}"""
    with http(fake, "ghp_blind") as plain:
        found = ask(plain, query)
    assert found["data"] is None
    assert found["errors"][0]["type"] == "FORBIDDEN"
