"""Who somebody is on GitHub: the words that ask for it, and the buttons under GitHub's answer."""

from collections.abc import Callable
from typing import Any, assert_never

import structlog
from slack_bolt import Ack

from bot.domain.commands import Link, Unlink, WhoAmI
from bot.domain.errors import Unavailable
from bot.domain.message import Message
from bot.messages import linking as words
from bot.messages import replies
from bot.operations.identity.linking import Linking
from bot.operations.identity.whoami import Whoami
from handlers.later import Speaker

log = structlog.get_logger(__name__)

Later = Callable[[], Message]
"""Slow work whose message is sent when it is done."""


class Selves:
    """Answers people about themselves. Everything here asks the outside, so it comes later."""

    def __init__(self, whoami: Whoami, linking: Linking) -> None:
        self._whoami, self._linking = whoami, linking

    def hear(self, command: WhoAmI | Link | Unlink, user: str) -> tuple[Message, Later]:
        """Return what is said at once, and the work whose message follows."""
        match command:
            case WhoAmI():
                return words.looking(), _tried(lambda: self._whoami.of(user))
            case Link():
                return words.asking(), _tried(lambda: self._linking.begin(user))
            case Unlink():
                return words.forgetting(), _tried(lambda: self._linking.unlink(user))
            case _:
                assert_never(command)

    def confirm(self, offer: str, user: str) -> Later:
        """Return the work of a yes to *offer*."""
        return _tried(lambda: self._linking.confirm(offer, user))

    def decline(self, offer: str, user: str) -> Later:
        """Return the work of a no to *offer*."""
        return _tried(lambda: self._linking.decline(offer, user))


def on_link_confirm(
    ack: Ack, body: dict[str, Any], action: dict[str, Any], selves: Selves, speaker: Speaker
) -> None:
    """Take the yes to an account, from whom Slack says it is."""
    ack()
    speaker.respond(body["response_url"], selves.confirm(_offer(action), body["user"]["id"]))


def on_link_decline(
    ack: Ack, body: dict[str, Any], action: dict[str, Any], selves: Selves, speaker: Speaker
) -> None:
    """Take the no to an account."""
    ack()
    speaker.respond(body["response_url"], selves.decline(_offer(action), body["user"]["id"]))


def _offer(action: dict[str, Any]) -> str:
    return str(action.get("value", ""))[:64]


def _tried(work: Later) -> Later:
    def tried() -> Message:
        try:
            return work()
        except Unavailable as away:
            log.warning("a person could not be read or written", error=str(away))
            return replies.try_again()

    return tried
