"""Tells workflows that others have ended: one look for all of them, however many wait."""

import asyncio
import threading
from collections.abc import Callable, Collection

import structlog

log = structlog.get_logger(__name__)

PAUSE = 0.25
"""Seconds between two looks, while anybody waits at all."""

AFTER_ERROR = 2.0
"""Seconds until the next look after one that failed: the database is away."""

Waiter = tuple[asyncio.AbstractEventLoop, "asyncio.Future[None]"]


class Endings:
    """Looks for the ends of what is waited for; *over* returns which of some ids have ended.

    ``wait`` is for an event loop; the looks are made by a thread that is there while anybody waits.
    """

    def __init__(self, over: Callable[[Collection[str]], Collection[str]]) -> None:
        self._over = over
        self._guard = threading.Lock()
        self._waiting: dict[str, list[Waiter]] = {}
        self._looks = False
        self._closing = threading.Event()

    async def wait(self, workflow_id: str) -> None:
        """Wait until *workflow_id* has ended, well or badly."""
        loop = asyncio.get_running_loop()
        waiter = (loop, loop.create_future())
        with self._guard:
            self._waiting.setdefault(workflow_id, []).append(waiter)
            if not self._looks:
                self._looks = True
                threading.Thread(target=self._look, name="endings", daemon=True).start()
        try:
            await waiter[1]
        finally:
            self._forget(workflow_id, waiter)

    def close(self) -> None:
        """Look no more; who waits goes on waiting."""
        self._closing.set()

    def _look(self) -> None:
        pause = PAUSE
        while not self._closing.wait(pause):
            with self._guard:
                ids = tuple(self._waiting)
                if not ids:
                    self._looks = False
                    return
            try:
                ended = self._over(ids)
            except Exception as error:  # noqa: BLE001  # the outermost edge of this thread
                log.warning("nobody can tell which workflows have ended", error=str(error))
                pause = AFTER_ERROR
                continue
            pause = PAUSE
            for workflow_id in ended:
                self._tell(workflow_id)

    def _tell(self, workflow_id: str) -> None:
        with self._guard:
            waiters = self._waiting.pop(workflow_id, [])
        for loop, future in waiters:
            if not loop.is_closed():
                loop.call_soon_threadsafe(_done, future)

    def _forget(self, workflow_id: str, waiter: Waiter) -> None:
        with self._guard:
            waiters = self._waiting.get(workflow_id, [])
            if waiter in waiters:
                waiters.remove(waiter)
            if not waiters:
                self._waiting.pop(workflow_id, None)


def _done(future: "asyncio.Future[None]") -> None:
    if not future.done():
        future.set_result(None)
