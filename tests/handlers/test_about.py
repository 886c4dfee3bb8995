"""A click on a card is about its operation, also in the thread that answers later."""

import pytest

from bot.clock import Clock
from bot.domain.message import Message
from bot.log import operation_at_hand
from handlers.approvals import on_approve, on_reject_reason
from handlers.buttons import on_cancel, on_resume
from handlers.desk import Answer
from handlers.later import Speaker
from handlers.taking_back import on_stop_back

BODY = {
    "user": {"id": "U0ALICE"},
    "container": {"channel_id": "C0DEPLOY", "message_ts": "1.2"},
    "response_url": "https://slack.example.com/r",
    "trigger_id": "1.2.3",
}
ACTION = {"value": "D-12"}
VIEW = {
    "private_metadata": "D-12",
    "state": {"values": {"reason": {"reason": {"value": "not today"}}}},
}


class Seen:
    """Plays every part that a click comes to, and notes what each was about."""

    def __init__(self):
        self.about = []

    def __getattr__(self, name):
        def play(*_, **__):
            self.about.append((name, operation_at_hand()))
            if name == "channel":
                return "C0DEPLOY"
            if name in {"cancel", "resume_after"}:
                return Answer(Message("done", ()))
            if name in {"approve", "reject", "stop"}:
                raise RuntimeError("the rest is another test's")
            return None

        return play


CLICKS = {
    "approve": lambda seen, ack, speaker: on_approve(ack, BODY, ACTION, seen, speaker),
    "reject": lambda seen, ack, speaker: on_reject_reason(ack, BODY, VIEW, seen, speaker),
    "cancel": lambda seen, ack, speaker: on_cancel(ack, BODY, ACTION, seen, speaker),
    "resume": lambda seen, ack, speaker: on_resume(ack, BODY, ACTION, seen, speaker),
    "stop": lambda seen, ack, speaker: on_stop_back(ack, BODY, ACTION, seen, speaker),
}
LATER = {"approve": "approve", "reject": "reject", "stop": "stop"}


@pytest.mark.parametrize("click", CLICKS)
def test_what_a_click_leads_to_is_about_its_operation(click):
    seen = Seen()
    speaker = Speaker(seen, Clock())
    CLICKS[click](seen, lambda **_: None, speaker)
    speaker.close()
    told = dict(seen.about)
    answered = "post_ephemeral" if click == "reject" else "respond"
    assert "D-12" == told[answered]
    assert "D-12" == told[LATER.get(click, answered)]
    assert operation_at_hand() is None
