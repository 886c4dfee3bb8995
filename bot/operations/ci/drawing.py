"""Draws the notes of CI from their stored state."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from bot.domain.ci.notes import CiNote, CrowdNote
from bot.domain.message import Message
from bot.messages.cards import Links
from bot.messages.ci import crowd, note
from bot.operations.sql.codec import dump, load

CROWD = "crowd"
"""The key under which the state of a crowd's note stands, beside the name of the crowd."""


def crowd_state(key: str, told: CrowdNote) -> Mapping[str, Any]:
    """Return what is stored of a crowd's note."""
    return {CROWD: dump(CrowdNote, told), "key": key}


class CiDrawing:
    """Knows where commits are looked at."""

    def __init__(self, links: Links) -> None:
        self._links = links

    def draw(self, state: Mapping[str, Any], now: datetime) -> Message:  # noqa: ARG002
        """Return the message of a note; it says the same at any time."""
        if CROWD in state:
            return crowd(load(CrowdNote, state[CROWD]), state["key"])
        return note(load(CiNote, state), self._links)
