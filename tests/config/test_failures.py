"""Which failures of CI are told, as the file says it."""

import pytest

from bot.config import load, schema
from bot.domain.ci.failures import Audience, Rule
from tests.config.test_rights import GOOD, problems

RULES = """
failures:
  - workflows: [nightly*]
    to: nobody
  - repositories: [acme/*]
    branches: [main, release/*]
    to: both
    channel: C0OTHER
"""


def test_without_the_key_what_is_deployed_is_told_of_on_its_default_branch():
    found = load(GOOD).failures
    (rule,) = found.rules
    sources = {one.source for one in load(GOOD).catalog.targets.values()}
    assert (sources, None, ("*",), Audience.CHANNEL, load(GOOD).channels.failures, False) == (
        set(rule.repositories),
        rule.branches,
        rule.workflows,
        rule.to,
        rule.channel,
        found.configured,
    )


def test_rules_are_read_as_they_are_written():
    quiet, loud = load(GOOD + RULES).failures.rules
    assert (("nightly*",), Audience.NOBODY) == (quiet.workflows, quiet.to)
    expected = Rule(("acme/*",), ("main", "release/*"), ("*",), Audience.BOTH, "C0OTHER")
    assert expected == loud
    assert load(GOOD + RULES).failures.configured


def test_an_empty_list_tells_nobody():
    assert () == load(GOOD + "\nfailures: []\n").failures.rules


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        pytest.param("acme/*", "acme", "write owner/name, or owner/*", id="no repository"),
        pytest.param("to: both", "to: all", "known: channel, author, both, nobody", id="nobody"),
        pytest.param("C0OTHER", "deploys", "is no Slack channel id", id="a channel's name"),
        pytest.param("branches", "branch", "did you mean `branches`?", id="another key"),
        pytest.param("[nightly*]", "[]", "is empty", id="no workflow"),
        pytest.param("release/*", '" x"', "write one such as release/*", id="a blank"),
    ],
)
def test_what_means_nothing_is_refused_by_line(old, new, said):
    assert 1 == RULES.count(old)
    found = problems(GOOD + RULES.replace(old, new))
    assert said in " ".join(found)
    assert all(one.split(":")[0].isdigit() for one in found)


def test_the_schema_knows_it():
    assert "failures" in schema()["properties"]
