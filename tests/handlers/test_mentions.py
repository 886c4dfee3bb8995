import pytest
from slack_bolt import BoltRequest
from slack_sdk import WebClient

from bot.adapters.slack import Identity
from bot.domain.slash_names import SlashNames
from bot.messages import replies
from handlers.desk import Answer
from handlers.slack import bolt_app

WORDS = "<@UBOT> deploy core a1b2c3d4 stage"


class Hearing:
    """A desk that notes what it hears, and a speaker that notes what is said."""

    def __init__(self):
        self.heard, self.said = [], []

    def hear(self, name, text, asker):
        self.heard.append((name, text, asker.user))
        return Answer(replies.try_again())

    def whisper(self, channel, user, thread, work):
        self.said.append((channel, user, thread, work()))


@pytest.fixture
def hearing():
    return Hearing()


@pytest.fixture
def bolt(hearing):
    us = Identity("UBOT", "BBOT", "T1", "Team")
    client = WebClient("", base_url="http://127.0.0.1:9/")
    lent = [hearing] * 8  # everything that listeners are lent
    return bolt_app(client, lambda: ["secret"], *lent, lambda: us, lambda: "1", SlashNames())


def dispatch(bolt, **event):
    said = {"type": "app_mention", "user": "U0ALICE", "channel": "C1", "text": WORDS, "ts": "1.0"}
    body = {"type": "event_callback", "team_id": "T1", "event_id": "Ev1", "event": said | event}
    return bolt.dispatch(BoltRequest(body=body, mode="socket_mode"))


def test_a_mention_is_heard_once_and_answered_to_the_person_alone(bolt, hearing):
    assert 200 == dispatch(bolt).status
    assert [("mention", WORDS, "U0ALICE")] == hearing.heard
    assert [("C1", "U0ALICE", None, replies.try_again())] == hearing.said


def test_an_edited_mention_starts_nothing_and_the_person_is_told(bolt, hearing):
    assert 200 == dispatch(bolt, edited={"user": "U0ALICE", "ts": "2.0"}).status
    assert [] == hearing.heard
    assert [("C1", "U0ALICE", None, replies.edited())] == hearing.said
