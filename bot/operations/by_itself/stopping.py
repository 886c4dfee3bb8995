"""A person's click that stops an automatic rollback: judged by the store and the rights of now."""

from dataclasses import dataclass

import structlog

from bot.clock import Clock
from bot.domain.operations import Operation
from bot.domain.problems import Problem
from bot.domain.rights import Action, Actor
from bot.domain.rollback.auto_rollback import Standing, Stopped, is_open
from bot.operations.books.act_book import ActBook
from bot.operations.books.back_book import BackBook
from bot.operations.deciding import Place
from bot.operations.standstill.refusals import May, refusal
from bot.operations.store import Store

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class StoppedNow:
    """Whoever clicked has stopped it."""

    operation: Operation


@dataclass(frozen=True, slots=True)
class NotAllowed:
    """Who clicked may not; *problem* says why."""

    problem: Problem


@dataclass(frozen=True, slots=True)
class NothingToStop:
    """There is nothing to stop; *standing* is how it stands, None: nothing ever was."""

    operation: Operation
    standing: Standing | None


@dataclass(frozen=True, slots=True)
class NotItsCard:
    """The message that the button stood in is not the card of such an operation."""

    operation: str


StopAnswer = StoppedNow | NotAllowed | NothingToStop | NotItsCard


class BackStops:
    """Stops automatic rollbacks. Every method is for any thread, and asks outside."""

    def __init__(self, store: Store, book: BackBook, may: May, acts: ActBook, clock: Clock) -> None:
        self._store, self._book, self._may = store, book, may
        self._acts, self._clock = acts, clock

    def stop(self, operation_id: str, user: str, place: Place, asked: str) -> StopAnswer:
        """Stop it for the Slack *user*, if they may roll back or deploy there. *asked*: the click.

        Raises:
            Unavailable: our own database is away; nothing was written.
        """
        operation = self._store.operation(operation_id)
        if operation is None or not self._is_card(operation.id, place):
            return NotItsCard(operation_id)
        standing = self._book.standing(operation.id)
        if standing is None or not is_open(standing):
            return NothingToStop(operation, standing)
        actor = self._entitled(operation, user)
        if isinstance(actor, Problem):
            return self._refused(operation, user, asked, actor)
        now = self._clock.now()
        after = self._book.write(operation.id, Stopped(actor.slack, now), now)
        if not isinstance(after, Stopped) or after.by != user:
            return NothingToStop(operation, after)
        log.info("an automatic rollback was stopped", operation=operation.id, by=user)
        return StoppedNow(operation)

    def _is_card(self, operation_id: str, place: Place) -> bool:
        card = self._store.cards.of(operation_id)
        return card is not None and (card.channel, card.ts) == (place.channel, place.ts)

    def _entitled(self, operation: Operation, user: str) -> Actor | Problem:
        """Return who it is if they may roll back or deploy there, else why they may not."""
        request = operation.request
        actor = self._may(user, Action.ROLLBACK, request.services, request.environment)
        if isinstance(actor, Actor):
            return actor
        other = self._may(user, Action.DEPLOY, request.services, request.environment)
        return other if isinstance(other, Actor) else actor

    def _refused(self, operation: Operation, user: str, asked: str, problem: Problem) -> NotAllowed:
        request, now = operation.request, self._clock.now()
        wish = "stop automatic rollback"
        log.info("refused", wish=wish, by=user, operation=operation.id, reason=problem.reason)
        why = problem.told()
        act = refusal(wish, user, request.environment, request.services, asked, now, why)
        self._acts.note(act)
        return NotAllowed(problem)
