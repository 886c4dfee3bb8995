"""The durable engine, behind the few words we use of it. No other file imports ``dbos``.

DBOS Transact records each step of a workflow in the database and, after a crash, runs the workflow
again with the recorded results, so a step whose result was not yet recorded runs twice. Workflows
are async functions of JSON-able arguments; every touch of the world inside them is a ``step``.
"""

import asyncio
import inspect
import logging
import threading
from collections.abc import Callable, Collection, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, NoReturn, TypeVar

import sqlalchemy as sa
import structlog
from dbos import (
    DBOS,
    DBOSConfig,
    DBOSPortableJSONSerializer,
    SetEnqueueOptions,
    SetWorkflowID,
    WorkflowHandleAsync,
)

from bot.clock import Clock
from bot.domain.errors import Unavailable
from bot.operations.outcome import Outcome
from bot.operations.replicas.heartbeat import Heartbeat
from bot.operations.sql.database import DATABASE, Database
from bot.operations.threads import Threads
from bot.operations.waking.endings import Endings

log = structlog.get_logger(__name__)

DATABASE_PAUSE = 1.0
"""Real seconds between tries of a step while the database is away."""

Workflow = Callable[..., Coroutine[Any, Any, Any]]
T = TypeVar("T")

APPLICATION = "shipmate"
APPLICATION_VERSION = "flows"
"""Fixed on purpose: by default every change of our code would strand what is pending. The flow
number in a workflow's arguments chooses its code path instead."""

TARGETS = "targets"
"""The partitioned queue: one workflow at a time in each partition, over all replicas."""

QUEUE_POLL = 0.1
"""Seconds between looks at the queue: half of it is what a free target makes a deploy wait."""

SQLITE_LOOK = 0.5
"""Seconds between looks for messages to waiting workflows on SQLite, one query for each of them."""

FEW = 20
"""How many waiting workflows one such look asks for, in turn. Whoever wakes one tells it directly,
as there is one process; the looks only find what got lost. PostgreSQL tells of every message."""

STEPS_AT_ONCE = 32
RECORDS_AT_ONCE = 32
"""Steps under way at once, and calls of the engine to its database. Without bounds each would get a
thread of its own: a thousand at a start, and a connection for each."""

OVER = frozenset({"SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"})
"""The engine's words for a workflow after which nothing comes."""

WAKE = "wake"
"""The topic of messages that only cut a wait short; what they are about stands in the store."""


@dataclass(frozen=True, slots=True)
class Dead:
    """A pending workflow of an executor that is gone."""

    workflow: str
    queue: str | None


