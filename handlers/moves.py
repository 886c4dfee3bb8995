"""Clicks on what was only looked at: moves of a Rollout, and other pages of history."""

from typing import Any

import structlog
from slack_bolt import Ack

from bot.domain.errors import Unavailable
from bot.domain.message import Message
from bot.domain.problems import Problem
from bot.domain.rollout import Move, Reference, read_reference
from bot.messages import history, replies
from bot.messages import rollout as words
from bot.operations.looking.looking_back import LookingBack
from bot.operations.rollouts import RolloutDesk
from handlers.desk import Desk
from handlers.errands import Doers, Errands, Facts, click
from handlers.later import Speaker

log = structlog.get_logger(__name__)


MOVE = "move"


def doers(rollouts: RolloutDesk) -> Doers:
    """Return who moves a Rollout."""

    def move(facts: Facts) -> Message:
        seen = read_reference(facts["value"])
        way = words.ACTIONS[facts["action"]]
        return _moved(rollouts, way, seen, facts["user"], facts["asked"])

    return {MOVE: move}


def on_move(ack: Ack, body: dict[str, Any], action: dict[str, Any], errands: Errands) -> None:
    """Move a Rollout; only the person who clicked reads the answer."""
    errands.run(click(MOVE, body, action), ack)


def on_page(
    ack: Ack,
    body: dict[str, Any],
    action: dict[str, Any],
    back: LookingBack,
    desk: Desk,
    speaker: Speaker,
) -> None:
    """Turn to the page that the button names, in the place of the one that was clicked on."""
    ack()
    turned = desk.for_members(body["user"]["id"], lambda: _page(back, str(action.get("value", ""))))
    speaker.instead(body["response_url"], turned)


def _moved(
    rollouts: RolloutDesk, move: Move, seen: Reference | None, user: str, asked: str
) -> Message:
    if seen is None:
        return words.unreadable()
    try:
        done = rollouts.move(move, seen, user, asked)
    except Unavailable as away:
        log.warning("a rollout was not moved", error=str(away))
        return replies.try_again()
    if isinstance(done, Problem):
        return words.not_moved(done)
    return words.moved(move, done.rollout, seen.service, seen.environment)


def _page(back: LookingBack, value: str) -> Message:
    try:
        page = back.at(value)
    except Unavailable as away:
        log.warning("no history", error=str(away))
        return replies.try_again()
    return history.forgotten() if page is None else history.history(page)
