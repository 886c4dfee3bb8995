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
from bot.operations.looking_back import LookingBack
from bot.operations.rollouts import RolloutDesk
from handlers.desk import Desk
from handlers.later import Speaker

log = structlog.get_logger(__name__)


def on_move(
    ack: Ack,
    body: dict[str, Any],
    action: dict[str, Any],
    rollouts: RolloutDesk,
    speaker: Speaker,
) -> None:
    """Move a Rollout; only the person who clicked reads the answer."""
    move = words.ACTIONS[str(action["action_id"])]
    seen, user = read_reference(str(action.get("value", ""))), body["user"]["id"]
    asked = f"{body.get('trigger_id', '')}:{action['action_id']}"
    ack()
    speaker.respond(body["response_url"], lambda: _moved(rollouts, move, seen, user, asked))


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
