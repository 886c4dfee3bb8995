"""Buttons of rollbacks that wait or were refused: what is insisted on is read from the store."""

from typing import Any

from slack_bolt import Ack

from bot.messages.rollback.insisting import ACTIONS
from handlers.desk import Asker, Desk
from handlers.later import Speaker


def on_insist(
    ack: Ack, body: dict[str, Any], action: dict[str, Any], desk: Desk, speaker: Speaker
) -> None:
    """Order in the clicker's name what the operation offers; only they read the answer."""
    channel = str((body.get("container") or {}).get("channel_id", ""))
    asker = Asker(body["user"]["id"], channel, asked=f"action:{body['trigger_id']}")
    answer = desk.insist(str(action.get("value", "")), ACTIONS[str(action["action_id"])], asker)
    ack()
    speaker.respond(body["response_url"], answer.later or (lambda: answer.message))
