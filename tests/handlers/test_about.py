"""A click on a card is about its operation, also in the thread that does it and answers."""

import pytest

from bot.clock import Clock
from bot.domain.message import Message
from bot.log import operation_at_hand
from bot.operations.deliveries.inbox import Inbox
from handlers.approvals import on_approve, on_reject_reason
from handlers.buttons import on_cancel, on_insist, on_resume
from handlers.desk import Answer
from handlers.errands import Errands
from handlers.later import Speaker
from handlers.taking_back import on_stop_back

BODY = {
    "user": {"id": "U0ALICE"},
    "container": {"channel_id": "C0DEPLOY", "message_ts": "1.2"},
    "response_url": "https://slack.example.com/r",
    "trigger_id": "1.2.3",
}
ACTION = {"value": "D-12", "action_id": "a"}
VIEW = {
    "id": "V1",
    "private_metadata": "D-12",
    "state": {"values": {"reason": {"reason": {"value": "not today"}}}},
}
ERRANDS = ("approve", "reject", "resume", "insist", "stop back", "cancel")


class Seen:
    """Plays Slack, the desk and those who decide, and notes what each was about."""

    def __init__(self):
        self.about = []

    def __getattr__(self, name):
        def play(*_, **__):
            self.about.append((name, operation_at_hand()))
            return "C0DEPLOY" if name == "channel" else None

        return play

    def cancel(self, *_):
        self.about.append(("asked", operation_at_hand()))
        return Answer(Message("checking", ()), lasting=True)

    def do(self, _facts):
        self.about.append(("done", operation_at_hand()))
        return Message("done", ())


CLICKS = {
    "approve": lambda _, ack, __, errands: on_approve(ack, BODY, ACTION, errands),
    "reject": lambda seen, ack, __, errands: on_reject_reason(ack, BODY, VIEW, seen, errands),
    "cancel": lambda seen, ack, speaker, errands: on_cancel(
        ack, BODY, ACTION, seen, speaker, errands
    ),
    "insist": lambda _, ack, __, errands: on_insist(ack, BODY, ACTION, errands),
    "resume": lambda _, ack, __, errands: on_resume(ack, BODY, ACTION, errands),
    "stop": lambda _, ack, __, errands: on_stop_back(ack, BODY, ACTION, errands),
}


@pytest.mark.parametrize("click", CLICKS)
def test_what_a_click_leads_to_is_about_its_operation(click, database):
    seen, clock = Seen(), Clock()
    speaker, inbox = Speaker(seen, clock), Inbox(database, {}, clock)
    errands = Errands(dict.fromkeys(ERRANDS, seen.do), inbox, speaker, seen, clock)
    CLICKS[click](seen, lambda **_: None, speaker, errands)
    speaker.close()
    inbox.close()
    told = dict(seen.about)
    answered = "post_ephemeral" if click == "reject" else "respond"
    assert "D-12" == told[answered]
    assert "D-12" == told["done"]
    assert operation_at_hand() is None
