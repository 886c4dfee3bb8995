"""An account is linked by GitHub's word and the person's own yes, and by nothing less."""

import re
from datetime import timedelta

import pytest

from bot.adapters.github.device_flow import DeviceFlow
from bot.adapters.slack import Slack
from bot.config import People as Configured
from bot.config import Source
from bot.domain.rights import GitHubUser
from bot.messages.linking import CONFIRM, DECLINE
from bot.operations.books.act_book import ActBook, Deed
from bot.operations.books.identity_book import Link
from bot.operations.identity.linking import ANSWER_WITHIN, MOST, Linking
from bot.operations.saying.outbox import Outbox
from sandbox.wire import Fault, answer
from tests.messages.reading import read
from tests.operations.person_world import ALICE, ALICE_ID, BOB, BOB_ID, person_world
from tests.sandbox.slack_bot import BOT_TOKEN

APP = "Iv1.ship"
STEP = timedelta(seconds=5)
ALICE_ON_GITHUB = GitHubUser(ALICE_ID, "alice")
DOWN = Fault(answer=lambda: answer({"message": "down"}, 500))


class LinkingWorld:
    """People who link: what they type, what the bot writes to them, what they click."""

    def __init__(self, world):
        self.world, self.clock, self.book = world, world.clock, world.book
        self.github, self.slack = world.github.fake, world.slack
        self.github.allow_device_flow(APP)
        adapter = Slack(BOT_TOKEN, world.slack.api_url, timedelta(seconds=5))
        self.outbox = Outbox(world.database, adapter, world.clock)
        self.flow = DeviceFlow(APP, self.github.api_url, clock=self.clock)
        self.linking = self.replica()

    @property
    def team(self):
        return self.slack.workspace.team

    def replica(self, flow=True, **configured):
        """A bot over the same database, with an empty memory."""
        options = {"sources": (Source.LINK,), "link": True} | configured
        self.world.configured = Configured(**options)
        people = self.world.people()
        return Linking(
            self.flow if flow else None,
            self.world.configured,
            people,
            self.world.database,
            lambda: self.team,
            self.clock,
        )

    def begins(self, slack):
        """Send ``/ship link``; return the code to type."""
        shown = read(self.linking.begin(slack))
        found = re.search(r"[A-Z0-9]{4}-[A-Z0-9]{4}", shown)
        assert found, shown
        return found[0]

    def follows(self, wait=STEP):
        self.clock.move(wait)
        self.linking.follow()
        self.outbox.send()

    def told(self, slack):
        """What the bot wrote to somebody in private, newest last."""
        return self.slack.messages(self.slack.workspace.direct_channel(slack).id)

    def offered(self, slack, login):
        """Begin, type the code as *login* and return the id under the buttons."""
        self.github.approve_device(self.begins(slack), login)
        self.follows()
        message = self.told(slack)[-1]
        [ids] = [
            {button["value"] for button in block["elements"]}
            for block in message.blocks
            if block["type"] == "actions"
        ]
        [offer] = ids
        return offer

    def links(self, slack):
        return [(link.source, link.user) for link in self.book.of(slack, self.team)]

    def deeds(self):
        acts = ActBook(self.world.database).latest()
        return [(act.what, act.by, act.detail.get("why")) for act in reversed(acts)]


@pytest.fixture
def world(tmp_path):
    with person_world(tmp_path) as outside:
        world = LinkingWorld(outside)
        yield world
        world.flow.close()


def test_who_types_the_code_and_says_yes_is_linked(world):
    offer = world.offered(ALICE, "alice")
    question = world.told(ALICE)[-1]
    assert "GitHub says you are" in question.words
    assert f"the account number {ALICE_ID}" in question.words
    assert [] == world.links(ALICE)

    said = read(world.linking.confirm(offer, ALICE))

    assert "You are linked with `alice`" in said
    assert [("link", ALICE_ON_GITHUB)] == world.links(ALICE)
    assert [(Deed.LINKED, ALICE, None)] == world.deeds()


def test_the_buttons_carry_an_id_that_says_nothing(world):
    offer = world.offered(ALICE, "alice")
    question = world.told(ALICE)[-1]
    buttons = [one for block in question.blocks for one in block.get("elements", ())]
    assert {CONFIRM, DECLINE} == {one["action_id"] for one in buttons if "action_id" in one}
    assert not re.search(f"alice|{ALICE}|{ALICE_ID}", offer, re.IGNORECASE)
    assert len(offer) >= 40
    assert offer not in str(question.metadata)


