"""What happens when: a heap of due times and the one thread that lets them happen."""

import heapq
import itertools
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """The sandbox's time: aware, and possibly faster than the wall's."""

    def now(self) -> datetime:
        """Return the aware UTC time."""
        ...

    def pause(self, span: timedelta) -> float:
        """Return the real seconds that *span* takes."""
        ...


class Agenda:
    """Runs jobs at their due times, one after another, in one thread that sleeps in between.

    *crashed* hears of a job that raised; *done* is called after each job, with no lock held.
    """

    def __init__(
        self, clock: Clock, done: Callable[[], None], crashed: Callable[[Exception], None]
    ) -> None:
        self._clock = clock
        self._done = done
        self._crashed = crashed
        self._heap: list[tuple[datetime, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self._wake = threading.Condition()
        self._stopped = False
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Let time pass."""
        self._thread = threading.Thread(target=self._run, name="argocd-controller", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Let no further job start; wait for the one that runs."""
        with self._wake:
            self._stopped = True
            self._wake.notify_all()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(timeout=10)

    def at(self, due: datetime, job: Callable[[], None]) -> None:
        """Run *job* at *due*, or at once when that has passed."""
        with self._wake:
            heapq.heappush(self._heap, (due, next(self._order), job))
            if self._heap[0][0] == due:
                self._wake.notify_all()

    def after(self, span: timedelta, job: Callable[[], None]) -> None:
        """Run *job* when *span* has passed."""
        self.at(self._clock.now() + span, job)

    def _next(self) -> Callable[[], None] | None:
        with self._wake:
            while not self._stopped:
                if not self._heap:
                    self._wake.wait()
                    continue
                wait = self._clock.pause(self._heap[0][0] - self._clock.now())
                if wait <= 0:
                    return heapq.heappop(self._heap)[2]
                self._wake.wait(wait)
        return None

    def _run(self) -> None:
        while (job := self._next()) is not None:
            try:
                job()
            except Exception as crash:  # noqa: BLE001  # a broken fake is told to the tests
                self._crashed(crash)
            self._done()
