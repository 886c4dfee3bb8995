"""``applications``: what of Argo CD's doings is told, and every slip in it by its line."""

from datetime import timedelta

import pytest

from bot.config import load
from bot.domain.applications.events import What
from bot.domain.applications.story import Subject
from tests.config.test_config import GOOD, problems

CONFIGURED = """\
applications:
  channel: C0APPS
  quiet: 5m
  sync_succeeded: true
  environments:
    dev: {degraded: false, channel: C0DEV}
    prod:
  apps:
    "acme*": {manual_sync: true}
    acme: {channel: C0ACME, sync_succeeded: false}
"""


def telling(text, environment="stage", application="acme", *, production=False):
    subject = Subject("main", "", application, environment, ("core",), "https://x", production)
    return load(text).applications.of(subject)


def test_without_a_word_what_is_bad_is_told_where_failures_go():
    found = telling(GOOD)
    assert ("C0FAIL", timedelta(minutes=2)) == (found.channel, found.quiet)
    assert {What.DEGRADED, What.SYNC_FAILED, What.AUTO_SYNC_CHANGED} == found.events
    assert found.wants(What.RECOVERED)
    assert not found.wants(What.SYNC_SUCCEEDED)


def test_a_persons_sync_is_told_in_production_alone():
    assert telling(GOOD, production=True).wants(What.MANUAL_SYNC)
    assert not telling(GOOD).wants(What.MANUAL_SYNC)


def test_an_environment_says_more_than_all_and_an_application_more_than_that():
    text = GOOD + CONFIGURED
    stage, dev = telling(text, application="web"), telling(text, "dev", "web")
    assert ("C0APPS", timedelta(minutes=5)) == (stage.channel, stage.quiet)
    assert stage.wants(What.SYNC_SUCCEEDED)
    assert ("C0DEV", False) == (dev.channel, dev.wants(What.DEGRADED))
    acme = telling(text, "dev")
    assert ("C0ACME", True, False) == (
        acme.channel, acme.wants(What.MANUAL_SYNC), acme.wants(What.SYNC_SUCCEEDED),
    )  # fmt: skip


def test_what_is_told_of_no_trouble_is_told_of_no_recovery():
    text = GOOD + "applications: {degraded: false, sync_failed: false}\n"
    assert not telling(text).wants(What.RECOVERED)


@pytest.mark.parametrize(
    ("section", "expected"),
    [
        pytest.param(
            "{environments: {pord: {degraded: false}}}",
            "`pord` is no environment; did you mean `prod`?",
            id="no environment",
        ),
        pytest.param(
            '{apps: {"acmee": {degraded: false}}}',
            "`acmee` fits no application; did you mean `acme`?",
            id="no application",
        ),
        pytest.param('{apps: {"": {}}}', "is no pattern of an application's name", id="no pattern"),
        pytest.param("{quiet: 2}", "`2` has no unit", id="no unit"),
        pytest.param("{degrated: true}", "did you mean `degraded`?", id="a slip"),
        pytest.param("{degraded: loud}", "must be true or false", id="no yes or no"),
        pytest.param("{channel: failures}", "is no Slack channel id", id="no channel"),
        pytest.param(
            "{environments: {dev: {chanel: C0DEV}}}", "did you mean `channel`?", id="a slip below"
        ),
    ],
)
def test_a_slip_is_shown_with_its_line(section, expected):
    (found,) = problems(f"{GOOD}applications: {section}\n")
    assert expected in found
    assert found.startswith("shipmate.yaml:") or found[0].isdigit()
