"""Notices that somebody else's commit brought back what is held: an image updater, or a person.

Nothing is asked where nothing is held; else one request for each branch, and one more for each
held tag that stands there.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import structlog

from bot.adapters.github.file_history import FileHistory
from bot.adapters.gitops import GitOps, Snapshot
from bot.clock import Clock
from bot.domain.catalog import Catalog, Target
from bot.domain.edit import EditError, read_tag
from bot.domain.errors import BotError
from bot.domain.rollback.going_back import names
from bot.domain.stops.holds import WHOLE, Held, came_back
from bot.operations.books.hold_book import HoldBook
from bot.operations.sql.database import DATABASE
from bot.operations.standstill.hold_letters import HoldLetters
from bot.operations.store import Store

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Watched:
    """What is *held*, and the target it is held at."""

    held: Held
    target: Target


class HoldWatch:
    """Compares Git with the holds that stand. ``look`` is for its tick."""

    def __init__(
        self,
        catalog: Catalog,
        store: Store,
        book: HoldBook,
        gitops: GitOps,
        files: FileHistory,
        clock: Clock,
    ) -> None:
        self._catalog, self._store, self._book = catalog, store, book
        self._gitops, self._files, self._clock = gitops, files, clock
        self._letters = HoldLetters(catalog)

    def look(self) -> None:
        """Look once, and tell each environment's channel of each commit once.

        A system that does not answer is asked again by the next tick.

        Raises:
            Unavailable: our own database is away.
        """
        for watched in _by_branch(self._watched()):
            try:
                self._compare(watched)
            except BotError as error:
                if error.system == DATABASE:
                    raise
                log.warning("what is held was not looked for", error=str(error))

    def _watched(self) -> Iterable[_Watched]:
        for held in self._book.standing():
            service, _, environment = held.target.rpartition("/")
            target = self._catalog.target(service, environment)
            if target is not None and held.hold.tag != WHOLE:
                yield _Watched(held, target)

    def _compare(self, watched: list[_Watched]) -> None:
        location = watched[0].target.location
        files = sorted({one.target.location.file for one in watched})
        snapshot = self._gitops.read(location.repo, location.branch, files)
        for one in watched:
            tag = _stands(snapshot, one.target)
            if tag is not None and names(one.held.hold.tag, tag):
                self._report(one)

    def _report(self, one: _Watched) -> None:
        held, where = one.held, one.target.location
        rollback = self._store.operation(held.hold.operation) if held.hold.operation else None
        undone_by = rollback.written.sha if rollback and rollback.written else None
        value = came_back(held.hold, self._files.values(where).values, undone_by)
        if value is None:
            return
        url = self._gitops.page(where.repo, value.commit)
        letters = self._letters.returned(held, value, url)
        now = self._clock.now()
        if self._book.note_comeback(held, value.commit, value.author, now, letters):
            log.warning("what is held came back", target=held.target, commit=value.commit)


def _stands(snapshot: Snapshot, target: Target) -> str | None:
    """Return the tag that stands in Git; None where none does or it cannot be read."""
    file = snapshot.files.get(target.location.file)
    if file is None:
        return None
    try:
        return read_tag(file.text, target.location.file, target.location.at)
    except EditError:
        return None


def _by_branch(watched: Iterable[_Watched]) -> list[list[_Watched]]:
    groups: dict[tuple[str, str], list[_Watched]] = {}
    for one in watched:
        key = (one.target.location.repo, one.target.location.branch)
        groups.setdefault(key, []).append(one)
    return list(groups.values())
