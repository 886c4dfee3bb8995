"""Two clicks are one move, whoever makes them, and what failed may be tried again."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.rollout import Move, Side
from bot.operations.books.act_book import ActBook
from bot.operations.books.move_book import EFFECT, Claim, First, MoveBook
from tests.domain.test_rollout import ABORTED, LATER, OTHER, PAUSED
from tests.operations.people import NOON, at_once

PLACE = ("web", "prod")
SOON = NOON + timedelta(seconds=5)
P, F, A, RETRY, RESTART = Move


@pytest.fixture
def book(database):
    return MoveBook(database)


def test_the_second_click_learns_who_was_first(book):
    assert isinstance(book.claim(PLACE, PAUSED, P, "U0ALICE", NOON), Claim)
    assert First("U0ALICE", P, NOON) == book.claim(PLACE, PAUSED, P, "U0BOB", SOON)
    assert First("U0ALICE", P, NOON) == book.claim(PLACE, PAUSED, P, "U0ALICE", SOON)


@pytest.mark.parametrize(
    ("first", "then", "state", "bars"),
    [
        pytest.param(P, F, PAUSED, True, id="one step is decided about once"),
        pytest.param(F, P, PAUSED, True, id="whichever way onward"),
        pytest.param(A, P, PAUSED, True, id="nothing goes onward right after an abort"),
        pytest.param(P, A, PAUSED, False, id="an abort outdoes a promote"),
        pytest.param(P, P, LATER, False, id="the next step is another decision"),
        pytest.param(A, RETRY, ABORTED, False, id="what was aborted may be retried"),
        pytest.param(P, P, OTHER, False, id="another version"),
        pytest.param(RESTART, RESTART, LATER, True, id="a restart is one for the version"),
        pytest.param(RESTART, P, PAUSED, False, id="a restart is in nobody's way"),
        pytest.param(P, RESTART, PAUSED, False, id="nor is anything in a restart's"),
    ],
)
def test_what_is_in_the_way_of_what(book, first, then, state, bars):
    book.claim(PLACE, PAUSED, first, "U0ALICE", NOON)
    assert bars is isinstance(book.claim(PLACE, state, then, "U0BOB", SOON), First)


def test_what_argo_cd_did_not_take_is_in_nobodys_way(book, database):
    claim = book.claim(PLACE, PAUSED, P, "U0ALICE", NOON)
    book.release(claim, NOON, "Argo CD main did not answer")
    assert isinstance(book.claim(PLACE, PAUSED, P, "U0BOB", SOON), Claim)
    assert First("U0BOB", P, SOON) == book.last(PLACE, PAUSED)
    details = [one.detail for one in reversed(ActBook(database).latest())]
    assert ["resume"] * 3 == [one["move"] for one in details]
    assert "Argo CD main did not answer" == details[1]["not_taken"]


def test_who_died_before_asking_is_in_the_way_for_a_minute_only(book):
    book.claim(PLACE, PAUSED, P, "U0ALICE", NOON)
    assert isinstance(book.claim(PLACE, PAUSED, P, "U0BOB", NOON + EFFECT), Claim)


def clicks(book, move, at, rollout=PAUSED, asked="click:1"):
    return book.claim(PLACE, rollout, move, "U0ALICE", at, asked=asked)


@pytest.mark.parametrize(
    ("move", "since"),
    [
        pytest.param(RESTART, replace(PAUSED, restarted="just now"), id="restarted"),
        pytest.param(A, ABORTED, id="aborted"),
    ],
)
def test_a_click_that_was_done_is_not_done_again_however_late_it_is_repeated(book, move, since):
    clicks(book, move, NOON)
    assert First("U0ALICE", move, NOON) == clicks(book, move, NOON + 2 * EFFECT, since)
    assert isinstance(clicks(book, move, NOON + 2 * EFFECT, since, "click:2"), Claim)


def test_an_abort_whose_click_is_repeated_does_not_undo_what_others_decided_since(book):
    clicks(book, A, NOON)
    book.claim(PLACE, ABORTED, RETRY, "U0BOB", SOON, asked="click:2")
    assert First("U0ALICE", A, NOON) == clicks(book, A, NOON + 2 * EFFECT)


def test_the_repeat_of_a_click_that_died_before_asking_goes_on_with_its_claim(book):
    claim = clicks(book, P, NOON)
    assert claim == clicks(book, P, SOON)
    assert isinstance(clicks(book, P, SOON, asked="click:2"), First)


def test_nobody_moved_it(book):
    assert book.last(PLACE, PAUSED) is None
    book.claim(("web", "dev"), PAUSED, P, "U0ALICE", NOON)
    book.claim(PLACE, replace(PAUSED, new=Side("b2")), P, "U0ALICE", NOON)
    assert book.last(PLACE, PAUSED) is None


def test_of_many_at_once_one_moves(book):
    def click(user):
        return lambda: book.claim(PLACE, PAUSED, P, user, NOON)

    answers = at_once(*(click(f"U{number}") for number in range(6)))
    assert 1 == sum(isinstance(one, Claim) for one in answers)
    assert 1 == len({one.by for one in answers if isinstance(one, First)})