def test_no_token_and_no_code_is_stored_or_told(world, tmp_path):
    code = world.begins(ALICE)
    device_codes = list(world.github.state.device_flows.flows)
    world.github.approve_device(code, "alice")
    world.follows()
    stored = b"".join(one.read_bytes() for one in tmp_path.glob("shipmate.db*"))
    assert b"alice" in stored
    for secret in (code, *device_codes, "ghu_"):
        assert secret.encode() not in stored


# attacks


def test_somebody_else_cannot_say_yes_to_a_forwarded_question(world):
    offer = world.offered(ALICE, "alice")

    said = read(world.linking.confirm(offer, BOB))

    assert "was for somebody else" in said
    assert ([], []) == (world.links(ALICE), world.links(BOB))
    assert [(Deed.REFUSED, BOB, "not_yours")] == world.deeds()
    world.linking.confirm(offer, ALICE)  # and hers is as good as before
    assert [("link", ALICE_ON_GITHUB)] == world.links(ALICE)


def test_somebody_else_cannot_say_no_either(world):
    offer = world.offered(ALICE, "alice")
    assert "was for somebody else" in read(world.linking.decline(offer, BOB))
    assert "You are linked" in read(world.linking.confirm(offer, ALICE))


@pytest.mark.parametrize("guess", ["", "0", "D-1", "x" * 64, "' OR 1=1 --"])
def test_an_id_that_was_never_given_out_links_nobody(world, guess):
    world.offered(ALICE, "alice")
    assert "was for somebody else" in read(world.linking.confirm(guess, ALICE))
    assert [] == world.links(ALICE)


def test_a_second_click_changes_nothing(world):
    offer = world.offered(ALICE, "alice")
    world.linking.confirm(offer, ALICE)
    world.linking.unlink(ALICE)

    assert "answered before" in read(world.linking.confirm(offer, ALICE))
    assert [] == world.links(ALICE)


def test_a_no_is_final(world):
    offer = world.offered(ALICE, "alice")
    assert "Nothing was linked" in read(world.linking.decline(offer, ALICE))
    assert "answered before" in read(world.linking.confirm(offer, ALICE))
    assert [] == world.links(ALICE)
    assert (Deed.REFUSED, ALICE, "declined") == world.deeds()[0]


def test_a_click_after_its_time_links_nobody(world):
    offer = world.offered(ALICE, "alice")
    world.clock.move(ANSWER_WITHIN)
    assert "too late" in read(world.linking.confirm(offer, ALICE))
    assert [] == world.links(ALICE)
    assert [(Deed.REFUSED, ALICE, "expired")] == world.deeds()


def test_a_click_just_in_time_does(world):
    offer = world.offered(ALICE, "alice")
    world.clock.move(ANSWER_WITHIN - timedelta(seconds=1))
    assert "You are linked" in read(world.linking.confirm(offer, ALICE))


def test_a_click_may_land_on_another_replica_or_after_a_restart_and_counts_once(world):
    offer = world.offered(ALICE, "alice")
    first, second = world.replica(), world.replica()
    assert "You are linked" in read(first.confirm(offer, ALICE))
    assert "answered before" in read(second.confirm(offer, ALICE))


def test_a_newer_question_takes_the_place_of_the_older(world):
    older = world.offered(ALICE, "alice")
    newer = world.offered(ALICE, "bob")
    assert "answered before" in read(world.linking.confirm(older, ALICE))
    world.linking.confirm(newer, ALICE)
    assert [("link", GitHubUser(BOB_ID, "bob"))] == world.links(ALICE)


def test_somebody_made_a_guest_before_the_click_is_refused(world):
    offer = world.offered(ALICE, "alice")
    world.slack.add_user(ALICE, "alice", guest=True)
    assert "such accounts may not act" in read(world.linking.confirm(offer, ALICE))
    assert [] == world.links(ALICE)
    assert (Deed.REFUSED, ALICE, "outsider") == world.deeds()[-1]


@pytest.mark.parametrize("kind", ["guest", "bot", "deleted", "stranger"])
def test_who_is_no_full_member_gets_no_code(world, kind):
    world.slack.add_user(ALICE, "alice", **{kind: True})
    world.linking.begin(ALICE)
    assert {} == world.github.state.device_flows.flows
    assert [(Deed.REFUSED, ALICE, "outsider")] == world.deeds()


# an account that somebody has already


def test_an_account_that_another_has_is_told_to_both(world):
    taken = Link(BOB, world.team, "link", ALICE_ON_GITHUB, world.clock.now(), BOB)
    world.book.replace(taken)
    offer = world.offered(ALICE, "alice")

    said = read(world.linking.confirm(offer, ALICE))
    world.outbox.send()

    assert f"also the account of @{BOB}" in said
    [letter] = world.told(BOB)
    assert f"<@{ALICE}> has just linked the GitHub account `alice`" in letter.text
    assert [("link", ALICE_ON_GITHUB)] == world.links(ALICE) == world.links(BOB)


