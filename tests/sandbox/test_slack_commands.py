"""Typing in the pretend Slack, as the real Bolt app gets it over signed HTTP."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from slack_bolt import App

from sandbox.slack import Slack
from sandbox.slack.commands import on_a_mac
from tests.sandbox.slack_bot import ALICE, BOB, DEPLOYS, bolt, slack_with


@pytest.fixture
def slack() -> Iterator[Slack]:
    slack = slack_with(patience=2.0)
    yield slack
    slack.stop()
    assert [] == slack.strange


@pytest.fixture
def got(slack: Slack) -> Iterator[list[dict[str, Any]]]:
    """Every command as the bot got it; it answers "Got it."."""
    commands: list[dict[str, Any]] = []

    def listen(app: App) -> None:
        @app.command("/deploy")
        def on_deploy(ack: Any, command: dict[str, Any]) -> None:
            commands.append(command)
            ack("Got it.")

    with bolt(slack, listen):
        yield commands


def test_a_command_reaches_the_bot_signed_and_its_answer_is_seen_by_one_person(slack, got):
    reply = slack.type("/deploy core a1b2c3d4 stage", by=ALICE, channel=DEPLOYS)
    assert (None, "Got it.") == (reply.error, reply.text)
    assert ["Got it."] == [one.text for one in slack.ephemerals(ALICE)]
    assert [] == slack.messages(DEPLOYS)
    assert [] == slack.ephemerals(BOB)


def test_a_command_has_slacks_form_fields_and_no_thread(slack, got):
    slack.type("/deploy core a1b2c3d4 stage", by=ALICE, channel=DEPLOYS)
    [form] = got
    assert {
        "token",
        "team_id",
        "team_domain",
        "channel_id",
        "channel_name",
        "user_id",
        "user_name",
        "command",
        "text",
        "api_app_id",
        "is_enterprise_install",
        "trigger_id",
        "response_url",
    } == set(form)
    assert ("/deploy", "core a1b2c3d4 stage") == (form["command"], form["text"])
    assert (ALICE, DEPLOYS, "T0SHIP") == (form["user_id"], form["channel_id"], form["team_id"])


@pytest.mark.parametrize(
    ("typed", "sent"),
    [
        pytest.param("core v1.2.3 stage", "core v1.2.3 stage", id="a version is no link"),
        pytest.param("x @bob", "x <@U0BOB|bob>", id="a person"),
        pytest.param("x @nobody", "x @nobody", id="an unknown name stays a word"),
        pytest.param("x #deploys", "x <#C0DEPLOY|deploys>", id="a channel"),
        pytest.param("x #secret", "x <#C0SECRET|>", id="a private channel has no label"),
        pytest.param("x @sre", "x <!subteam^S0SRE|@sre>", id="a user group"),
        pytest.param("web.io stage", "<http://web.io|web.io> stage", id="a domain becomes a link"),
        pytest.param("https://a.b/c?d&e", "<https://a.b/c?d&amp;e>", id="a link"),
        pytest.param("a@b.com", "<mailto:a@b.com|a@b.com>", id="a mail address"),
        pytest.param("a & b < c > d", "a &amp; b &lt; c &gt; d", id="entities"),
        pytest.param("<@U0BOB>", "&lt;@U0BOB&gt;", id="a typed mention is not a mention"),
        pytest.param("<!channel>", "&lt;!channel&gt;", id="a typed announcement is none"),
    ],
)
def test_should_escape_rewrites_what_was_typed(slack, got, typed, sent):
    slack.add_channel("C0SECRET", "secret", ALICE, private=True)
    slack.add_group("S0SRE", "sre", BOB)
    slack.type(f"/deploy {typed}", by=ALICE, channel=DEPLOYS)
    assert [sent] == [form["text"] for form in got]


def test_without_should_escape_names_stay_plain_text():
    slack = slack_with(app={"commands": {"/deploy": False}})
    seen: list[str] = []

    def listen(app: App) -> None:
        @app.command("/deploy")
        def on_deploy(ack: Any, command: dict[str, Any]) -> None:
            seen.append(command["text"])
            ack("ok")

    with bolt(slack, listen):
        slack.type("/deploy web.io @bob & <@U0BOB>", by=ALICE, channel=DEPLOYS)
    slack.stop()
    assert ["web.io @bob & <@U0BOB>"] == seen


@pytest.mark.parametrize(
    ("typed", "sent"),
    [
        ('because "it is time"', "because “it is time”"),
        ("don't", "don’t"),
        ("--dry-run", "—dry-run"),
    ],
)
def test_a_mac_curls_quotes_and_joins_dashes(typed, sent):
    assert sent == on_a_mac(typed)


def test_the_mac_keyboard_reaches_the_bot(slack, got):
    slack.type('/deploy core "a b"', by=ALICE, channel=DEPLOYS, keyboard="mac")
    assert ["core “a b”"] == [form["text"] for form in got]


def test_an_unknown_command_never_leaves_slack(slack, got):
    assert "unknown_command" == slack.type("/status", by=ALICE, channel=DEPLOYS).error
    assert [] == got


def test_a_command_to_nobody_is_dispatch_failed(slack):
    assert "dispatch_failed" == slack.type("/deploy x", by=ALICE, channel=DEPLOYS).error


def test_an_error_of_the_bot_is_dispatch_failed_and_the_command_is_not_repeated(slack):
    tries = []

    def listen(app: App) -> None:
        @app.command("/deploy")
        def on_deploy() -> None:
            tries.append(1)
            raise ValueError("broken")

    with bolt(slack, listen):
        reply = slack.type("/deploy x", by=ALICE, channel=DEPLOYS)
    assert ("dispatch_failed", 500) == (reply.error, reply.outcome.status)
    assert [1] == tries


def test_an_answer_after_slacks_patience_is_operation_timeout_and_ignored():
    slack = slack_with(patience=0.2)
    go_on, answered = threading.Event(), threading.Event()

    def listen(app: App) -> None:
        @app.command("/deploy")
        def on_deploy(ack: Any) -> None:
            go_on.wait(10)
            ack("too late")
            answered.set()

    with bolt(slack, listen):
        reply = slack.type("/deploy x", by=ALICE, channel=DEPLOYS)
        go_on.set()
        assert answered.wait(10)
    slack.stop()
    assert "operation_timeout" == reply.error
    assert [] == slack.ephemerals(ALICE)


def test_an_in_channel_answer_is_seen_by_all(slack):
    def listen(app: App) -> None:
        @app.command("/ship")
        def on_ship(ack: Any) -> None:
            ack(text="Hello all", response_type="in_channel")

    with bolt(slack, listen):
        assert slack.type("/ship", by=ALICE, channel=DEPLOYS).public
    assert ["Hello all"] == [message.text for message in slack.messages(DEPLOYS)]


def test_an_answer_with_bad_blocks_is_not_shown():
    slack = slack_with()

    def listen(app: App) -> None:
        @app.command("/ship")
        def on_ship(ack: Any) -> None:
            ack(text="x", blocks=[{"type": "section"}])

    with bolt(slack, listen):
        assert "dispatch_failed" == slack.type("/ship", by=ALICE, channel=DEPLOYS).error
    slack.stop()
    assert 1 == len(slack.strange)


def test_a_replayed_request_is_the_same_to_the_byte(slack, got):
    slack.type("/deploy core", by=ALICE, channel=DEPLOYS)
    assert 200 == slack.replay().status
    first, second = got
    assert first == second


@pytest.mark.parametrize(
    ("options", "status"),
    [
        pytest.param({}, 200, id="Slack's own secret"),
        pytest.param({"secret": "wrong"}, 401, id="another secret"),
        pytest.param({"age": 302}, 401, id="five minutes old"),
        pytest.param({"age": -310}, 401, id="from the future"),
        pytest.param({"headers": {"X-Slack-Signature": "v0=00"}}, 401, id="a made-up signature"),
    ],
)
def test_forged_requests(slack, got, options, status):
    form = {"command": "/deploy", "text": "x", "user_id": ALICE, "team_id": "T0SHIP"}
    assert status == slack.forge(form, **options).status
