"""Clicks that are not what they seem: another card's, another person's, another time's."""

import pytest

from bot.domain.operations import Phase
from bot.domain.rights import Actor, GitHubUser
from sandbox.slack.delivery import End
from tests.attacks.conftest import pingvas
from tests.attacks.forging import forged_click, forged_reason
from tests.scenarios.approving import ANEW, APPROVE, ORG, Approving, with_more_rules

MAP = "map: {U0ALICE: alice-kim, "
SECOND = "U0ALICE2"
MORE = {
    SECOND: "alice-kim",
    "U0GUEST": "bob-lee",
    "U0STRANGER": "bob-lee",
    "U0GONE": "bob-lee",
    "U0ROBOT": "bob-lee",
    "U0DAVE": "dave",
}


def with_more_people(text):
    """Return the ``shipmate.yaml`` with everybody on its map who tries something here."""
    more = ", ".join(f"{slack}: {login}" for slack, login in MORE.items())
    assert MAP in text
    return with_more_rules(text).replace(MAP, f"{MAP}{more}, ")


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    with pingvas(tmp_path_factory.mktemp("clicks"), with_more_people) as told:
        slack = told.slack
        for user in (SECOND, "U0DAVE", "U0GONE"):
            slack.add_user(user, user.lower())
        slack.add_user("U0GUEST", "guest", guest=True)
        slack.add_user("U0STRANGER", "stranger", stranger=True)
        slack.add_user("U0ROBOT", "robot", bot=True)
        told.github.add_user("dave", number=58105)
        told.github.add_member(ORG, "sre", "dave")
        yield told


@pytest.fixture
def they(world):
    yield Approving(world)
    world.github.disarm()


def nothing_came_of_it(they, number, *, by=()):
    """Assert that the operation waits as before."""
    assert Phase.AWAITING is they.phase(number), they.told.timeline(number)
    assert [] == they.ours(number)
    deeds = [line for line, _ in they.told.timeline(number)]
    assert "approve" not in deeds
    assert "reject" not in deeds


def reads_after_forged(they, card, by, value=None, **more):
    return they.reads(lambda: forged_click(they.told, card, by, value, **more), by)


@pytest.mark.guard("bot.operations.deciding.Deciding._is_card", lambda *_: True)
def test_a_button_with_another_operations_id_decides_nothing(they):
    """Guard: ``Deciding._is_card``. The dialog named what the card is about, not what it sent."""
    harmless, wanted = they.asks("user-service"), they.asks("payment-service")
    said = reads_after_forged(they, they.told.card(harmless), "U0BOB", wanted)
    assert "not what this button belongs to" in said
    nothing_came_of_it(they, wanted)
    nothing_came_of_it(they, harmless)


@pytest.mark.guard("bot.operations.deciding.Deciding._is_card", lambda *_: True)
def test_a_reject_button_with_another_operations_id_opens_no_form(they):
    """Guard: ``Deciding._is_card``."""
    harmless, wanted = they.asks("user-service"), they.asks("payment-service")
    card = they.told.card(harmless)
    said = reads_after_forged(they, card, "U0BOB", wanted, action="reject_operation")
    assert "not what this button belongs to" in said
    assert they.slack.modal("U0BOB") is None


@pytest.mark.guard("bot.server.Replays.is_new", lambda *_: True)
def test_a_recorded_click_sent_again_is_refused(they):
    """Guard: ``Replays``. The signature is right and young; it was answered before."""
    number = they.asks("user-service")
    they.approves(number, by="U0ALICE")  # refused, and remembered as such
    outcome = they.slack.replay()
    assert (End.REFUSED, 401) == (outcome.end, outcome.status)


@pytest.mark.guard("handlers.slack._ours", lambda *_: True)
def test_a_click_of_another_workspace_is_turned_away(they):
    """Guard: ``handlers.slack._ours``. User ids of another workspace may be like ours."""
    number = they.asks("user-service")
    outcome = forged_click(they.told, they.told.card(number), "U0BOB", team="T0OTHER")
    assert (End.REFUSED, 403) == (outcome.end, outcome.status)
    nothing_came_of_it(they, number)


@pytest.mark.guard("bot.operations.identity.people.People.outsider", lambda *_, **__: None)
@pytest.mark.parametrize(
    ("user", "who"),
    [
        pytest.param("U0GUEST", "a guest account", id="guest"),
        pytest.param("U0STRANGER", "an account of another workspace", id="Slack Connect"),
        pytest.param("U0GONE", "a deactivated account", id="deactivated"),
        pytest.param("U0ROBOT", "a bot's account", id="bot"),
    ],
)
def test_who_is_no_member_of_the_workspace_decides_nothing(they, user, who):
    """Guard: ``People.outsider``. The map gives each of them Bob's account, who may approve."""
    number = they.asks("user-service")
    if user == "U0GONE":
        they.slack.add_user("U0GONE", "gone", deleted=True)
    said = reads_after_forged(they, they.told.card(number), user)
    assert who in said
    nothing_came_of_it(they, number)


def anybody(_self, user, _operation, _rule):
    return Actor(user, GitHubUser(99, "anybody"))


@pytest.mark.guard("bot.operations.deploy.approve.Approvers.may", anybody)
def test_to_be_in_the_channel_is_no_right(they):
    """Guard: ``Approvers.may``. Mallory sees the card, is on GitHub, and in the wrong team."""
    number = they.asks("user-service")
    said = they.approves(number, by="U0MALLORY")
    assert "may not decide about this" in said
    assert "Ask a member of sre" in said
    nothing_came_of_it(they, number)


