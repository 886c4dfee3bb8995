"""Production waits for a second person: what they see, click, and are told."""

import pytest

from bot.domain.operations import Phase
from bot.domain.problems import Reason
from sandbox.wire import Fault, answer
from tests.scenarios.approving import ANEW, ORG, Approving, plain, with_more_rules
from tests.scenarios.story import told_in


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    folder = tmp_path_factory.mktemp("approvals")
    with told_in(folder, "pingvas", speed=60.0, config=with_more_rules) as told:
        yield told


@pytest.fixture
def they(world):
    yield Approving(world)
    world.github.disarm()


def test_a_second_person_approves_and_it_goes_live(they):
    number = they.asks("user-service", because="the login fix")

    shown = they.shows(number, number, "the login fix", "0 of 1", "sre", "alice-kim")
    for fact in ("all 2 green", "sha256:", "newTag:", "It expires"):
        assert fact in shown, (fact, shown)

    said = they.approves(number)
    ended = they.told.ends_with_id(number)

    assert Phase.LIVE is ended.phase, they.told.timeline(number)
    assert f"Approved by you: {number}" in said
    assert [] == they.told.buttons(number)
    assert "Approved by" in they.told.card(number).words
    (message,) = they.ours(number)
    assert "Approved-by: bob-lee" in message
    assert "Requested-by: U0ALICE (alice-kim)" in message


def test_the_requester_may_not_approve_their_own(they):
    number = they.asks("user-service")
    assert "may not be the one who approves it" in they.approves(number, by="U0ALICE")
    assert they.still_waits(number)
    assert "0 of 1" in they.told.card(number).words


def test_a_no_asks_for_a_reason_and_ends_it(they):
    number = they.asks("user-service")
    assert f"Rejected by you: {number}" in they.rejects(number, "not on a *Friday* <!channel>")
    assert Reason.REJECTED_BY is they.refusal(number)
    shown = they.shows(number, "Rejected by", "not on a *Friday* <!channel>")
    assert "Nothing was changed" in shown
    assert [] == they.told.buttons(number)
    assert [] == they.ours(number)
    they.reads_in_person("U0ALICE", number, "not on a *Friday*")


def test_a_reason_of_blanks_is_none(they):
    number = they.asks("user-service")
    they.slack.click("reject_operation", by="U0BOB", message=they.told.card(number))
    assert they.world.until(lambda: they.slack.modal("U0BOB") is not None, 20)
    they.slack.submit(by="U0BOB", reason="  ")
    assert they.slack.modal("U0BOB") is not None
    assert they.still_waits(number)
    they.slack.dismiss(by="U0BOB")


def test_time_ends_it_and_a_click_asks_for_a_fresh_plan(they):
    version = they.version("develop")
    number = they.asks("gallery-service", environment="brief", version=version)

    assert Reason.APPROVAL_EXPIRED is they.refusal(number)

    shown = they.shows(number, "Expired", "not enough people approved it in time")
    assert "Nothing was changed" in shown
    assert [ANEW] == they.told.buttons(number)
    they.reads_in_person("U0ALICE", number, "Not enough people approved it")

    said = they.clicks(ANEW, number, by="U0BOB")
    fresh = they.store.latest(limit=1)[0]
    assert fresh.id in said
    assert ("U0BOB", version, ("gallery-service",), "brief") == (
        fresh.request.requester,
        fresh.request.version,
        fresh.request.services,
        fresh.request.environment,
    )
    they.shows(fresh.id, "0 of 1", "bob-lee")
    they.says(f"/ship cancel {fresh.id}", by="U0ALICE")


def test_a_newer_wish_for_the_same_target_takes_its_place(they):
    older = they.asks("payment-service")
    newer = they.asks("payment-service", by="U0CAROL")
    assert Reason.SUPERSEDED is they.refusal(older)
    assert f"Superseded by {newer}" in they.shows(older, newer)
    assert [] == they.told.buttons(older)
    they.reads_in_person("U0ALICE", older, newer)
    assert they.still_waits(newer)
    they.shows(newer, f"It takes the place of {older}")


def test_the_requester_takes_it_back(they):
    number = they.asks("payment-service")
    said = they.told.types(f"/ship cancel {number}").words
    assert f"Cancelled {number}" in plain(said)
    assert Phase.CANCELLED is they.told.ends_with_id(number).phase
    they.shows(number, "Cancelled by", "Nothing was changed")
    assert [] == they.told.buttons(number)


def test_who_may_deploy_there_may_take_it_back_for_another(they):
    number = they.asks("payment-service")

    refused = they.says(f"/ship cancel {number}", by="U0BOB")
    assert "may not cancel" in refused
    assert "release" in refused
    assert "U0ALICE" in refused
    assert they.still_waits(number)

    assert f"Cancelled {number}" in they.says(f"/ship cancel {number}", by="U0CAROL")
    assert Phase.CANCELLED is they.told.ends_with_id(number).phase
    assert "U0CAROL" in they.shows(number, "Cancelled by")


