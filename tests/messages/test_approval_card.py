from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.approving.approval_case import (
    ApprovalCase,
    Commits,
    InBetween,
    ServiceCase,
    unified,
)
from bot.domain.approving.approvals import Approved, Cancelled, Expired, Rejected, Superseded, Void
from bot.domain.approving.plan_digest import Part
from bot.domain.checks import Green, Missing, NotAsked, NothingReported, Pending, Red
from bot.domain.facts import NoEarlierHome, RanBefore, RunsNow
from bot.domain.operations import Change
from bot.domain.rights import NOBODY, Action, Actor, GitHubUser
from bot.domain.stops.locks import Lock
from bot.domain.unknown import Unknown
from bot.messages.approval_card import APPROVE, REJECT, approval_card, versions
from bot.messages.cards import ANEW, Links
from tests.domain.policies import ALICE, BOB, CAROL, NOON, SHA, TWO_OF_SRE
from tests.messages.limits import assert_slack_takes, texts
from tests.messages.reading import read

LINKS = Links()
FILE = "helmfile/values.yaml"
BEFORE = "astrago:\n  # 배포\n  core:\n    imageTag:   core-prod-ba01  # keep\n"
LATER = NOON + timedelta(minutes=12)
CORE = ServiceCase(
    change=Change("core", FILE, "core-prod-ba01", "core-prod-a1b2c3d4", "b" * 40),
    source="xiilab/astrago-backend",
    commits=Commits(
        (
            InBetween(SHA, "fix(core): 로그인 <30분>", "김서연", 412),
            InBetween("b" * 40, "Tidy up", "Lee"),
        ),
        14,
    ),
    checks=Green(12),
    digest="sha256:" + "d" * 64,
    runs=RunsNow(("core-prod-ba01",), "Healthy"),
    before=RanBefore("stage", True, ("x",), "Healthy", NOON - timedelta(hours=1)),
    locks=(Lock(BOB, frozenset({"core/prod"}), "careful", NOON, warn_only=True),),
    drift="Git says core-prod-ff00",
)
CASE = ApprovalCase(
    operation="D-4821",
    action=Action.DEPLOY,
    environment="prod",
    version="a1b2c3d4",
    requester=ALICE,
    reason="customers can't log in",
    services=(CORE,),
    diff=unified(FILE, BEFORE, BEFORE.replace("ba01", "a1b2c3d4")),
    rule=TWO_OF_SRE,
    approved=(BOB,),
    asked_at=NOON,
    until=NOON + timedelta(hours=4),
)
WHEN = "2026-11-21 12:12 UTC"
ENDS = {
    "approved": Approved((BOB, CAROL), LATER, LATER + timedelta(hours=4)),
    "rejected": Rejected(CAROL, LATER, "not on a friday."),
    "expired": Expired(LATER),
    "superseded": Superseded("D-4822", BOB, LATER),
    "cancelled": Cancelled(ALICE, LATER),
    "void": Void((Part.BLOBS, Part.POLICY), LATER),
}


def shown(**changes):
    return read(approval_card(replace(CASE, **changes), LINKS))


def service(**changes):
    return shown(services=(replace(CORE, **changes),))


