"""Nobody acts in the bot's own name, and nobody stops what it does who may not."""

import pytest

from bot.domain.operations import Phase
from bot.domain.problems import Reason
from bot.domain.rights import Actor, GitHubUser
from bot.domain.rollback.auto_rollback import Announced, Requested, Stopped
from bot.messages.rollback.taking_back import STOP
from bot.operations.books.back_book import BackBook
from tests.attacks.conftest import pingvas
from tests.attacks.forging import forged_click
from tests.scenarios.approving import ANEW
from tests.scenarios.test_auto_rollback import Backing, announced_in_dev, by_itself


@pytest.fixture(scope="module")
def they(tmp_path_factory):
    with pingvas(tmp_path_factory.mktemp("itself"), by_itself) as told:
        told.argocd.tempo.progress_deadline /= 4
        yield Backing(told)


@pytest.fixture(scope="module")
def announced(they):
    """An operation in dev that goes back by itself in some hours."""
    return announced_in_dev(they)


@pytest.fixture(scope="module")
def taken_back(they):
    """An operation in production, and what took it back without a person."""
    they.good("user-service")
    failed = they.bad("user-service")
    automatic = they.comes_to(failed, Requested).operation
    return failed, they.told.ends_with_id(automatic)


def standing(they, operation):
    return BackBook(they.told.inside.shipmate.database, lambda: None).standing(operation.id)


def kept(_asker, request):
    return request


@pytest.mark.guard("bot.operations.store.of_a_person", lambda _: None)
@pytest.mark.guard("handlers.desk.in_the_name_of", kept)
def test_what_the_bot_asked_for_is_asked_anew_by_a_person_with_a_persons_rights(
    they, announced, taken_back
):
    """Guards: ``in_the_name_of``, and behind it ``of_a_person``.

    Mallory makes a button of her own out of one that is on a card: ask for the same again.
    """
    _, automatic = taken_back
    before = they.store.latest(limit=1)[0].id
    card = they.told.card(announced.id)

    forged_click(they.told, card, "U0MALLORY", automatic.id, action=STOP, become=ANEW)

    assert they.world.until(lambda: they.store.latest(limit=1)[0].id != before, 10)
    number = they.store.latest(limit=1)[0].id
    assert they.world.until(lambda: they.phase(number).ended, 20)
    fresh = they.store.operation(number)
    assert ("U0MALLORY", None) == (fresh.request.requester, fresh.request.takes_back)
    assert (Phase.REFUSED, Reason.NOT_PERMITTED) == (fresh.phase, fresh.problem.reason)


@pytest.mark.guard("bot.operations.store.of_a_person", lambda _: None)
def test_a_user_who_has_the_bots_name_for_an_id_asks_for_nothing(they, announced):
    """Guard: ``of_a_person``. Slack gives nobody such an id; a bug somewhere might."""
    slack = they.slack
    slack.add_user("shipmate", "shipmate")
    before = they.store.latest(limit=1)[0].id
    they.told.types("/rollback user-service dev", by="shipmate")
    assert before == they.store.latest(limit=1)[0].id


def anywhere(_self, _operation, _place):
    return True


@pytest.mark.guard("bot.operations.by_itself.stopping.BackStops._is_card", anywhere)
def test_a_stop_of_another_message_stops_nothing(they, announced, taken_back):
    """Guard: ``BackStops._is_card``. Bob may stop it, but was asked about something else."""
    other = they.told.card(taken_back[0].id)
    button = {"action": STOP, "of": they.told.card(announced.id)}
    said = they.reads(
        lambda: forged_click(they.told, other, "U0BOB", announced.id, **button), "U0BOB"
    )
    assert f"This button is not of the card of {announced.id}" in said
    assert isinstance(standing(they, announced), Announced)


def anybody(_self, _operation, user):
    return Actor(user, GitHubUser(99, "anybody"))


@pytest.mark.guard("bot.operations.by_itself.stopping.BackStops._entitled", anybody)
def test_to_see_the_card_is_no_right_to_stop_it(they, announced):
    """Guard: ``BackStops._entitled``."""
    said = they.clicks(STOP, announced.id, by="U0MALLORY")
    assert "may not roll back" in said
    assert isinstance(standing(they, announced), Announced)


@pytest.mark.guard("bot.operations.by_itself.stopping.is_open", lambda _: True)
@pytest.mark.guard("bot.operations.books.back_book.is_open", lambda _: True)
def test_a_stop_that_comes_too_late_says_so(they, announced, taken_back):
    """Guards: ``is_open``, at the click and in the transaction itself.

    Somebody's screen still shows the button of what has been asked for since.
    """
    failed, automatic = taken_back
    card = they.told.card(failed.id)
    button = {"action": STOP, "of": they.told.card(announced.id)}

    said = they.reads(
        lambda: forged_click(they.told, card, "U0ALICE", failed.id, **button), "U0ALICE"
    )

    assert "There is nothing to stop any more." in said
    assert f"{automatic.id} takes it back" in said
    assert Requested(automatic.id) == standing(they, failed)


def test_two_who_stop_it_at_once_are_one_stop(they, announced):
    """The last one: what it is about ends here."""
    card = they.told.card(announced.id)
    said = [
        they.reads(lambda by=by: they.slack.click(STOP, by=by, message=card), by)
        for by in ("U0BOB", "U0ALICE")
    ]
    assert f"Stopped: {announced.id}" in said[0]
    assert "There is nothing to stop any more." in said[1]
    assert "U0BOB" == standing(they, announced).by
    assert isinstance(standing(they, announced), Stopped)
