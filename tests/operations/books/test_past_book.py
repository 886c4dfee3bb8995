"""However many operations a target had, the newest are looked through."""

import pytest

from bot.domain.operations import Phase
from bot.operations.books import past_book
from bot.operations.store import Store
from tests.operations.gathering.test_histories import Ours


@pytest.fixture
def past(database, monkeypatch):
    monkeypatch.setattr(past_book, "NEWEST", 2)
    ours = Ours(Store(database))
    ours.brought("v0", "v1", end=Phase.FAILED)
    ours.brought("v1", "v2")
    ours.brought("v2", "v3", end=Phase.FAILED)
    return ours.store.past


def test_what_the_newest_brought_is_known(past):
    assert ("v3", "v2") == past.brought("core", "prod")


def test_what_the_newest_broke_is_known(past):
    assert {"v3"} == past.broken("core", "prod")
