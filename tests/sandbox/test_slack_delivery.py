"""Events of the pretend Slack: signed, repeated until acked, doubled and shuffled on demand."""

import random
from collections.abc import Iterator
from typing import Any

import pytest
from slack_bolt import App, BoltResponse

from sandbox.slack import BOT, Slack
from sandbox.slack.delivery import End
from tests.sandbox.slack_bot import ALICE, DEPLOYS, bolt, slack_with


class Ears:
    """A bot that hears events; *failing* is how many it does not ack first, by whatever way."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        self.retries: list[tuple[str | None, str | None]] = []
        self.failing = 0
        self.answer = BoltResponse(status=500)

    def listen(self, app: App) -> None:
        app.event("app_mention")(self.hear)
        app.event("message")(self.hear)

    def hear(self, ack: Any, body: dict[str, Any], request: Any) -> Any:
        headers = request.headers
        number, reason = (
            headers.get(f"x-slack-retry-{name}", [None])[0] for name in ("num", "reason")
        )
        self.events.append(body)
        self.retries.append((number, reason))
        if self.failing:
            self.failing -= 1
            return self.answer
        return ack()


@pytest.fixture
def ears() -> Ears:
    return Ears()


@pytest.fixture
def slack(ears: Ears) -> Iterator[Slack]:
    slack = slack_with()
    with bolt(slack, ears.listen):
        yield slack
        slack.events.settle()
    slack.stop()
    assert [] == slack.strange


def test_a_mention_is_a_message_and_an_event(slack, ears):
    told = slack.mention("deploy core a1b2c3d4 stage", by=ALICE, channel=DEPLOYS)
    [body] = ears.events
    event = body["event"]
    assert f"<@{BOT}> deploy core a1b2c3d4 stage" == event["text"] == told.message.text
    assert (ALICE, DEPLOYS) == (event["user"], event["channel"])
    assert "thread_ts" not in event
    assert [End.ACKED] == [outcome.end for outcome in told.outcomes]


def test_a_mention_in_a_thread_says_which(slack, ears):
    parent = slack.say("what about core?", by=ALICE, channel=DEPLOYS)
    slack.mention("ship status", by=ALICE, channel=DEPLOYS, thread=parent.ts)
    assert [parent.ts] == [body["event"]["thread_ts"] for body in ears.events]


def test_people_in_a_mention_have_no_label(slack, ears):
    slack.mention("ask @bob & #deploys <b>", by=ALICE, channel=DEPLOYS)
    [body] = ears.events
    expected = f"<@{BOT}> ask <@U0BOB> &amp; <#C0DEPLOY|deploys> &lt;b&gt;"
    assert expected == body["event"]["text"]


def test_a_private_message_is_an_event(slack, ears):
    slack.direct("help", by=ALICE)
    [body] = ears.events
    assert ("message", "im", "help") == tuple(
        body["event"][name] for name in ("type", "channel_type", "text")
    )


def test_a_bot_outside_the_channel_hears_nothing(slack, ears):
    slack.add_channel("C0OUTSIDE", "outside", ALICE, with_bot=False)
    told = slack.mention("help", by=ALICE, channel="C0OUTSIDE")
    assert (None, []) == (told.event_id, ears.events)


@pytest.mark.parametrize(
    "app",
    [{"events": frozenset()}, {"scopes": frozenset({"chat:write"})}],
    ids=["not subscribed", "without the scope"],
)
def test_an_app_hears_only_what_its_manifest_asks_for(app):
    slack, ears = slack_with(app=app), Ears()
    with bolt(slack, ears.listen):
        slack.mention("help", by=ALICE, channel=DEPLOYS)
        slack.direct("help", by=ALICE)
    slack.stop()
    assert [] == ears.events


def test_an_event_that_fails_comes_three_times_more_with_number_and_reason(slack, ears):
    ears.failing = 99
    slack.mention("help", by=ALICE, channel=DEPLOYS)
    slack.events.settle()
    repeated = [("1", "http_error"), ("2", "http_error"), ("3", "http_error")]
    assert [(None, None), *repeated] == ears.retries
    assert 1 == len({body["event_id"] for body in ears.events})


def test_an_ack_ends_the_repetitions(slack, ears):
    ears.failing = 1
    slack.mention("help", by=ALICE, channel=DEPLOYS)
    slack.events.settle()
    assert [(None, None), ("1", "http_error")] == ears.retries


def test_no_retry_is_obeyed(slack, ears):
    ears.failing = 1
    ears.answer = BoltResponse(status=500, headers={"x-slack-no-retry": "1"})
    slack.mention("help", by=ALICE, channel=DEPLOYS)
    slack.events.settle()
    assert 1 == len(ears.events)


def test_nobody_there_is_tried_again_later():
    slack = slack_with()
    slack.connect("http://127.0.0.1:9")
    told = slack.mention("help", by=ALICE, channel=DEPLOYS)
    slack.events.settle()
    slack.stop()
    assert [End.UNREACHED] == [outcome.end for outcome in told.outcomes]
    assert [0, 1, 2, 3] == [number for _, number, _ in slack.events.outcomes]


def test_an_event_can_come_twice(slack, ears):
    told = slack.mention("help", by=ALICE, channel=DEPLOYS, copies=2)
    assert [told.event_id] * 2 == [body["event_id"] for body in ears.events]


def test_events_can_come_out_of_order(slack, ears):
    slack.hold()
    for word in ("one", "two", "three"):
        slack.mention(word, by=ALICE, channel=DEPLOYS)
    assert [] == ears.events
    assert 3 == len(slack.release())
    assert ["three", "two", "one"] == [
        body["event"]["text"].rpartition(" ")[2] for body in ears.events
    ]


def test_events_can_be_shuffled(slack, ears):
    slack.hold()
    for word in "abcdefgh":
        slack.mention(word, by=ALICE, channel=DEPLOYS)
    slack.release(random.Random(7).shuffle)
    heard = [body["event"]["text"][-1] for body in ears.events]
    assert list("abcdefgh") == sorted(heard) != heard
