"""An offer is answered once, by the one it was made to, in time."""

from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest

from bot.domain.message import Message
from bot.domain.rights import GitHubUser
from bot.operations.books.link_book import Ending, LinkBook, NotOpen, Offer
from bot.operations.saying.outbox import Letter, ToPerson
from tests.operations.people import NOON, at_once

MINUTE = timedelta(minutes=1)
OFFER = Offer("o1", "U0ALICE", "T0ACME", GitHubUser(2**40, "alice"), NOON, NOON + MINUTE)


def letter(offer):
    return Letter(f"link:{offer.id}", ToPerson(offer.slack), Message("Is that you?"))


@pytest.fixture
def book(database):
    book = LinkBook(database)
    book.offer(OFFER, letter(OFFER))
    return book


def settle(book, ending=Ending.CONFIRMED, slack="U0ALICE", team="T0ACME", at=NOON):
    return book.settle("o1", slack, team, ending, at)


def test_of_many_clicks_at_the_same_instant_one_counts(book):
    answers = [Ending.CONFIRMED, Ending.DECLINED] * 4
    found = at_once(*(partial(settle, book, one) for one in answers))
    assert 1 == sum(one == OFFER for one in found)
    assert 7 == sum(one is NotOpen.SETTLED for one in found)


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        pytest.param({"slack": "U0BOB"}, NotOpen.NOT_YOURS, id="somebody else"),
        pytest.param({"team": "T0OTHER"}, NotOpen.NOT_YOURS, id="from another workspace"),
        pytest.param({"at": NOON + MINUTE}, NotOpen.EXPIRED, id="too late"),
        pytest.param({}, OFFER, id="they themselves, in time"),
    ],
)
def test_only_their_own_answer_in_time_counts(book, how, expected):
    assert expected == settle(book, **how)


def test_a_later_offer_ends_the_earlier_ones_of_the_same_person_only(book):
    theirs = replace(OFFER, id="o2")
    of_bob = replace(OFFER, id="o3", slack="U0BOB")
    for one in (theirs, of_bob):
        book.offer(one, letter(one))
    assert NotOpen.SETTLED is settle(book)
    assert theirs == book.settle("o2", "U0ALICE", "T0ACME", Ending.CONFIRMED, NOON)
    assert of_bob == book.settle("o3", "U0BOB", "T0ACME", Ending.CONFIRMED, NOON)


def test_an_id_that_was_never_given_out_is_unknown(book):
    assert NotOpen.UNKNOWN is book.settle("o9", "U0ALICE", "T0ACME", Ending.CONFIRMED, NOON)