def test_who_stands_for_the_account_on_the_map_is_told_too(world):
    world.linking = world.replica(sources=(Source.MAP, Source.LINK), logins={BOB: "Alice"})
    world.linking.confirm(world.offered(ALICE, "alice"), ALICE)
    world.outbox.send()
    assert 1 == len(world.told(BOB))


# how it goes on and ends


def test_asked_again_the_same_code_is_shown(world):
    assert world.begins(ALICE) == world.begins(ALICE)
    assert 1 == world.github.count("device_code")


def test_github_is_asked_no_sooner_than_it_said(world):
    world.begins(ALICE)
    for _ in range(9):
        world.follows(timedelta(seconds=1))
    assert 1 == world.github.count("device_token")


@pytest.mark.parametrize(
    ("end", "said"),
    [
        pytest.param(lambda world, code: world.github.deny_device(code), "cancelled", id="denied"),
        pytest.param(
            lambda world, _: world.clock.move(timedelta(minutes=15)), "in time", id="expired"
        ),
        pytest.param(
            lambda world, _: world.github.state.device_flows.flows.clear(), "any more", id="gone"
        ),
        pytest.param(
            lambda world, _: (
                world.github.allow_device_flow(APP, enabled=False)
                or world.github.state.device_flows.clients.clear()
            ),
            "client id",
            id="the App is gone",
        ),
    ],
)
def test_what_comes_to_nothing_is_told_once_and_can_be_begun_anew(world, end, said):
    code = world.begins(ALICE)
    end(world, code)
    world.follows()
    world.follows()
    [letter] = world.told(ALICE)
    assert said in letter.words
    assert "/ship link" in letter.words
    world.github.allow_device_flow(APP)
    assert code != world.begins(ALICE)


def test_while_github_is_away_it_is_asked_again(world):
    code = world.begins(ALICE)
    world.github.arm("device_token", DOWN)
    world.follows()
    world.github.approve_device(code, "alice")
    world.follows()
    assert "GitHub says you are" in world.told(ALICE)[-1].words


def test_no_code_is_told_with_the_reason(world):
    world.github.arm("device_code", DOWN)
    assert "answered 500" in read(world.linking.begin(ALICE))


def test_a_bot_that_stopped_forgets_who_was_typing(world):
    code = world.begins(ALICE)
    world.linking = world.replica()
    world.github.approve_device(code, "alice")
    world.follows()
    assert [] == world.told(ALICE)
    assert code != world.begins(ALICE)


def test_only_so_many_codes_are_followed_at_once(world):
    for number in range(MOST):
        world.slack.add_user(f"U{number:05}", "somebody")
        world.linking.begin(f"U{number:05}")
        world.clock.move(timedelta(seconds=1))  # else Slack's own limit comes first
    assert "Too many" in read(world.linking.begin(ALICE))
    assert MOST == world.github.count("device_code")


# switched off, forgotten


@pytest.mark.parametrize(
    ("options", "said"),
    [
        pytest.param({"link": False, "sources": (Source.MAP,)}, "switched off here", id="off"),
        pytest.param({"flow": False}, "no `GITHUB_CLIENT_ID`", id="no client id"),
        pytest.param(
            {"flow": False, "link": False, "sources": (Source.MAP,)}, "switched off here", id="both"
        ),
    ],
)
def test_where_it_is_off_nobody_links(world, options, said):
    assert said in read(world.replica(**options).begin(ALICE))
    assert {} == world.github.state.device_flows.flows


def test_a_link_that_is_not_gone_by_is_told_to_be_so(world):
    world.linking = world.replica(sources=(Source.MAP,))
    said = read(world.linking.confirm(world.offered(ALICE, "alice"), ALICE))
    assert "does not go by such links" in said


def test_a_link_is_forgotten_with_whatever_was_being_typed(world):
    world.linking.confirm(world.offered(ALICE, "alice"), ALICE)
    code = world.begins(ALICE)

    assert "Your link with *alice* is forgotten." in read(world.linking.unlink(ALICE))
    assert [] == world.links(ALICE)
    assert (Deed.UNLINKED, ALICE) == world.deeds()[-1][:2]

    before = len(world.told(ALICE))
    world.github.approve_device(code, "alice")
    world.follows()
    assert before == len(world.told(ALICE))
    assert "nothing to forget" in read(world.linking.unlink(ALICE))


def test_nobody_forgets_the_link_of_another(world):
    world.linking.confirm(world.offered(ALICE, "alice"), ALICE)
    world.linking.unlink(BOB)
    assert [("link", ALICE_ON_GITHUB)] == world.links(ALICE)
