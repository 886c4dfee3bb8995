from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest

from bot.domain.stops.freezes import AdHocFreeze
from bot.operations.books.act_book import ActBook, Deed
from bot.operations.books.freeze_book import FreezeBook
from tests.operations.people import ALICE, BOB, NOON, at_once

FREEZE = AdHocFreeze("prod", ALICE, "payments are <down>", NOON)
HOUR = timedelta(hours=1)


@pytest.fixture
def book(database):
    return FreezeBook(database)


def test_a_freeze_stands_at_once_and_only_where_it_was_asked(book):
    assert book.freeze(FREEZE, "c:1")
    assert (FREEZE,) == book.standing(NOON, "prod") == book.standing(NOON)
    assert () == book.standing(NOON, "stage")


def test_the_same_delivery_twice_is_one_freeze_and_one_act(book, database):
    assert [True, False] == [book.freeze(FREEZE, "c:1"), book.freeze(FREEZE, "c:1")]
    assert (FREEZE,) == book.standing(NOON)
    assert [Deed.FROZEN] == [act.what for act in ActBook(database).latest("prod")]


def test_a_freeze_ends_by_itself(book):
    book.freeze(replace(FREEZE, until=NOON + HOUR), "c:1")
    assert 1 == len(book.standing(NOON + HOUR - timedelta(microseconds=1)))
    assert () == book.standing(NOON + HOUR)


def test_lifting_ends_all_of_them_and_tells_which_each_time_it_is_asked(book, database):
    second = replace(FREEZE, by=BOB, reason="me too")
    book.freeze(FREEZE, "c:1")
    book.freeze(second, "c:2")
    book.freeze(replace(FREEZE, environment="stage"), "c:3")
    for _ in range(2):
        assert (FREEZE, second) == book.lift("prod", BOB, "c:4", NOON + HOUR)
    assert () == book.lift("prod", BOB, "c:5", NOON + HOUR)
    assert ["stage"] == [one.environment for one in book.standing(NOON + HOUR)]
    acts = ActBook(database).latest("prod")
    lifted = [(act.by, act.detail["owner"]) for act in acts if act.what is Deed.UNFROZEN]
    assert [("U0BOB", "U0BOB"), ("U0BOB", "U0ALICE")] == lifted


def test_what_many_lift_at_the_same_instant_is_lifted_once(book, database):
    book.freeze(FREEZE, "c:1")
    lifted = at_once(*(partial(book.lift, "prod", BOB, f"lift:{n}", NOON) for n in range(8)))
    assert [()] * 7 + [(FREEZE,)] == sorted(lifted, key=len)
    assert 2 == len(ActBook(database).latest())


def test_a_lift_that_comes_twice_at_the_same_instant_has_one_answer(book):
    book.freeze(FREEZE, "c:1")
    lifted = at_once(*(partial(book.lift, "prod", BOB, "lift", NOON) for _ in range(8)))
    assert [(FREEZE,)] * 8 == lifted
