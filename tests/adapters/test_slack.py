"""The Slack adapter over the real SDK, against the pretend Slack."""

import json
from collections.abc import Iterator
from datetime import timedelta

import pytest
from werkzeug.wrappers import Response

from bot.adapters.slack import Identity, Person, Posted, Slack
from bot.domain.errors import (
    BotError,
    Conflict,
    Forbidden,
    Garbled,
    NotFound,
    Rejected,
    Unauthorized,
    Unavailable,
)
from bot.domain.message import Message
from sandbox.slack import BOT
from sandbox.slack import Slack as Pretend
from sandbox.wire import Fault, answer
from tests.sandbox.slack_bot import ALICE, BOB, BOT_TOKEN, DEPLOYS, TestClock, slack_with

CARD = Message("core goes to stage", ({"type": "divider"},))
KEY = "op-4821"


@pytest.fixture
def clock() -> TestClock:
    return TestClock()


@pytest.fixture
def pretend(clock: TestClock) -> Iterator[Pretend]:
    pretend = slack_with(clock=clock)
    yield pretend
    pretend.stop()
    assert [] == pretend.strange


@pytest.fixture
def slack(pretend: Pretend) -> Slack:
    return adapter(pretend)


def adapter(pretend: Pretend, token: str = BOT_TOKEN) -> Slack:
    return Slack(token, pretend.api_url, timedelta(seconds=5))


def test_a_posted_card_stands_in_the_channel_with_its_key(slack, pretend):
    posted = slack.post(DEPLOYS, CARD, key=KEY)
    [message] = pretend.messages(DEPLOYS)
    assert Posted(DEPLOYS, message.ts) == posted
    assert "core goes to stage" == message.text
    assert ["divider"] == [block["type"] for block in message.blocks]
    expected = {"event_type": "shipmate_operation", "event_payload": {"key": KEY}}
    assert expected == message.metadata


def test_a_workspace_that_cannot_be_reached_is_told_with_the_reason():
    nobody = Slack(BOT_TOKEN, "http://127.0.0.1:1/api/", timedelta(seconds=2))
    with pytest.raises(Unavailable, match="Slack could not say who we are: Connection refused"):
        nobody.whoami()


def test_links_are_never_unfolded(slack, pretend):
    slack.post(DEPLOYS, CARD, key=KEY)
    slack.direct(ALICE, CARD, key="told")
    sent = [call.json() for call in pretend.calls if call.route == "chat.postMessage"]
    assert [(False, False)] * 2 == [(one["unfurl_links"], one["unfurl_media"]) for one in sent]


def test_a_card_in_a_thread(slack, pretend):
    parent = pretend.say("deploy please", by=ALICE, channel=DEPLOYS)
    posted = slack.post(DEPLOYS, CARD, key=KEY, thread=parent.ts)
    assert [posted.ts] == [one.ts for one in pretend.messages(DEPLOYS, thread=parent.ts)]


def test_a_posted_card_is_found_again(slack, pretend, clock):
    posted = slack.post(DEPLOYS, CARD, key=KEY)
    slack.post(DEPLOYS, CARD, key="another")
    assert posted == slack.find(DEPLOYS, KEY, clock.now())


def test_a_card_posted_without_an_answer_is_found_and_not_posted_twice(slack, pretend, clock):
    pretend.arm("chat.postMessage", Fault(drop="after"))
    with pytest.raises(Unavailable):
        slack.post(DEPLOYS, CARD, key=KEY)
    [message] = pretend.messages(DEPLOYS)
    assert Posted(DEPLOYS, message.ts) == slack.find(DEPLOYS, KEY, clock.now())
    assert 1 == pretend.count("chat.postMessage")


def test_a_card_in_a_thread_is_found_there_only(slack, pretend, clock):
    parent = pretend.say("deploy please", by=ALICE, channel=DEPLOYS)
    posted = slack.post(DEPLOYS, CARD, key=KEY, thread=parent.ts)
    assert None is slack.find(DEPLOYS, KEY, clock.now())
    assert posted == slack.find(DEPLOYS, KEY, clock.now(), thread=parent.ts)


def test_a_card_edited_since_is_still_found(slack, clock):
    posted = slack.post(DEPLOYS, CARD, key=KEY)
    slack.update(posted, Message("core is live on stage"))
    assert posted == slack.find(DEPLOYS, KEY, clock.now())


def test_a_card_behind_many_messages_is_found(slack, pretend, clock):
    posted = slack.post(DEPLOYS, CARD, key=KEY)
    for number in range(450):
        pretend.say(f"chatter {number}", by=ALICE, channel=DEPLOYS)
    assert posted == slack.find(DEPLOYS, KEY, clock.now())
    assert 3 == pretend.count("conversations.history")


