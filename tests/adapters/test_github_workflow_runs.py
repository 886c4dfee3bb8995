"""Failed jobs, what they say, and running them again, at a pretended GitHub."""

import socket
from urllib.parse import urlsplit

import httpx
import pytest
from werkzeug.wrappers import Response

from bot.adapters.github import job_logs
from bot.adapters.github.collaborators import Collaborators
from bot.adapters.github.job_logs import JobLogs
from bot.adapters.github.workflow_runs import Attempt, WorkflowRuns
from bot.domain.ci.excerpts import Window
from bot.domain.errors import Forbidden, Garbled, NotFound, Rejected, Unavailable
from bot.domain.rights import GitHubUser
from sandbox.github.actions import Annotation, Work
from sandbox.github.actions_api import NOT_FAILED, STALE
from sandbox.wire import Fault, answer
from tests.adapters.github_world import World

BROKEN = Work(
    "test (3.12)",
    fails_at="Run npm test",
    says=("\x1b[31mFAIL\x1b[0m src/login.test.ts", "  PASSWORD=hunter2 expected 1"),
)


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    with World(tmp_path_factory.mktemp("runs"), {"a.txt": b"a"}) as world:
        yield world


@pytest.fixture
def runs(world):
    world.fake.disarm()
    return WorkflowRuns(world.door())


@pytest.fixture
def logs(world):
    made = JobLogs(world.door(), world.fake.api_url, timeout=2, secrets=lambda: ("correct horse",))
    yield made
    made.close()


def fails(world, *works):
    return world.fake.run_workflow(world.repo, [Work("build"), *(works or (BROKEN,))], tell=False)


def failed(world, runs, *works):
    """Return the failed jobs of a new run."""
    run = fails(world, *works)
    return runs.failed_jobs(world.repo, run.id, 1)


def window(job):
    step = job.steps[0]
    return Window(step.since, step.until)


def test_only_what_failed_is_returned_with_its_steps(world, runs):
    (job,) = failed(world, runs)
    assert ("test (3.12)", "failure", ["Run npm test"]) == (
        job.name,
        job.conclusion,
        [step.name for step in job.steps],
    )
    assert job.steps[0].since < job.steps[0].until


def test_what_was_only_cut_off_comes_last(world, runs):
    works = [Work(f"shard {n}", fails_at="Run", conclusion="cancelled") for n in range(3)]
    found = failed(world, runs, *works, BROKEN)
    assert ["test (3.12)", "shard 0", "shard 1", "shard 2"] == [job.name for job in found]


def test_hundreds_of_jobs_are_read_page_by_page(world, runs):
    works = [Work(f"shard {n}", fails_at="Run" if n % 2 else None) for n in range(250)]
    assert 125 == len(failed(world, runs, *works))


def test_the_runners_own_note_is_left_out(world, runs):
    noted = Work("t", fails_at="Run", annotations=(Annotation("src/a.ts", 7, "expected 1"),))
    (job,) = failed(world, runs, noted)
    (note,) = runs.annotations(world.repo, job.id)
    assert ("src/a.ts", 7, "expected 1") == (note.path, note.line, note.message)
    (job,) = failed(world, runs)
    assert () == runs.annotations(world.repo, job.id)


def test_warnings_are_no_failures(world, runs):
    warned = Work("t", fails_at="Run", annotations=(Annotation("a", 1, "old", level="warning"),))
    (job,) = failed(world, runs, warned)
    assert () == runs.annotations(world.repo, job.id)


def test_the_checks_of_another_ci_system(world, runs):
    checks = [("build", "failure"), ("lint", "success")]
    suite = world.fake.end_suite(world.repo, "circleci-checks", checks, tell=False)
    (job,) = runs.failed_checks(world.repo, suite)
    assert ("build", False) == (job.name, job.has_log)


# logs


def test_the_tail_of_the_failing_step_without_colours_and_secrets(world, runs, logs):
    (job,) = failed(world, runs)
    assert (
        "FAIL src/login.test.ts",
        "  PASSWORD=*** expected 1",
        "Process completed with exit code 1.",
    ) == logs.tail(world.repo, job.id, window(job))


def test_our_own_secrets_are_masked(world, runs, logs):
    (job,) = failed(world, runs, Work("t", fails_at="Run", says=("we say correct horse",)))
    assert "we say ***" in logs.tail(world.repo, job.id, window(job))


def test_the_storage_never_sees_our_token(world, runs, logs):
    (job,) = failed(world, runs)
    logs.tail(world.repo, job.id, window(job))
    call = next(call for call in reversed(world.fake.calls) if call.route == "log_file")
    assert "Authorization" not in call.headers
    assert 200 == call.status


def sent_to(world, address):
    def found():
        return Response(status=302, headers={"Location": address})

    world.fake.arm("logs", Fault(answer=found))


@pytest.mark.parametrize(
    "address",
    [
        "http://169.254.169.254/latest/meta-data",
        "https://evil.example/log",
        "https://127.0.0.1/log",
        "http://store.blob.core.windows.net/log",
        "https://store.blob.core.windows.net.evil.example/log",
        "https://user:pass@store.blob.core.windows.net/log",
        "https://store.blob.core.windows.net:8443/log",
        "file:///etc/passwd",
        "//evil.example",
        "https://[::1]/log",
        "",
    ],
)
def test_a_log_is_fetched_only_from_where_logs_are(world, runs, logs, monkeypatch, address):
    def nobody(*_words, **_more):
        raise AssertionError("somebody was asked")

    (job,) = failed(world, runs)
    monkeypatch.setattr(logs._http, "stream", nobody)  # nothing may be asked
    sent_to(world, address)
    with pytest.raises((Rejected, Garbled)):
        logs.tail(world.repo, job.id, window(job))