class Engine:
    """One DBOS in this process. Register workflows, then launch; close before opening another."""

    def __init__(self, database: Database, executor: str, clock: Clock) -> None:
        self._clock = clock
        self._workflows: dict[str, Workflow] = {}
        self._under_way = 0  # steps
        self._idle = threading.Condition()
        self.executor = executor
        url = database.url.render_as_string(hide_password=False)
        look = SQLITE_LOOK if database.is_sqlite else 1.0
        config: DBOSConfig = {
            "name": APPLICATION,
            "system_database_url": url,
            "system_database_engine": database.door_for_the_engine(),
            "executor_id": executor,
            "application_version": APPLICATION_VERSION,
            "serializer": DBOSPortableJSONSerializer(),
            "log_level": "WARNING",
            "notification_listener_polling_interval_sec": look,
            "max_executor_threads": RECORDS_AT_ONCE,
        }
        # Its INFO lines advertise a paid service; its warnings matter.
        logging.getLogger("dbos").setLevel(logging.WARNING)
        self._dbos = DBOS(config=config)
        self._heartbeat: Heartbeat | None = None
        self._is_sqlite = database.is_sqlite
        self._steps = Threads("steps", STEPS_AT_ONCE)
        self._endings = Endings(self.over)

    def register(self, name: str, workflow: Workflow) -> None:
        """Make *workflow* known as *name*, for starting and for going on after a crash."""

        async def run(*args: Any) -> Any:  # The engine marks functions; a method can't be marked.
            return await workflow(*args)

        self._workflows[name] = DBOS.workflow(name=name)(run)

    def launch(self) -> None:
        """Start the engine; everything pending of this executor goes on at once."""
        DBOS.launch()
        DBOS.register_queue(
            TARGETS,
            partition_concurrency=1,
            polling_interval_sec=QUEUE_POLL,
            on_conflict="always_update",
        )
        if self._is_sqlite:
            _look_at_few(self._dbos)
        self._heartbeat = _heartbeat_of(self._dbos)

    def trouble(self, patience: float) -> str:
        """Return why nothing goes on here, in words; empty while all is well.

        The loop may be silent for *patience* seconds; before the launch and after the end it is.
        """
        return "" if self._heartbeat is None else self._heartbeat.trouble(patience)

    def close(self, drain: timedelta = timedelta()) -> None:
        """Stop once no step is under way, at the latest after *drain*.

        What has not ended goes on at the next start: a workflow that waits is not waited for.
        """
        self._heartbeat = None
        with self._idle:
            self._idle.wait_for(lambda: self._under_way == 0, drain.total_seconds())
        self._endings.close()
        DBOS.destroy(destroy_registry=True, workflow_completion_timeout_sec=0)
        self._steps.close()  # last: a step that is cancelled would fail its workflow

    # from outside a workflow, from any thread

    def start(self, name: str, workflow_id: str, *args: Any) -> None:
        """Start the workflow, unless one with this id has been started before."""
        # By the queue, in a partition of its own that is always free: started directly, it would
        # hold a thread to its end, and a stop of this process would record it as failed.
        alone = SetEnqueueOptions(queue_partition_key=f"workflow:{workflow_id}")
        with SetWorkflowID(workflow_id), alone:
            DBOS.enqueue_workflow(TARGETS, self._workflows[name], *args)

    def wake(self, workflow_id: str) -> None:
        """Cut the present or next wait of the workflow short. Unknown ids are ignored."""
        if DBOS.get_workflow_status(workflow_id) is not None:
            DBOS.send(workflow_id, "wake", topic=WAKE)
            if self._is_sqlite:
                _tell(self._dbos, workflow_id)

    def over(self, workflow_ids: Collection[str]) -> frozenset[str]:
        """Return those of the workflows that have ended, well or badly."""
        ids = list(workflow_ids)
        if not ids:
            return frozenset()
        ended = DBOS.list_workflows(
            workflow_ids=ids, status=sorted(OVER), load_input=False, load_output=False
        )
        return frozenset(one.workflow_id for one in ended)

    def pending_elsewhere(self) -> dict[str, list[Dead]]:
        """Return the pending workflows of other executors, by executor."""
        found: dict[str, list[Dead]] = {}
        for status in DBOS.list_workflows(status="PENDING", load_input=False, load_output=False):
            if status.executor_id and status.executor_id != self.executor:
                dead = Dead(status.workflow_id, status.queue_name)
                found.setdefault(status.executor_id, []).append(dead)
        return found

    def take_over(self, dead: Sequence[Dead]) -> None:
        """Put workflows of an executor that is gone back into their queues."""
        for queue in {one.queue for one in dead}:
            ids = [one.workflow for one in dead if one.queue == queue]
            DBOS.resume_workflows(ids, queue_name=queue)

    # inside a workflow

    async def step(self, name: str, work: Callable[..., Any], *args: Any) -> Outcome:
        """Run *work* and record its outcome as *name*. It runs again if we die before the record.

        *work* may be async; sync work runs in a thread. While our own database is away the step
        waits in place: its workflow could not be recorded either.
        """

        async def run() -> Any:
            while True:
                try:
                    return (await self._run(work, *args)).json()
                except Unavailable as away:
                    if away.system != DATABASE:
                        raise
                    log.warning("the database is away; a step waits", step=name, error=str(away))
                    await asyncio.sleep(DATABASE_PAUSE)

        with self._counted():
            return Outcome.read(await DBOS.run_step_async({"name": name}, run))

    @contextmanager
    def _counted(self) -> Iterator[None]:
        with self._idle:
            self._under_way += 1
        try:
            yield
        finally:
            with self._idle:
                self._under_way -= 1
                self._idle.notify_all()

    async def _run(self, work: Callable[..., Any], *args: Any) -> Outcome:
        result = await self._steps.run(work, *args)
        # A sync function may hand back a coroutine: it is awaited here, on the loop.
        outcome: Outcome = await result if inspect.isawaitable(result) else result
        return outcome

    async def rest(self, span: timedelta) -> None:
        """Wait *span*, or until somebody wakes this workflow; a crash does not prolong it."""
        await DBOS.recv_async(WAKE, timeout_seconds=self._clock.pause(span))

    async def leave(self) -> NoReturn:
        """Wait for the end of this process and record nothing: another one does the work then.

        To end the workflow instead would end it for everybody.
        """
        while True:
            await asyncio.Event().wait()

    async def take_turn(self, partition: str, name: str, workflow_id: str, *args: Any) -> Any:
        """Run the workflow when *partition* is free, and return its result."""
        with SetWorkflowID(workflow_id), SetEnqueueOptions(queue_partition_key=partition):
            handle: WorkflowHandleAsync[Any] = await DBOS.enqueue_workflow_async(
                TARGETS, self._workflows[name], *args
            )
        await self._endings.wait(workflow_id)
        return await handle.get_result(polling_interval_sec=0.25)

    async def spawn(self, name: str, workflow_id: str, *args: Any) -> None:
        """Start another workflow and do not wait for it."""
        with SetWorkflowID(workflow_id):
            await DBOS.start_workflow_async(self._workflows[name], *args)


