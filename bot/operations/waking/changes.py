"""Wakes workflows in this process: an application changed, or somebody decided.

Only a trigger: nothing is believed of what the stream said, the application is read again. A wake
that gets lost costs a poll interval, no more.
"""

import asyncio
import threading
from collections import defaultdict
from collections.abc import Iterable

from cachetools import LRUCache

REMEMBERED = 100_000
"""Things whose last change is kept; what was forgotten costs a poll interval."""


class Changes:
    """Counts changes by thing. ``notify`` is for any thread, ``wait`` for an event loop."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._count = 0
        self._last: LRUCache[str, int] = LRUCache(REMEMBERED)
        self._waiting: dict[str, set[tuple[asyncio.AbstractEventLoop, asyncio.Event]]] = (
            defaultdict(set)
        )

    def mark(self) -> int:
        """Return the count of now: take it before a look, and give it to the next ``wait``."""
        with self._lock:
            return self._count

    def notify(self, thing: str) -> None:
        """Wake everybody who waits for *thing*."""
        with self._lock:
            self._count += 1
            self._last[thing] = self._count
            waiting = list(self._waiting.get(thing, ()))
        for loop, event in waiting:
            if not loop.is_closed():
                loop.call_soon_threadsafe(event.set)

    async def wait(self, things: Iterable[str], since: int, seconds: float) -> bool:
        """Wait until one of *things* has changed after *since*; False when *seconds* passed."""
        entry = (asyncio.get_running_loop(), asyncio.Event())
        names = set(things)
        with self._lock:
            if any(self._last.get(name, 0) > since for name in names):
                return True
            for name in names:
                self._waiting[name].add(entry)
        try:
            await asyncio.wait_for(entry[1].wait(), seconds)
        except TimeoutError:
            return False
        finally:
            with self._lock:
                for name in names:
                    self._waiting[name].discard(entry)
                    if not self._waiting[name]:
                        del self._waiting[name]
        return True


def application_change(instance: str, name: str) -> str:
    """Return the thing to wait for when an application matters."""
    return f"application:{instance}:{name}"


def operation_change(operation_id: str) -> str:
    """Return the thing to wait for when people's decisions on an operation matter."""
    return f"operation:{operation_id}"
