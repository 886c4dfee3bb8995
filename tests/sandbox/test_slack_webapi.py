"""The Web API of the pretend Slack, asked by the real client."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from sandbox.slack import BOT, Slack
from sandbox.slack.methods import METHODS
from sandbox.slack.workspace import ProfileField
from sandbox.wire import Fault
from tests.sandbox.slack_bot import (
    ALICE,
    APP_TOKEN,
    BOB,
    BOT_TOKEN,
    DEPLOYS,
    TestClock,
    client,
    slack_with,
)

DIVIDER = [{"type": "divider"}]
KEY = {"event_type": "shipmate_operation", "event_payload": {"key": "k"}}
ALL_SCOPES = frozenset(
    scope.format(kind=kind)
    for scope in (method.scope for method in METHODS.values())
    if scope
    for kind in ("channels", "groups", "im")
)


@pytest.fixture
def clock() -> TestClock:
    return TestClock()


@pytest.fixture
def slack(clock: TestClock) -> Iterator[Slack]:
    slack = slack_with(clock=clock, app={"scopes": ALL_SCOPES})
    slack.rate_limited = False
    yield slack
    slack.stop()
    assert [] == slack.strange


@pytest.fixture
def web(slack: Slack) -> WebClient:
    return client(slack)


def error_of(call: Any, *args: Any, **options: Any) -> str:
    """Return the error word that Slack answers with."""
    with pytest.raises(SlackApiError) as caught:
        call(*args, **options)
    word: str = caught.value.response["error"]
    return word


def post(web: WebClient, text: str = "hello", channel: str = DEPLOYS, **more: Any) -> str:
    """Post and return the ts."""
    ts: str = web.chat_postMessage(channel=channel, text=text, **more)["ts"]
    return ts


# tokens and scopes


@pytest.mark.parametrize(
    ("token", "word"),
    [
        pytest.param("", "not_authed", id="none"),
        pytest.param("xoxb-other", "invalid_auth", id="unknown"),
        pytest.param(APP_TOKEN, "not_allowed_token_type", id="the app's own"),
    ],
)
def test_a_wrong_token(slack, token, word):
    assert word == error_of(client(slack, token).auth_test)


def test_a_revoked_token(slack, web):
    slack.tokens.bad = "token_revoked"
    assert "token_revoked" == error_of(web.auth_test)


def test_a_bot_token_opens_no_socket(web):
    assert "not_allowed_token_type" == error_of(web.apps_connections_open, app_token=BOT_TOKEN)


@pytest.mark.parametrize(
    ("method", "arguments", "needed"),
    [
        ("chat.postMessage", {"channel": DEPLOYS, "text": "x"}, "chat:write"),
        ("chat.update", {"channel": DEPLOYS, "ts": "1", "text": "x"}, "chat:write"),
        ("chat.delete", {"channel": DEPLOYS, "ts": "1"}, "chat:write"),
        ("chat.postEphemeral", {"channel": DEPLOYS, "user": ALICE, "text": "x"}, "chat:write"),
        ("conversations.history", {"channel": DEPLOYS}, "channels:history"),
        ("conversations.history", {"channel": "C0SECRET"}, "groups:history"),
        ("conversations.replies", {"channel": DEPLOYS, "ts": "1"}, "channels:history"),
        ("conversations.info", {"channel": DEPLOYS}, "channels:read"),
        ("conversations.open", {"users": ALICE}, "im:write"),
        ("users.info", {"user": ALICE}, "users:read"),
        ("users.profile.get", {"user": ALICE}, "users.profile:read"),
        ("team.profile.get", {}, "users.profile:read"),
        ("usergroups.list", {}, "usergroups:read"),
        ("usergroups.users.list", {"usergroup": "S1"}, "usergroups:read"),
    ],
)
def test_each_method_wants_its_scope(method, arguments, needed):
    slack = slack_with(app={"scopes": ALL_SCOPES - {needed}})
    slack.add_channel("C0SECRET", "secret", ALICE, private=True)
    with pytest.raises(SlackApiError) as caught:
        client(slack).api_call(method, params=arguments)
    slack.stop()
    answer = caught.value.response
    assert ("missing_scope", needed) == (answer["error"], answer["needed"])
    assert "commands" not in answer["provided"]


# strictness


def test_an_unknown_method_is_an_error_and_remembered(slack, web):
    assert "unknown_method" == error_of(web.api_call, "chat.postMesage", json={"channel": "x"})
    assert ["Slack: POST /api/chat.postMesage?"] == slack.strange
    slack.strange.clear()


def test_an_unknown_argument_is_an_error_and_remembered(slack, web):
    word = error_of(web.chat_postMessage, channel=DEPLOYS, text="x", unfurl_link=False)
    assert "invalid_arguments" == word
    assert ["Slack: chat.postMessage got unknown arguments ['unfurl_link']"] == slack.strange
    slack.strange.clear()


def test_a_missing_argument_is_named(web):
    with pytest.raises(SlackApiError) as caught:
        web.api_call("chat.update", json={"channel": DEPLOYS, "text": "x"})
    assert "missing required field: ts" in str(caught.value.response["response_metadata"])


# messages


def test_a_message_is_posted_with_a_ts_of_its_own(slack, web):
    first, second = post(web, "one"), post(web, "two")
    assert float(first) < float(second)
    assert [("one", first), ("two", second)] == [
        (one.text, one.ts) for one in slack.messages(DEPLOYS)
    ]


def test_a_form_is_as_good_as_json(slack, web):
    blocks = '[{"type": "divider"}]'
    web.api_call("chat.postMessage", params={"channel": DEPLOYS, "text": "x", "blocks": blocks})
    [message] = slack.messages(DEPLOYS)
    assert "divider" == message.blocks[0]["type"]


@pytest.mark.parametrize(
    ("content", "word"),
    [
        pytest.param({"text": ""}, "no_text", id="nothing said"),
        pytest.param({"blocks": [{"type": "section"}]}, "invalid_blocks", id="a bad block"),
        pytest.param({"blocks": DIVIDER * 51}, "invalid_blocks", id="51 blocks"),
        pytest.param({"blocks": {"type": "divider"}}, "invalid_blocks_format", id="no list"),
        pytest.param(
            {"blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": "x" * 2800}}] * 5},
            "msg_blocks_too_long",
            id="14,000 characters in blocks",
        ),
        pytest.param({"metadata": {"key": "k"}}, "invalid_metadata_format", id="bad metadata"),
        pytest.param(
            {"metadata": {"event_type": "x", "event_payload": {"k": "x" * 16_000}}},
            "metadata_too_large",
            id="much metadata",
        ),
        pytest.param({"thread_ts": "1.000001"}, "thread_not_found", id="no such thread"),
    ],
)
def test_a_message_that_slack_refuses(slack, web, content, word):
    message = {"channel": DEPLOYS, "text": "x"} | content
    assert word == error_of(web.api_call, "chat.postMessage", json=message)
    assert [] == slack.messages(DEPLOYS)


def test_new_blocks_can_be_unknown(slack, web):
    slack.new_blocks = False
    plan = [{"type": "plan", "title": "x", "tasks": []}]
    assert "invalid_blocks" == error_of(
        web.chat_postMessage, channel=DEPLOYS, text="x", blocks=plan
    )
    slack.new_blocks = True
    post(web, blocks=plan)


def test_a_very_long_text_is_cut(slack, web):
    post(web, "x" * 40_001)
    assert 40_000 == len(slack.messages(DEPLOYS)[0].text)


@pytest.mark.parametrize(
    ("channel", "word"),
    [
        ("C0NOWHERE", "channel_not_found"),
        ("C0OUTSIDE", "not_in_channel"),
        ("C0PRIVATE", "channel_not_found"),
        ("C0OLD", "is_archived"),
        ("#deploys", "channel_not_found"),
    ],
)
def test_a_channel_that_takes_no_post(slack, web, channel, word):
    slack.add_channel("C0OUTSIDE", "outside", ALICE, with_bot=False)
    slack.add_channel("C0PRIVATE", "private", ALICE, with_bot=False, private=True)
    slack.add_channel("C0OLD", "old", ALICE)
    slack.archive("C0OLD")
    assert word == error_of(web.chat_postMessage, channel=channel, text="x")


def test_chat_write_public_posts_without_an_invitation():
    slack = slack_with(app={"scopes": frozenset({"chat:write", "chat:write.public"})})
    slack.add_channel("C0OUTSIDE", "outside", ALICE, with_bot=False)
    post(client(slack), channel="C0OUTSIDE")
    slack.stop()
    assert 1 == len(slack.messages("C0OUTSIDE"))


def test_a_line_dropped_after_reading_has_posted(slack, web):
    slack.arm("chat.postMessage", Fault(drop="after"))
    with pytest.raises(OSError):
        post(web)
    assert 1 == len(slack.messages(DEPLOYS))


def test_the_default_client_sends_a_dropped_post_twice(slack):
    """Why the adapter turns the SDK's retries off for writing."""
    slack.arm("chat.postMessage", Fault(drop="after"))
    WebClient(BOT_TOKEN, base_url=slack.api_url).chat_postMessage(channel=DEPLOYS, text="x")
    assert 2 == len(slack.messages(DEPLOYS))