def test_the_search_ends_after_two_thousand_messages(slack, pretend, clock):
    slack.post(DEPLOYS, CARD, key=KEY)
    for number in range(2000):
        pretend.say(f"chatter {number}", by=ALICE, channel=DEPLOYS)
    assert None is slack.find(DEPLOYS, KEY, clock.now())
    assert 10 == pretend.count("conversations.history")


def test_an_old_card_is_not_found(slack, clock):
    slack.post(DEPLOYS, CARD, key=KEY)
    clock.move(minutes=5)
    assert None is slack.find(DEPLOYS, KEY, clock.now())


def test_a_forged_card_of_another_app_is_not_ours(slack, pretend, clock):
    forged = {"event_type": "shipmate_operation", "event_payload": {"key": KEY}}
    with pretend.lock:
        pretend.workspace.post(DEPLOYS, BOB, "I am a card", metadata=forged)
    assert None is slack.find(DEPLOYS, KEY, clock.now())


def test_an_update_replaces_text_and_blocks_and_keeps_the_key(slack, pretend):
    posted = slack.post(DEPLOYS, CARD, key=KEY)
    slack.update(posted, Message("core is live on stage"))
    card = pretend.card(KEY)
    assert ("core is live on stage", ()) == (card.text, card.blocks)
    assert 2 == len(card.versions)


def test_an_update_without_an_answer_is_sent_once(slack, pretend):
    posted = slack.post(DEPLOYS, CARD, key=KEY)
    pretend.arm("chat.update", Fault(drop="before"))
    with pytest.raises(Unavailable):
        slack.update(posted, CARD)
    assert 1 == pretend.count("chat.update")


def test_a_read_is_tried_again_when_the_line_drops(slack, pretend):
    pretend.arm("users.info", Fault(drop="before"))
    assert "alice" == slack.person(ALICE).name
    assert 2 == pretend.count("users.info")


def test_an_ephemeral_is_seen_by_one(slack, pretend):
    slack.post_ephemeral(DEPLOYS, ALICE, Message("Only you see this."))
    assert ["Only you see this."] == [one.text for one in pretend.ephemerals(ALICE)]
    assert [] == pretend.messages(DEPLOYS)


def test_a_direct_message_opens_the_conversation(slack, pretend):
    posted = slack.direct(ALICE, Message("It failed."), key="told")
    assert [("It failed.", posted.ts)] == [(one.text, one.ts) for one in pretend.dm(ALICE)]


def test_a_direct_message_is_not_sent_twice(slack, pretend, clock):
    first = slack.direct(ALICE, Message("It failed."), key="told", since=clock.now())
    assert first == slack.direct(ALICE, Message("It failed."), key="told", since=clock.now())
    assert 1 == len(pretend.dm(ALICE))


@pytest.fixture
def response_url(pretend: Pretend) -> str:
    """The address of one command of alice."""
    with pretend.lock:
        token = pretend.response_urls.give(DEPLOYS, ALICE, None, pretend.clock.now())
    return f"{pretend.url}/commands/{token}"


def test_a_late_answer_to_a_command_is_seen_by_one(slack, pretend, response_url):
    slack.respond(response_url, CARD)
    assert [CARD.text] == [one.text for one in pretend.ephemerals(ALICE)]


def test_an_address_that_is_used_up_is_rejected(slack, response_url):
    for _ in range(5):
        slack.respond(response_url, CARD)
    with pytest.raises(Rejected):
        slack.respond(response_url, CARD)


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(Fault(drop="after"), id="dropped"),
        pytest.param(Fault(answer=lambda: Response("", 502)), id="502"),
    ],
)
def test_an_answer_that_does_not_get_through_is_unavailable(slack, pretend, response_url, fault):
    pretend.arm("response_url", fault)
    with pytest.raises(Unavailable):
        slack.respond(response_url, CARD)


def test_whoami_is_asked_once(slack, pretend):
    assert Identity(BOT, "B0SHIP", "T0SHIP", "Ship") == slack.whoami()
    assert slack.whoami() == slack.whoami()
    assert 1 == pretend.count("auth.test")


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        pytest.param({}, {}, id="a colleague"),
        pytest.param({"guest": True}, {"is_guest": True}, id="a guest"),
        pytest.param({"bot": True}, {"is_bot": True}, id="a bot"),
        pytest.param({"deleted": True}, {"deleted": True, "zone": ""}, id="a deactivated person"),
        pytest.param({"stranger": True}, {"is_stranger": True, "team": "T0OTHER"}, id="a stranger"),
        pytest.param(
            {"team": "T9"}, {"is_stranger": True, "team": "T9"}, id="a team that is not ours"
        ),
    ],
)
def test_a_person(slack, pretend, options, expected):
    pretend.add_user("U0EVE", "eve", **options)
    plain = {"is_bot": False, "is_guest": False, "is_stranger": False, "deleted": False}
    base = {"id": "U0EVE", "name": "eve", "team": "T0SHIP", "zone": "Asia/Seoul"}
    assert Person(**(base | plain | expected)) == slack.person("U0EVE")


