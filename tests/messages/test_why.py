from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.approving.plan_digest import Part
from bot.domain.checks import Red
from bot.domain.facts import Ancestry, Incomparable, RanBefore, Relation
from bot.domain.problems import Problem, Reason
from bot.domain.rights import Action
from bot.domain.rules import Allowed, Judgement, NeedsApproval, Refused, judge
from bot.domain.rules.rulings import RuleName, Ruling, Verdict
from bot.domain.stops.freezes import AdHocFreeze
from bot.domain.stops.locks import Lock
from bot.domain.unknown import Unknown
from bot.messages.templates import PARTS, QUESTIONS
from bot.messages.why import LABELS, MARKS, PASSED, WORDS, why
from tests.domain.policies import BOB, IN, NOON, OUT, TWO_OF_SRE, facts, proposal, target_facts
from tests.messages.limits import assert_slack_takes
from tests.messages.reading import read

HOSTILE = ("<!channel>", "<https://evil.example|safe>", "`<@U1>`", "x" * 40_000, "&<>" * 14_000)


def said(asked=None, *targets, **changes):
    asked = asked or proposal()
    return read(why(asked, judge(asked, facts(*targets, **changes))))


def test_all_is_well():
    expected = f"""\
To deploy *core* to *prod* at `a1b2c3d4`: it may start when 2 members of *sre* approve.
• ✅ *Identity* passes: @U0ALICE is alice on GitHub, by `map`.
• ✅ *Right* passes: Members of *release* may deploy there.
• ✅ *Place* passes: *core* lives in *prod*.
• ✅ *Tag* passes: `core-prod-a1b2c3d4` may run there.
• ✅ *Version* passes: `a1b2c3d4` is commit `a1b2c3d4` of `xiilab/astrago-backend`.
• ✅ *Checks* passes: Checks of `a1b2c3d4` are green: 12.
• ✅ *Image* passes: `ghcr.io/xiilab/astrago-backend` has the tag `core-prod-a1b2c3d4`: \
`sha256:{"d" * 64}`.
• ✅ *Order* passes: `core-prod-a1b2c3d4` of *core* runs healthy in *stage*.
• ✅ *Soak* passes: It has been healthy in *stage* since 2026-11-21 11:30 UTC.
• ✅ *Freeze* passes: Nothing is frozen.
• ✅ *Lock* passes: Nobody else holds a lock.
• ✅ *Hold* passes: This version is not held back.
• ✅ *Change* passes: `core-prod-a1b2c3d4` takes the place of `core-prod-ba01`.
• ✅ *Age* passes: It has 3 commits that what runs lacks.
This was only a look: nothing was started."""
    assert expected == said()


