from datetime import timedelta

import pytest

from bot.config import ConfigInvalid, load, schema

BASE = """
github: {org: acme}
argocd: {main: {url: "https://argocd.example.com"}}
gitops: {repo: acme/gitops, branch: main}
slack: {channels: {deploys: C0DEPLOY%s}}
environments:
  stage: {}
  prod: {after: stage}
permissions: {deploy: {stage: [dev], prod: [sre]}}
services:
  core:
    source: acme/core
    image: ghcr.io/acme/core
    tag: "{sha}"
    at: {file: "{env}.yaml", kustomize: core}
"""


def config(drift="", channels=""):
    return load(BASE % channels + drift)


def refused(drift):
    with pytest.raises(ConfigInvalid) as raised:
        config(drift)
    return [(one.line, one.message, one.hint) for one in raised.value.problems]


def test_without_the_key_nothing_is_reported_unasked():
    plan = config().drift
    assert ((), timedelta(hours=1)) == (plan.schedules, plan.stale_after)


def test_reports_are_of_all_environments_and_go_to_the_drift_channel():
    one = 'drift: {reports: [{name: daily, at: "0 9 * * mon-fri", zone: Asia/Seoul}]}'
    (schedule,) = config(one, ", drift: C0DRIFT").drift.schedules
    assert ("daily", ("stage", "prod")) == (schedule.name, schedule.environments)
    assert ("C0DRIFT", "Asia/Seoul") == (schedule.channel, schedule.cron.zone)
    assert "C0DEPLOY" == config(one).drift.schedules[0].channel


def test_a_report_may_say_where_of_what_and_how_old():
    text = """
drift:
  stale_after: 30m
  reports:
    - {name: prod, at: "0 9 * * *", zone: UTC, environments: [prod], channel: C0PROD}
"""
    plan = config(text).drift
    assert timedelta(minutes=30) == plan.stale_after
    assert (("prod",), "C0PROD") == (
        plan.schedules[0].environments,
        plan.schedules[0].channel,
    )


@pytest.mark.parametrize(
    ("drift", "said"),
    [
        ('drift: {reports: [{name: a, at: "0 9 * *", zone: UTC}]}', "has 4 fields"),
        ('drift: {reports: [{name: a, at: "0 9 * * mn", zone: UTC}]}', "no day of the week"),
        ('drift: {reports: [{name: a, at: "0 9 * * *", zone: Asia/Soul}]}', "no time zone"),
        ('drift: {reports: [{name: a, at: "0 9 * * *"}]}', "`zone` is missing"),
        ('drift: {reports: [{at: "0 9 * * *", zone: UTC}]}', "`name` is missing"),
        ("drift: {report: []}", "unknown key `report`"),
        ("drift: {stale_after: 15}", "`15` has no unit"),
        (
            'drift: {reports: [{name: a, at: "0 9 * * *", zone: UTC, environments: [prd]}]}',
            "`prd` is no environment",
        ),
        (
            (
                'drift: {reports: [{name: a, at: "0 9 * * *", zone: UTC},'
                ' {name: A, at: "0 9 * * *", zone: UTC}]}'
            ),
            "is the name of another report",
        ),
    ],
)
def test_what_is_wrong_is_said_by_line(drift, said):
    (problem,) = refused(drift)
    assert said in problem[1]
    assert problem[0] == len(BASE.splitlines()) + 1


@pytest.mark.parametrize(
    ("at", "zone", "line"),
    [
        pytest.param('"0 9 * *"', "UTC", 4, id="the cron line"),
        pytest.param('"0 9 * * mn"', "UTC", 4, id="a day in it"),
        pytest.param('"0 9 * * *"', "Asia/Soul", 5, id="the zone"),
    ],
)
def test_what_is_wrong_in_a_report_is_shown_at_its_very_line(at, zone, line):
    text = f"drift:\n  reports:\n    - name: daily\n      at: {at}\n      zone: {zone}\n"
    (problem,) = refused(text)
    assert len(BASE.splitlines()) + line == problem[0]


@pytest.mark.parametrize(
    ("text", "expected"), [("1d", {"days": 1}), ("14d", {"days": 14}), ("1d12h", {"hours": 36})]
)
def test_a_duration_may_be_days(text, expected):
    drift = f"drift: {{stale_after: {text}, reports: []}}"
    assert timedelta(**expected) == config(drift).drift.stale_after


def test_all_mistakes_at_once_with_the_nearest_name():
    found = refused(
        'drift: {reports: [{name: a, at: "x", zone: UTC}, {name: b, at: "0 9 * * *", zone: UTC,'
        " environments: [prd]}]}"
    )
    assert any("has 1 fields" in message for _, message, _ in found)


def test_it_stands_in_the_schema():
    assert "drift" in schema()["properties"]
    assert {"name", "at", "zone"} <= set(schema()["$defs"]["DriftReport"]["properties"])
