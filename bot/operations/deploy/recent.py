"""Facts that were read a moment ago, so that an operation that need not wait is not read twice."""

import threading
from datetime import datetime, timedelta

from cachetools import LRUCache

from bot.adapters.gitops import Snapshot
from bot.clock import Clock
from bot.operations.gathering.gathered import Gathered

FRESH_FOR = timedelta(seconds=15)
"""How old facts may be at the commit. Locks and freezes are read anew all the same."""

JUST_NOW = timedelta(seconds=3)
"""How old rights and files may be at the commit. A file that moved since refuses the commit."""

MOST = 200


class Recent:
    """The newest facts of each operation in this process; another replica reads its own."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._guard = threading.Lock()
        self._kept: LRUCache[str, Gathered] = LRUCache(MOST)
        self._snapshots: LRUCache[str, tuple[datetime, Snapshot]] = LRUCache(MOST)

    def keep(self, operation_id: str, gathered: Gathered) -> None:
        """Keep what was read for the operation."""
        with self._guard:
            self._kept[operation_id] = gathered

    def take(self, operation_id: str) -> Gathered | None:
        """Return what was read for the operation, once, and only while it is fresh."""
        with self._guard:
            found = self._kept.pop(operation_id, None)
        return found if found is not None and self._age(found.facts.at) <= FRESH_FOR else None

    def is_of_just_now(self, gathered: Gathered) -> bool:
        """Tell whether even the rights in it need not be read anew."""
        return self._age(gathered.facts.at) <= JUST_NOW

    def keep_files(self, operation_id: str, gathered: Gathered) -> None:
        """Keep the files that the operation was last judged by, for its first try to commit."""
        if gathered.snapshot is not None:
            with self._guard:
                self._snapshots[operation_id] = gathered.read_at, gathered.snapshot

    def files(self, operation_id: str, since: datetime | None) -> Snapshot | None:
        """Return those files, once, if they were read just now and after *since*."""
        with self._guard:
            found = self._snapshots.pop(operation_id, None)
        if found is None or self._age(found[0]) > JUST_NOW:
            return None
        return found[1] if since is None or found[0] > since else None

    def _age(self, at: datetime) -> timedelta:
        return self._clock.now() - at
