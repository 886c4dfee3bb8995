"""Stop automatic rollback: the click on a failed operation's card."""

from typing import Any, assert_never

import structlog
from slack_bolt import Ack

from bot.domain.errors import Unavailable
from bot.domain.message import Message
from bot.log import about
from bot.messages import replies
from bot.messages.rollback import taking_back as words
from bot.operations.by_itself.stopping import (
    BackStops,
    NotAllowed,
    NothingToStop,
    NotItsCard,
    StopAnswer,
    StoppedNow,
)
from bot.operations.deciding import Place
from handlers.later import Speaker

log = structlog.get_logger(__name__)


def on_stop_back(
    ack: Ack, body: dict[str, Any], action: dict[str, Any], stops: BackStops, speaker: Speaker
) -> None:
    """Stop it if who clicked may; only they read the answer."""
    container = body.get("container") or {}
    place = Place(str(container.get("channel_id", "")), str(container.get("message_ts", "")))
    operation, user = str(action.get("value", "")), body["user"]["id"]
    asked = f"action:{body['trigger_id']}"
    ack()

    def answer() -> Message:
        try:
            return said(stops.stop(operation, user, place, asked))
        except Unavailable as away:
            log.warning("not stopped", operation=operation, error=str(away))
            return replies.try_again()

    with about(operation):
        speaker.respond(body["response_url"], answer)


def said(answer: StopAnswer) -> Message:
    """Return what the person who clicked reads."""
    match answer:
        case StoppedNow(operation):
            return words.stopped(operation)
        case NotAllowed(problem):
            return words.not_stopped(problem)
        case NothingToStop(operation, standing):
            return words.nothing_to_stop(operation.id, standing, operation)
        case NotItsCard(operation_id):
            return words.not_its_card(operation_id)
        case _:
            assert_never(answer)
