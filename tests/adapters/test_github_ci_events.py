"""What webhooks say of CI: recorded ones, those of the pretended GitHub, and broken ones."""

import gzip
import json
from contextlib import suppress
from copy import deepcopy
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.adapters.github.ci_events import check_suite, workflow_run
from bot.domain.ci.runs import Account, Conclusion, Origin
from bot.domain.errors import Garbled
from sandbox.github.actions import Work
from tests.adapters.github_world import World

RECORDED = json.loads(
    gzip.decompress((Path(__file__).parent / "recorded/ci_webhooks.json.gz").read_bytes())
)


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """A workflow_run and a check_suite payload of the pretended GitHub."""
    heard = {}
    with World(tmp_path_factory.mktemp("ci"), {"a.txt": b"a"}) as world:
        world.fake.deliver = lambda event, payload, guid=None: heard.update({event: payload})
        world.fake.run_workflow(world.repo, [Work("test", fails_at="Run npm test")])
        world.fake.end_suite(world.repo, "circleci-checks", [("build", "failure")])
    return heard


def test_a_recorded_run_of_a_forks_main_is_none():
    (body,) = [one for one in RECORDED["workflow_run"] if not one["workflow_run"].get("actor")]
    assert "main" == body["workflow_run"]["head_branch"]
    assert workflow_run(body) is None


@pytest.mark.parametrize("body", RECORDED["workflow_run"][1:])
def test_recorded_runs_are_read(body):
    run = workflow_run(body)
    assert (body["repository"]["full_name"], Origin.ACTIONS) == (
        run.series.repository,
        run.series.origin,
    )
    assert Conclusion.SUCCESS is run.conclusion
    assert run.started_by is not None


@pytest.mark.parametrize("body", RECORDED["check_suite"])
def test_recorded_suites_of_actions_or_of_nobody_are_none(body):
    assert check_suite(body) is None


@pytest.mark.parametrize("body", RECORDED["check_suite"])
def test_a_recorded_suite_of_another_system_is_read(body):
    body = deepcopy(body)
    body["check_suite"]["app"]["slug"] = "circleci-checks"
    run = check_suite(body)
    assert ("circleci-checks", "octocoders-linter") == (run.series.workflow, run.name)
    assert run.url.endswith(f"check_suite_id={run.id}")


def test_a_run_of_the_pretended_github(told):
    run = workflow_run(told["workflow_run"])
    assert (Conclusion.FAILURE, 1, 1, "ci", "main") == (
        run.conclusion,
        run.number,
        run.attempt,
        run.name,
        run.series.branch,
    )
    assert (True, "alice-kim") == (run.on_default, run.started_by.login)
    assert isinstance(run.started_by, Account)


def test_a_suite_of_the_pretended_github(told):
    run = check_suite(told["check_suite"])
    assert (Conclusion.FAILURE, Origin.CHECKS, None) == (
        run.conclusion,
        run.series.origin,
        run.started_by,
    )


def changed(told, event, path, value):
    body = deepcopy(told[event])
    place = body
    for name in path[:-1]:
        place = place[name]
    place[path[-1]] = value
    return body


@pytest.mark.parametrize(
    ("path", "value"),
    [
        pytest.param(["action"], "requested", id="it has not ended"),
        pytest.param(["workflow_run", "head_branch"], None, id="no branch"),
        pytest.param(["workflow_run", "head_branch"], "b" * 256, id="a branch that is none"),
        pytest.param(["workflow_run", "head_repository", "id"], 99, id="a fork's main"),
        pytest.param(["workflow_run", "head_repository"], None, id="a fork that is gone"),
    ],
)
def test_what_is_no_run_of_ours(told, path, value):
    assert workflow_run(changed(told, "workflow_run", path, value)) is None


def test_a_new_conclusion_is_unknown_and_no_failure(told):
    body = changed(told, "workflow_run", ["workflow_run", "conclusion"], "exploded")
    assert Conclusion.UNKNOWN is workflow_run(body).conclusion


@pytest.mark.parametrize(
    "field",
    ["id", "run_number", "run_attempt", "head_sha", "html_url", "updated_at", "head_commit"],
)
def test_a_missing_field_is_garbled(told, field):
    body = deepcopy(told["workflow_run"])
    del body["workflow_run"][field]
    with pytest.raises(Garbled):
        workflow_run(body)


def test_a_commit_that_github_does_not_show_is_no_trouble(told):
    run = workflow_run(changed(told, "workflow_run", ["workflow_run", "head_commit"], None))
    assert ("", "") == (run.title, run.author)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_whatever_stands_in_a_field_is_a_run_none_or_garbled(told, data):
    event = data.draw(st.sampled_from(["workflow_run", "check_suite"]))
    read = {"workflow_run": workflow_run, "check_suite": check_suite}[event]
    field = data.draw(st.sampled_from(sorted(told[event][event])))
    body = changed(told, event, [event, field], data.draw(ANYTHING))
    with suppress(Garbled):
        read(body)
