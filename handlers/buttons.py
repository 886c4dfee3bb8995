"""Buttons of cards. A button carries an operation id and nothing that is believed."""

from typing import Any

import structlog
from slack_bolt import Ack

from bot.domain.errors import Unavailable
from bot.log import about
from bot.messages import replies
from handlers.desk import Answer, Asker, Desk
from handlers.desk_errands import CANCEL, INSIST, RESUME
from handlers.errands import Errands, click_on_card
from handlers.later import Speaker

log = structlog.get_logger(__name__)


def on_cancel(
    ack: Ack,
    body: dict[str, Any],
    action: dict[str, Any],
    desk: Desk,
    speaker: Speaker,
    errands: Errands,
) -> None:
    """Answer the Cancel button; only the person who clicked reads the answer."""
    operation = str(action.get("value", ""))
    with about(operation):
        try:
            answer = desk.cancel(operation, body["user"]["id"])
        except Unavailable as away:
            log.warning("cancel not written down", error=str(away))
            answer = Answer(replies.try_again())
        if answer.lasting:
            errands.run(click_on_card(CANCEL, body, action), ack)
            return
        ack()
        speaker.respond(body["response_url"], lambda: answer.message)


def on_rollback_in(
    ack: Ack, body: dict[str, Any], action: dict[str, Any], desk: Desk, speaker: Speaker
) -> None:
    """Order the rollback that the button names, as if it had been typed: nothing is believed."""
    _order("rollback", ack, body, action, desk, speaker)


def on_promote_these(
    ack: Ack, body: dict[str, Any], action: dict[str, Any], desk: Desk, speaker: Speaker
) -> None:
    """Order the promote that the button names, as if it had been typed: nothing is believed."""
    _order("promote", ack, body, action, desk, speaker)


def _order(
    verb: str,
    ack: Ack,
    body: dict[str, Any],
    action: dict[str, Any],
    desk: Desk,
    speaker: Speaker,
) -> None:
    channel = str((body.get("container") or {}).get("channel_id", ""))
    asker = Asker(body["user"]["id"], channel, asked=f"action:{body['trigger_id']}")
    answer = desk.hear(verb, str(action.get("value", "")), asker)
    ack()
    answer.then()
    speaker.respond(body["response_url"], answer.later or (lambda: answer.message))


def on_resume(ack: Ack, body: dict[str, Any], action: dict[str, Any], errands: Errands) -> None:
    """Resume auto-sync after the rollback that the button names; the clicker reads the answer."""
    errands.run(click_on_card(RESUME, body, action), ack)


def on_insist(ack: Ack, body: dict[str, Any], action: dict[str, Any], errands: Errands) -> None:
    """Order in the clicker's name what the operation offers; only they read the answer."""
    errands.run(click_on_card(INSIST, body, action), ack)


def on_other_action(ack: Ack, action: dict[str, Any]) -> None:
    """Take every other click: links are buttons too, and old cards may hold forgotten ones."""
    ack()
    log.debug("a click without a handler", action=action.get("action_id"))
