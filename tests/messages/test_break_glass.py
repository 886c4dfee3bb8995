"""An override is told with who, what, why and what it went past, within Slack's limits."""

from dataclasses import replace

import pytest

from bot.domain.approving.approval_rule import ApprovalRule
from bot.domain.checks import Red
from bot.domain.rights import Actor, GitHubUser
from bot.domain.rules import judge
from bot.messages.break_glass import override_announced
from tests.builders import operation, request
from tests.domain.policies import IN, facts, proposal, target_facts
from tests.messages.limits import assert_slack_takes
from tests.messages.reading import read

CAROL = Actor("U0CAROL", GitHubUser(103, "carol"))
RULE = ApprovalRule(2, frozenset({"sre"}))
ASKED = proposal(override="nobody can log in")
DEPLOY = operation(
    id="D-12",
    request=request(
        environment="prod", requester="U0CAROL", reason="nobody can log in", override=True
    ),
)


def judged(**changes):
    memberships = {**facts().memberships, "admins": IN}
    return judge(ASKED, facts(target_facts(**changes), memberships=memberships))


def test_all_of_it_is_said():
    told = override_announced(
        DEPLOY, CAROL, judged(checks=Red(("build",))), RULE, ("U0ALICE", "U0BOB")
    )
    assert_slack_takes(told)
    expected = """\
# 🚨 Override in prod
@U0CAROL (`carol`) breaks the glass with D-12: deploy *core* to *prod* at `a1b2c3d4`.
Because: nobody can log in
It goes past:
• ⏭ *Approval* skipped by the override: 2 people of *sre* not asked."""
    assert read(told).startswith(expected), read(told)
    assert "*Checks* skipped by the override" in read(told)
    assert "For @U0ALICE and @U0BOB to know: you were not asked." in read(told)
    assert "For <@U0ALICE> and <@U0BOB> to know" in told.text, "phones show the text alone"


@pytest.mark.parametrize(
    ("rule", "whom", "expected", "missing"),
    [
        pytest.param(None, (), "Nothing had to be skipped", "It goes past", id="nothing skipped"),
        pytest.param(RULE, (), "It goes past", "For ", id="nobody is known by name"),
        pytest.param(None, ("U0BOB",), "For @U0BOB to know", "*Approval*", id="no approval asked"),
    ],
)
def test_what_there_is_not_is_left_out(rule, whom, expected, missing):
    said = read(override_announced(DEPLOY, CAROL, judged(), rule, whom))
    assert expected in said
    assert missing not in said


@pytest.mark.parametrize("evil", ["<!channel>", "<https://evil.example|safe>", "x" * 40_000])
def test_no_outside_text_calls_anybody_or_is_too_long(evil):
    wish = replace(DEPLOY.request, reason=evil, version=evil, services=(evil,) * 80)
    whom = tuple(f"U0{number:06}" for number in range(20))
    told = override_announced(
        replace(DEPLOY, request=wish),
        Actor("U0CAROL", GitHubUser(103, evil)),
        judged(checks=Red((evil,) * 30)),
        ApprovalRule(9, frozenset({evil, evil[:9]})),
        whom,
    )
    assert_slack_takes(told)
