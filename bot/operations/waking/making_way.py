"""Lets what holds a target notice that somebody newer waits for it, to whom it gives way.

A pull request is looked at when GitHub tells of it, and what is brought out when Argo CD does. What
waits in line behind them can't tell them anything.
"""

from collections.abc import Callable

import structlog

from bot.domain.errors import Unavailable
from bot.domain.operations import Operation, Phase
from bot.domain.pull_requests import newer_in_line
from bot.operations.store import Store

log = structlog.get_logger(__name__)


HOLDS = frozenset({Phase.MERGING, Phase.FOLLOWING})


class MakingWay:
    """Wakes what has to make way; *wake* is for any thread.

    ``sweep`` is for its tick, ``moved`` for the store: then nobody waits for the tick.
    """

    def __init__(self, store: Store, wake: Callable[[str], None]) -> None:
        self._store, self._wake = store, wake

    def moved(self, before: Operation, after: Operation) -> None:
        """Look for what has to make way, if *after* has just got in line."""
        if after.phase is not Phase.QUEUED or before.phase is Phase.QUEUED:
            return
        try:
            self.sweep()
        except Unavailable as away:
            log.info("what makes way is found by the tick", error=str(away))

    def sweep(self) -> None:
        """Wake each operation that a newer one waits behind to which it gives way.

        Raises:
            Unavailable: our own database is away.
        """
        under_way = self._store.under_way()
        for operation in under_way:
            if operation.phase in HOLDS:
                newer = newer_in_line(operation, under_way)
                if newer is not None:
                    log.info("makes way", operation=operation.id, newer=newer.id)
                    self._wake(operation.id)
