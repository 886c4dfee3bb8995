"""What another process than the bot writes into its database, and how the bot comes to hear of it.

A terminal has no engine and no lease: what it writes down the running bot begins, which looks for
it every second. A replica that is quicker begins it for all of them.
"""

from collections.abc import Callable

import sqlalchemy as sa
import structlog

from bot.clock import Clock
from bot.domain.operations import Operation, Phase, Request
from bot.domain.terminal import ASKED
from bot.operations.sql.database import Database
from bot.operations.sql.tables import operations
from bot.operations.store import CancelOutcome, Receipt, Store

log = structlog.get_logger(__name__)


class Letterbox:
    """Writes people's wishes down for the bot. Nothing is begun here."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store, self._clock = store, clock

    def receive(self, request: Request, asked: str) -> tuple[Operation, Receipt]:
        """Write *request* down: one transaction. *asked* identifies it, and begins with ``ASKED``.

        Raises:
            Unavailable: the database is away or locked; nothing was written.
        """
        assert asked.startswith(ASKED), "the bot looks for these alone"
        operation, receipt = self._store.receive(request, asked, self._clock.now())
        log.info("received", operation=operation.id, receipt=receipt, by=request.requester)
        return operation, receipt

    def cancel(self, operation_id: str, by: str) -> tuple[Operation | None, CancelOutcome]:
        """Take *by*'s wish to cancel; its workflow finds it when it looks up.

        Raises:
            Unavailable: the database is away or locked; nothing was written.
        """
        return self._store.cancel(operation_id, by, self._clock.now())


class Doorbell:
    """Begins what was put into the letterbox; *begin* is for any thread, ``look`` for its tick."""

    def __init__(
        self, database: Database, store: Store, begin: Callable[[Operation], None]
    ) -> None:
        self._database, self._store, self._begin = database, store, begin

    def look(self) -> None:
        """Begin every request of a terminal that has not begun.

        Raises:
            Unavailable: our own database is away.
        """
        query = sa.select(operations.c.number).where(
            operations.c.phase == Phase.RECEIVED.value,
            operations.c.asked.startswith(ASKED, autoescape=True),
        )
        with self._database.read() as connection:
            numbers = connection.execute(query).scalars().all()
        for number in numbers:
            if (operation := self._store.operation(f"D-{number}")) is not None:
                self._begin(operation)
