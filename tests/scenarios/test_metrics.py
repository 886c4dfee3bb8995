"""What Prometheus sees of a deploy."""

import httpx
from prometheus_client.parser import text_string_to_metric_families

from sandbox.world import unguarded
from tests.scenarios.story import told_in


def read(told):
    """Return the samples at ``/metrics``: their values by name and labels."""
    answer = httpx.get(f"{told.inside.url}/metrics")
    assert answer.status_code == 200
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def test_a_deploy_is_counted_with_its_calls_and_how_long_it_took(tmp_path):
    with told_in(tmp_path, config=unguarded) as told:
        before = read(told)
        ended = ("shipmate_operations_total", frozenset({
            ("service", "core"), ("environment", "stage"), ("kind", "deploy"), ("result", "live"),
        }))  # fmt: skip
        assert before[ended] == 0
        sha = told.world.sha("xiilab/astrago-backend", "stabilize/1.0")[:8]
        told.goes_live(told.types(f"/deploy core {sha} stage"))
        after = read(told)

    assert after[ended] == 1
    of_commit = {labels for name, labels in after if name == "shipmate_outbound_calls_total"}
    systems = {dict(labels)["system"] for labels in of_commit}
    assert {"GitHub", "Slack"} <= systems
    assert any(system.startswith("Argo CD") for system in systems)
    assert after["shipmate_argocd_stream_connected", frozenset({("argocd", "main")})] == 1
    assert after["shipmate_operations_under_way", frozenset({("phase", "following")})] == 0
    limits = {dict(labels)["limit"] for name, labels in after if "rate_limit" in name}
    assert "graphql" in limits
    calls = {dict(labels)["call"] for labels in of_commit}
    assert not any("astrago" in call for call in calls), "names would make a series each"
