"""Trigger ids and response_urls: the short-lived keys that come with what people do.

Sources: https://docs.slack.dev/interactivity/handling-user-interaction
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sandbox.slack.refused import Refused
from sandbox.slack.workspace import Message

TRIGGER_SECONDS = 3.0
RESPONSE_USES = 5
RESPONSE_LIFE = timedelta(minutes=30)


@dataclass
class _Trigger:
    user: str
    at: float
    spent: bool = False


class Triggers:
    """Trigger ids: good for 3 real seconds and one use. The caller holds the lock."""

    def __init__(self, wall: Callable[[], float]) -> None:
        self._wall = wall
        self._given: dict[str, _Trigger] = {}

    def give(self, user: str) -> str:
        """Return a new trigger id for what *user* has just done."""
        number = len(self._given) + 1
        trigger = f"{9_000_000 + number}.{1_000_000 + number}.{secrets.token_hex(16)}"
        self._given[trigger] = _Trigger(user, self._wall())
        return trigger

    def spend(self, trigger: str) -> str:
        """Return the user id behind *trigger*, which is used up by this.

        Raises:
            Refused: unknown, older than 3 s, or used before.
        """
        known = self._given.get(trigger)
        if known is None:
            raise Refused("invalid_trigger_id")
        if known.spent:
            raise Refused("trigger_exchanged")
        if self._wall() - known.at > TRIGGER_SECONDS:
            raise Refused("trigger_expired")
        known.spent = True
        return known.user


@dataclass
class ResponseUrl:
    """Where a response_url leads: the place and person of the action, and the message it was on."""

    channel: str
    user: str
    message: Message | None
    given: datetime
    uses: int = 0


class ResponseUrls:
    """Response urls: 5 uses in 30 minutes of the pretend clock. The caller holds the lock."""

    def __init__(self) -> None:
        self._given: dict[str, ResponseUrl] = {}

    def give(self, channel: str, user: str, message: Message | None, now: datetime) -> str:
        """Return the token of a new response_url."""
        token = secrets.token_hex(12)
        self._given[token] = ResponseUrl(channel, user, message, now)
        return token

    def use(self, token: str, now: datetime) -> ResponseUrl:
        """Return where *token* leads, counting this use.

        Raises:
            Refused: unknown, older than 30 minutes, or used 5 times.
        """
        known = self._given.get(token)
        if known is None:
            raise Refused("invalid_url", status=404)
        if now - known.given > RESPONSE_LIFE:
            raise Refused("expired_url", status=404)
        if known.uses >= RESPONSE_USES:
            raise Refused("used_url", status=404)
        known.uses += 1
        return known
