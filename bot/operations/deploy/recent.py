"""Facts that were read a moment ago, so that an operation that need not wait is not read twice."""

import threading
from datetime import timedelta

from cachetools import LRUCache

from bot.clock import Clock
from bot.operations.gathered import Gathered

FRESH_FOR = timedelta(seconds=15)
"""How old facts may be at the commit. Rights, locks and freezes are read anew all the same."""

MOST = 200


class Recent:
    """The newest facts of each operation in this process; another replica reads its own."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._guard = threading.Lock()
        self._kept: LRUCache[str, Gathered] = LRUCache(MOST)

    def keep(self, operation_id: str, gathered: Gathered) -> None:
        """Keep what was read for the operation."""
        with self._guard:
            self._kept[operation_id] = gathered

    def take(self, operation_id: str) -> Gathered | None:
        """Return what was read for the operation, once, and only while it is fresh."""
        with self._guard:
            found = self._kept.pop(operation_id, None)
        if found is None or self._clock.now() - found.facts.at > FRESH_FOR:
            return None
        return found
