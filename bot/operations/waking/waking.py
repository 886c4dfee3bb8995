"""Makes sure that a decision is heard, also where whoever took it died before telling the workflow.

The click is written down first, and only then is the workflow told. What gets lost in between would
be noticed when the workflow looks up by itself, which is minutes later.
"""

from collections.abc import Callable

import structlog
from cachetools import LRUCache

from bot.operations.books.approval_book import ApprovalBook

log = structlog.get_logger(__name__)

MOST = 10_000


class Waking:
    """Wakes what people have decided about; *wake* is for any thread. ``sweep`` is for its tick."""

    def __init__(self, approvals: ApprovalBook, wake: Callable[[str], None]) -> None:
        self._approvals, self._wake = approvals, wake
        self._heard: LRUCache[str, int] = LRUCache(MOST)

    def sweep(self) -> None:
        """Wake each waiting operation once for what this process has not seen said of it.

        Raises:
            Unavailable: our own database is away.
        """
        for operation_id, count in self._approvals.counts().items():
            if self._heard.get(operation_id) != count:
                self._heard[operation_id] = count
                self._wake(operation_id)