# updates


def test_every_version_of_a_message_is_kept(slack, web, clock):
    ts = post(web, "one")
    clock.move(seconds=30)
    web.chat_update(channel=DEPLOYS, ts=ts, text="two")
    [message] = slack.messages(DEPLOYS)
    assert ["one", "two"] == [version.text for version in message.versions]
    assert timedelta(seconds=30) == message.versions[1].at - message.versions[0].at


@pytest.mark.parametrize(
    ("change", "text", "blocks"),
    [
        pytest.param({"text": "new"}, "new", 0, id="text alone drops the blocks"),
        pytest.param({"blocks": DIVIDER * 2}, "old", 2, id="blocks alone keep the text"),
        pytest.param({"text": "new", "blocks": DIVIDER}, "new", 1, id="both"),
        pytest.param({"text": "new", "blocks": []}, "new", 0, id="an empty list"),
    ],
)
def test_what_an_update_keeps(slack, web, change, text, blocks):
    ts = post(web, "old", blocks=DIVIDER, metadata=KEY)
    web.api_call("chat.update", json={"channel": DEPLOYS, "ts": ts} | change)
    [message] = slack.messages(DEPLOYS)
    assert (text, blocks, KEY) == (message.text, len(message.blocks), message.metadata)


def test_an_update_takes_four_thousand_characters(web):
    ts = post(web)
    web.chat_update(channel=DEPLOYS, ts=ts, text="x" * 4000)
    assert "msg_too_long" == error_of(web.chat_update, channel=DEPLOYS, ts=ts, text="x" * 4001)


