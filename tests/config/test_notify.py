"""Who is told beside Slack, as the file says it."""

import json

import pytest

from bot.config import load, schema
from bot.domain.alerts import Happening, NotifyRule, Severity
from tests.config.test_rights import GOOD, problems

RULES = """
notify:
  - to: PAGERDUTY
    severity: critical
    happenings: [degraded, sync_failed]
    services: [core]
    environments: [prod]
  - to: SRE_MAIL
"""


def test_rules_are_read_as_they_are_written():
    pager = NotifyRule(
        "PAGERDUTY",
        frozenset({Happening.DEGRADED, Happening.SYNC_FAILED}),
        Severity.CRITICAL,
        frozenset({"core"}),
        frozenset({"prod"}),
    )
    assert (pager, NotifyRule("SRE_MAIL")) == load(GOOD + RULES).notify


def test_without_the_key_nobody_is_told():
    assert () == load(GOOD).notify


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        pytest.param("[core]", "[coer]", "did you mean `core`?", id="a service of another name"),
        pytest.param("[prod]", "[prd]", "did you mean `prod`?", id="an environment"),
        pytest.param("degraded,", "degrade,", "known: ci_failed", id="a happening"),
        pytest.param("critical", "fatal", "known: info, warning, critical", id="a severity"),
        pytest.param("SRE_MAIL", "sre", "NOTIFY_<NAME>", id="a name in small letters"),
        pytest.param("SRE_MAIL", "X_FILE", "NOTIFY_<NAME>", id="a name that means a file"),
        pytest.param("[core]", "[]", "is empty", id="no service"),
        pytest.param("to: SRE_MAIL", "too: SRE_MAIL", "to", id="another key"),
    ],
)
def test_what_leads_nowhere_is_refused_by_line(old, new, said):
    assert 1 == RULES.count(old)
    found = problems(GOOD + RULES.replace(old, new))
    assert said in " ".join(found)
    assert all(one.split(":")[0].isdigit() for one in found)


def test_two_mistakes_are_told_at_once():
    assert 2 == len(problems(GOOD + RULES.replace("[core]", "[x]").replace("[prod]", "[y]")))


def test_editors_know_the_names():
    text = json.dumps(schema())
    assert all(f'"{one.value}"' in text for one in (*Happening, *Severity))
