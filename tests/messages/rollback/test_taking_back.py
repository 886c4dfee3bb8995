"""What people read of automatic rollbacks."""

from dataclasses import replace

import pytest

from bot.domain.approving.approval_rule import ApprovalRule
from bot.domain.operations import Kind, Phase, Stage, TakesBack
from bot.domain.problems import Problem, Reason
from bot.domain.rollback.auto_rollback import Announced, Leave, Requested, Stopped, Watched, WhyNot
from bot.domain.rollback.undoing import undoing
from bot.messages.cards import Links, card
from bot.messages.notices import ended_badly
from bot.messages.replies import may_not_cancel
from bot.messages.rollback import taking_back as words
from tests.messages.limits import assert_slack_takes
from tests.messages.operations import PLAN, REQUEST, WRITTEN, after, following, operation
from tests.messages.reading import read
from tests.messages.test_approval_card import HOSTILE

ILL = Problem(Reason.DEGRADED, {"app": "astrago", "resource": "Deployment/core", "detail": "OOM"})
LIVE, BROKEN = following(Stage.LIVE, Stage.FAILED)
FAILED = replace(
    operation(
        Phase.FAILED, plan=PLAN, written=WRITTEN, progress=(LIVE, replace(BROKEN, problem=ILL))
    ),
    problem=ILL,
    ended_at=after(minutes=2),
)
ANNOUNCED = Announced(after(minutes=6), after(minutes=1), {"core": "core-stage-ba01"})
LOCKED = Problem(
    Reason.LOCKED, {"service": "core", "environment": "stage", "by": "U0BOB", "detail": "I look"}
)


def shown(back, failed=FAILED):
    message = card(failed, Links(), after(minutes=5), back=back, undo=undoing(failed))
    assert_slack_takes(message)
    buttons = [
        element["action_id"]
        for block in message.blocks
        if block["type"] == "actions"
        for element in block["elements"]
    ]
    return read(message), buttons


CARDS = [
    pytest.param(Watched(after(minutes=4)), "if it is not well by", True, id="watched"),
    pytest.param(ANNOUNCED, "*core* to `core-stage-ba01`, by itself, not before", True, id="soon"),
    pytest.param(Stopped("U0BOB", after(minutes=5)), "stopped by @U0BOB", False, id="stopped"),
    pytest.param(Requested("D-9"), "`D-9` takes it back.", False, id="taken back"),
    pytest.param(
        Leave(WhyNot.RULES, problem=LOCKED), "none; the rules do not let it.", False, id="a lock"
    ),
    pytest.param(
        Leave(WhyNot.UNKNOWN, "core", detail="GitHub gave no answer"),
        "could be read (*core*): GitHub gave no answer.",
        False,
        id="unknown",
    ),
]


@pytest.mark.parametrize(("back", "says", "may_be_stopped"), CARDS)
def test_the_card_says_how_it_stands_and_whether_it_can_be_stopped(back, says, may_be_stopped):
    text, buttons = shown(back)
    assert f"*Automatic rollback: *{says}" in text or says in text
    assert may_be_stopped is (words.STOP in buttons)
    assert ("rollback_in:stage" in buttons) is not isinstance(back, Requested)


def test_the_announcement_has_its_evidence():
    text = read(words.announced(FAILED, ANNOUNCED, None))
    for said in ("`Deployment/core`", "OOM", "not well since", "verified good here"):
        assert said in text
    assert "approve" not in text


def test_where_people_approve_rollbacks_that_is_announced():
    rule = ApprovalRule(2, frozenset({"sre", "oncall"}))
    text = read(words.announced(FAILED, ANNOUNCED, rule))
    assert "2 members of *oncall* or *sre* must approve it." in text


@pytest.mark.parametrize("why", list(WhyNot))
def test_every_reason_has_words(why):
    text, _ = shown(Leave(why, "core"))
    assert words.WHY_NOT[why] in text


@pytest.mark.parametrize(
    ("why", "needed"),
    [
        pytest.param(WhyNot.RECOVERED, False, id="it has come up"),
        pytest.param(WhyNot.RULES, True, id="a lock"),
        pytest.param(WhyNot.UNKNOWN, True, id="unknown"),
    ],
)
def test_whoever_was_told_is_told_what_they_can_do(why, needed):
    text = read(words.left(FAILED, Leave(why, "core")))
    assert needed is ("/rollback core stage" in text)


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: text[:20])
def test_what_comes_from_outside_stays_text(text):
    hostile = Problem(Reason.DEGRADED, {"app": text, "resource": text, "detail": text})
    many = tuple(
        replace(BROKEN, service=f"{text}{n}", application=text, problem=hostile) for n in range(50)
    )
    failed = replace(FAILED, progress=many)
    to = {one.service: text for one in many}
    announced = replace(ANNOUNCED, to=to)
    assert_slack_takes(words.announced(failed, announced, None))
    leave = Leave(WhyNot.RULES, text, hostile, text)
    assert_slack_takes(words.left(failed, leave))
    shown(announced, failed)
    shown(leave, failed)
    assert len(words.because(failed)) <= 300


ITS_OWN = replace(
    FAILED,
    id="D-9",
    request=replace(
        REQUEST,
        kind=Kind.ROLLBACK,
        version="",
        requester="shipmate",
        reason=words.because(FAILED),
        takes_back=TakesBack(FAILED.id, "U0ALICE"),
    ),
)


def test_what_it_does_is_told_as_its_own():
    text = read(card(ITS_OWN, Links(), after(minutes=9)))
    assert "Shipmate rolls back" in text
    assert "by itself" in text
    assert "The automatic rollback `D-9` of" in read(ended_badly(ITS_OWN))
    assert f"{FAILED.id} failed: The new version of astrago does not come up" in text


def test_nobody_is_sent_to_the_bot_to_have_it_cancelled():
    no = Problem(Reason.NOT_PERMITTED, {"user": "U0EVE", "teams": "sre", "environment": "stage"})
    assert "Ask a member of *sre* to cancel it." in read(may_not_cancel(ITS_OWN, "U0EVE", no))


def test_a_click_that_comes_too_late_reads_how_it_stands():
    text = read(words.nothing_to_stop(FAILED.id, Requested("D-9"), FAILED))
    assert "There is nothing to stop any more." in text
    assert "To stop that, cancel `D-9` on its card." in text
    nothing = read(words.nothing_to_stop(FAILED.id, None, FAILED))
    assert f"Nothing of `{FAILED.id}` goes back by itself." in nothing
