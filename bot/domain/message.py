"""What is said to people: one message, as the adapters send it and ``bot.messages`` writes it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Message:
    """A message in Slack's terms, ready to send.

    *text* is the full sentence for screen readers and phone notifications, already escaped as
    mrkdwn. *blocks* are Block Kit dicts, at most 50, or empty for a message of plain text.

    Source: https://docs.slack.dev/reference/methods/chat.postMessage
    """

    text: str
    blocks: tuple[Mapping[str, Any], ...] = ()