def test_slackbot_is_a_bot_whatever_slack_says(slack, pretend):
    pretend.add_user("USLACKBOT", "slackbot")
    assert slack.person("USLACKBOT").is_bot


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("invalid_auth", Unauthorized),
        ("not_authed", Unauthorized),
        ("token_revoked", Unauthorized),
        ("token_expired", Unauthorized),
        ("account_inactive", Unauthorized),
        ("missing_scope", Forbidden),
        ("not_in_channel", Forbidden),
        ("restricted_action", Forbidden),
        ("cant_update_message", Forbidden),
        ("edit_window_closed", Forbidden),
        ("channel_not_found", NotFound),
        ("message_not_found", NotFound),
        ("user_not_found", NotFound),
        ("is_archived", Rejected),
        ("is_inactive", Rejected),
        ("msg_too_long", Rejected),
        ("invalid_blocks", Rejected),
        ("a_word_of_tomorrow", Rejected),
        ("internal_error", Unavailable),
        ("fatal_error", Unavailable),
        ("service_unavailable", Unavailable),
        ("ratelimited", Unavailable),
    ],
)
def test_each_error_word_has_its_kind(slack, pretend, word, kind):
    pretend.arm("chat.postMessage", Fault(answer=lambda: answer({"ok": False, "error": word})))
    with pytest.raises(kind) as caught:
        slack.post(DEPLOYS, CARD, key=KEY)
    assert kind is type(caught.value)
    assert word in caught.value.detail


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        pytest.param(Fault(drop="before"), Unavailable, id="dropped before"),
        pytest.param(Fault(drop="after"), Unavailable, id="dropped after"),
        pytest.param(Fault(answer=lambda: Response("<html>", 502)), Unavailable, id="502 page"),
        pytest.param(Fault(answer=lambda: Response("", 503)), Unavailable, id="503 empty"),
        pytest.param(Fault(answer=lambda: Response("<html>", 200)), Garbled, id="a 200 page"),
        pytest.param(Fault(answer=lambda: Response("", 200)), Garbled, id="a 200 of nothing"),
        pytest.param(Fault(answer=lambda: answer({"ok": True})), Garbled, id="ok without ts"),
        pytest.param(Fault(answer=lambda: answer([1])), Garbled, id="a list"),
        pytest.param(Fault(answer=lambda: answer(7)), Garbled, id="a number"),
        pytest.param(Fault(answer=lambda: answer({"ok": False})), Garbled, id="no error word"),
        pytest.param(Fault(answer=lambda: Response(b"\xff", 200)), Garbled, id="no text"),
        pytest.param(
            Fault(answer=lambda: answer({"ok": True, "channel": 1, "ts": None})),
            Garbled,
            id="fields of the wrong kind",
        ),
    ],
)
def test_a_call_that_goes_wrong_on_the_wire(slack, pretend, fault, kind):
    pretend.arm("chat.postMessage", fault)
    with pytest.raises(kind) as caught:
        slack.post(DEPLOYS, CARD, key=KEY)
    assert kind is type(caught.value)
    assert "Slack could not post to C0DEPLOY" in str(caught.value)


def test_a_slow_answer_is_unavailable(pretend):
    slack = Slack(BOT_TOKEN, pretend.api_url, timedelta(seconds=1))
    pretend.arm("chat.postMessage", Fault(delay=1.5))
    with pytest.raises(Unavailable):
        slack.post(DEPLOYS, CARD, key=KEY)


def test_nobody_listening_is_unavailable(pretend):
    slack = Slack(BOT_TOKEN, "http://127.0.0.1:9/api/", timedelta(seconds=1))
    with pytest.raises(Unavailable):
        slack.post(DEPLOYS, CARD, key=KEY)


def test_a_rate_limit_says_how_long_to_stay_away(slack, pretend):
    posted = slack.post(DEPLOYS, CARD, key=KEY)
    for number in range(50):
        slack.update(posted, Message(f"version {number}"))
    with pytest.raises(Unavailable) as caught:
        slack.update(posted, Message("one too many"))
    assert timedelta(seconds=60) == caught.value.retry_after
    assert 51 == pretend.count("chat.update")


def test_a_deleted_card_is_not_found(slack, pretend):
    posted = slack.post(DEPLOYS, CARD, key=KEY)
    with pretend.lock:
        pretend.workspace.remove(pretend.card(KEY))
    with pytest.raises(NotFound):
        slack.update(posted, CARD)


