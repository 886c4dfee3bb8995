"""Notices that the engine's event loop stands still, or that one of its threads has died.

A loop that is busy answers late; one that hangs never does, and only a new process helps. Neither
has to do with the database being away: whatever waits for that waits in threads.
"""

import threading
import time
from collections.abc import Callable, Iterable
from typing import Protocol

EVERY = 1.0
"""Seconds between two beats."""

LATE = 10.0
"""Seconds without a beat after which nothing new should be sent our way."""

HUNG = 30.0
"""Seconds without a beat after which we are lost: no step of ours holds the loop for a second."""


class Loop(Protocol):
    """What is used of an ``asyncio`` loop."""

    def call_soon_threadsafe(self, callback: Callable[[], None], /) -> object:
        """Call *callback* in the loop's own thread."""

    def call_later(self, delay: float, callback: Callable[[], None], /) -> object:
        """Call *callback* there in *delay* seconds."""


class Heartbeat:
    """Beats in *loop* and knows the *threads* that must live. ``trouble`` is for any thread."""

    def __init__(
        self,
        loop: Loop,
        threads: Iterable[threading.Thread],
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._loop, self._threads, self._now = loop, tuple(threads), now
        self._beaten = now()
        loop.call_soon_threadsafe(self._beat)

    def trouble(self, patience: float = HUNG) -> str:
        """Return what is wrong, in words; empty after a beat in the last *patience* seconds."""
        for thread in self._threads:
            if not thread.is_alive():
                return f"its thread {thread.name} has ended"
        silence = self._now() - self._beaten
        return f"its loop has not answered for {silence:.0f} s" if silence > patience else ""

    def _beat(self) -> None:
        self._beaten = self._now()
        self._loop.call_later(EVERY, self._beat)
