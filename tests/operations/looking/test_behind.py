"""The card of what failed offers a way back only where something known good is behind it."""

import pytest

from bot.domain.facts import Hold
from bot.domain.operations import Kind, Phase
from bot.domain.rollback.undoing import undoing
from bot.operations.books.hold_book import HoldBook
from bot.operations.looking.behind import Behind
from bot.operations.store import Store
from tests.operations.gathering.test_histories import Ours
from tests.operations.people import ALICE, NOON


@pytest.fixture
def ours(database):
    return Ours(Store(database))


@pytest.fixture
def offers(database, ours):
    def ask(operation_id):
        undo = undoing(ours.store.operation(operation_id))
        return bool(Behind(ours.store, HoldBook(database)).services(undo))

    return ask


def test_what_was_live_before_is_a_way_back(ours, offers):
    ours.brought("v0", "v1")
    assert offers(ours.brought("v1", "v2", end=Phase.FAILED))


def test_what_git_had_before_our_time_is_one_too(ours, offers):
    assert offers(ours.brought("v1", "v2", end=Phase.FAILED))


def test_a_second_failure_goes_back_past_the_first(ours, offers):
    ours.brought("v1", "v2", end=Phase.FAILED)
    assert offers(ours.brought("v2", "v3", end=Phase.FAILED))


def test_where_nothing_was_ever_well_none_is_offered(ours, offers):
    ours.brought(None, "v1", end=Phase.FAILED)
    assert not offers(ours.brought("v1", "v2", end=Phase.FAILED))


def test_what_is_held_is_no_way_back(ours, offers, database):
    HoldBook(database).hold({"core/prod": Hold("v1", ALICE, "leaks", NOON, "D-9")}, "c:9")
    assert not offers(ours.brought("v1", "v2", end=Phase.FAILED))


def test_what_somebody_went_back_from_is_none_either(ours, offers, database):
    ours.brought(None, "v1")
    ours.brought("v1", "v2")
    ours.brought("v2", "v1", kind=Kind.ROLLBACK)
    assert offers(ours.brought("v1", "v3", end=Phase.FAILED))
    HoldBook(database).hold({"core/prod": Hold("v1", ALICE, "leaks, too", NOON, "D-9")}, "c:9")
    assert not offers(ours.brought("v3", "v4", end=Phase.FAILED))
