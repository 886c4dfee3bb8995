"""Stop automatic rollback: the click on a failed operation's card."""

from typing import Any, assert_never

import structlog
from slack_bolt import Ack

from bot.domain.errors import Unavailable
from bot.domain.message import Message
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
from handlers.errands import Doers, Errands, Facts, click_on_card

log = structlog.get_logger(__name__)


STOP_BACK = "stop back"


def doers(stops: BackStops) -> Doers:
    """Return who stops a rollback that would begin by itself."""

    def stop(facts: Facts) -> Message:
        operation, place = facts["value"], Place(facts["channel"], facts["ts"])
        try:
            return said(stops.stop(operation, facts["user"], place, facts["asked"]))
        except Unavailable as away:
            log.warning("not stopped", operation=operation, error=str(away))
            return replies.try_again()

    return {STOP_BACK: stop}


def on_stop_back(ack: Ack, body: dict[str, Any], action: dict[str, Any], errands: Errands) -> None:
    """Stop it if who clicked may; only they read the answer."""
    errands.run(click_on_card(STOP_BACK, body, action), ack)


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
