"""Takes what people ask, writes it down before anybody is answered, and hands it to the engine."""

import queue
import threading
from dataclasses import dataclass
from datetime import timedelta

import structlog

from bot.clock import Clock
from bot.domain.operations import Operation, Phase, Request
from bot.domain.problems import Problem, Reason
from bot.domain.terminal import account_of
from bot.log import about
from bot.operations.deploy.flow import acting_workflow
from bot.operations.engine import Engine
from bot.operations.store import CancelOutcome, Receipt, Store
from bot.operations.waking.changes import Changes, operation_change

log = structlog.get_logger(__name__)

LEFT_BEHIND = timedelta(seconds=10)
"""A request that has not begun after this long lost the thread that should have begun it."""

LULL = 0.025
"""Seconds without a new request after which those that came are begun. Work done for one would
make the next ones wait for their acks: measured, 32 at once then took seconds, not milliseconds."""

MOST_TOGETHER = 64
"""Requests that are begun without waiting for a lull."""


LAST_WORK = 5
"""Seconds that what is being begun may take at a stop: the engine waits for its database, and a
request that was not begun is begun by the next start."""


@dataclass(frozen=True, slots=True)
class Received:
    """What became of a request: its operation, and whether it is a new one."""

    operation: Operation
    receipt: Receipt


@dataclass(frozen=True, slots=True)
class _Woken:
    """An operation whose workflow shall look up at once: somebody has decided something."""

    id: str


class Intake:
    """The door between listeners and the durable rest. All methods are for any thread."""

    def __init__(self, store: Store, engine: Engine, changes: Changes, clock: Clock) -> None:
        self._store, self._engine, self._changes, self._clock = store, engine, changes, clock
        self._received: queue.SimpleQueue[Operation | _Woken | None] = queue.SimpleQueue()
        self._closed = threading.Event()
        self._beginner = threading.Thread(target=self._run, name="intake", daemon=True)
        self._beginner.start()

    def receive(self, request: Request, asked: str) -> Received:
        """Write *request* down: one transaction, nothing outside is asked.

        *asked* identifies the delivery (Slack's trigger or event id).

        Raises:
            Unavailable: the database is away or locked; nothing was written.
            ValueError: it is in the name of who speaks on a terminal, and came by another way.
        """
        if account_of(request.requester) is not None:
            raise ValueError("whoever speaks on a terminal has a letterbox of their own")
        operation, receipt = self._store.receive(request, asked, self._clock.now())
        log.info("received", operation=operation.id, receipt=receipt, by=request.requester)
        return Received(operation, receipt)

    def advance(self, operation: Operation) -> None:
        """Begin the operation in the background. Never raises: the sweep begins what this lost."""
        self._received.put(operation)

    def cancel(self, operation_id: str, by: str) -> tuple[Operation | None, CancelOutcome]:
        """Take *by*'s wish to cancel.

        Raises:
            Unavailable: the database is away or locked; nothing was written.
        """
        operation, outcome = self._store.cancel(operation_id, by, self._clock.now())
        log.info("cancel", operation=operation_id, by=by, outcome=outcome)
        if operation is not None and outcome in {CancelOutcome.CANCELLED, CancelOutcome.ASKED}:
            self._changes.notify(operation_change(operation.id))
            self.wake(operation.id)
        return operation, outcome

    def wake(self, operation_id: str) -> None:
        """Make the operation's workflow look up soon; never raises."""
        # Waking writes through the engine, which waits long for its database: the ack must not.
        self._received.put(_Woken(operation_id))

    def sweep(self) -> None:
        """Begin what was written down and never begun; end what nothing works on any more."""
        now = self._clock.now()
        left = [
            one
            for one in self._store.under_way()
            if self._clock.pause(now - one.requested_at) >= LEFT_BEHIND.total_seconds()
        ]
        begun = [one.id for one in left if one.phase is not Phase.RECEIVED]
        over = self._engine.over(begun)
        for operation in left:
            if operation.phase is Phase.RECEIVED:
                self._begin(operation)
            elif operation.id in over:
                self._end_abandoned(operation)

    def _end_abandoned(self, operation: Operation) -> None:
        """Tell the truth of an operation whose workflow ended without ending it.

        That takes a fault of ours twice over; but then it would stand open for ever, and the same
        wish would be answered as already under way.
        """
        ended = self._store.move(
            operation.id,
            Phase.FAILED,
            self._clock.now(),
            "abandoned",
            changes={"problem": Problem(Reason.INTERNAL, {"operation": operation.id})},
        )
        if ended is not None:
            log.error("its workflow ended before it", operation=operation.id)

    def sweep_all(self) -> None:
        """Begin every request that has not begun, however young: for the start of the process."""
        for operation in self._store.under_way():
            if operation.phase is Phase.RECEIVED:
                self._begin(operation)

    @property
    def lives(self) -> bool:
        """Tell whether its thread is there."""
        return self._beginner.is_alive()

    def close(self) -> None:
        """Stop taking; what is written down waits for the next start."""
        self._closed.set()
        self._received.put(None)
        self._beginner.join(LAST_WORK)

    def _run(self) -> None:
        while not self._closed.is_set():
            for one in self._together():
                with about(one.id):
                    self._take(one)

    def _take(self, one: Operation | _Woken) -> None:
        if self._closed.is_set():
            log.info("left for the next start", operation=one.id)
        elif isinstance(one, _Woken):
            self._wake(one.id)
        else:
            self._begin(one)

    def _together(self) -> list[Operation | _Woken]:
        """Wait for requests; return those that came without a lull between them."""
        came = [self._received.get()]
        while came[-1] is not None and len(came) < MOST_TOGETHER:
            try:
                came.append(self._received.get(timeout=LULL))
            except queue.Empty:
                break
        return [one for one in came if one is not None]

    def _begin(self, operation: Operation) -> None:
        try:
            flow = self._store.flow(operation.id)
            self._engine.start(operation.request.kind.value, operation.id, operation.id, flow)
        except Exception:
            log.exception("could not begin; the sweep tries again", operation=operation.id)

    def _wake(self, operation_id: str) -> None:
        try:
            operation = self._store.operation(operation_id)
            if operation is not None:
                self._engine.wake(operation.id)  # while it waits for approval
                self._engine.wake(acting_workflow(operation))
        except Exception:
            log.exception("could not wake; it wakes by itself", operation=operation_id)
