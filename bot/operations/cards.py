"""Keeps every card equal to its operation, under Slack's limits.

A card is a pure function of the stored operation, so an update may be lost, repeated or late and
the next one mends it. Many changes of one operation become one update; ends go first.
"""

import hashlib
import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog
from cachetools import LRUCache

from bot.adapters.slack import Posted, Slack
from bot.clock import Clock
from bot.domain.errors import BotError, Garbled, NotFound, Unauthorized, Unavailable
from bot.domain.message import Message
from bot.domain.operations import Operation
from bot.domain.patience import next_try
from bot.operations.store import Card, Store, Versioned

log = structlog.get_logger(__name__)

Render = Callable[[Operation, datetime], Message]

BUCKET = 8
REFILL_PER_SECOND = 40 / 60
"""``chat.update`` allows 50 a minute for the whole workspace. Measured: a bucket of 8 refilled at
40 a minute peaks at 47; a bucket of 40 peaks at 79."""

REMEMBERED = 10_000

PAUSE_SECONDS = 2.5
"""The least time between two updates of one card; an end does not wait for it."""

AWAY = timedelta(seconds=3)
"""How long no card is sent after a call that brought no answer, where Slack names no time."""


@dataclass(slots=True)
class Budget:
    """A token bucket over the clock's seconds."""

    tokens: float = BUCKET
    at: float = 0.0
    closed_until: float = 0.0

    def take(self, now: float) -> bool:
        """Take one call's worth; False when there is none."""
        self.tokens = min(BUCKET, self.tokens + (now - self.at) * REFILL_PER_SECOND)
        self.at = now
        if now < self.closed_until or self.tokens < 1:
            return False
        self.tokens -= 1
        return True

    def close(self, now: float, span: timedelta) -> None:
        """Send nothing for *span*: Slack asked for it."""
        self.closed_until = max(self.closed_until, now + span.total_seconds())


