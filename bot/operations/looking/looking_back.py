"""Reads what was brought where, for ``/ship history``."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.adapters.gitops import GitOps
from bot.clock import Clock
from bot.domain.catalog import Catalog, Target
from bot.domain.commands import At, For, History
from bot.domain.edit import EditError, read_tag
from bot.domain.errors import BotError
from bot.domain.history import PAGE, Cursor, Page, Wanted, page_of, read_cursor
from bot.domain.rollback.going_back import Past
from bot.domain.stops.until import start_of
from bot.domain.unknown import Unknown
from bot.operations.books.history_book import HistoryBook
from bot.operations.gathering.histories import Histories
from bot.operations.sql.database import DATABASE


class LookingBack:
    """Reads pages of history. Every method is for any thread."""

    def __init__(
        self,
        catalog: Catalog,
        book: HistoryBook,
        histories: Histories,
        gitops: GitOps,
        zone_of: Callable[[str], ZoneInfo],
        clock: Clock,
    ) -> None:
        self._catalog, self._book = catalog, book
        self._histories, self._gitops = histories, gitops
        self._zone_of, self._clock = zone_of, clock

    def newest(self, command: History, user: str) -> Page:
        """Return the first page for *user*; of one target with what it had before.

        That, and a day in *user*'s zone, ask outside.

        Raises:
            Unavailable: our own database is away.
        """
        by = None if command.by is None else frozenset({command.by or user})
        since = self._since(command.since, user)
        wanted = Wanted(command.service, command.environment, since, by)
        page = page_of(self._book.below(wanted, None, PAGE + 1), wanted, None)
        target = None
        if wanted.service and wanted.environment and since is None and by is None:
            target = self._catalog.target(wanted.service, wanted.environment)
        return page if target is None else replace(page, past=self._past(target))

    def at(self, cursor: str) -> Page | None:
        """Return the page that a button's value names; None where it names none.

        Raises:
            Unavailable: our own database is away.
        """
        where = read_cursor(cursor, self._catalog)
        return None if where is None else self._at(where)

    def _at(self, where: Cursor) -> Page:
        read = self._book.above if where.newer else self._book.below
        return page_of(read(where.wanted, where.key, PAGE + 1), where.wanted, where)

    def _since(self, since: For | At | None, user: str) -> datetime | None:
        if since is None:
            return None
        zone = self._zone_of(user) if isinstance(since, At) else ZoneInfo("UTC")
        return start_of(since, self._clock.now(), zone)

    def _past(self, target: Target) -> tuple[Past, ...] | Unknown:
        """Return what a rollback would count, from the tag that stands in Git now."""
        where = target.location
        try:
            snapshot = self._gitops.read(where.repo, where.branch, [where.file])
            file = snapshot.files.get(where.file)
            if file is None:
                return Unknown(f"{where.file} is not on {where.branch}")
            current = read_tag(file.text, where.file, where.at)
            listing = self._histories.of(target, current, whole=True)
        except EditError as refused:
            return Unknown(str(refused))
        except BotError as error:
            if error.system == DATABASE:
                raise
            return Unknown(str(error))
        if listing.away is not None:
            return Unknown(str(listing.away))
        return listing.past
