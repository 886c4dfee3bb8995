from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest

from bot.domain.approving.approval_case import Commits, Evidence, InBetween, ServiceCase
from bot.domain.approving.approval_rule import ApprovalRule
from bot.domain.approving.approvals import (
    Approval,
    Approved,
    Asked,
    Override,
    Rejected,
    Rejection,
    tally,
)
from bot.domain.approving.plan_digest import Fingerprint, Part
from bot.domain.checks import NothingReported, Pending
from bot.domain.facts import NoEarlierHome, RanBefore, RunsNow
from bot.domain.operations import Change, Phase
from bot.domain.stops.locks import Lock
from bot.domain.unknown import Unknown
from bot.operations.books.approval_book import ApprovalBook, Ballot, Receipt, Request
from bot.operations.store import Store
from tests.builders import request
from tests.operations.people import ALICE, BOB, CAROL, NOON, at_once

PLAN = Fingerprint(tuple((part, "a" * 64) for part in Part if part is not Part.IMAGE))
OTHER = Fingerprint((*PLAN.parts[:-1], (Part.POLICY, "b" * 64)))
ASKED = Asked(PLAN, ALICE.github, frozenset({7, 9_000_000_001}), NOON)
RULE = ApprovalRule(2, frozenset({"sre", "release"}), expires=timedelta(minutes=90))
EVIDENCE = Evidence(
    ALICE,
    (
        ServiceCase(
            Change("core", "values.yaml", "v1", "v2", "b" * 40),
            "xiilab/astrago-backend",
            Commits((InBetween("c" * 40, "Fix <login>", "Bob", 7),), total=3, behind=1),
            Pending(("build",)),
            Unknown("ghcr.io did not answer"),
            RunsNow(("v1",), "Healthy"),
            RanBefore("stage", same=True, tags=("v2",), health="Healthy", healthy_since=NOON),
            (Lock(CAROL, frozenset({"core/prod"}), "looking", NOON, warn_only=True),),
        ),
        ServiceCase(
            Change("batch", "values.yaml", None, "v2", "b" * 40),
            "xiilab/astrago-backend",
            Unknown("no history in common"),
            NothingReported(),
            "sha256:" + "d" * 64,
            Unknown("Argo CD did not answer"),
            NoEarlierHome(),
        ),
    ),
    ("-  imageTag: v1", "+  imageTag: v2"),
)
YES = Approval(BOB, NOON + timedelta(minutes=1), PLAN.digest)
NO = Rejection(CAROL, NOON + timedelta(minutes=2), "not <now> & \u2603")
GLASS = Override(ALICE, NOON, "the shop is down")


@pytest.fixture
def store(database):
    return Store(database)


@pytest.fixture
def changes():
    return []


@pytest.fixture
def book(database, changes):
    return ApprovalBook(database, lambda: changes.append(1))


@pytest.fixture
def waiting(store, book):
    """The id of an operation that waits for approval."""
    operation = store.receive(request(), "command:1", NOON)[0].id
    for phase in (Phase.CHECKING, Phase.AWAITING):
        store.move(operation, phase, NOON, phase.value)
    book.ask(operation, ASKED, RULE, EVIDENCE)
    return operation


def test_what_was_asked_comes_back_and_a_second_run_changes_nothing(book, waiting):
    later = replace(ASKED, fingerprint=OTHER, at=NOON + timedelta(hours=1))
    said = Request(ASKED, RULE, EVIDENCE)
    assert said == book.ask(waiting, later, RULE, EVIDENCE) == book.asked(waiting)
    assert book.asked("D-999") is None


def test_everything_said_comes_back_in_its_order(book, waiting):
    for decision in (GLASS, YES, NO):
        book.record(waiting, decision)
    assert (GLASS, YES, NO) == book.decisions(waiting)


def test_it_stands_in_the_timeline_and_the_card_is_behind(book, store, waiting, changes):
    version = store.versioned(waiting).version
    book.record(waiting, NO)
    entry = store.timeline(waiting)[-1]
    assert ("reject", "U0CAROL", "carol", NO.reason) == (
        entry.what,
        entry.by,
        entry.detail["login"],
        entry.detail["reason"],
    )
    assert version + 1 == store.versioned(waiting).version
    assert [1] == changes


@pytest.mark.parametrize("decision", [YES, NO, GLASS], ids=["yes", "no", "override"])
def test_a_second_click_by_the_same_account_is_no_second_voice(
    book, store, waiting, changes, decision
):
    """The same person may click twice, or from a second Slack user."""
    other = replace(decision.by, slack="U0SECOND")
    assert Ballot(Receipt.NEW, (decision,)) == book.record(waiting, decision)
    again = replace(decision, by=other, at=NOON + timedelta(minutes=3))
    assert Ballot(Receipt.REPEATED, (decision,)) == book.record(waiting, again)
    assert ["received", "checking", "awaiting"] == [e.what for e in store.timeline(waiting)][:3]
    assert 4 == len(store.timeline(waiting))
    assert [1] == changes