# rights


def test_who_may_not_ask_is_told_alone_and_nothing_stands_in_the_channel(they):
    before = len(they.slack.messages("C0DEPLOY"))
    reply = they.told.types(f"/deploy user-service {they.version()} prod", by="U0MALLORY")
    number = they.told.operation(reply).id
    assert they.world.until(lambda: they.phase(number).ended, 20)
    assert Reason.NOT_PERMITTED is they.store.operation(number).problem.reason
    said = they.reads_in_person("U0MALLORY", number, "may not deploy")
    assert "release" in said
    assert not reply.public
    assert before == len(they.slack.messages("C0DEPLOY"))


def test_a_team_left_between_request_and_click_is_left(they):
    """Production asks GitHub at each click: a yes of a moment ago does not help."""
    number = they.asks("user-service")
    two = they.asks("frontend")
    assert "Approved by you" in they.approves(two)  # Bob's membership was just read

    they.github.remove_member(ORG, "sre", "bob-lee")
    said = they.approves(number)

    assert "may not decide about this" in said
    assert "Ask a member of sre" in said
    assert they.still_waits(number)
    they.github.add_member(ORG, "sre", "bob-lee")
    assert "Approved by you" in they.approves(number)
    assert Phase.LIVE is they.told.ends_with_id(number).phase
    they.told.ends_with_id(two)


def test_a_yes_of_somebody_who_left_the_team_does_not_count_until_they_are_back(they):
    number = they.asks("frontend")
    they.github.arm("graphql", away(), times=None, when=asks_for_teams_after(1))
    assert "Approved by you" in they.approves(number)
    they.shows(number, "Why it waits")
    they.github.remove_member(ORG, "sre", "bob-lee")
    they.github.disarm()

    they.shows(number, "Somebody who approved it may no longer do so", "missing now: 1")
    assert "may not decide about this" in they.approves(number)
    assert they.still_waits(number)

    they.github.add_member(ORG, "sre", "bob-lee")
    assert "already approved by" in they.approves(number)
    assert Phase.LIVE is they.told.ends_with_id(number).phase


def test_an_invitation_is_no_membership(they):
    number = they.asks("user-service")
    they.github.add_member(ORG, "sre", "carol-park", state="pending")
    said = they.approves(number, by="U0CAROL")
    assert "was invited to the GitHub team sre and has not accepted yet" in said
    assert they.still_waits(number)
    they.github.add_member(ORG, "sre", "carol-park")
    assert "Approved by you" in they.approves(number, by="U0CAROL")
    assert Phase.LIVE is they.told.ends_with_id(number).phase
    they.github.remove_member(ORG, "sre", "carol-park")


def test_what_cannot_be_read_is_no_yes(they):
    number = they.asks("user-service")
    they.github.arm("graphql", away(), times=None, when=asks_for_teams)
    they.github.arm("team_membership", away(), times=None)

    said = they.approves(number)
    assert "could not learn which" in said
    assert "What is unknown is never allowed" in said
    assert they.still_waits(number)

    they.github.disarm()
    assert "Approved by you" in they.approves(number)
    assert Phase.LIVE is they.told.ends_with_id(number).phase


def test_an_approval_waits_until_it_can_be_read_whether_it_still_counts(they):
    number = they.asks("frontend")
    calls = they.github.count("graphql")
    they.github.arm("graphql", away(), times=None, when=asks_for_teams_after(1))
    assert "Approved by you" in they.approves(number)

    they.shows(number, "Why it waits", "could not learn which")
    assert they.github.count("graphql") > calls
    assert Phase.AWAITING is they.phase(number)
    assert [] == they.ours(number)

    they.github.disarm()
    assert Phase.LIVE is they.told.ends_with_id(number).phase


def test_who_wrote_it_is_no_second_pair_of_eyes(they):
    """Bob wrote what is on its way to dev; Alice asked; nobody is left but a third one."""
    they.knows_the_authors()
    author = ("이준호", "junho.lee@example.com")
    version = they.version("develop", author=author)
    they.github.add_member(ORG, "sre", "carol-park")
    number = they.asks("user-service", environment="dev", version=version)

    assert "wrote part of what would be deployed" in they.approves(number, by="U0BOB")
    assert they.still_waits(number)
    assert "Approved by you" in they.approves(number, by="U0CAROL")
    assert Phase.LIVE is they.told.ends_with_id(number).phase
    they.github.remove_member(ORG, "sre", "carol-park")


def away():
    return Fault(answer=lambda: answer({"message": "down"}, 503))


def asks_for_teams(request):
    return b"userLogins" in request.get_data()


def asks_for_teams_after(first):
    """Return what is true of questions for teams, but not of the *first* ones."""
    seen = []

    def when(request):
        if not asks_for_teams(request):
            return False
        seen.append(request)
        return len(seen) > first

    return when
