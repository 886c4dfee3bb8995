"""What a terminal writes down is begun by the next look of the bot; nobody else's is touched."""

import pytest

from bot.domain.operations import Phase
from bot.operations.intake import Intake
from bot.operations.letterbox import Doorbell, Letterbox
from bot.operations.store import Receipt, Store
from tests.builders import NOON, request
from tests.operations.standing_ground import Standing

ALICE = "github:101"


@pytest.fixture
def store(database):
    return Store(database)


@pytest.fixture
def box(store):
    return Letterbox(store, Standing())


def test_a_look_begins_what_a_terminal_asked_for_and_only_that(database, store, box):
    store.receive(request(services=("batch",)), "command:1", NOON)
    mine, receipt = box.receive(request(requester=ALICE), "terminal:1")
    begun = []
    bell = Doorbell(database, store, lambda operation: begun.append(operation.id))

    bell.look()
    assert (Receipt.NEW, [mine.id]) == (receipt, begun)

    store.move(mine.id, Phase.CHECKING, NOON, "checking")
    bell.look()
    assert [mine.id] == begun


def test_the_same_wish_of_a_terminal_and_of_slack_is_one_operation(store, box):
    first, _ = store.receive(request(), "command:1", NOON)
    again, receipt = box.receive(request(requester=ALICE), "terminal:1")
    assert (first.id, Receipt.UNDER_WAY) == (again.id, receipt)


def test_no_listener_writes_in_the_name_of_who_speaks_on_a_terminal(store):
    with pytest.raises(ValueError, match="letterbox"):
        Intake.receive(object.__new__(Intake), request(requester=ALICE), "command:1")
    assert () == store.latest()
