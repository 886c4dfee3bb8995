"""GitHub Actions as the fake plays it, held to GitHub's own description of its answers."""

import gzip
import json
from datetime import timedelta
from pathlib import Path

import httpx
import jsonschema
import pytest

from sandbox.github.actions import Annotation, Work
from sandbox.github.actions_api import NOT_FAILED, STALE, UNDER_WAY
from tests.sandbox.github_ground import REPO, Still, http, world

SCHEMAS = json.loads(gzip.decompress((Path(__file__).parent / "openapi/ci.json.gz").read_bytes()))
BROKEN = Work(
    "test",
    fails_at="Run npm test",
    says=("FAIL src/login.test.ts", "  expected 1"),
    annotations=(Annotation("src/login.ts", 7, "expected 1, got 2"),),
)


@pytest.fixture
def still():
    return Still()


@pytest.fixture
def fake(tmp_path, still):
    with world(tmp_path, still) as started:
        yield started
        assert [] == started.strange


@pytest.fixture
def plain(fake):
    with http(fake) as opened:
        yield opened


def check(name, value):
    """Fail where *value* is not what GitHub promises for *name*."""
    schema = {"$ref": f"#/$defs/{name}", **SCHEMAS}
    jsonschema.Draft202012Validator(schema).validate(value)


def fails(fake, *works, **words):
    return fake.run_workflow(REPO, works or (Work("build"), BROKEN), tell=False, **words)


def test_a_run_its_jobs_and_annotations_have_githubs_shapes(fake, plain):
    run = fails(fake)
    shown = plain.get(f"/repos/{REPO}/actions/runs/{run.id}").json()
    check("workflow-run", shown)
    assert ("completed", "failure", 1) == (
        shown["status"],
        shown["conclusion"],
        shown["run_attempt"],
    )
    listed = plain.get(f"/repos/{REPO}/actions/runs/{run.id}/attempts/1/jobs").json()
    assert 2 == listed["total_count"]
    for job in listed["jobs"]:
        check("job", job)
    test = listed["jobs"][1]
    assert ["Run npm test"] == [s["name"] for s in test["steps"] if s["conclusion"] == "failure"]
    notes = plain.get(f"/repos/{REPO}/check-runs/{test['id']}/annotations").json()
    for note in notes:
        check("check-annotation", note)
    assert ["src/login.ts", ".github"] == [note["path"] for note in notes]


def test_what_webhooks_say_has_githubs_shapes(fake):
    told = []
    fake.deliver = lambda event, payload, guid=None: told.append((event, payload))
    fake.tell_of_run(fails(fake))
    fake.end_suite(REPO, "circleci-checks", [("build", "failure")])
    (first, run), (second, suite) = told
    assert ("workflow_run", "check_suite") == (first, second)
    check("webhook-workflow-run-completed", run)
    check("webhook-check-suite-completed", suite)


def test_the_runs_of_a_suite_have_githubs_shape(fake, plain):
    note = Annotation("a.py", 1, "no")
    words = [("build", "failure"), ("lint", "success")]
    suite = fake.end_suite(REPO, "circleci-checks", words, annotations=[note], tell=False)
    listed = plain.get(f"/repos/{REPO}/check-suites/{suite}/check-runs").json()["check_runs"]
    for one in listed:
        check("check-run", one)
    assert {"build", "lint"} == {one["name"] for one in listed}


def test_a_permission_has_githubs_shape(fake, plain):
    fake.let(REPO, "alice-kim", "write")
    fake.add_user("mallory")
    for login, expected in (("alice-kim", "write"), ("mallory", "read")):
        shown = plain.get(f"/repos/{REPO}/collaborators/{login}/permission").json()
        check("repository-collaborator-permission", shown)
        assert expected == shown["permission"]
    assert 404 == plain.get(f"/repos/{REPO}/collaborators/nobody/permission").status_code


def log_of(fake, plain):
    run = fails(fake)
    job = run.last.jobs[1].id
    answer = plain.get(f"/repos/{REPO}/actions/jobs/{job}/logs", follow_redirects=False)
    assert 302 == answer.status_code
    return answer.headers["location"]


def test_a_log_is_behind_an_address_that_wants_no_token(fake, plain):
    address = log_of(fake, plain)
    assert "FAIL src/login.test.ts\n  expected 1" in httpx.get(address).text
    refused = httpx.get(address, headers={"Authorization": "Bearer ghp_everything"})
    assert (403, True) == (refused.status_code, "AuthenticationFailed" in refused.text)


def test_the_address_is_good_for_a_minute(fake, plain):
    address = log_of(fake, plain)
    wall = fake.state.wall
    fake.state.wall = Still()
    fake.state.wall.at = wall.now() + timedelta(seconds=61)
    assert 403 == httpx.get(address).status_code


def test_failed_jobs_run_again_once(fake, plain):
    run = fails(fake)
    path = f"/repos/{REPO}/actions/runs/{run.id}/rerun-failed-jobs"
    answer = plain.post(path)
    assert (201, {}) == (answer.status_code, answer.json())
    check("empty-object", answer.json())
    assert (2, "queued") == (len(run.attempts), run.status)
    again = plain.post(path)
    assert (403, UNDER_WAY) == (again.status_code, again.json()["message"])
    fake.end_workflow(run, tell=False)
    shown = plain.get(f"/repos/{REPO}/actions/runs/{run.id}").json()
    assert ("success", 2) == (shown["conclusion"], shown["run_attempt"])
    green = plain.post(path)
    assert (403, NOT_FAILED) == (green.status_code, green.json()["message"])


def test_an_old_run_is_not_run_again(fake, plain, still):
    run = fails(fake)
    still.advance(days=31)
    refused = plain.post(f"/repos/{REPO}/actions/runs/{run.id}/rerun-failed-jobs")
    assert (403, STALE) == (refused.status_code, refused.json()["message"])


@pytest.mark.parametrize(
    ("held", "method", "path"),
    [
        ({"checks": "read"}, "GET", "/actions/runs/{}/attempts/1/jobs"),
        ({"actions": "read"}, "POST", "/actions/runs/{}/rerun-failed-jobs"),
    ],
)
def test_a_missing_right_is_githubs_403(fake, held, method, path):
    run = fails(fake)
    fake.add_token("ghp_little", "little", held)
    with http(fake, "ghp_little") as little:
        answer = little.request(method, f"/repos/{REPO}{path.format(run.id)}")
    assert 403 == answer.status_code
    assert "Resource not accessible" in answer.json()["message"]


def test_failed_jobs_are_checks_of_the_commit_too(fake, plain):
    sha = fails(fake).sha
    listed = plain.get(f"/repos/{REPO}/commits/{sha}/check-runs").json()["check_runs"]
    assert {("build", "success"), ("test", "failure")} == {
        (one["name"], one["conclusion"]) for one in listed
    }
