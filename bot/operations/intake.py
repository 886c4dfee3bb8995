"""Takes what people ask, writes it down before anybody is answered, and hands it to the engine."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta

import structlog

from bot.clock import Clock
from bot.domain.operations import Operation, Phase, Request
from bot.operations.changes import Changes, operation_change
from bot.operations.deploy.flow import acting_workflow
from bot.operations.engine import Engine
from bot.operations.store import CancelOutcome, Receipt, Store

log = structlog.get_logger(__name__)

LEFT_BEHIND = timedelta(seconds=10)
"""A request that has not begun after this long lost the thread that should have begun it."""


@dataclass(frozen=True, slots=True)
class Received:
    """What became of a request: its operation, and whether it is a new one."""

    operation: Operation
    receipt: Receipt


class Intake:
    """The door between listeners and the durable rest. All methods are for any thread."""

    def __init__(self, store: Store, engine: Engine, changes: Changes, clock: Clock) -> None:
        self._store, self._engine, self._changes, self._clock = store, engine, changes, clock
        self._pool = ThreadPoolExecutor(max_workers=4, thread_name_prefix="intake")

    def receive(self, request: Request, asked: str) -> Received:
        """Write *request* down: one transaction, nothing outside is asked.

        *asked* identifies the delivery (Slack's trigger or event id).

        Raises:
            Unavailable: the database is away or locked; nothing was written.
        """
        operation, receipt = self._store.receive(request, asked, self._clock.now())
        log.info("received", operation=operation.id, receipt=receipt, by=request.requester)
        return Received(operation, receipt)

    def advance(self, operation: Operation) -> None:
        """Begin the operation in the background. Never raises: the sweep begins what this lost."""
        try:
            self._pool.submit(self._begin, operation)
        except RuntimeError:  # shutting down; the next start sweeps
            log.info("left for the next start", operation=operation.id)

    def cancel(self, operation_id: str, by: str) -> tuple[Operation | None, CancelOutcome]:
        """Take *by*'s wish to cancel.

        Raises:
            Unavailable: the database is away or locked; nothing was written.
        """
        operation, outcome = self._store.cancel(operation_id, by, self._clock.now())
        log.info("cancel", operation=operation_id, by=by, outcome=outcome)
        if operation is not None and outcome in {CancelOutcome.CANCELLED, CancelOutcome.ASKED}:
            self._changes.notify(operation_change(operation.id))
            self._engine.wake(acting_workflow(operation))
        return operation, outcome

    def sweep(self) -> None:
        """Begin every request that was written down and never begun."""
        now = self._clock.now()
        for operation in self._store.under_way():
            waited = self._clock.pause(now - operation.requested_at)
            if operation.phase is Phase.RECEIVED and waited >= LEFT_BEHIND.total_seconds():
                self._begin(operation)

    def sweep_all(self) -> None:
        """Begin every request that has not begun, however young: for the start of the process."""
        for operation in self._store.under_way():
            if operation.phase is Phase.RECEIVED:
                self._begin(operation)

    def close(self) -> None:
        """Stop taking; what is written down waits for the next start."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _begin(self, operation: Operation) -> None:
        try:
            flow = self._store.flow(operation.id)
            self._engine.start(operation.request.kind.value, operation.id, operation.id, flow)
        except Exception:
            log.exception("could not begin; the sweep tries again", operation=operation.id)
