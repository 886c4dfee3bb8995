"""Says what took longer than an ack may take: in a bounded pool, and never raising."""

import uuid
from collections.abc import Callable, Mapping
from datetime import timedelta
from enum import Enum, auto
from threading import BoundedSemaphore, Event
from time import monotonic
from typing import Any

import structlog

from bot.adapters.slack import Slack
from bot.clock import Clock
from bot.domain.errors import BotError, Rejected, Unavailable
from bot.domain.message import Message
from bot.domain.patience import next_try
from bot.messages import replies
from bot.operations.threads import Pool

log = structlog.get_logger(__name__)

AT_ONCE = 4
HEAD_START = 0.05
"""Seconds on the wall that the ack has: who reads the answer first waits for one that came."""

MOST_WAITING = 64
"""Answers that may wait for a thread; further ones are dropped."""

TRIES = 4
LONGEST_PAUSE = timedelta(seconds=30)
"""An answer that can only come later than this is of no use to the person any more."""


class End(Enum):
    """What became of an answer."""

    SAID = auto()
    """Slack took it, or never will."""

    LEFT = auto()
    """Slack is away, or too many answers wait."""


Over = Callable[[End], None]
"""Is told what became of an answer; not where the process stops before that."""


def _nothing(_: End) -> None:
    return None


class Speaker:
    """Sends answers that come later. One for the process."""

    def __init__(self, slack: Slack, clock: Clock) -> None:
        self._slack, self._clock = slack, clock
        self._closing = Event()
        self._room = BoundedSemaphore(MOST_WAITING)
        self._pool = Pool(AT_ONCE, thread_name_prefix="speaker")

    def respond(
        self, response_url: str, work: Callable[[], Message], over: Over = _nothing
    ) -> None:
        """Do *work* and send its message to a slash command's or button's ``response_url``."""
        self._submit(lambda message: self._slack.respond(response_url, message), work, over)

    def instead(self, response_url: str, work: Callable[[], Message]) -> None:
        """Do *work* and put its message in the place of the one that was clicked on.

        What only the clicker saw is so turned over, like a page.
        """
        self._submit(lambda message: self._slack.respond(response_url, message, replace=True), work)

    def whisper(
        self, channel: str, user: str, thread: str | None, work: Callable[[], Message]
    ) -> None:
        """Do *work* and show its message to *user* alone, in the thread they spoke in."""
        self._submit(
            lambda message: self._slack.post_ephemeral(channel, user, message, thread), work
        )

    def open(self, trigger: str, view: Mapping[str, Any], response_url: str) -> None:
        """Show *view* to whoever caused *trigger*; where that is too late, say so to them."""

        def show(message: Message) -> None:
            try:
                self._slack.open_view(trigger, view)
            except BotError as error:
                log.warning("a form did not open", error=str(error))
                self._slack.respond(response_url, message)

        self._submit(show, lambda: replies.click_again)

    def tell(
        self,
        channel: str,
        user: str,
        key: str,
        work: Callable[[], Message],
        thread: str | None = None,
        over: Over = _nothing,
    ) -> None:
        """Do *work* and show its message to *user* alone, in *channel*; else in private.

        Where the bot or they are not in the channel, Slack shows nothing there. *key* names the
        private message.
        """

        def send(message: Message) -> None:
            try:
                self._slack.post_ephemeral(channel, user, message, thread)
            except Rejected as nowhere:
                log.info("told in private", channel=channel, why=str(nowhere))
                self._slack.direct(user, message, key=key)

        self._submit(send, work, over)

    def close(self) -> None:
        """Finish what is being said; forget what waits."""
        self._closing.set()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _submit(
        self, send: Callable[[Message], object], work: Callable[[], Message], over: Over = _nothing
    ) -> None:
        if not self._room.acquire(blocking=False):
            log.warning("too many answers wait; one was dropped")
            over(End.LEFT)
            return
        try:
            self._pool.submit(self._speak, send, work, over, monotonic() + HEAD_START)
        except RuntimeError:  # shutting down
            self._room.release()

    def _speak(
        self,
        send: Callable[[Message], object],
        work: Callable[[], Message],
        over: Over,
        earliest: float,
    ) -> None:
        end = End.SAID
        try:
            message = made(work)
            self._closing.wait(max(0.0, earliest - monotonic()))
            self._send(send, message)
        except Unavailable as away:
            end = End.LEFT
            log.warning("an answer did not arrive", error=str(away))
        except BotError as error:
            log.warning("an answer did not arrive", error=str(error))
        except Exception:
            log.exception("an answer failed")
        finally:
            self._room.release()
            over(end)

    def _send(self, send: Callable[[Message], object], message: Message) -> None:
        """Send *message*; again, a few times, while Slack is away."""
        for tried in range(1, TRIES + 1):
            try:
                send(message)
            except Unavailable as away:
                pause = next_try(tried, away.retry_after)
                if tried == TRIES or pause > LONGEST_PAUSE:
                    raise
                if self._closing.wait(self._clock.pause(pause)):
                    raise
            else:
                return


def made(work: Callable[[], Message]) -> Message:
    """Return what *work* returns, or what a person reads where it failed."""
    try:
        return work()
    except Exception:
        incident = uuid.uuid4().hex[:8]
        log.exception("an answer could not be made", incident=incident)
        return replies.internal(incident)