@pytest.mark.parametrize(
    "host",
    [
        "productionresultssa0.blob.core.windows.net",
        "pipelines.actions.githubusercontent.com",
        "results-receiver.actions.githubusercontent.com",
    ],
)
def test_the_storages_of_githubs_cloud_are_known(world, runs, logs, monkeypatch, host):
    asked = []

    def away(_verb, address):
        asked.append(address)
        raise httpx.ConnectError("no network here")

    (job,) = failed(world, runs)
    monkeypatch.setattr(logs._http, "stream", away)  # the network is not asked
    sent_to(world, f"https://{host}/log?sig=x")
    with pytest.raises(Unavailable):
        logs.tail(world.repo, job.id, window(job))
    assert [host] == [urlsplit(one).hostname for one in asked]


def log_is(world, **fault):
    world.fake.arm("log_file", Fault(**fault))


def test_a_redirect_of_the_storage_is_not_followed(world, runs, logs):
    (job,) = failed(world, runs)
    log_is(world, answer=lambda: Response(status=302, headers={"Location": "http://127.0.0.1/"}))
    with pytest.raises(Rejected, match="answered 302"):
        logs.tail(world.repo, job.id, window(job))


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        pytest.param({"answer": lambda: Response(status=503)}, Unavailable, id="storage away"),
        pytest.param({"answer": lambda: Response(status=403)}, Rejected, id="address is over"),
        pytest.param({"drop": "before"}, Unavailable, id="cut off"),
        pytest.param({"delay": 3.0}, Unavailable, id="silent"),
    ],
)
def test_a_storage_in_trouble(world, runs, logs, fault, error):
    (job,) = failed(world, runs)
    log_is(world, **fault)
    with pytest.raises(error):
        logs.tail(world.repo, job.id, window(job))


def test_a_huge_log_is_given_up_and_not_kept(world, runs, logs, monkeypatch):
    monkeypatch.setattr(job_logs, "MOST_BYTES", 1_000_000)
    (job,) = failed(world, runs)
    log_is(world, answer=lambda: Response(b"x" * 3_000_000))
    with pytest.raises(Rejected, match="too long"):
        logs.tail(world.repo, job.id, Window())


def test_a_log_of_megabytes_in_one_line_and_bytes_that_are_no_text(world, runs, logs):
    (job,) = failed(world, runs)
    log_is(world, answer=lambda: Response(b"\xff\xfe" * 1_000_000 + b"\nlast\n"))
    *_, last = logs.tail(world.repo, job.id, Window())
    assert "last" == last


def test_a_log_that_is_gone_is_not_found(world, logs):
    with pytest.raises(NotFound):
        logs.tail(world.repo, 1, Window())


def test_an_answer_instead_of_an_address_is_garbled(world, runs, logs):
    (job,) = failed(world, runs)
    world.fake.arm("logs", Fault(answer=lambda: answer({})))
    with pytest.raises(Garbled):
        logs.tail(world.repo, job.id, Window())


def test_nothing_listens_where_no_log_can_be():
    """The refusals above are ours: here an open port would have answered."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        logs = JobLogs(None, "https://api.github.com")
        address = f"http://127.0.0.1:{server.getsockname()[1]}/log"
        with pytest.raises(Rejected, match="do not know"):
            logs._check(address, "read")
        logs.close()


# again


def test_failed_jobs_are_run_again_and_the_attempt_is_counted(world, runs):
    run = fails(world)
    assert Attempt(1, has_ended=True) == runs.newest(world.repo, run.id)
    runs.rerun_failed(world.repo, run.id)
    assert Attempt(2, has_ended=False) == runs.newest(world.repo, run.id)


def test_githubs_own_reason_is_told(world, runs):
    green = world.fake.run_workflow(world.repo, tell=False)
    with pytest.raises(Forbidden) as refused:
        runs.rerun_failed(world.repo, green.id)
    assert NOT_FAILED == refused.value.detail
    run = fails(world)
    world.fake.arm("rerun", Fault(answer=lambda: answer({"message": STALE}, 403)))
    with pytest.raises(Forbidden) as refused:
        runs.rerun_failed(world.repo, run.id)
    assert STALE == refused.value.detail


def test_a_lost_answer_is_unavailable_and_the_jobs_run(world, runs):
    run = fails(world)
    world.fake.arm("rerun", Fault(drop="after"))
    with pytest.raises(Unavailable):
        runs.rerun_failed(world.repo, run.id)
    assert 2 == runs.newest(world.repo, run.id).number


# who may


@pytest.mark.parametrize(
    ("permission", "may"), [("admin", True), ("write", True), ("read", False), ("none", False)]
)
def test_who_may_write(world, permission, may):
    account = world.fake.add_user("alice")
    world.fake.let(world.repo, "alice", permission)
    asked = GitHubUser(account.id, "alice")
    assert may == Collaborators(world.door()).may_write(world.repo, asked)


def test_another_account_of_that_login_may_not(world):
    world.fake.let(world.repo, "alice", "admin")
    assert not Collaborators(world.door()).may_write(world.repo, GitHubUser(1, "alice"))
    assert not Collaborators(world.door()).may_write(world.repo, GitHubUser(1, "nobody"))


def test_whoever_cannot_be_asked_about_is_unknown(world):
    world.fake.arm("permission", Fault(answer=lambda: Response(status=502)), times=5)
    with pytest.raises(Unavailable):
        Collaborators(world.door()).may_write(world.repo, GitHubUser(1, "alice"))