def test_an_ephemeral_cannot_be_updated(slack, web):
    ts = web.chat_postEphemeral(channel=DEPLOYS, user=ALICE, text="x")["message_ts"]
    assert "message_not_found" == error_of(web.chat_update, channel=DEPLOYS, ts=ts, text="y")
    assert ["x"] == [one.text for one in slack.ephemerals(ALICE)]


def test_what_cannot_be_updated(slack, web, clock):
    ts = post(web)
    foreign = slack.say("mine", by=ALICE, channel=DEPLOYS).ts
    gone = post(web)
    web.chat_delete(channel=DEPLOYS, ts=gone)
    tries = {foreign: "cant_update_message", gone: "message_not_found"}
    for target, word in tries.items():
        assert word == error_of(web.chat_update, channel=DEPLOYS, ts=target, text="y")
    slack.workspace.edit_window = timedelta(minutes=5)
    clock.move(minutes=6)
    assert "edit_window_closed" == error_of(web.chat_update, channel=DEPLOYS, ts=ts, text="y")
    slack.archive(DEPLOYS)
    assert "is_inactive" == error_of(web.chat_update, channel=DEPLOYS, ts=ts, text="y")


def test_only_our_own_messages_can_be_deleted(slack, web):
    foreign = slack.say("mine", by=ALICE, channel=DEPLOYS).ts
    assert "cant_delete_message" == error_of(web.chat_delete, channel=DEPLOYS, ts=foreign)
    assert "message_not_found" == error_of(web.chat_delete, channel=DEPLOYS, ts="1.000001")


def test_an_ephemeral_wants_its_reader_in_the_channel(slack, web):
    slack.add_user("U0EVE", "eve")
    word = error_of(web.chat_postEphemeral, channel=DEPLOYS, user="U0EVE", text="x")
    assert "user_not_in_channel" == word


# history


def test_history_is_newest_first_without_replies(slack, web):
    first, second = post(web, "one"), post(web, "two")
    post(web, "reply", thread_ts=first)
    post(web, "shown to all", thread_ts=first, reply_broadcast=True)
    seen = web.conversations_history(channel=DEPLOYS)["messages"]
    assert ["shown to all", "two", "one"] == [one["text"] for one in seen]
    thread = web.conversations_replies(channel=DEPLOYS, ts=first)["messages"]
    assert ["one", "reply", "shown to all"] == [one["text"] for one in thread]
    assert second not in [one["ts"] for one in thread]


def test_history_in_pages(web):
    for number in range(5):
        post(web, str(number))
    page = web.conversations_history(channel=DEPLOYS, limit=2)
    seen = [one["text"] for one in page["messages"]]
    while page["has_more"]:
        cursor = page["response_metadata"]["next_cursor"]
        page = web.conversations_history(channel=DEPLOYS, limit=2, cursor=cursor)
        seen += [one["text"] for one in page["messages"]]
    assert ["4", "3", "2", "1", "0"] == seen


@pytest.mark.parametrize(
    ("inclusive", "expected"),
    [(False, ["three"]), (True, ["three", "two"])],
    ids=["oldest is left out", "oldest is in"],
)
def test_history_since(web, inclusive, expected):
    post(web, "one")
    oldest = post(web, "two")
    post(web, "three")
    seen = web.conversations_history(channel=DEPLOYS, oldest=oldest, inclusive=inclusive)
    assert expected == [one["text"] for one in seen["messages"]]


