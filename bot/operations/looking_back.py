"""Reads what was brought where, for ``/ship history``."""

from bot.adapters.gitops import GitOps
from bot.domain.catalog import Catalog, Target
from bot.domain.edit import EditError, read_tag
from bot.domain.errors import BotError
from bot.domain.going_back import Past
from bot.domain.history import PAGE, Cursor, Page, Told, read_cursor
from bot.domain.operations import Operation
from bot.domain.unknown import Unknown
from bot.operations.books.approval_book import ApprovalBook
from bot.operations.database import DATABASE
from bot.operations.gathering.histories import Histories
from bot.operations.store import Store


class LookingBack:
    """Reads pages of history. Every method is for any thread."""

    def __init__(
        self,
        store: Store,
        catalog: Catalog,
        approvals: ApprovalBook,
        histories: Histories,
        gitops: GitOps,
    ) -> None:
        self._store, self._catalog, self._approvals = store, catalog, approvals
        self._histories, self._gitops = histories, gitops

    def newest(self, service: str | None, environment: str | None) -> Page:
        """Return the first page; of one target with what it had before. That asks outside.

        Raises:
            Unavailable: our own database is away.
        """
        page = self._page(service, environment, None)
        target = self._catalog.target(service, environment) if service and environment else None
        if target is None:
            return page
        return Page(service, environment, page.told, page.older, self._past(target))

    def at(self, cursor: str) -> Page | None:
        """Return the page that a button's value names; None where it names none.

        Raises:
            Unavailable: our own database is away.
        """
        where = read_cursor(cursor, self._catalog)
        return self._page(where.service, where.environment, where.before) if where else None

    def _page(self, service: str | None, environment: str | None, before: str | None) -> Page:
        services = (service,) if service else ()
        found = self._store.latest(services, environment, PAGE + 1, before)
        shown = found[:PAGE]
        more = Cursor(service, environment, shown[-1].id) if len(found) > PAGE else None
        told = tuple(map(self._told, shown))
        return Page(service, environment, told, more, first=before is None)

    def _told(self, operation: Operation) -> Told:
        return Told(operation, tuple(self._approvals.decisions(operation.id)))

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
