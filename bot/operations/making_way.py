"""Lets pull requests that hold a target notice that somebody newer waits for it.

A pull request is looked at when GitHub tells of it, and now and then besides. What waits in line
behind it can't tell it anything.
"""

from collections.abc import Callable

import structlog

from bot.domain.operations import Phase
from bot.domain.pull_requests import newer_in_line
from bot.operations.store import Store

log = structlog.get_logger(__name__)


class MakingWay:
    """Wakes what has to make way; *wake* is for any thread. ``sweep`` is for its tick."""

    def __init__(self, store: Store, wake: Callable[[str], None]) -> None:
        self._store, self._wake = store, wake

    def sweep(self) -> None:
        """Wake each operation whose pull request a newer operation waits behind.

        Raises:
            Unavailable: our own database is away.
        """
        under_way = self._store.under_way()
        for operation in under_way:
            if operation.phase is Phase.MERGING:
                newer = newer_in_line(operation, under_way)
                if newer is not None:
                    log.info("makes way", operation=operation.id, newer=newer.id)
                    self._wake(operation.id)