@pytest.mark.guard("bot.operations.deploy.approve.Approvers.may", anybody)
def test_the_form_of_a_no_judges_who_sends_it(they):
    """Guard: ``Approvers.may``. The form opens for everybody; what it brings is judged."""
    number = they.asks("user-service")
    assert "may not decide about this" in they.rejects(number, "mine", by="U0MALLORY")
    nothing_came_of_it(they, number)


@pytest.mark.guard("bot.operations.deciding.bar", lambda *_: None)
def test_a_second_slack_account_is_no_second_person(they):
    """Guard: ``approvals.bar``, by the GitHub id: one person, two Slack accounts, one login."""
    number = they.asks("user-service", by="U0ALICE")
    assert "may not be the one who approves it" in they.approves(number, by=SECOND)
    nothing_came_of_it(they, number)


def as_named(_self, seen):
    return seen


@pytest.mark.guard("bot.operations.books.identity_book.IdentityBook.remember", as_named)
def test_a_login_that_changed_hands_is_nobody(they):
    """Guard: ``IdentityBook.remember``. Dave renamed his account; a stranger took the old name."""
    first = they.asks("user-service")
    assert "Approved by you" in they.approves(first, by="U0DAVE")
    they.told.ends_with_id(first)
    number = they.asks("user-service")

    they.github.rename_user("dave", "dave-of-old")
    they.github.add_user("dave", number=66666)
    they.github.add_member(ORG, "sre", "dave")
    said = they.approves(number, by="U0DAVE")

    assert "dave" in said
    assert "another" in said, said
    nothing_came_of_it(they, number)


@pytest.mark.guard("bot.operations.deciding.moved", lambda *_: ())
def test_a_yes_is_to_the_plan_that_the_card_shows(they):
    """Guard: ``plan_digest.moved`` at the click. The branch means another commit by now."""
    number = they.asks("user-service", version="main")
    they.version()
    assert "no longer what would be done" in they.approves(number)
    assert Phase.REFUSED is they.told.ends_with_id(number).phase
    assert [] == they.ours(number)


# too late


def after_its_end(they, number, by="U0BOB"):
    """Click Approve on the card as it stood while it waited."""
    old = they.told.card(number)

    def click():
        return they.reads(lambda: they.slack.click(APPROVE, by=by, message=old), by)

    return click


def opened(self, operation_id, _place):
    return self._store.operation(operation_id), self._approvals.asked(operation_id)


@pytest.mark.guard("bot.operations.books.approval_book._open_for", lambda _: frozenset(Phase))
@pytest.mark.guard("bot.operations.deciding.Deciding._open", opened)
@pytest.mark.parametrize("end", ["superseded", "cancelled", "rejected", "live"])
def test_a_yes_after_the_end_changes_nothing(they, end):
    """Guards: ``Deciding._open``, and in the transaction itself ``approval_book._open_for``.

    Somebody's screen still shows the buttons.
    """
    service = "payment-service"
    number = they.asks(service)
    click = after_its_end(they, number)
    match end:
        case "superseded":
            they.asks(service, by="U0CAROL")
        case "cancelled":
            they.told.types(f"/ship cancel {number}")
        case "rejected":
            they.rejects(number, "no", by="U0BOB")
        case "live":
            they.approves(number)
    ended = they.told.ends_with_id(number)

    said = click()

    assert f"{number} no longer waits for approval: it is" in said
    assert "See its card" in said
    assert ended == they.store.operation(number)


@pytest.mark.guard("bot.operations.books.approval_book._open_for", lambda _: frozenset(Phase))
@pytest.mark.guard("bot.operations.deciding.Deciding._open", opened)
def test_a_yes_after_the_time_changes_nothing(they):
    """Guards: ``Deciding._open`` and ``approval_book._open_for``."""
    number = they.asks("gallery-service", environment="brief")
    click = after_its_end(they, number)
    they.told.ends_with_id(number)
    assert f"{number} no longer waits for approval" in click()
    assert Phase.REFUSED is they.phase(number)
    assert [] == they.ours(number)


# the form of a no


@pytest.mark.guard("bot.operations.deciding.Deciding._open", opened)
def test_a_form_of_what_has_ended_or_never_was_does_nothing(they):
    """Guard: ``Deciding._open``. The id that a form carries is believed as little as a button's."""
    ended = they.asks("user-service")
    they.told.types(f"/ship cancel {ended}")
    before = they.told.ends_with_id(ended)
    for name in (ended, "D-99999", "D-1; drop table", "", "D-" + "9" * 40):
        outcome = forged_reason(they.told, "U0BOB", name, "mine")
        assert End.ACKED is outcome.end, (name, outcome)
    said = they.reads(lambda: forged_reason(they.told, "U0BOB", ended, "mine"), "U0BOB")
    assert "no longer waits" in said
    assert before == they.store.operation(ended)


def test_a_fresh_plan_is_asked_for_in_the_name_of_who_clicks(they):
    """Mallory may click Ask again; she then is the requester, and has no right to be."""
    number = they.asks("user-service", version="main")
    they.version()
    they.approves(number)
    they.told.ends_with_id(number)
    said = they.clicks(ANEW, number, by="U0MALLORY")
    assert "Received as" in said
    (fresh,) = they.store.latest(limit=1)
    assert "U0MALLORY" == fresh.request.requester
    assert "may not deploy" in they.reads_in_person("U0MALLORY", fresh.id)
    assert Phase.REFUSED is they.phase(fresh.id)
