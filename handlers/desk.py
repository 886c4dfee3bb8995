"""What every listener does with people's words, however they came: read, judge, write, answer.

Nothing outside is asked here. What must ask the outside (``/ship status``) is handed back as work
for later, and its answer follows on its own.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import assert_never

import structlog

from bot.clock import Clock
from bot.domain.catalog import Catalog
from bot.domain.commands import (
    Cancel,
    Command,
    Deploy,
    Form,
    Freeze,
    Help,
    Link,
    Lock,
    Misread,
    Status,
    Unfreeze,
    Unlink,
    Unlock,
    WhoAmI,
    Why,
    parse,
)
from bot.domain.errors import Unavailable
from bot.domain.message import Message
from bot.domain.operations import Kind, Operation, Request
from bot.domain.policy import may_cancel, refusal
from bot.messages import help as helping
from bot.messages import misread, replies
from bot.messages.status import status
from bot.operations.intake import Intake, Received
from bot.operations.status import StatusReader
from bot.operations.store import CancelOutcome, Receipt, Store

log = structlog.get_logger(__name__)

Later = Callable[[], Message]
"""Slow work whose message is sent when it is done."""


def _nothing() -> None:
    return None


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asked, where, and by which delivery. *user* and *channel* are Slack ids.

    *asked* identifies the delivery, so that its repeats find the first one's operation.
    """

    user: str
    channel: str
    asked: str
    thread: str | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What the person reads at once, what starts after that, and what is said later."""

    message: Message
    then: Callable[[], None] = _nothing
    later: Later | None = None


class Desk:
    """Answers people. One for the process; every method is for any thread."""

    def __init__(
        self, catalog: Catalog, intake: Intake, store: Store, reader: StatusReader, clock: Clock
    ) -> None:
        self._catalog, self._intake, self._store = catalog, intake, store
        self._reader, self._clock = reader, clock

    def hear(self, name: str, text: str, asker: Asker) -> Answer:
        """Answer the words *text* of the command *name* (``deploy``, ``ship`` or ``mention``)."""
        command = parse(name, text, self._catalog)
        if isinstance(command, Misread):
            log.info("misread", by=asker.user, reason=command.reason)
            return Answer(misread.misread(command))
        try:
            return self._obey(command, asker)
        except Unavailable as away:
            log.warning("not written down", by=asker.user, error=str(away))
            return Answer(replies.try_again())

    def _obey(self, command: Command, asker: Asker) -> Answer:  # noqa: PLR0911  # one a command
        match command:
            case Deploy():
                return self._deploy(command, asker)
            case Cancel():
                return self.cancel(command.operation, asker.user)
            case Status():
                return Answer(
                    replies.looking(command.service, command.environment),
                    later=lambda: self._status(command),
                )
            case Help():
                return Answer(self._help(command))
            case Why():
                return Answer(helping.overview(self._catalog))
            case Form():
                return Answer(helping.overview(self._catalog))
            case WhoAmI() | Link() | Unlink():
                return Answer(helping.overview(self._catalog))
            case Lock() | Unlock() | Freeze() | Unfreeze():
                return Answer(helping.overview(self._catalog))
            case _:
                assert_never(command)

    def _deploy(self, command: Deploy, asker: Asker) -> Answer:
        request = Request(
            kind=Kind.DEPLOY,
            services=command.services,
            environment=command.environment,
            version=command.version,
            requester=asker.user,
            channel=asker.channel,
            thread=asker.thread,
            reason=command.reason,
        )
        if problem := refusal(request, self._catalog):
            log.info("refused", by=asker.user, reason=problem.reason)
            return Answer(replies.refused(problem))
        received = self._intake.receive(request, asker.asked)
        if received.receipt is Receipt.UNDER_WAY:
            return Answer(replies.under_way(received.operation))
        return Answer(replies.received(received.operation), then=self._begin(received))

    def _begin(self, received: Received) -> Callable[[], None]:
        return lambda: self._intake.advance(received.operation)

    def cancel(self, operation_id: str, user: str) -> Answer:
        """Answer *user*'s wish to cancel the operation, typed or by button.

        Raises:
            Unavailable: the database is away; nothing was written.
        """
        operation = self._store.operation(operation_id)
        if operation is None:
            latest = [one.id for one in self._store.latest(limit=3)]
            return Answer(replies.unknown_operation(operation_id, latest))
        if not may_cancel(user, operation.request, self._catalog):
            allowed = self._catalog.environments[operation.request.environment].allow
            return Answer(replies.may_not_cancel(operation, user, allowed))
        after, outcome = self._intake.cancel(operation_id, user)
        return Answer(_cancel_words(after or operation, outcome))

    def _status(self, command: Status) -> Message:
        try:
            rows, left_off = self._reader.read(command.service, command.environment)
        except Unavailable as away:
            log.warning("no status", error=str(away))
            return replies.try_again()
        return status(rows, self._clock.now(), left_off)

    def _help(self, command: Help) -> Message:
        if command.topic:
            return helping.topic(command.topic, self._catalog)
        return helping.overview(self._catalog)


def _cancel_words(operation: Operation, outcome: CancelOutcome) -> Message:
    match outcome:
        case CancelOutcome.CANCELLED:
            return replies.cancelled(operation)
        case CancelOutcome.ASKED:
            return replies.cancelling(operation)
        case CancelOutcome.TOO_LATE | CancelOutcome.ENDED:
            return replies.too_late(operation)
        case CancelOutcome.UNKNOWN:
            return replies.unknown_operation(operation.id)
        case _:
            assert_never(outcome)