def test_it_carries_what_an_approver_needs():
    expected = f"""\
# 🔐 Waits for approval: core to prod
@U0ALICE (`alice`) asks to deploy *core* to *prod* at `a1b2c3d4`.
Because: customers can't log in
• *core*  `core-prod-ba01` → `core-prod-a1b2c3d4`
runs now: `core-prod-ba01`, Healthy · checks: *all 12 green* · image: `sha256:{"d" * 64}` · \
runs in *stage*, Healthy since 2026-11-21 11:00 UTC · locked by @U0BOB (it only warns): careful · \
drift: Git says core-prod-ff00
14 commits in between of `xiilab/astrago-backend`
• a1b2c3d4 <https://github.com/xiilab/astrago-backend/commit/{SHA}> fix(core): 로그인 <30분> by \
김서연 (#412)
• bbbbbbbb <https://github.com/xiilab/astrago-backend/commit/{"b" * 40}> Tidy up by Lee
• and 12 older
    --- helmfile/values.yaml
+++ helmfile/values.yaml
@@ -2,3 +2,3 @@
   # 배포
   core:
-    imageTag:   core-prod-ba01  # keep
+    imageTag:   core-prod-a1b2c3d4  # keep
*Approvals: *1 of 2 by @U0BOB, from *sre*
It expires 2026-11-21 16:00 UTC.
[Approve for prod] [Reject]
(D-4821 · asked <!date^1795262400^{{date_short_pretty}} at {{time}}|2026-11-21 12:00 UTC>)"""
    assert expected == shown()


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param({"checks": Red(("ci",))}, "checks: *failed*: `ci`", id="red"),
        pytest.param({"checks": Pending(("ci",))}, "checks: *not ended*: `ci`", id="pending"),
        pytest.param({"checks": Missing(("ci",))}, "*never reported*: `ci`", id="missing"),
        pytest.param({"checks": NothingReported()}, "checks: *none reported*", id="none"),
        pytest.param({"checks": NotAsked()}, "checks: none are asked for", id="not asked"),
        pytest.param({"checks": Unknown("502")}, "checks: *unknown* (502)", id="checks unknown"),
        pytest.param({"digest": Unknown("502")}, "image: *unknown* (502)", id="image unknown"),
        pytest.param({"runs": Unknown("502")}, "runs now: *unknown* (502)", id="runs unknown"),
        pytest.param({"runs": RunsNow((), "Missing")}, "runs now: nothing, Missing", id="nothing"),
        pytest.param({"before": Unknown("502")}, "before: *unknown* (502)", id="before unknown"),
        pytest.param(
            {"before": replace(CORE.before, same=False)},
            "another version runs in *stage*",
            id="another before",
        ),
        pytest.param({"locks": Unknown("502")}, "locks: *unknown* (502)", id="locks unknown"),
        pytest.param(
            {"commits": Commits((), 0, behind=14)}, "goes back 14 commits", id="goes back"
        ),
        pytest.param(
            {"commits": Unknown("502")},
            "Commits in between of `xiilab/astrago-backend`: *unknown*",
            id="commits unknown",
        ),
        pytest.param({"change": replace(CORE.change, old=None)}, "no tag → ", id="no tag before"),
    ],
)
def test_it_says_of_a_service(changes, expected):
    assert expected in service(**changes)


def test_a_service_without_an_environment_before_says_nothing_of_one():
    assert "stage" not in service(before=NoEarlierHome())


def test_shipmate_asks_by_itself_and_as_nobodys_account():
    text = shown(requester=NOBODY, action=Action.ROLLBACK)
    assert "\nShipmate asks by itself to roll back *core* in *prod*" in text


def test_it_says_which_older_wish_it_ended():
    said = "It takes the place of `D-4820`, which waited for approval as well."
    assert said in shown(instead_of=("D-4820",))
    assert "takes the place" not in shown()


def test_nothing_is_said_to_be_the_reason_where_none_was_given():
    assert "No reason was given." in shown(reason=None)


@pytest.mark.parametrize(
    ("end", "headline", "expected"),
    [
        ("approved", "✅ Approved", f"Approved by @U0BOB and @U0CAROL, {WHEN}."),
        ("rejected", "⛔ Rejected", f"Rejected by @U0CAROL, {WHEN}: not on a friday. Nothing"),
        ("expired", "⌛ Expired", f"Expired, {WHEN}: not enough people approved it in time"),
        ("superseded", "↪ Superseded", f"Superseded by `D-4822`, which @U0BOB asked for, {WHEN}."),
        ("cancelled", "🚫 Cancelled", f"Cancelled by @U0ALICE, {WHEN}. Nothing was changed."),
        (
            "void",
            "♻ Void",
            f"Void since {WHEN}: no longer as asked are the text of the files and the rules",
        ),
    ],
)
def test_each_end_says_who_did_what_when_and_nobody_can_decide_any_more(end, headline, expected):
    message = approval_card(replace(CASE, end=ENDS[end]), LINKS)
    text = read(message)
    assert text.startswith(f"# {headline}: core to prod")
    assert expected in text
    kept = {"expired", "void"}  # the same may be wanted still, and a click asks for it anew
    assert ([ANEW] if end in kept else []) == [
        button["action_id"]
        for block in message.blocks
        if block["type"] == "actions"
        for button in block["elements"]
    ]
    assert_slack_takes(message)


def test_the_text_for_phones_is_the_whole_news():
    assert (
        "D-4821: <@U0ALICE> (`alice`) asks to deploy core to prod at `a1b2c3d4`. "
        "1 of 2 by <@U0BOB>, from sre." == approval_card(CASE, LINKS).text
    )


def buttons(case):
    (row,) = [b for b in approval_card(case, LINKS).blocks if b["type"] == "actions"]
    return row["elements"]


