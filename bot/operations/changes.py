"""Wakes workflows in this process when Argo CD says that an application changed.

Only a trigger: nothing is believed of what the stream said, the application is read again. A wake
that gets lost costs a poll interval, no more.
"""

import asyncio
import threading
from collections import defaultdict
from collections.abc import Iterable


class Changes:
    """Who waits for what. ``notify`` is called from any thread, ``wait`` from an event loop."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: dict[str, set[tuple[asyncio.AbstractEventLoop, asyncio.Event]]] = (
            defaultdict(set)
        )

    def notify(self, thing: str) -> None:
        """Wake everybody who waits for *thing*."""
        with self._lock:
            waiting = list(self._waiting.get(thing, ()))
        for loop, event in waiting:
            if not loop.is_closed():
                loop.call_soon_threadsafe(event.set)

    async def wait(self, things: Iterable[str], seconds: float) -> bool:
        """Wait until one of *things* changes; return False when *seconds* passed without."""
        entry = (asyncio.get_running_loop(), asyncio.Event())
        names = set(things)
        with self._lock:
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