class Cards:
    """Posts first cards and updates them later. One updating thread for the process."""

    def __init__(self, store: Store, slack: Slack, render: Render, clock: Clock) -> None:
        self._store, self._slack, self._render, self._clock = store, slack, render, clock
        self._budget = Budget(at=self._seconds())
        # By operation. Bounded: another replica may show an end, and then nobody takes them out.
        self._not_before: LRUCache[str, float] = LRUCache(REMEMBERED)
        self._unheard: LRUCache[str, int] = LRUCache(REMEMBERED)  # calls in a row without answer
        self._silences = 0  # and over all operations
        self._wake = threading.Event()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="cards", daemon=True)

    def start(self) -> None:
        """Begin to update."""
        self._thread.start()

    def close(self) -> None:
        """Send what is due once more, then stop."""
        self._stopped.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(timeout=10)

    def changed(self) -> None:
        """Say that an operation changed; call it after every change, from any thread."""
        self._wake.set()

    def post(self, operation_id: str, channel: str, fallback: str) -> None:
        """Post the first card to *channel*, once, or find it where a lost run posted it.

        Where the channel refuses us the card goes to the person *fallback* directly.

        Raises:
            Unavailable, Garbled, Unauthorized: nobody knows whether it stands there; call again.
            BotError: Slack refused the person too.
        """
        begun = self._store.begin_card(operation_id)
        if begun.ts is not None:
            return
        found = self._store.versioned(operation_id)
        assert found is not None
        message = self._render(found.operation, self._clock.now())
        again = begun.shown_version >= 0  # begun before: it may stand in Slack already
        posted = self._post_to(channel, message, found.operation, again=again)
        if posted is None:
            since = found.operation.requested_at
            posted = self._slack.direct(fallback, message, key=found.operation.key, since=since)
        # What an earlier run posted may show an older state: it is brought up to date at once.
        shown, version = (None, 0) if again else (digest(message), found.version)
        card = Card(operation_id, posted.channel, posted.ts, shown, version)
        self._store.save_card(card, begun)
        self._wake.set()

    def _post_to(
        self, channel: str, message: Message, operation: Operation, *, again: bool
    ) -> Posted | None:
        """Post to *channel*, or find what was posted there before; None where it refuses us."""
        try:
            if again and (
                found := self._slack.find(channel, operation.key, operation.requested_at)
            ):
                return found
            return self._slack.post(channel, message, key=operation.key)
        except (Unavailable, Garbled, Unauthorized):
            raise
        except BotError as refused:
            log.warning("the channel takes no card", channel=channel, error=str(refused))
            return None

    # updating

    def _run(self) -> None:
        while not self._stopped.is_set():
            self._wake.wait(timeout=1.0)
            self._wake.clear()
            try:
                pause = self.tick()
            except Exception:
                log.exception("cards could not be updated; they are tried again")
                pause = 1.0
            if pause:
                self._stopped.wait(self._clock.pause(timedelta(seconds=pause)))
                self._wake.set()
        self._last_words()

    def _last_words(self) -> None:
        try:
            self.tick()
        except Exception:
            log.exception("the last card updates were not sent; the next start sends them")

    def tick(self) -> float:
        """Send what is due; return the clock's seconds until something else is, else 0."""
        soonest = 0.0
        for operation_id in self._store.stale_cards():
            found, card = self._store.versioned(operation_id), self._store.card(operation_id)
            if found is None or card is None:
                continue
            now = self._seconds()
            wait = self._not_before.get(operation_id, 0.0) - now
            if wait > 0 and (operation_id in self._unheard or not found.operation.phase.ended):
                soonest = min(soonest or wait, wait)
                continue
            wait = self._show(found, card, now)
            if wait:
                return wait
        return soonest

    def _show(self, found: Versioned, card: Card, now: float) -> float:
        message = self._render(found.operation, self._clock.now())
        shown = digest(message)
        if shown == card.shown:
            self._store.save_card(replace(card, shown_version=found.version), card)
            return 0.0
        if not self._budget.take(now):
            return max(self._budget.closed_until - now, 1 / REFILL_PER_SECOND)
        assert card.channel is not None
        assert card.ts is not None
        posted = Posted(card.channel, card.ts)
        try:
            posted = self._edit(posted, message, found.operation)
        except (Unavailable, Garbled, Unauthorized) as away:
            # It may show or not; as long as it is not known to, it is tried again.
            log.warning("a card waits for Slack", operation=card.operation, error=str(away))
            return self._unanswered(card, now, away)
        except BotError as refused:
            log.warning("a card was refused", operation=card.operation, error=str(refused))
        self._unheard.pop(card.operation, None)
        self._silences = 0
        now_shown = Card(card.operation, posted.channel, posted.ts, shown, found.version)
        self._store.save_card(now_shown, card)
        if found.operation.phase.ended:
            self._not_before.pop(card.operation, None)
        else:
            self._not_before[card.operation] = now + PAUSE_SECONDS
        return 0.0

    def _unanswered(self, card: Card, now: float, away: BotError) -> float:
        """Put this card off, longer each time; return how long all are put off, if Slack is away.

        Slack may fail at one card alone, again and again: the others must not wait behind it.
        """
        failures = self._unheard[card.operation] = self._unheard.get(card.operation, 0) + 1
        self._not_before[card.operation] = now + next_try(failures).total_seconds()
        self._silences += 1
        asked = away.retry_after if isinstance(away, Unavailable) else None
        if asked is None and self._silences == 1:
            return 0.0
        self._budget.close(now, asked or AWAY)
        return max(self._budget.closed_until - now, 0.1)

    def _edit(self, posted: Posted, message: Message, operation: Operation) -> Posted:
        """Let *posted* say *message*; where somebody deleted it, the story goes on in a new one."""
        try:
            self._slack.update(posted, message)
        except NotFound:
            # An earlier run may have posted the new one and heard no answer.
            found = self._slack.find(posted.channel, operation.key, operation.requested_at)
            if found is None:
                return self._slack.post(posted.channel, message, key=operation.key)
            self._slack.update(found, message)
            return found
        return posted

    def _seconds(self) -> float:
        return self._clock.now().timestamp()


def digest(message: Message) -> str:
    """Return what tells two renders apart."""
    whole = json.dumps([message.text, message.blocks], sort_keys=True, default=str)
    return hashlib.sha256(whole.encode()).hexdigest()
