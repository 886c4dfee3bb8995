"""Clicks on notes of CI: run failed jobs again, mute, unmute."""

from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

import structlog
from slack_bolt import Ack

from bot.domain.ci.clicks import Clicked, Overtaken, read_mute, read_note, read_rerun
from bot.domain.errors import Unavailable
from bot.domain.message import Message
from bot.messages import replies
from bot.messages.ci_answers import answer
from bot.operations.ci.desk import CiDesk
from handlers.errands import Doers, Errands, Facts, click

log = structlog.get_logger(__name__)

Wish = TypeVar("Wish")

RERUN, MUTE, UNMUTE = "ci rerun", "ci mute", "ci unmute"


def doers(ci: CiDesk) -> Doers:
    """Return who does what the buttons of a note ask for."""
    return {
        RERUN: partial(_done, read_rerun, ci.rerun),
        MUTE: partial(_done, read_mute, ci.mute),
        UNMUTE: partial(_done, read_note, ci.unmute),
    }


def on_ci_rerun(ack: Ack, body: dict[str, Any], action: dict[str, Any], errands: Errands) -> None:
    """Run failed jobs again; only the person who clicked reads the answer."""
    errands.run(click(RERUN, body, action), ack)


def on_ci_mute(ack: Ack, body: dict[str, Any], action: dict[str, Any], errands: Errands) -> None:
    """Mute what was chosen; only the person who chose reads the answer."""
    errands.run(click(MUTE, body, action), ack)


def on_ci_unmute(ack: Ack, body: dict[str, Any], action: dict[str, Any], errands: Errands) -> None:
    """End a mute; only the person who clicked reads the answer."""
    errands.run(click(UNMUTE, body, action), ack)


def _done(
    read: Callable[[str], Wish | None], do: Callable[[Wish, str, str], Clicked], facts: Facts
) -> Message:
    wish = read(facts["value"])
    if wish is None:
        return answer(Overtaken())
    try:
        return answer(do(wish, facts["user"], facts["asked"]))
    except Unavailable as away:
        log.warning("a click on a note of CI was not taken", error=str(away))
        return replies.try_again()
