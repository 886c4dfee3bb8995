"""A pretend Slack with a real Bolt app behind it, over real HTTP: for the tests of the fake."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from slack_bolt import App
from slack_bolt.adapter.wsgi import SlackRequestHandler
from slack_sdk import WebClient
from werkzeug.serving import WSGIRequestHandler, make_server

from sandbox.slack import Slack
from sandbox.slack.app import App as Installed

SECRET, BOT_TOKEN, APP_TOKEN = "shhh", "xoxb-ship", "xapp-ship"
ALICE, BOB, DEPLOYS = "U0ALICE", "U0BOB", "C0DEPLOY"


class TestClock:
    """A clock that stands still until it is moved; pauses take no time."""

    __test__ = False

    def __init__(self) -> None:
        self.at = datetime(2026, 5, 4, 9, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self.at

    def move(self, **span: float) -> None:
        self.at += timedelta(**span)

    def pause(self, _span: timedelta) -> float:
        return 0.0


def slack_with(**options: Any) -> Slack:
    """Return a started workspace with alice and bob in #deploys."""
    slack = Slack(
        options.pop("clock", None) or TestClock(),
        signing_secret=SECRET,
        bot_token=BOT_TOKEN,
        app_token=APP_TOKEN,
        app=Installed(**options.pop("app")) if "app" in options else None,
        **options,
    )
    slack.start()
    slack.add_user(ALICE, "alice")
    slack.add_user(BOB, "bob")
    slack.add_channel(DEPLOYS, "deploys", ALICE, BOB)
    return slack


def client(slack: Slack, token: str = BOT_TOKEN) -> WebClient:
    """Return the real client of the Web API, without retries."""
    return WebClient(token, base_url=slack.api_url, retry_handlers=[], timeout=5)


class _Quiet(WSGIRequestHandler):
    def log(self, *_: Any) -> None:
        pass


@contextmanager
def bolt(slack: Slack, listen: Callable[[App], None]) -> Iterator[App]:
    """Run a real Bolt app behind HTTP, connected to *slack*; *listen* registers its listeners."""
    app = bolt_app(slack, listen)
    handler = SlackRequestHandler(app)
    server = make_server("127.0.0.1", 0, handler, threaded=True, request_handler=_Quiet)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    slack.connect(f"http://127.0.0.1:{server.port}")
    try:
        yield app
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def bolt_app(slack: Slack, listen: Callable[[App], None]) -> App:
    """Return a real Bolt app whose client speaks to *slack*."""
    app = App(
        client=client(slack),
        signing_secret=SECRET,
        process_before_response=True,
        token_verification_enabled=False,
    )
    listen(app)
    return app
