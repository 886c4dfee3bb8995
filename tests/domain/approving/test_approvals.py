from dataclasses import replace
from datetime import timedelta
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.approving.approval_rule import ApprovalRule
from bot.domain.approving.approvals import (
    Approval,
    Approved,
    Asked,
    Bar,
    Expired,
    Override,
    Rejected,
    Rejection,
    Void,
    Waiting,
    bar,
    tally,
)
from bot.domain.approving.plan_digest import Fingerprint, Part
from bot.domain.rights import Actor, GitHubUser
from tests.domain.policies import ALICE, BOB, CAROL, DAVE, NOON

PLAN = Fingerprint(tuple((part, "a" * 64) for part in Part if part is not Part.IMAGE))
OTHER = Fingerprint((*PLAN.parts[:-1], (Part.POLICY, "b" * 64)))
RULE = ApprovalRule(2, frozenset({"sre"}), authors_ok=False)
ASKED = Asked(PLAN, ALICE.github, frozenset({DAVE.github.id}), NOON)
UNTIL = NOON + RULE.expires
ENTITLED = frozenset({1, 2, 3, 4})
ALICE_AGAIN = Actor("U0ALICE2", GitHubUser(ALICE.github.id, "alice-renamed"))
BOB_AGAIN = Actor("U0BOB2", BOB.github)


def after(minutes):
    return NOON + timedelta(minutes=minutes)


def yes(who, minutes=1, plan=PLAN):
    return Approval(who, after(minutes), plan.digest)


def no(who, minutes=1):
    return Rejection(who, after(minutes), "too late in the day")


def waiting(*by):
    return Waiting(2 - len(by), by, UNTIL)


def approved(*by, minutes=1, rule=RULE):
    return Approved(by, after(minutes), after(minutes) + rule.expires)


def count(*decisions, rule=RULE, asked=ASKED, current=PLAN, entitled=ENTITLED, now=10):
    return tally(rule, asked, current, decisions, entitled, after(now))


REJECTED = Rejected(CAROL, after(1), "too late in the day")


@pytest.mark.parametrize(
    ("decisions", "expected"),
    [
        pytest.param([], waiting(), id="nobody yet"),
        pytest.param([yes(BOB)], waiting(BOB), id="1 of 2"),
        pytest.param([yes(BOB), yes(CAROL)], approved(BOB, CAROL), id="2 of 2"),
        pytest.param([yes(BOB), yes(BOB, 2)], waiting(BOB), id="one person twice"),
        pytest.param([yes(BOB), yes(BOB_AGAIN, 2)], waiting(BOB), id="one person, two accounts"),
        pytest.param([yes(ALICE)], waiting(), id="the requester"),
        pytest.param([yes(ALICE_AGAIN)], waiting(), id="the requester under a second account"),
        pytest.param([yes(DAVE)], waiting(), id="who wrote part of it"),
        pytest.param([yes(BOB, plan=OTHER)], waiting(), id="the digest of another plan"),
        pytest.param([yes(BOB, -1)], waiting(), id="before it was asked"),
        pytest.param([yes(BOB, 240), yes(CAROL, 240)], waiting(), id="after it expired"),
        pytest.param([no(CAROL)], REJECTED, id="a no"),
        pytest.param([yes(BOB), no(CAROL)], REJECTED, id="a no after one yes"),
        pytest.param([no(CAROL), yes(BOB), yes(DAVE)], REJECTED, id="a no first"),
        pytest.param(
            [yes(BOB), yes(CAROL), no(DAVE)], approved(BOB, CAROL), id="a no that came too late"
        ),
        pytest.param([yes(BOB), no(BOB)], replace(REJECTED, by=BOB), id="a change of mind"),
        pytest.param(
            [Override(BOB, after(1), "fire"), Override(CAROL, after(1), "fire")],
            waiting(),
            id="an override is nobody's yes",
        ),
    ],
)
def test_tally(decisions, expected):
    assert expected == count(*decisions)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param({"now": 239}, waiting(BOB), id="a minute left"),
        pytest.param({"now": 240}, Expired(UNTIL), id="expired"),
        pytest.param({"current": OTHER}, Void((Part.POLICY,), after(10)), id="the plan moved"),
        pytest.param({"entitled": frozenset({3})}, waiting(), id="no longer in the team"),
        pytest.param(
            {"rule": replace(RULE, count=1)},
            approved(BOB, rule=replace(RULE, count=1)),
            id="one is enough",
        ),
    ],
)
def test_one_yes(changes, expected):
    assert expected == count(yes(BOB), **changes)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param({}, approved(BOB, CAROL), id="approved"),
        pytest.param({"current": OTHER}, Void((Part.POLICY,), after(10)), id="moved since"),
        pytest.param({"entitled": frozenset({2})}, waiting(BOB), id="one has left the team"),
        pytest.param({"now": 240}, approved(BOB, CAROL), id="it may still begin"),
        pytest.param({"now": 241}, Expired(after(241)), id="it waited in line for too long"),
    ],
)
def test_two_yes(changes, expected):
    assert expected == count(yes(BOB), yes(CAROL), **changes)


