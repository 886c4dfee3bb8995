"""Adds to rows that are shown what is too dear to read for all: commits between, who changed it."""

import threading
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import NamedTuple

import structlog
from cachetools import LRUCache

from bot.adapters.github.commits import Commits, Relation
from bot.adapters.github.comparison import Comparisons
from bot.adapters.github.many_files import ManyFiles
from bot.domain.catalog import Catalog
from bot.domain.drift.items import Behind, Changed, Item, OutOfSync
from bot.domain.drift.reporting import Row, is_same
from bot.domain.errors import BotError
from bot.domain.locations import Key, Location
from bot.operations.drift.reading import DriftReader

log = structlog.get_logger(__name__)

REMEMBERED = 5_000


class Compared(NamedTuple):
    """How many commits only the origin has, and how many only the other; or why nobody knows."""

    missing: int | None
    extra: int | None
    why: str = ""


class Enricher:
    """Reads what is shown. Every method is for any thread, and nothing outside makes it raise."""

    def __init__(
        self,
        catalog: Catalog,
        commits: Commits,
        comparisons: Comparisons,
        files: ManyFiles,
        reader: DriftReader,
    ) -> None:
        self._catalog, self._commits, self._comparisons = catalog, commits, comparisons
        self._files, self._reader = files, reader
        self._guard = threading.Lock()
        self._compared: LRUCache[tuple[str, str, str], Compared] = LRUCache(REMEMBERED)
        self._changes: LRUCache[tuple[str, str, str], Changed | None] = LRUCache(REMEMBERED)

    def known(self, item: Item) -> Item:
        """Return *item* with what was compared before; nobody is asked."""
        what = item.what
        if not isinstance(what, Behind):
            return item
        with self._guard:
            found = self._compared.get((what.source, what.base, what.head))
        return item if found is None else _with(item, what, found)

    def first(self, rows: Sequence[Row], start: int, most: int) -> tuple[tuple[Row, ...], int]:
        """Return at most *most* of *rows* from the place *start* on, and how many follow these.

        Those of which a comparison shows that nothing lies between are left out. Two requests
        for each comparison that is not known, and one for twenty changes in one repository.
        """
        shown: list[Row] = []
        place = start
        while place < len(rows) and len(shown) < most:
            row = replace(rows[place], item=self._compare(rows[place].item))
            place += 1
            if not is_same(row.item):
                shown.append(row)
        return self._with_changes(shown), len(rows) - place

    def _compare(self, item: Item) -> Item:
        what = item.what
        if not isinstance(what, Behind):
            return item
        key = what.source, what.base, what.head
        with self._guard:
            found = self._compared.get(key)
        if found is None:
            found = self._between(*key)
            if not found.why:
                with self._guard:
                    self._compared[key] = found
        return _with(item, what, found)

    def _between(self, source: str, base: str, head: str) -> Compared:
        try:
            whole = self._commits.resolve(source, head).sha
            found = self._comparisons.between(source, base, whole)
        except BotError as error:
            return Compared(None, None, error.detail or str(error))
        if found.relation is Relation.UNKNOWN:
            return Compared(None, None, "GitHub knows no way between them")
        return Compared(found.ahead_by, found.behind_by)

    def _with_changes(self, rows: Sequence[Row]) -> tuple[Row, ...]:
        """Return *rows*, those out of sync with the newest commit that touched their files."""
        wanted: dict[tuple[str, str], list[str]] = {}
        for row in rows:
            if (where := self._where(row.item)) is not None:
                wanted.setdefault((where.repo, where.branch), []).append(_place(where))
        changes: dict[tuple[str, str, str], Changed] = {}
        for (repo, branch), paths in wanted.items():
            for path, change in self._changed(repo, branch, paths):
                changes[repo, branch, path] = change
        return tuple(self._with_change(row, changes) for row in rows)

    def _with_change(self, row: Row, changes: dict[tuple[str, str, str], Changed]) -> Row:
        what, where = row.item.what, self._where(row.item)
        if where is None or not isinstance(what, OutOfSync):
            return row
        changed = changes.get((where.repo, where.branch, _place(where)))
        return replace(row, item=replace(row.item, what=replace(what, changed=changed)))

    def _where(self, item: Item) -> Location | None:
        """Return the place in Git of what is out of sync; None for all else."""
        if not isinstance(item.what, OutOfSync):
            return None
        for service in item.services:
            if target := self._catalog.target(service, item.environment):
                return target.location
        return None

    def _changed(
        self, repo: str, branch: str, paths: Iterable[str]
    ) -> Iterable[tuple[str, Changed]]:
        head = self._reader.head((repo, branch))
        if head is None:
            return
        every = list(dict.fromkeys(paths))
        with self._guard:
            known = {
                path: self._changes[repo, head, path]
                for path in every
                if (repo, head, path) in self._changes
            }
        fresh = [path for path in every if path not in known]
        if fresh:
            try:
                read = self._files.last_changes(repo, head, fresh)
            except BotError as error:
                log.warning("who changed what drifted is not known", error=str(error))
            else:
                found = {path: read.get(path) for path in fresh}
                known |= found
                with self._guard:
                    self._changes.update({(repo, head, path): c for path, c in found.items()})
        yield from ((path, change) for path, change in known.items() if change is not None)


def _with(item: Item, what: Behind, found: Compared) -> Item:
    return replace(
        item, what=replace(what, missing=found.missing, extra=found.extra, why=found.why)
    )


def _place(where: Location) -> str:
    """Return the folder whose manifests are meant; of a values file, shared by many, the file."""
    folder = where.file.rpartition("/")[0]
    return where.file if isinstance(where.at, Key) or not folder else folder
