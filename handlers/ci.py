"""Clicks on notes of CI: run failed jobs again, mute, unmute."""

from collections.abc import Callable
from typing import Any

import structlog
from slack_bolt import Ack

from bot.domain.ci.clicks import Clicked, Overtaken, read_mute, read_note, read_rerun
from bot.domain.errors import Unavailable
from bot.domain.message import Message
from bot.messages import replies
from bot.messages.ci_answers import answer
from bot.operations.ci.desk import CiDesk
from handlers.later import Speaker

log = structlog.get_logger(__name__)


def on_ci_rerun(
    ack: Ack, body: dict[str, Any], action: dict[str, Any], ci: CiDesk, speaker: Speaker
) -> None:
    """Run failed jobs again; only the person who clicked reads the answer."""
    wish, user, asked = read_rerun(str(action.get("value", ""))), *_clicked(body)
    ack()
    if wish is None:
        speaker.respond(body["response_url"], lambda: answer(Overtaken()))
    else:
        speaker.respond(body["response_url"], lambda: _said(lambda: ci.rerun(wish, user, asked)))


def on_ci_mute(
    ack: Ack, body: dict[str, Any], action: dict[str, Any], ci: CiDesk, speaker: Speaker
) -> None:
    """Mute what was chosen; only the person who chose reads the answer."""
    chosen = action.get("selected_option") or {}
    wish, user, asked = read_mute(str(chosen.get("value", ""))), *_clicked(body)
    ack()
    if wish is None:
        speaker.respond(body["response_url"], lambda: answer(Overtaken()))
    else:
        speaker.respond(body["response_url"], lambda: _said(lambda: ci.mute(wish, user, asked)))


def on_ci_unmute(
    ack: Ack, body: dict[str, Any], action: dict[str, Any], ci: CiDesk, speaker: Speaker
) -> None:
    """End a mute; only the person who clicked reads the answer."""
    note, user, asked = read_note(str(action.get("value", ""))), *_clicked(body)
    ack()
    if note is None:
        speaker.respond(body["response_url"], lambda: answer(Overtaken()))
    else:
        speaker.respond(body["response_url"], lambda: _said(lambda: ci.unmute(note, user, asked)))


def _clicked(body: dict[str, Any]) -> tuple[str, str]:
    """Return who clicked, and the click's own name."""
    return body["user"]["id"], f"action:{body.get('trigger_id', '')}"


def _said(do: Callable[[], Clicked]) -> Message:
    try:
        return answer(do())
    except Unavailable as away:
        log.warning("a click on a note of CI was not taken", error=str(away))
        return replies.try_again()