def test_metadata_shows_whole_only_on_demand(web):
    post(web, metadata=KEY)
    [bare] = web.conversations_history(channel=DEPLOYS)["messages"]
    [whole] = web.conversations_history(channel=DEPLOYS, include_all_metadata=True)["messages"]
    assert {"event_type": "shipmate_operation"} == bare["metadata"]
    assert KEY == whole["metadata"]


def test_history_wants_the_bot_in_the_channel(slack, web):
    slack.add_channel("C0OUTSIDE", "outside", ALICE, with_bot=False)
    assert "not_in_channel" == error_of(web.conversations_history, channel="C0OUTSIDE")


# people


@pytest.mark.parametrize(
    ("options", "field", "value"),
    [
        ({"guest": True}, "is_restricted", True),
        ({"bot": True}, "is_bot", True),
        ({"deleted": True}, "deleted", True),
        ({"stranger": True}, "is_stranger", True),
        ({"stranger": True}, "team_id", "T0OTHER"),
    ],
)
def test_people_of_every_kind(slack, web, options, field, value):
    slack.add_user("U0EVE", "eve", **options)
    assert value == web.users_info(user="U0EVE")["user"][field]


def test_nobody_is_not_found(web):
    assert "user_not_found" == error_of(web.users_info, user="U0NOBODY")


def test_groups_and_protected_profile_fields(slack, web):
    slack.add_group("S0SRE", "sre", ALICE, BOB)
    slack.add_field(ProfileField("Xf1", "GitHub", protected=True))
    slack.add_user("U0EVE", "eve", profile={"Xf1": "eve-gh"})
    assert [ALICE, BOB] == web.usergroups_users_list(usergroup="S0SRE")["users"]
    [group] = web.usergroups_list(include_users=True)["usergroups"]
    assert ("sre", [ALICE, BOB]) == (group["handle"], group["users"])
    [field] = web.team_profile_get()["profile"]["fields"]
    assert field["options"]["is_protected"]
    profile = web.users_profile_get(user="U0EVE")["profile"]
    assert "eve-gh" == profile["fields"]["Xf1"]["value"]


@pytest.mark.parametrize(
    ("options", "word"),
    [({"deleted": True}, "user_disabled"), ({"bot": True}, "cannot_dm_bot")],
)
def test_who_cannot_be_written_to(slack, web, options, word):
    slack.add_user("U0EVE", "eve", **options)
    assert word == error_of(web.conversations_open, users="U0EVE")


def test_a_private_conversation_is_the_same_each_time(slack, web):
    first = web.conversations_open(users=ALICE)["channel"]["id"]
    assert first == web.conversations_open(users=ALICE)["channel"]["id"]
    post(web, "psst", channel=ALICE)
    assert ["psst"] == [one.text for one in slack.dm(ALICE)]


def test_auth_test_and_info(slack, web):
    assert (BOT, "T0SHIP") == (web.auth_test()["user_id"], web.auth_test()["team_id"])
    assert web.conversations_info(channel=DEPLOYS)["channel"]["is_member"]


# rate limits


@pytest.mark.parametrize(
    ("method", "arguments", "most"),
    [
        ("usergroups.list", {}, 20),
        ("conversations.history", {"channel": DEPLOYS}, 50),
        ("users.info", {"user": ALICE}, 100),
    ],
    ids=["tier 2", "tier 3", "tier 4"],
)
def test_each_tier_has_its_calls_a_minute(slack, web, clock, method, arguments, most):
    slack.rate_limited = True
    for _ in range(most):
        web.api_call(method, params=arguments)
    clock.move(seconds=45)
    with pytest.raises(SlackApiError) as caught:
        web.api_call(method, params=arguments)
    answer = caught.value.response
    assert (429, "15", "ratelimited") == (
        answer.status_code,
        answer.headers["Retry-After"],
        answer["error"],
    )
    clock.move(seconds=15)
    web.api_call(method, params=arguments)


def test_one_channel_takes_about_a_message_a_second(slack, web, clock):
    slack.rate_limited = True
    slack.add_channel("C0OTHER", "other")
    for _ in range(5):
        post(web)
    assert "ratelimited" == error_of(web.chat_postMessage, channel=DEPLOYS, text="x")
    post(web, channel="C0OTHER")
    clock.move(seconds=5)
    post(web)


def test_updates_are_limited_for_the_whole_workspace(slack, web):
    stamps = [post(web), post(web)]
    slack.rate_limited = True
    for turn in range(50):
        web.chat_update(channel=DEPLOYS, ts=stamps[turn % 2], text=str(turn))
    assert "ratelimited" == error_of(web.chat_update, channel=DEPLOYS, ts=stamps[0], text="x")