@pytest.mark.parametrize(
    ("rule", "who", "expected"),
    [
        pytest.param(replace(RULE, self_ok=True), ALICE, waiting(ALICE), id="self"),
        pytest.param(replace(RULE, authors_ok=True), DAVE, waiting(DAVE), id="authors"),
    ],
)
def test_own_eyes_may_be_let_count(rule, who, expected):
    assert expected == count(yes(who), rule=rule)


def test_the_requester_who_wrote_it_needs_both_exceptions():
    asked = replace(ASKED, authors=frozenset({ALICE.github.id}))
    assert waiting() == count(yes(ALICE), asked=asked, rule=replace(RULE, self_ok=True))


def test_a_no_of_somebody_who_left_the_team_stays():
    assert REJECTED == count(no(CAROL), entitled=frozenset())


def test_no_approval_is_asked_for():
    assert () == count(rule=ApprovalRule(0, frozenset())).by


@pytest.mark.parametrize(
    "order", list(permutations([yes(BOB), yes(CAROL), no(DAVE)])), ids=lambda one: ""
)
def test_two_yes_racing_a_no_give_the_outcome_of_whoever_was_written_down_first(order):
    came_last = isinstance(order[-1], Rejection)
    assert (Approved if came_last else Rejected) is type(count(*order))


people = st.sampled_from([ALICE, ALICE_AGAIN, BOB, BOB_AGAIN, CAROL, DAVE])
minutes = st.integers(-10, 300).map(after)
decisions = st.lists(
    st.one_of(
        st.builds(Approval, people, minutes, st.sampled_from([PLAN.digest, OTHER.digest])),
        st.builds(Rejection, people, minutes),
        st.builds(Override, people, minutes, st.just("fire")),
    ),
    max_size=8,
)
entitled = st.frozensets(st.integers(1, 4))
rules = st.builds(
    ApprovalRule,
    st.integers(1, 3),
    st.just(frozenset({"sre"})),
    st.booleans(),
    st.booleans(),
)


@given(rules, decisions, entitled, st.sampled_from([PLAN, OTHER]), minutes)
def test_approved_means_enough_different_people_with_the_right_and_other_eyes(
    rule, made, able, current, now
):
    outcome = tally(rule, ASKED, current, made, able, now)
    if not isinstance(outcome, Approved):
        return
    ids = {one.github.id for one in outcome.by}
    valid = {
        one.by.github.id
        for one in made
        if isinstance(one, Approval) and one.digest == PLAN.digest and NOON <= one.at < UNTIL
    }
    assert PLAN == current
    assert now < outcome.until
    assert len(ids) == len(outcome.by) == rule.count
    assert ids <= valid & able
    assert rule.self_ok or ALICE.github.id not in ids
    assert rule.authors_ok or DAVE.github.id not in ids


@given(rules, decisions, decisions, entitled, minutes)
def test_the_first_end_is_final(rule, made, later, able, now):
    before = tally(rule, ASKED, PLAN, made, able, now)
    if isinstance(before, Approved | Rejected):
        assert before == tally(rule, ASKED, PLAN, [*made, *later], able, now)


@given(rules, decisions, entitled, minutes)
def test_overrides_change_nothing(rule, made, able, now):
    without = [one for one in made if not isinstance(one, Override)]
    expected = tally(rule, ASKED, PLAN, without, able, now)
    assert expected == tally(rule, ASKED, PLAN, made, able, now)


@pytest.mark.parametrize(
    ("who", "before", "expected"),
    [
        pytest.param(BOB, [], None, id="other eyes"),
        pytest.param(ALICE, [], Bar.SELF, id="the requester"),
        pytest.param(ALICE_AGAIN, [], Bar.SELF, id="the requester's second account"),
        pytest.param(DAVE, [], Bar.AUTHOR, id="an author"),
        pytest.param(BOB, [yes(BOB)], Bar.TWICE, id="a second click"),
        pytest.param(BOB_AGAIN, [yes(BOB)], Bar.TWICE, id="a second click by a second account"),
        pytest.param(BOB, [yes(CAROL)], None, id="after another"),
    ],
)
def test_why_a_click_does_not_count(who, before, expected):
    assert expected == bar(RULE, ASKED, before, who)


@pytest.mark.parametrize("wrong", [{"count": -1}, {"expires": timedelta()}])
def test_a_rule_that_cannot_be_is_refused(wrong):
    with pytest.raises(ValueError, match="count from 0"):
        replace(RULE, **wrong)