def _look_at_few(engine: DBOS) -> None:
    """Let the launched *engine* look for messages to ``FEW`` waiting workflows at a time."""
    waiting = engine._sys_db.notifications_map  # noqa: SLF001
    waiting.snapshot = in_turn(waiting.snapshot, FEW)  # type: ignore[method-assign]


def in_turn(everyone: Callable[[], list[T]], few: int) -> Callable[[], list[T]]:
    """Return what names *few* of *everyone* each time it is called, and all of them in turn."""
    asked = 0

    def some() -> list[T]:
        nonlocal asked
        found = everyone()
        first = asked % len(found) if found else 0
        asked = first + few
        return (found + found)[first : first + min(few, len(found))]

    return some


def _tell(engine: DBOS, workflow_id: str) -> None:
    """Let the workflow look for its message now, if it waits for one in this process."""
    database = engine._sys_db  # noqa: SLF001
    name, _ = database._waiter(workflow_id, WAKE)  # noqa: SLF001
    if (signal := database.notifications_map.get(name)) is not None:
        signal.set()


VITAL = ("(queue_thread)", "(run_notification_listener)")
"""How the names of the engine's threads end that live as long as it does; others may end."""


def _heartbeat_of(engine: DBOS) -> Heartbeat:
    """Return the heartbeat of the launched *engine*, which itself tells nobody how it is."""
    loop = engine._background_event_loop.target_loop()  # noqa: SLF001
    assert loop is not None, "it was launched"
    threads = [one for one in engine._background_threads if one.name.endswith(VITAL)]  # noqa: SLF001
    return Heartbeat(loop, threads)


def make_tables(url: sa.URL) -> None:
    """Make the engine's own tables, or bring them forward, where no engine has run yet.

    Raises:
        Unavailable: the database does not answer.
    """
    try:
        DBOS.migrate(url.render_as_string(hide_password=False))
    except sa.exc.OperationalError as away:
        raise Unavailable(DATABASE, "make the engine's tables", type(away.orig).__name__) from away
