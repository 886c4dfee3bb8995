"""Takes failed changes back without being asked, where an environment's configuration says so.

Each round looks at every failed operation that may still go back. What it comes to is written down
once, in the operation's own timeline, so any replica may do any part of it, and a crash between two
parts is gone on from.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta

import structlog
from cachetools import LRUCache

from bot.clock import Clock
from bot.domain.catalog import Catalog
from bot.domain.environment_policy import AutoRollback
from bot.domain.errors import BotError
from bot.domain.message import Message
from bot.domain.operations import Kind, Operation, Request, TakesBack
from bot.domain.rights import ITSELF
from bot.domain.rollback.auto_rollback import (
    LONG_AGO,
    Announced,
    Decision,
    GoBack,
    Later,
    Leave,
    Standing,
    Watched,
    WhyNot,
    decide,
    failed_of,
    hopeless,
    is_open,
)
from bot.log import about
from bot.messages.rollback import taking_back as words
from bot.operations.books.back_book import BackBook
from bot.operations.books.card_book import Card
from bot.operations.by_itself.moments import Moments
from bot.operations.gathering.facts import Gatherer
from bot.operations.saying.outbox import Letter, ToPerson, ToThread
from bot.operations.sql.database import DATABASE
from bot.operations.store import Store, Versioned

log = structlog.get_logger(__name__)

LOOKED_BACK = timedelta(days=2)
"""Operations that ended longer ago are not looked at: the longest wait of a configuration is one
day, and what could have gone back an hour ago does not any more."""

UNREAD_FOR = timedelta(minutes=2)
"""How long is tried again what could not be read, before it stays as it is."""

REMEMBERED = 1_000


class BackWatch:
    """Watches failed operations. ``look`` is for its tick; *begin* starts an operation."""

    def __init__(
        self,
        store: Store,
        catalog: Catalog,
        gatherer: Gatherer,
        book: BackBook,
        begin: Callable[[Operation], None],
        clock: Clock,
    ) -> None:
        self._store, self._catalog, self._gatherer = store, catalog, gatherer
        self._book, self._begin, self._clock = book, begin, clock
        self._moments = Moments(store, catalog)
        # By operation, of this process: before its start nobody could click, so grace begins anew.
        self._shown: LRUCache[str, datetime] = LRUCache(REMEMBERED)
        self._unread: LRUCache[str, datetime] = LRUCache(REMEMBERED)

    def look(self) -> None:
        """Look once at everything that failed and may still go back.

        Raises:
            Unavailable: our own database is away.
        """
        rules = {
            name: place.rules.auto_rollback
            for name, place in self._catalog.environments.items()
            if place.rules is not None and place.rules.auto_rollback is not None
        }
        since = self._clock.now() - LOOKED_BACK
        for operation_id in self._book.undecided(rules, since):
            try:
                with about(operation_id):
                    self._consider(operation_id, rules)
            except BotError as error:
                if error.system == DATABASE:
                    raise
                log.warning("not judged", operation=operation_id, error=str(error))
            except Exception:  # one that we cannot judge is no reason to forget the others
                log.exception("could not be judged", operation=operation_id)

    def _consider(self, operation_id: str, rules: Mapping[str, AutoRollback]) -> None:
        found, standing = self._store.versioned(operation_id), self._book.standing(operation_id)
        if found is None or not is_open(standing):
            return
        operation = found.operation
        rule = rules.get(operation.request.environment)
        if (leave := hopeless(operation, rule)) is not None:
            self._leave(operation, standing, leave)
        elif rule is not None and self._is_due(found, standing, rule):
            self._settle(operation, standing, self._decide(operation, standing, rule))

    def _is_due(self, found: Versioned, standing: Standing | None, rule: AutoRollback) -> bool:
        now = self._clock.now()
        match standing:
            case Watched(until):
                return now >= until
            case Announced(until):
                could_be_stopped = self._was_shown_for(rule.grace, found)
                return (could_be_stopped and now >= until) or now > until + LONG_AGO
            case _:
                return True

    def _was_shown_for(self, span: timedelta, found: Versioned) -> bool:
        """Tell whether the card has shown the button for so long: only then could it be clicked."""
        now, card = self._clock.now(), self._card(found.operation)
        if card is None or card.shown_version < found.version:
            self._shown.pop(found.operation.id, None)
            return False
        return now - self._shown.setdefault(found.operation.id, now) >= span

    def _decide(
        self, operation: Operation, standing: Standing | None, rule: AutoRollback
    ) -> Decision:
        """Return what the world of now says; everything is read anew."""
        announced = standing if isinstance(standing, Announced) else None
        request = request_for(operation, announced.to if announced else {})
        gathered = asyncio.run(self._gatherer.gather(request))
        moment = self._moments.of(operation, request, gathered, announced)
        decision = decide(operation, rule, moment)
        if announced and isinstance(decision, GoBack) and decision.tags != announced.to:
            return Leave(WhyNot.OVERTAKEN)
        return decision

    def _settle(self, operation: Operation, standing: Standing | None, decision: Decision) -> None:
        if isinstance(decision, Leave) and decision.why is WhyNot.UNKNOWN:
            first = self._unread.setdefault(operation.id, self._clock.now())
            if self._clock.now() - first < UNREAD_FOR:
                return
        else:
            self._unread.pop(operation.id, None)
        match decision:
            case Later(at):
                self._book.write(operation.id, Watched(at), self._clock.now())
            case Leave():
                self._leave(operation, standing, decision)
            case GoBack() if isinstance(standing, Announced):
                self._request(operation, standing)
            case GoBack():
                self._announce(operation, decision)

    def _announce(self, operation: Operation, decision: GoBack) -> None:
        """Say what is going to happen, where its card stands; without a card nobody could stop."""
        if self._card(operation) is None:
            return
        announced = Announced(decision.until, decision.since, decision.tags)
        policy = self._catalog.policy(operation.request.environment)
        approvals = policy.rollback_approvals if policy is not None else None
        message = words.announced(operation, announced, approvals)
        letters = [
            *self._reply(operation, "announced", message),
            Letter(f"{operation.key}.back.person", ToPerson(operation.request.person), message),
        ]
        self._book.write(operation.id, announced, self._clock.now(), letters)
        log.info("goes back by itself", operation=operation.id, to=decision.tags)

    def _leave(self, operation: Operation, standing: Standing | None, leave: Leave) -> None:
        """Let it stay; whoever was told that it goes back is told that it does not."""
        letters: Iterable[Letter] = ()
        if isinstance(standing, Announced):
            letters = self._reply(operation, "left", words.left(operation, leave))
        self._book.write(operation.id, leave, self._clock.now(), letters)
        log.info("stays", operation=operation.id, why=leave.why, service=leave.service)

    def _request(self, operation: Operation, announced: Announced) -> None:
        request = request_for(operation, announced.to)

        def tell(made: str) -> Iterable[Letter]:
            return self._reply(operation, "requested", words.requested(operation, made))

        made = self._book.request(operation.id, request, self._clock.now(), tell)
        if isinstance(made, Operation):
            log.info("taken back by itself", operation=operation.id, by=made.id)
            self._begin(made)

    def _card(self, operation: Operation) -> Card | None:
        """Return where its card stands, or None while it does not."""
        card = self._store.cards.of(operation.id)
        return card if card is not None and card.ts is not None else None

    def _reply(self, operation: Operation, what: str, message: Message) -> list[Letter]:
        card = self._card(operation)
        if card is None or card.channel is None or card.ts is None:
            return []
        return [Letter(f"{operation.key}.back.{what}", ToThread(card.channel, card.ts), message)]


def request_for(operation: Operation, to: Mapping[str, str]) -> Request:
    """Return what takes the failed part of *operation* back *to* these tags, in nobody's name."""
    request, services = operation.request, sorted(one.service for one in failed_of(operation))
    changes = operation.plan.changes if operation.plan is not None else ()
    failed = {one.service: one.new for one in changes if one.service in services}
    return Request(
        kind=Kind.ROLLBACK,
        services=tuple(services),
        environment=request.environment,
        version="",
        requester=ITSELF,
        channel=request.channel,
        thread=request.thread,
        reason=words.because(operation),
        takes_back=TakesBack(operation.id, request.person, dict(to), failed),
    )
