"""What machines are told of a deploy, joined with what people see of it by one id.

Card, log, commit and metrics; and what Prometheus counts.
"""

import httpx
import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families
from structlog.contextvars import merge_contextvars
from structlog.testing import capture_logs

from sandbox.world import unguarded
from tests.scenarios.story import told_in

OPENMETRICS = "application/openmetrics-text;version=1.0.0"
PAGE = "application/openmetrics-text; version=1.0.0; charset=utf-8"


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    with told_in(tmp_path_factory.mktemp("ids"), speed=60, config=unguarded) as story:
        yield story


@pytest.fixture(scope="module")
def before(told):
    """What was counted before anything happened."""
    return counted(told)


@pytest.fixture(scope="module")
def seen(told, before):
    """Two deploys at once, and every line that was logged meanwhile."""
    sha = told.world.sha("xiilab/astrago-backend", "stabilize/1.0")
    with capture_logs(processors=(merge_contextvars,)) as lines:
        replies = [told.types(f"/deploy {service} {sha} stage") for service in ("core", "batch")]
        return [told.goes_live(reply) for reply in replies], lines


def samples(told):
    """Return all samples of the page, as Prometheus' own parser for Python reads it."""
    answer = httpx.get(f"{told.inside.url}/metrics", headers={"Accept": OPENMETRICS})
    assert answer.headers["Content-Type"].startswith(PAGE)
    families = text_string_to_metric_families(answer.text)
    return [sample for family in families for sample in family.samples]


def test_the_card_and_the_commit_say_it(told, seen):
    operations, _ = seen
    for one in operations:
        assert one.id in told.card(one.id).words
        (commit,) = [
            said for _, said in told.commits() if f"Shipmate-Operation: {one.id}\n" in said
        ]
        assert one.request.services[0] in commit


def test_every_call_made_for_it_is_logged_under_it(told, seen):
    operations, lines = seen
    for one in operations:
        mine = [line for line in lines if line.get("operation") == one.id]
        calls = {(line["system"], line["call"]) for line in mine if line["event"] == "called"}
        assert {system for system, _ in calls} >= {"GitHub", "Argo CD main", "ghcr.io", "Slack"}
        assert ("Slack", "chat.postMessage") in calls
        assert ("Slack", "chat.update") in calls
        phases = [line["phase"] for line in mine if line["event"] == "moved"]
        assert ["checking", "queued", "committing", "following", "live"] == phases


def test_nothing_is_logged_under_another_name(told, seen):
    """What is known to serve an operation bears its id, and no line bears two."""
    operations, lines = seen
    named = {line["operation"] for line in lines if "operation" in line}
    assert {one.id for one in operations} == named
    ours = {"version", "read files", "commit", "image", "chat.postMessage", "chat.update"}
    calls = [line for line in lines if line.get("call") in ours]
    assert ours == {line["call"] for line in calls}
    assert all("operation" in line for line in calls)


def test_what_was_measured_of_it_names_it(told, seen):
    operations, _ = seen
    ids = {one.id for one in operations}
    names = {
        sample.name
        for sample in samples(told)
        if sample.exemplar and sample.exemplar.labels["operation"] in ids
    }
    assert {
        "shipmate_operations_total",
        "shipmate_operation_seconds_bucket",
        "shipmate_phase_seconds_bucket",
        "shipmate_lead_time_seconds_bucket",
        "shipmate_outbound_call_seconds_bucket",
        "shipmate_slack_update_lag_seconds_bucket",
    } <= names


def counted(told):
    """Return the values of all samples by name and labels."""
    return {(one.name, frozenset(one.labels.items())): one.value for one in samples(told)}


def test_a_deploy_is_counted_with_its_calls_and_how_long_it_took(told, seen, before):
    after = counted(told)
    labels = {"service": "core", "environment": "stage", "kind": "deploy", "result": "live"}
    ended = ("shipmate_operations_total", frozenset(labels.items()))
    assert (0, 1) == (before[ended], after[ended])
    calls = [dict(labels) for name, labels in after if name == "shipmate_outbound_calls_total"]
    assert {"GitHub", "Slack", "Argo CD main"} <= {call["system"] for call in calls}
    assert not any("astrago" in call["call"] for call in calls), "names would make a series each"
    assert after["shipmate_argocd_stream_connected", frozenset({("argocd", "main")})] == 1
    assert after["shipmate_operations_under_way", frozenset({("phase", "following")})] == 0
    limits = {dict(labels)["limit"] for name, labels in after if "rate_limit" in name}
    assert "graphql" in limits


def test_who_asks_for_text_is_given_text_without_it(told, seen):
    answer = httpx.get(f"{told.inside.url}/metrics")
    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    assert "D-" not in answer.text