def test_the_buttons_carry_the_operations_id_and_nothing_else():
    assert [(APPROVE, "D-4821"), (REJECT, "D-4821")] == [
        (each["action_id"], each["value"]) for each in buttons(CASE)
    ]
    assert ("approve_operation", "reject_operation") == (APPROVE, REJECT)


@pytest.mark.parametrize("button", [0, 1], ids=["approve", "reject"])
def test_the_dialogs_name_service_environment_and_versions(button):
    assert (
        "To prod: core core-prod-ba01 → core-prod-a1b2c3d4"
        == buttons(CASE)[button]["confirm"]["text"]["text"]
    )


def test_a_dialog_counts_the_services_it_has_no_room_for():
    many = tuple(replace(CORE, change=replace(CORE.change, service=f"s{n}")) for n in range(30))
    text = versions(replace(CASE, services=many))
    assert len(text) <= 300
    assert text.startswith("To prod: s0 core-prod-ba01 → core-prod-a1b2c3d4; s1 ")
    assert text.endswith("more")


def test_the_diff_keeps_every_blank_and_drops_what_nobody_can_see():
    diff = ("-    tag:   v1", "+    tag:   v1\u202e\u200b")
    text = shown(diff=diff)
    assert "    -    tag:   v1\n+    tag:   v1\n" in text


def test_a_long_diff_is_cut_and_says_so():
    assert "and 60 more lines" in shown(diff=tuple(f"+{n}" for n in range(100)))


def test_a_diff_has_its_context():
    text = "\n".join(f"k{n}: v" for n in range(20))
    found = unified("f.yaml", text, text.replace("k9: v", "k9: w"))
    assert ("--- f.yaml", "+++ f.yaml", "@@ -8,5 +8,5 @@", " k7: v", " k8: v") == found[:5]
    assert ("-k9: v", "+k9: w", " k10: v", " k11: v") == found[5:]


def test_equal_texts_have_no_diff():
    assert () == unified("f.yaml", BEFORE, BEFORE)


def hostile_case(text, many=1, end=None):
    someone = Actor(text, GitHubUser(1, text))
    one = ServiceCase(
        change=Change(text, text, text, f"{text}2", text),
        source=text,
        commits=Commits((InBetween(text, text, text, 1),) * 30, 250, 3),
        checks=Red((text,) * 30),
        digest=text,
        runs=RunsNow((text,) * 10, text),
        before=RanBefore(text, True, (text,), text, NOON),
        locks=(Lock(someone, frozenset({text}), text, NOON),) * 9,
        drift=text,
    )
    services = tuple(
        replace(one, source=f"{n}{text}", change=replace(one.change, service=f"{n}{text}"))
        for n in range(many)
    )
    return replace(
        CASE,
        environment=text,
        version=text,
        requester=someone,
        reason=text,
        services=services,
        diff=(text,) * 200,
        rule=replace(TWO_OF_SRE, teams=frozenset(f"{n}{text}" for n in range(20))),
        approved=(someone,) * 30,
        end=end,
    )


HOSTILE = ("<!channel>", "<https://evil.example|safe>", "`<@U1>`", "x" * 40_000, "&<>" * 14_000)
EVERY_END = [
    None,
    *ENDS.values(),
]


@pytest.mark.parametrize("end", EVERY_END, ids=["waits", *ENDS])
@pytest.mark.parametrize("hostile", HOSTILE, ids=lambda text: text[:20])
@pytest.mark.parametrize("many", [1, 40])
def test_no_text_from_outside_is_read_as_markup(many, hostile, end):
    message = approval_card(hostile_case(hostile, many, end), LINKS)
    assert_slack_takes(message)
    assert "<!channel>" not in message.text


@pytest.mark.parametrize("hostile", HOSTILE, ids=lambda text: text[:20])
def test_a_hostile_reason_of_a_rejection_is_only_text(hostile):
    message = approval_card(replace(CASE, end=Rejected(BOB, LATER, hostile)), LINKS)
    assert_slack_takes(message)


def test_a_service_that_is_cut_off_still_says_its_versions():
    text = shown(services=hostile_case("x" * 40_000).services)
    assert "→" in text


words = st.text(min_size=1, max_size=60)


@settings(max_examples=80)
@given(words, st.integers(1, 8), st.sampled_from(EVERY_END))
def test_slack_takes_any_case(text, many, end):
    assert_slack_takes(approval_card(hostile_case(text, many, end), LINKS))


def test_what_nobody_can_see_is_not_shown():
    message = approval_card(hostile_case("evil\u202etag\u200b"), LINKS)
    assert not any("\u202e" in text or "\u200b" in text for text in texts(message))
