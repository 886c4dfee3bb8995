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


@pytest.fixture(scope="module")
def there(tmp_path_factory):
    """The names under which a running bot shows something."""
    with told_in(tmp_path_factory.mktemp("shown"), config=unguarded) as told:
        return shown(told)


def test_the_page_names_every_metric_and_no_other(there):
    page = (DEPLOY.parent / "docs" / "running.md").read_text()
    table = page.partition("### Metrics")[2].partition("### ")[0]
    told = set(re.findall(r"`(shipmate_[a-z_]+)`", table))
    ours = {name for name in there if name.startswith("shipmate_")}
    bases = {re.sub(r"_(bucket|sum|count)$", "", name) for name in ours}
    # Only an Argo CD whose token ends tells so, and only who was refused, or is off.
    assert bases - told == set()
    seldom = {"shipmate_argocd_token_left_seconds", "shipmate_rate_limit_remaining"}
    assert told - bases <= seldom | {"shipmate_login_refused", "shipmate_clock_skew_seconds"}


def test_every_expression_asks_for_metrics_that_there_are(there):
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