@pytest.mark.parametrize(
    ("asked", "target", "changes", "expected"),
    [
        pytest.param(
            None,
            {"checks": Red(("ci", "e2e"))},
            {},
            "• ⛔ *Checks* refuses: Checks of `a1b2c3d4` failed in `xiilab/astrago-backend`: "
            "`ci` and `e2e`. Fix them and deploy the new commit;",
            id="refused",
        ),
        pytest.param(
            None,
            {"locks": Unknown("the database is away")},
            {},
            "• ❔ *Lock* unknown, so no: The bot could not learn whether somebody holds a lock for "
            "*core*: the database is away. What is unknown is never allowed:",
            id="unknown",
        ),
        pytest.param(
            proposal(override="fire"),
            {"checks": Red(())},
            {"memberships": {"release": IN, "admins": IN}},
            "• ⏭ *Checks* skipped by the override: Checks of `a1b2c3d4` failed in "
            "`xiilab/astrago-backend`.",
            id="skipped",
        ),
        pytest.param(
            proposal(override="fire"),
            {"checks": Red(())},
            {"memberships": {"release": IN, "admins": IN}},
            "it may start now, and the override skips: Checks.",
            id="what an override skips",
        ),
        pytest.param(
            proposal(action=Action.ROLLBACK),
            {"ran_here": True, "ancestry": Ancestry(Relation.BEHIND, behind=14)},
            {"memberships": {"release": IN, "oncall": OUT}},
            "• ✅ *Age* passes: This rollback goes back 14 commits.",
            id="a rollback says how far it goes back",
        ),
        pytest.param(
            proposal(action=Action.ROLLBACK),
            {"ran_here": True},
            {"freezes": (AdHocFreeze("prod", BOB, "x", NOON),)},
            "• ✅ *Freeze* passes: *prod* is frozen; a rollback may go on all the same.",
            id="a rollback in a freeze says so",
        ),
        pytest.param(
            None,
            {"locks": (Lock(BOB, frozenset({"*/prod"}), "careful", NOON, warn_only=True),)},
            {},
            "• ✅ *Lock* passes: @U0BOB has a lock that only warns: careful.",
            id="a lock that only warns",
        ),
        pytest.param(
            None,
            {"before": RanBefore("stage", True, (), "Healthy", NOON - timedelta(minutes=5))},
            {},
            "Send the command again at 2026-11-21 12:25 UTC, if it is still healthy then.",
            id="when to come back",
        ),
        pytest.param(
            None,
            {"ancestry": Ancestry(Relation.BEHIND, behind=14)},
            {},
            "This goes back 14 commits from what runs of *core* in *prod*",
            id="this goes back 14 commits",
        ),
        pytest.param(
            None,
            {
                "ancestry": Incomparable(
                    "GitHub knows no way from v1, which runs, to the new commit"
                )
            },
            {},
            "• ✅ *Age* passes: Nobody can say which is older, and that stops nothing: GitHub"
            " knows no way from v1, which runs, to the new commit.",
            id="what cannot be compared stops nothing, and says so",
        ),
    ],
)
def test_it_reads(asked, target, changes, expected):
    assert expected in said(asked, target_facts(**target), **changes)


def test_of_several_services_the_worst_is_shown_and_counted():
    web = target_facts(service="web", checks=Red(()))
    api = target_facts(service="api")
    text = said(proposal(services=("api", "core", "web")), target_facts(), api, web)
    assert "⛔ *Checks* refuses (1 of 3 services): " in text
    assert "✅ *Image* passes (3 of 3 services): " in text


def test_every_rule_and_verdict_has_words():
    assert set(RuleName) == set(LABELS) == set(PASSED)
    assert {*map(str, RuleName), "authors"} == set(QUESTIONS)  # who may approve asks that too
    assert set(map(str, Part)) == set(PARTS)
    assert set(Verdict) == set(MARKS) == set(WORDS)


NAMES = [
    *("user", "login", "source", "team", "action", "service", "environment", "tag", "version"),
    *("sha", "repo", "count", "image", "digest", "before", "since", "exempt", "by", "detail"),
    *("runs", "behind", "ahead", "question", "teams", "checks", "until", "rule", "patterns"),
]


@pytest.mark.parametrize("hostile", HOSTILE, ids=lambda text: text[:20])
@pytest.mark.parametrize("verdict", list(Verdict))
def test_no_fact_is_read_as_markup(verdict, hostile):
    told = dict.fromkeys(NAMES, hostile)
    reason = None if verdict is Verdict.PASS else Reason.NOT_ANSWERED
    rulings = tuple(Ruling(rule, verdict, reason, told) for rule in RuleName)
    asked = proposal(services=(hostile,) * 60, environment=hostile, version=hostile)
    for decision in (
        Allowed(tuple(RuleName)),
        Refused(Problem(Reason.FROZEN, told)),
        NeedsApproval(replace(TWO_OF_SRE, teams=frozenset(f"{n}{hostile}" for n in range(50)))),
    ):
        assert_slack_takes(why(asked, Judgement(rulings, decision)))


@settings(max_examples=60)
@given(
    st.sampled_from(RuleName),
    st.sampled_from(Reason),
    st.dictionaries(st.sampled_from(NAMES), st.text(max_size=400), max_size=12),
)
def test_slack_takes_any_refusal_of_every_rule(rule, reason, told):
    stop = Ruling(rule, Verdict.REFUSE, reason, told)
    rulings = tuple(replace(stop, rule=each) for each in RuleName)
    assert_slack_takes(why(proposal(), Judgement(rulings, Refused(Problem(reason, told)))))
