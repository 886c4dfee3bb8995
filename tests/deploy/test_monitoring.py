"""The alert rules and dashboards: valid, and about metrics that the bot really shows."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import httpx
import pytest
import yaml

from sandbox.world import unguarded
from tests.scenarios.story import told_in

DEPLOY = Path(__file__).parents[2] / "deploy"
RULES = DEPLOY / "prometheus" / "rules.yaml"
DASHBOARDS = sorted((DEPLOY / "grafana").glob("*.json"))
METRIC = re.compile(r"\bshipmate_[a-z_]+")


def expressions():
    """Yield every expression that asks Prometheus for something, with where it stands."""
    for group in yaml.safe_load(RULES.read_text())["groups"]:
        for rule in group["rules"]:
            yield rule["alert"], rule["expr"]
    for file in DASHBOARDS:
        for panel in json.loads(file.read_text())["panels"]:
            for target in panel["targets"]:
                yield f"{file.stem}: {panel['title']}", target["expr"]


def shown(told):
    """Return the names under which a running bot shows something, with what histograms add."""
    page = httpx.get(f"{told.inside.url}/metrics").text
    kinds = re.findall(r"^# TYPE (\S+) (\S+)$", page, re.MULTILINE)
    parts = {"histogram": ("_bucket", "_sum", "_count")}
    return {name + part for name, kind in kinds for part in parts.get(kind, ("",))}


def test_every_expression_asks_for_metrics_that_there_are(tmp_path):
    with told_in(tmp_path, config=unguarded) as told:
        there = shown(told)
    assert len(DASHBOARDS) == 2
    asked = {name: where for where, words in expressions() for name in METRIC.findall(words)}
    assert {name: where for name, where in asked.items() if name not in there} == {}


@pytest.mark.skipif(
    shutil.which("promtool") is None,
    reason="promtool is not here: apt-get install prometheus",
)
def test_prometheus_takes_the_rules():
    done = subprocess.run(
        ["promtool", "check", "rules", RULES], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.skipif(
    shutil.which("promtool") is None,
    reason="promtool is not here: apt-get install prometheus",
)
@pytest.mark.parametrize("panel", list(expressions()), ids=lambda one: one[0])
def test_prometheus_takes_the_expression(tmp_path, panel):
    # Grafana fills these in before Prometheus reads them.
    expression = re.sub(r"\$(service|environment)\b", ".*", panel[1])
    file = tmp_path / "rules.yaml"
    rule = {"record": "shipmate:panel", "expr": expression}
    file.write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": [rule]}]}))
    done = subprocess.run(
        ["promtool", "check", "rules", file], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
