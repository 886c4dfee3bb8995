"""The steps that speak to people: the first card, and a word in person when it ends badly."""

from collections.abc import Callable

import structlog

from bot.adapters.slack import Slack
from bot.clock import Clock
from bot.domain.catalog import Catalog
from bot.domain.errors import BotError, Garbled, Unauthorized, Unavailable
from bot.domain.message import Message
from bot.domain.operations import Operation, Phase
from bot.domain.problems import Problem, Reason
from bot.domain.terminal import account_of
from bot.messages.notices import BAD
from bot.operations.deploy.check import seconds
from bot.operations.outcome import Next, Outcome
from bot.operations.saying.cards import Cards
from bot.operations.store import Store

log = structlog.get_logger(__name__)

MOST_TRIES = 20
"""Tries to reach a person directly; the card has told the story anyway."""


class Tell:
    """Speaks to people about one operation."""

    def __init__(
        self,
        store: Store,
        catalog: Catalog,
        slack: Slack,
        cards: Cards,
        notice: Callable[[Operation], Message],
        clock: Clock,
    ) -> None:
        self._store, self._catalog, self._slack = store, catalog, slack
        self._cards, self._notice, self._clock = cards, notice, clock

    def announce(self, operation_id: str) -> Outcome:
        """Post the first card, or say that Slack must be asked again."""
        operation = self._store.operation(operation_id)
        assert operation is not None
        environment = self._catalog.environments.get(operation.request.environment)
        # The environment may have left the configuration while the bot was away.
        channel = environment.channel if environment else operation.request.channel
        try:
            self._cards.post(operation_id, channel, operation.request.person)
        except Unavailable as away:
            return Outcome(Next.AGAIN, stay_away=seconds(away.retry_after))
        except (Garbled, Unauthorized) as unclear:
            log.warning("the card waits for Slack", operation=operation_id, error=str(unclear))
            return Outcome(Next.AGAIN)
        except BotError as refused:
            log.warning("no card could be posted", operation=operation_id, error=str(refused))
        return Outcome(Next.GO)

    def broken(self, operation_id: str, fault: str) -> Outcome:
        """End the operation whose workflow met a fault of our own; its card says so.

        *fault* is the kind of the exception. The rest of it stands in the log, without secrets.
        """
        self._store.move(
            operation_id,
            Phase.FAILED,
            self._clock.now(),
            "broken",
            changes={"problem": Problem(Reason.INTERNAL, {"operation": operation_id})},
            detail={"fault": fault},
        )
        return Outcome(Next.GO)

    def tell(self, operation_id: str, failures: int) -> Outcome:
        """Tell the requester in person when the operation ended badly; once."""
        operation = self._store.operation(operation_id)
        assert operation is not None
        self._store.changed()
        person = operation.request.person
        if operation.phase not in BAD or account_of(person) is not None:
            return Outcome(Next.OVER)  # a terminal tells its own
        key = f"{operation.key}.notice"
        try:
            self._slack.direct(
                person,
                self._notice(operation),
                key=key,
                since=operation.ended_at or self._clock.now(),
            )
        except (Unavailable, Garbled) as away:
            if failures < MOST_TRIES:
                asked = away.retry_after if isinstance(away, Unavailable) else None
                return Outcome(Next.AGAIN, stay_away=seconds(asked))
            log.warning("the requester could not be told", operation=operation_id)
        except BotError as refused:
            log.warning("the requester takes no word", operation=operation_id, error=str(refused))
        return Outcome(Next.OVER)