@pytest.mark.parametrize(
    ("channel", "kind", "advice"),
    [
        pytest.param("C0NOWHERE", NotFound, "/invite", id="no such channel"),
        pytest.param("C0OUTSIDE", Forbidden, "/invite", id="not invited"),
        pytest.param("C0PRIVATE", NotFound, "/invite", id="private and not invited"),
        pytest.param("C0OLD", Rejected, "archived", id="archived"),
    ],
)
def test_a_channel_that_cannot_be_posted_to_says_what_to_do(slack, pretend, channel, kind, advice):
    pretend.add_channel("C0OUTSIDE", "outside", ALICE, with_bot=False)
    pretend.add_channel("C0PRIVATE", "private", ALICE, with_bot=False, private=True)
    pretend.add_channel("C0OLD", "old", ALICE)
    pretend.archive("C0OLD")
    with pytest.raises(kind) as caught:
        slack.post(channel, CARD, key=KEY)
    assert kind is type(caught.value)
    assert advice in caught.value.detail


def test_a_missing_scope_is_named():
    pretend = slack_with(app={"scopes": frozenset({"commands"})})
    with pytest.raises(Forbidden) as caught:
        adapter(pretend).post(DEPLOYS, CARD, key=KEY)
    pretend.stop()
    assert "missing_scope chat:write" in caught.value.detail


@pytest.mark.parametrize(
    ("token", "bad"), [("xoxb-other", None), ("xapp-ship", None), (BOT_TOKEN, "token_revoked")]
)
def test_a_bad_token_is_unauthorized_and_stays_secret(pretend, token, bad):
    pretend.tokens.bad = bad
    with pytest.raises(Unauthorized) as caught:
        adapter(pretend, token).whoami()
    assert token not in str(caught.value)
    assert token not in repr(adapter(pretend, token))


def test_a_token_read_from_a_file_may_end_in_a_newline(pretend):
    assert BOT == adapter(pretend, f"{BOT_TOKEN}\n").whoami().user


def test_refused_blocks_say_where(slack):
    with pytest.raises(Rejected) as caught:
        slack.post(DEPLOYS, Message("x", ({"type": "section"},)), key=KEY)
    assert "/blocks/0" in caught.value.detail


def test_no_address_of_slack_is_asked_twice_for_a_write(slack, pretend):
    """A body that the SDK cannot read is not sent again either."""
    pretend.arm("chat.postMessage", Fault(answer=lambda: Response("nonsense", 500)))
    with pytest.raises(BotError):
        slack.post(DEPLOYS, CARD, key=KEY)
    assert 1 == pretend.count("chat.postMessage")


def test_what_is_sent_is_json_with_the_token_in_the_header_only(slack, pretend):
    slack.post(DEPLOYS, CARD, key=KEY)
    [call] = [one for one in pretend.calls if one.route == "chat.postMessage"]
    assert BOT_TOKEN not in json.dumps(call.json())
    assert f"Bearer {BOT_TOKEN}" == call.headers["Authorization"]


VIEW = {
    "type": "modal",
    "title": {"type": "plain_text", "text": "Deploy"},
    "blocks": [{"type": "divider", "block_id": "b"}],
}


def trigger(pretend):
    with pretend.lock:
        return pretend.triggers.give(ALICE)


def test_a_form_is_opened_and_filled(slack, pretend):
    opened = slack.open_view(trigger(pretend), VIEW)
    title = {"type": "plain_text", "text": "Filled"}
    filled = slack.update_view(opened.id, {**VIEW, "title": title}, opened.hash)
    assert "Filled" == pretend.modal(ALICE).content["title"]["text"]
    assert (opened.id, True) == (filled.id, filled.hash != opened.hash)


def test_a_form_that_has_changed_is_filled_only_on_purpose(slack, pretend):
    opened = slack.open_view(trigger(pretend), VIEW)
    slack.update_view(opened.id, VIEW, opened.hash)
    with pytest.raises(Conflict):
        slack.update_view(opened.id, VIEW, opened.hash)
    slack.update_view(opened.id, VIEW)


def test_a_form_that_was_closed_is_not_found(slack, pretend):
    opened = slack.open_view(trigger(pretend), VIEW)
    pretend.dismiss(by=ALICE)
    with pytest.raises(NotFound):
        slack.update_view(opened.id, VIEW)


def test_a_trigger_serves_once_and_a_form_is_never_opened_twice(slack, pretend):
    given = trigger(pretend)
    slack.open_view(given, VIEW)
    with pytest.raises(Rejected, match=r"trigger_exchanged; .*type it again"):
        slack.open_view(given, VIEW)
    assert 2 == pretend.count("views.open")
