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
STORIES = Path(__file__).parent / "alerts.yaml"
METRIC = re.compile(r"\b(?:shipmate|process)_[a-z_]+")

with_promtool = pytest.mark.skipif(
    shutil.which("promtool") is None,
    reason="promtool is not here: apt-get install prometheus",
)


def promtool(*arguments):
    """Run Prometheus' own checker."""
    command = ["promtool", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


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


@with_promtool
def test_prometheus_takes_the_rules():
    done = promtool("check", "rules", RULES)
    assert done.returncode == 0, done.stdout + done.stderr


@with_promtool
def test_each_alert_comes_when_it_is_needed_and_not_before(tmp_path):
    """The stories stand in ``alerts.yaml``; what an alert says is another matter than when."""
    rules = yaml.safe_load(RULES.read_text())
    for rule in rules["groups"][0]["rules"]:
        del rule["annotations"]
    (tmp_path / "rules.yaml").write_text(yaml.safe_dump(rules))
    stories = shutil.copy(STORIES, tmp_path)
    done = promtool("test", "rules", stories)
    assert done.returncode == 0, done.stdout + done.stderr


def test_each_alert_has_a_story():
    """One in which it comes."""
    told = {
        story["alertname"]
        for test in yaml.safe_load(STORIES.read_text())["tests"]
        for story in test["alert_rule_test"]
        if story["exp_alerts"]
    }
    (group,) = yaml.safe_load(RULES.read_text())["groups"]
    assert told == {rule["alert"] for rule in group["rules"]}


@with_promtool
def test_prometheus_takes_every_expression(tmp_path):
    # Grafana fills the names with a dollar in before Prometheus reads them.
    rules = [
        {
            "record": "shipmate:panel",
            "expr": re.sub(r"\$(service|environment)\b", ".*", expression),
            "labels": {"number": str(number), "where": where},
        }
        for number, (where, expression) in enumerate(expressions())
    ]
    file = tmp_path / "rules.yaml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": rules}]}))
    done = promtool("check", "rules", file)
    assert done.returncode == 0, done.stdout + done.stderr
