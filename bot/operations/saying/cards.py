"""The cards: one living message for each operation, in the channel of its environment."""

from collections.abc import Callable, Sequence
from datetime import datetime

import structlog

from bot.adapters.slack import Posted, Slack
from bot.clock import Clock
from bot.domain.errors import BotError, Garbled, Unauthorized, Unavailable
from bot.domain.message import Message
from bot.domain.operations import Operation
from bot.operations.books.card_book import Card
from bot.operations.saying.pace import Pace
from bot.operations.saying.updater import Behind, Living, digest
from bot.operations.store import Store

log = structlog.get_logger(__name__)

Render = Callable[[Operation, datetime], Message]


class Cards:
    """Posts first cards, and tells the updater which are behind. For any thread."""

    def __init__(
        self, store: Store, slack: Slack, render: Render, pace: Pace, clock: Clock
    ) -> None:
        self._store, self._slack, self._render = store, slack, render
        self._pace, self._clock = pace, clock

    def post(self, operation_id: str, channel: str, fallback: str) -> None:
        """Post the first card to *channel*, once, or find it where a lost run posted it.

        Where the channel refuses us the card goes to the person *fallback* directly.

        Raises:
            Unavailable, Garbled, Unauthorized: nobody knows whether it stands there; call again.
            BotError: Slack refused the person too.
        """
        begun = self._store.cards.begin(operation_id)
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
        self._store.cards.save(card, begun)
        self._store.changed()

    def _post_to(
        self, channel: str, message: Message, operation: Operation, *, again: bool
    ) -> Posted | None:
        """Post to *channel*, or find what was posted there before; None where it refuses us."""
        try:
            if again and (
                found := self._slack.find(channel, operation.key, operation.requested_at)
            ):
                return found
            self._pace.count_post(channel)
            return self._slack.post(channel, message, key=operation.key)
        except Unavailable as away:
            if away.retry_after is not None:
                self._pace.close_posts(away.retry_after)
            raise
        except (Garbled, Unauthorized):
            raise
        except BotError as refused:
            log.warning("the channel takes no card", channel=channel, error=str(refused))
            return None

    # for the updater

    def behind(self) -> Sequence[Behind]:
        """Return the cards that are behind their operations, ended ones first.

        Raises:
            Unavailable: our own database is away.
        """
        return [Behind(name, ended) for name, ended in self._store.cards.behind()]

    def read(self, name: str) -> Living | None:
        """Return the card of the operation *name* as it is to be now; None where none stands.

        Raises:
            Unavailable: our own database is away.
        """
        found, card = self._store.versioned(name), self._store.cards.of(name)
        if found is None or card is None or card.channel is None or card.ts is None:
            return None
        operation = found.operation
        return Living(
            name=name,
            key=operation.key,
            since=operation.requested_at,
            at=Posted(card.channel, card.ts),
            message=self._render(operation, self._clock.now()),
            version=found.version,
            shown=card.shown,
            shown_version=card.shown_version,
        )

    def keep(self, living: Living, at: Posted, shown: str) -> None:
        """Keep where the card stands and what it shows.

        Raises:
            Unavailable: our own database is away.
        """
        before = Card(
            living.name, living.at.channel, living.at.ts, living.shown, living.shown_version
        )
        self._store.cards.save(Card(living.name, at.channel, at.ts, shown, living.version), before)
