"""What was said is heard, once by each process, also if whoever took it died at once."""

import pytest

from bot.domain.approving.approvals import Approval, Rejection
from bot.domain.operations import Phase
from bot.operations.books.approval_book import ApprovalBook
from bot.operations.store import Store
from bot.operations.waking.waking import Waking
from tests.builders import request
from tests.operations.books.test_approval_book import ASKED, EVIDENCE, RULE
from tests.operations.people import BOB, CAROL, NOON


@pytest.fixture
def store(database):
    return Store(database)


@pytest.fixture
def book(database):
    return ApprovalBook(database, lambda: None)


def waits(store, book):
    """Return the id of an operation that waits for approval."""
    operation, _ = store.receive(request(), "command:1", NOON)
    book.ask(operation.id, ASKED, RULE, EVIDENCE)
    store.move(operation.id, Phase.CHECKING, NOON, "checking")
    store.move(operation.id, Phase.AWAITING, NOON, "planned")
    return operation.id


def test_each_decision_is_heard_once(store, book):
    woken = []
    waking = Waking(book, woken.append)
    operation = waits(store, book)
    waking.sweep()
    assert [] == woken, "nobody has said anything"

    book.record(operation, Approval(BOB, NOON, ASKED.fingerprint.digest))
    waking.sweep()
    waking.sweep()
    assert [operation] == woken

    book.record(operation, Rejection(CAROL, NOON, "no"))
    waking.sweep()
    assert [operation] * 2 == woken

    after_a_restart = []
    Waking(book, after_a_restart.append).sweep()
    assert [operation] == after_a_restart


def test_what_waits_no_more_is_left_alone(store, book):
    woken = []
    operation = waits(store, book)
    book.record(operation, Approval(BOB, NOON, ASKED.fingerprint.digest))
    store.move(operation, Phase.QUEUED, NOON, "approved")
    Waking(book, woken.append).sweep()
    assert [] == woken
