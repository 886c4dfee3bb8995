"""Hears what GitHub says of CI. Deliveries may come late, twice, at once and in any order."""

from collections.abc import Sequence
from dataclasses import replace

import structlog

from bot.adapters.github.ci_events import check_suite, workflow_run
from bot.clock import Clock
from bot.domain.ci.episodes import hear
from bot.domain.ci.failures import Rule, rule_for
from bot.domain.ci.runs import Run
from bot.operations.ci.book import CiBook
from bot.operations.ci.telling import CiTelling
from bot.operations.deliveries.inbox import Delivery
from bot.operations.sql.database import Database

log = structlog.get_logger(__name__)


class CiWatch:
    """Follows the workflows that *rules* are about. Every method is for any thread."""

    def __init__(
        self,
        database: Database,
        book: CiBook,
        telling: CiTelling,
        rules: Sequence[Rule],
        clock: Clock,
    ) -> None:
        self._database, self._book, self._telling = database, book, telling
        self._rules, self._clock = tuple(rules), clock

    def on_workflow_run(self, delivery: Delivery) -> None:
        """Take in a ``workflow_run``.

        Raises:
            Garbled: it is not what GitHub describes.
            Unavailable: our own database is away; the delivery is to come again.
        """
        self._hear(workflow_run(delivery.body))

    def on_check_suite(self, delivery: Delivery) -> None:
        """Take in a ``check_suite``.

        Raises:
            Garbled: it is not what GitHub describes.
            Unavailable: our own database is away; the delivery is to come again.
        """
        self._hear(check_suite(delivery.body))

    def sweep(self) -> None:
        """Forget branches that do not fail and of which nothing was heard for long.

        Raises:
            Unavailable: our own database is away.
        """
        self._book.sweep(self._clock.now())

    def _hear(self, run: Run | None) -> None:
        if run is None or rule_for(self._rules, run) is None:
            return
        now = self._clock.now()
        with self._database.write() as connection:
            watched = self._book.of(connection, run.series)
            heard = hear(watched.track, run)
            if heard.track == watched.track:
                return
            known = replace(watched, track=heard.track)
            told = self._telling.tell(connection, known, heard.news, now)
        log.info("CI ran", news=heard.news.value, run=run.url, watched=told.id)