def test_who_said_yes_may_still_say_no(book, waiting):
    no = Rejection(BOB, NOON + timedelta(minutes=2), "I misread it")
    book.record(waiting, YES)
    assert Ballot(Receipt.NEW, (YES, no)) == book.record(waiting, no)


def test_a_yes_to_another_plan_is_not_taken(book, waiting, changes):
    assert Ballot(Receipt.OTHER_PLAN) == book.record(waiting, replace(YES, digest=OTHER.digest))
    assert () == book.decisions(waiting)
    assert [] == changes


def test_an_operation_that_asked_for_nothing_takes_no_yes(book, store):
    operation = store.receive(request(), "command:2", NOON)[0].id
    for phase in (Phase.CHECKING, Phase.AWAITING):
        store.move(operation, phase, NOON, phase.value)
    assert [Receipt.OTHER_PLAN] * 2 == [book.record(operation, one).receipt for one in (YES, NO)]


@pytest.mark.parametrize("phase", [Phase.QUEUED, Phase.REFUSED, Phase.CANCELLED, Phase.FAILED])
def test_after_the_wait_nothing_is_taken_but_a_repeat_is_still_known(book, store, waiting, phase):
    book.record(waiting, YES)
    store.move(waiting, phase, NOON, phase.value)
    late = Approval(CAROL, NOON, PLAN.digest)
    assert Ballot(Receipt.OVER, (YES,)) == book.record(waiting, late)
    assert Receipt.OVER is book.record(waiting, NO).receipt
    assert Receipt.REPEATED is book.record(waiting, YES).receipt


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        pytest.param((), Receipt.NEW, id="just received"),
        pytest.param((Phase.CHECKING,), Receipt.NEW, id="being checked"),
        pytest.param((Phase.CHECKING, Phase.QUEUED), Receipt.NEW, id="in line"),
        pytest.param(
            (Phase.CHECKING, Phase.QUEUED, Phase.COMMITTING), Receipt.OVER, id="being committed"
        ),
        pytest.param((Phase.REFUSED,), Receipt.OVER, id="refused"),
    ],
)
def test_an_override_is_taken_until_the_commit_may_begin(book, store, path, expected):
    operation = store.receive(request(), "command:2", NOON)[0].id
    for phase in path:
        store.move(operation, phase, NOON, phase.value)
    assert expected is book.record(operation, GLASS).receipt


@pytest.mark.parametrize("id", ["D-999", "nonsense"])
def test_an_operation_that_is_not_there_takes_nothing(book, id):  # noqa: A002  # what it is
    assert Ballot(Receipt.UNKNOWN) == book.record(id, YES)
    assert () == book.decisions(id)


def test_two_yes_and_a_no_at_the_same_instant_are_one_row_each_in_one_order(
    book, store, waiting, changes
):
    """Everybody sees the same order, so all reach the same end."""
    dave = replace(ALICE, slack="U0DAVE", github=replace(ALICE.github, id=104))
    said = (YES, Approval(dave, YES.at, PLAN.digest), replace(NO, at=YES.at))
    clicks = [partial(book.record, waiting, one) for one in said for _ in range(2)]
    ballots = at_once(*clicks)
    order = book.decisions(waiting)
    assert set(said) == set(order)
    assert 3 == len(order) == len(changes)
    assert [Receipt.NEW] * 3 + [Receipt.REPEATED] * 3 == sorted(
        (ballot.receipt for ballot in ballots), key=lambda one: one is Receipt.REPEATED
    )
    for ballot in ballots:
        assert order[: len(ballot.decisions)] == ballot.decisions
    assert 3 == len({b.decisions for b in ballots if b.receipt is Receipt.NEW})
    entitled = frozenset({BOB.github.id, CAROL.github.id, 104})
    end = tally(RULE, ASKED, PLAN, order, entitled, NOON + timedelta(minutes=5))
    first_two_agreed = all(isinstance(one, Approval) for one in order[:2])
    assert isinstance(end, Approved if first_two_agreed else Rejected)


def test_a_click_at_the_instant_of_the_end_is_before_it_or_told_that_it_is_over(
    book, store, waiting
):
    ballot, _ = at_once(
        partial(book.record, waiting, YES),
        partial(store.move, waiting, Phase.REFUSED, NOON, "expired"),
    )
    assert store.operation(waiting).phase is Phase.REFUSED
    assert {Receipt.NEW: (YES,), Receipt.OVER: ()}[ballot.receipt] == book.decisions(waiting)
