"""Refusals that only one person hears of, and that are no operation: written down all the same."""

import structlog

from bot.clock import Clock
from bot.domain.errors import Unavailable
from bot.domain.operations import Operation, Request
from bot.domain.problems import Problem
from bot.operations.books.act_book import Act, ActBook
from bot.operations.standstill.refusals import refusal

log = structlog.get_logger(__name__)


class QuietRefusals:
    """Writes them down. For any thread; it never raises: the person has their answer anyway."""

    def __init__(self, acts: ActBook, clock: Clock) -> None:
        self._acts, self._clock = acts, clock

    def order(self, request: Request, asked: str, why: Problem) -> None:
        """Note that *request*, which came by the delivery *asked*, was refused."""
        wish, by = request.kind.value, request.requester
        where, services = request.environment, request.services
        told = why.told() | ({"version": request.version} if request.version else {})
        self._note(refusal(wish, by, where, services, asked, self._clock.now(), told))

    def cancel(self, operation: Operation, by: str, why: Problem) -> None:
        """Note that *by* may not cancel *operation*; once for each who tries."""
        request = operation.request
        asked = f"cancel:{operation.key}:{by}"
        told = why.told() | {"operation": operation.id}
        now = self._clock.now()
        self._note(refusal("cancel", by, request.environment, request.services, asked, now, told))

    def _note(self, act: Act) -> None:
        try:
            self._acts.note(act)
        except Unavailable as away:
            log.warning("a refusal was not written down", by=act.by, error=str(away))
