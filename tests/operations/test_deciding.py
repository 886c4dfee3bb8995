"""What a click comes to before anybody outside is asked."""

from dataclasses import replace

import pytest

from bot.clock import Clock
from bot.domain.operations import Phase
from bot.domain.problems import Problem, Reason
from bot.operations.books.act_book import ActBook
from bot.operations.books.approval_book import ApprovalBook
from bot.operations.books.card_book import Card
from bot.operations.deciding import Deciding, NotTaken, Place
from bot.operations.store import Store
from tests.builders import request
from tests.operations.books.test_approval_book import ASKED, EVIDENCE, RULE
from tests.operations.people import NOON


class Unasked:
    """Nothing outside may be asked for these answers."""


class Nobody:
    """Rights that nobody has."""

    def may(self, user, operation, rule):
        return Problem(Reason.NOT_PERMITTED, {"user": user})


@pytest.fixture
def waiting(database):
    """A desk, and the id of an operation whose first card is being posted."""
    store = Store(database)
    book = ApprovalBook(database, lambda: None)
    operation = store.receive(request(), "command:1", NOON)[0].id
    for phase in (Phase.CHECKING, Phase.AWAITING):
        store.move(operation, phase, NOON, phase.value)
    clock = Clock()
    asked = replace(ASKED, at=clock.now())
    book.ask(operation, asked, RULE, EVIDENCE)
    begun = store.cards.begin(operation)
    no = Unasked()
    desk = Deciding(store, no, no, book, Nobody(), ActBook(database), lambda _: None, clock)
    return desk, operation, store, begun


def test_who_clicks_before_slack_has_confirmed_the_card_is_asked_to_click_again(waiting):
    desk, operation, store, begun = waiting
    here = Place("C0DEPLOY", "1.000100")

    early = desk.open(operation, here)
    store.cards.save(Card(operation, here.channel, here.ts, None, 0), begun)
    in_time = desk.open(operation, here)
    elsewhere = desk.open(operation, Place("C0DEPLOY", "2.000200"))

    assert isinstance(early, NotTaken)
    assert Reason.CARD_UNKNOWN is early.problem.reason
    assert operation == in_time.id
    assert Reason.APPROVAL_OVER is elsewhere.problem.reason


def test_who_may_not_decide_is_remembered_with_what_they_tried(waiting, database):
    desk, operation, *_ = waiting
    desk.approve(operation, "U0MALLORY", None)
    desk.reject(operation, "U0EVE", "no")
    tried = [(one.by, one.detail["wish"]) for one in ActBook(database).latest()]
    assert {("U0MALLORY", "approve"), ("U0EVE", "reject")} == set(tried)
