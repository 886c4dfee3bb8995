"""Answers of the outside that are good for a short while."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from bot.clock import Clock

MOST = 10_000
"""Answers kept; beyond that all are forgotten, which costs requests and nothing else."""

T = TypeVar("T")


class ShortMemory(Generic[T]):
    """Remembers answers by a key for *life*. Safe to use from any thread."""

    def __init__(self, clock: Clock, life: timedelta) -> None:
        self._clock, self._life = clock, life
        self._guard = threading.Lock()
        self._kept: dict[str, tuple[T, datetime]] = {}

    def recall(self, key: str, ask: Callable[[], T], *, live: bool) -> T:
        """Return what is remembered of *key* unless *live*, else what *ask* returns now.

        The age of an answer counts from the moment of its question. What *ask* raises is passed on
        and nothing is remembered, not even what was.
        """
        now = self._clock.now()
        with self._guard:
            known = self._kept.get(key)
        if not live and known is not None and timedelta(0) <= now - known[1] < self._life:
            return known[0]
        try:
            answer = ask()
        except BaseException:
            with self._guard:
                self._kept.pop(key, None)
            raise
        with self._guard:
            newer = self._kept.get(key)
            if newer is None or newer[1] <= now:
                if len(self._kept) >= MOST:
                    self._kept.clear()
                self._kept[key] = (answer, now)
        return answer
