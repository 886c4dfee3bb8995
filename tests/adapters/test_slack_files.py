"""A picture goes to Slack in three calls, and nobody reads where it went."""

from datetime import timedelta

import pytest
from werkzeug.wrappers import Response

from bot.adapters.slack import Slack
from bot.domain.errors import Forbidden, Rejected, Unavailable
from bot.domain.message import Message
from sandbox.wire import Fault
from tests.sandbox.slack_bot import BOT_TOKEN, DEPLOYS, TestClock, slack_with

PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 100


@pytest.fixture(scope="module")
def clock():
    return TestClock()


@pytest.fixture(scope="module")
def pretend(clock):
    made = slack_with(clock=clock)
    yield made
    made.stop()
    assert [] == made.strange


@pytest.fixture
def slack(pretend):
    pretend.disarm()
    pretend.calls.clear()
    return Slack(BOT_TOKEN, pretend.api_url, timedelta(seconds=5))


def showing(file):
    image = {"type": "image", "slack_file": {"id": file}, "alt_text": "drift"}
    return Message("drift", (image,))


def test_a_picture_is_uploaded_and_then_shown(slack, pretend, clock):
    file = slack.upload("drift.png", PNG, "core is degraded")
    assert ["files.getUploadURLExternal", "upload", "files.completeUploadExternal"] == [
        call.route for call in pretend.calls
    ]
    kept = pretend.web.files.files[file]
    assert (PNG, "drift.png", "core is degraded") == (kept.content, kept.name, kept.alt)
    with pytest.raises(Rejected):  # Slack is not done with it yet
        slack.post(DEPLOYS, showing(file), key="a")
    clock.move(seconds=2)
    slack.post(DEPLOYS, showing(file), key="b")


@pytest.mark.parametrize("file", ["F0SHIP9999", "not a file", ""])
def test_a_message_cannot_show_what_is_not_there(slack, file):
    with pytest.raises(Rejected):
        slack.post(DEPLOYS, showing(file), key="c")


@pytest.mark.parametrize(
    ("route", "status", "error"),
    [
        ("files.getUploadURLExternal", 500, Unavailable),
        ("upload", 500, Unavailable),
        ("upload", 403, Rejected),
        ("files.completeUploadExternal", 500, Unavailable),
    ],
)
def test_a_picture_that_did_not_arrive_says_so_and_not_where_it_went(
    slack, pretend, route, status, error
):
    pretend.arm(route, Fault(answer=lambda: Response("no", status)))
    with pytest.raises(error) as raised:
        slack.upload("drift.png", PNG, "x")
    assert "upload/v1" not in str(raised.value)


def test_a_line_that_drops_is_not_sent_twice(slack, pretend):
    pretend.arm("upload", Fault(drop="after"))
    with pytest.raises(Unavailable):
        slack.upload("drift.png", PNG, "x")
    assert 1 == [call.route for call in pretend.calls].count("upload")


def test_without_the_scope_it_is_forbidden():
    made = slack_with(clock=TestClock(), app={"scopes": frozenset({"chat:write"})})
    try:
        with pytest.raises(Forbidden):
            Slack(BOT_TOKEN, made.api_url, timedelta(seconds=5)).upload("drift.png", PNG, "x")
    finally:
        made.stop()
