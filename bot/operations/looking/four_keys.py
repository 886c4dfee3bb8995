"""Tells the metrics which changes proved bad, and how long that lasted: two of DORA's four keys.

A deploy or promote proves bad by failing after its commit, or by being taken back. The target is
restored by whatever goes live there next: a rollback, or a deploy that mends it. One look at the
newest operations of the target tells, whenever one ends.

Source: https://dora.dev/guides/dora-metrics/
"""

from collections.abc import Iterable
from datetime import datetime

import structlog

from bot.domain.errors import BotError
from bot.domain.operations import Kind, Operation, Phase
from bot.metrics import Metrics
from bot.operations.store import Store

log = structlog.get_logger(__name__)

LOOKED_AT = 20
"""Operations before one that just ended which are looked at; of them mostly the first decides."""


class FourKeys:
    """Follows the operations in *store*. ``moved`` is for the store, in any thread."""

    def __init__(self, store: Store, metrics: Metrics) -> None:
        self._store, self._metrics = store, metrics

    def moved(self, before: Operation, after: Operation) -> None:
        """Count what the end of an operation tells of changes; never raises."""
        if before.phase is after.phase or after.phase not in {Phase.LIVE, Phase.FAILED}:
            return
        try:
            for service in after.request.services:
                self._ended(service, after)
        except BotError as away:
            log.info("not counted as a change", operation=after.id, error=str(away))

    def _ended(self, service: str, operation: Operation) -> None:
        place, number = operation.request.environment, operation.id
        if _is_change(operation):
            self._metrics.changed(service, place, number)
            if operation.phase is Phase.FAILED:
                self._metrics.change_failed(service, place, number)
        if operation.phase is not Phase.LIVE or operation.ended_at is None:
            return
        earlier = self._store.latest([service], place, LOOKED_AT, before=number)
        taken_back, bad_since = judged(operation, earlier)
        if taken_back is not None:
            self._metrics.change_failed(service, place, taken_back)
        if bad_since is not None:
            self._metrics.restored(service, place, number, operation.ended_at - bad_since)


def judged(live: Operation, earlier: Iterable[Operation]) -> tuple[str | None, datetime | None]:
    """Return which change *live* takes back that had gone well, and since when it was bad there.

    *earlier* are the operations of the target before it, newest first. Both are None where all was
    well. What failed in a row was bad from the first failure on.
    """
    since: datetime | None = None
    for one in earlier:
        if one.phase is Phase.FAILED and _is_change(one):
            since = one.ended_at
        elif one.phase is Phase.LIVE and (one.written or one.request.kind is Kind.ROLLBACK):
            if since is None and live.request.kind is Kind.ROLLBACK and _is_change(one):
                return one.id, one.ended_at
            break
    return None, since


def _is_change(operation: Operation) -> bool:
    """Tell whether it brought something that was not there: a rollback brings what was."""
    return operation.request.kind is not Kind.ROLLBACK and operation.written is not None
