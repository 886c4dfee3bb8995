"""Socket Mode of the pretend Slack, spoken to by Bolt's own handler."""

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest
from slack_bolt import App
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk.errors import SlackApiError
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from sandbox.slack import Slack
from sandbox.slack.delivery import End
from tests.sandbox.slack_bot import ALICE, APP_TOKEN, DEPLOYS, bolt_app, client, slack_with


@contextmanager
def connected(slack: Slack, listen: Any) -> Iterator[SocketModeHandler]:
    """Run a real Bolt app over one socket of its own."""
    before = slack.sockets.count
    handler = SocketModeHandler(bolt_app(slack, listen), APP_TOKEN, ping_interval=1)
    handler.connect()
    assert slack.until(lambda: slack.sockets.count == before + 1)
    try:
        yield handler
    finally:
        # Closing waits for the client's own read, up to 3 s; an ended line ends it at once.
        handler.client.auto_reconnect_enabled = False
        slack.sockets.break_off()
        handler.close()


@pytest.fixture
def slack() -> Iterator[Slack]:
    slack = slack_with(patience=5.0)
    yield slack
    slack.stop()
    assert [] == slack.strange


class Bot:
    """Hears commands and mentions under a *name*; *go_on* unset keeps its answer back."""

    def __init__(self, name: str = "bot") -> None:
        self.name = name
        self.heard: list[str] = []
        self.go_on = threading.Event()
        self.go_on.set()

    def listen(self, app: App) -> None:
        app.command("/deploy")(self.on_deploy)
        app.event("app_mention")(self.on_mention)

    def on_deploy(self, ack: Any, command: dict[str, Any]) -> None:
        self.heard.append(command["text"])
        self.go_on.wait(10)
        ack(f"{self.name} got it.")

    def on_mention(self, event: dict[str, Any]) -> None:
        self.heard.append(event["text"])


def test_a_command_goes_over_the_socket_and_its_answer_is_seen(slack):
    bot = Bot()
    with connected(slack, bot.listen):
        reply = slack.type("/deploy core a1b2c3d4 stage", by=ALICE, channel=DEPLOYS)
    assert (None, "bot got it.") == (reply.error, reply.text)
    assert ["core a1b2c3d4 stage"] == bot.heard


def test_an_event_is_acked_without_a_payload(slack):
    bot = Bot()
    with connected(slack, bot.listen):
        told = slack.mention("help", by=ALICE, channel=DEPLOYS)
    assert [End.ACKED] == [outcome.end for outcome in told.outcomes]
    assert 1 == len(bot.heard)


def test_without_a_connection_a_command_is_dispatch_failed(slack):
    with connected(slack, Bot().listen):
        pass
    assert slack.until(lambda: slack.sockets.count == 0)
    assert "dispatch_failed" == slack.type("/deploy x", by=ALICE, channel=DEPLOYS).error


def test_one_of_several_connections_gets_each_command(slack):
    one, two = Bot("one"), Bot("two")
    with connected(slack, one.listen), connected(slack, two.listen):
        for number in range(20):
            slack.type(f"/deploy {number}", by=ALICE, channel=DEPLOYS)
    assert [str(number) for number in range(20)] == sorted(one.heard + two.heard, key=int)
    assert one.heard
    assert two.heard


def test_a_late_ack_is_ignored_and_a_command_is_not_repeated():
    slack, bot = slack_with(patience=0.3), Bot()
    bot.go_on.clear()
    with connected(slack, bot.listen):
        reply = slack.type("/deploy x", by=ALICE, channel=DEPLOYS)
        bot.go_on.set()
        assert slack.until(lambda: len(slack.sockets.late) == 1)
    slack.stop()
    assert "operation_timeout" == reply.error
    assert ["x"] == bot.heard
    assert [] == slack.ephemerals(ALICE)


def test_an_event_without_an_ack_comes_again():
    slack = slack_with(patience=0.3)
    tries: list[int] = []

    def listen(app: App) -> None:
        @app.event("app_mention")
        def on_mention(request: Any) -> None:
            tries.append(int(request.headers.get("x-slack-retry-num", ["0"])[0]))
            if len(tries) < 3:
                raise ValueError("broken")

    with connected(slack, listen):
        slack.mention("help", by=ALICE, channel=DEPLOYS)
        slack.events.settle()
    slack.stop()
    assert [0, 1, 2] == tries


def test_refresh_requested_makes_the_bot_connect_again(slack):
    bot = Bot()
    with connected(slack, bot.listen) as handler:
        first = handler.client.session_id()
        slack.sockets.disconnect("refresh_requested")
        assert slack.until(lambda: slack.sockets.count == 1)
        reply = slack.type("/deploy x", by=ALICE, channel=DEPLOYS)
        assert slack.until(lambda: handler.client.session_id() != first)
    assert None is reply.error


def test_after_a_warning_the_bot_changes_over_by_itself(slack):
    bot = Bot()
    with connected(slack, bot.listen) as handler:
        first = handler.client.session_id()
        slack.sockets.disconnect("warning")
        assert 1 == slack.sockets.count
        assert slack.until(lambda: handler.client.session_id() != first)
        assert slack.until(lambda: slack.sockets.count == 1)
        assert None is slack.type("/deploy x", by=ALICE, channel=DEPLOYS).error


@pytest.mark.slow
def test_after_an_abrupt_loss_the_bot_comes_back(slack):
    bot = Bot()
    with connected(slack, bot.listen):
        slack.sockets.break_off()
        assert slack.until(lambda: slack.sockets.count == 0)
        assert "dispatch_failed" == slack.type("/deploy lost", by=ALICE, channel=DEPLOYS).error
        assert slack.until(lambda: slack.sockets.count == 1, seconds=30)
        assert None is slack.type("/deploy again", by=ALICE, channel=DEPLOYS).error
    assert ["again"] == bot.heard


def test_a_ticket_opens_one_connection(slack):
    url = client(slack).apps_connections_open(app_token=APP_TOKEN)["url"]
    with connect(url) as socket:
        assert '"type": "hello"' in socket.recv(timeout=5)
    with pytest.raises(InvalidStatus), connect(url):
        pass


def test_the_eleventh_connection_is_turned_away(slack):
    web = client(slack)
    urls = [web.apps_connections_open(app_token=APP_TOKEN)["url"] for _ in range(11)]
    with ExitStack() as stack:
        sockets = [stack.enter_context(connect(url)) for url in urls]
        said = [socket.recv(timeout=5) for socket in sockets]
    assert 10 == sum('"hello"' in one for one in said)
    assert "too_many_websockets" in said[10]


def test_opening_connections_is_tier_one():
    slack = slack_with()
    for _ in range(12):
        client(slack).apps_connections_open(app_token=APP_TOKEN)
    with pytest.raises(SlackApiError) as caught:
        client(slack).apps_connections_open(app_token=APP_TOKEN)
    slack.stop()
    assert "ratelimited" == caught.value.response["error"]
