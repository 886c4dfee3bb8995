"""A report as a value: what is shown of what drifted, in which order, and what changed."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from bot.domain.catalog import Catalog
from bot.domain.drift.items import Behind, DriftKind, Item, Told

ROWS = 9
"""Rows of one message: each has its buttons, and Slack takes 50 blocks and some 10,000 letters."""

MOST_GONE = 10
MOST_QUIET = 5
UNWELL_AFTER = timedelta(minutes=15)


class Reply(StrEnum):
    """What people say to an item."""

    ACKNOWLEDGED = "acknowledged"
    SNOOZED = "snoozed"
    SYNCED = "synced"


@dataclass(frozen=True, slots=True)
class Replied:
    """What *by*, a Slack user, said to an item, and *until* when it holds. A sync has no end."""

    reply: Reply
    by: str
    at: datetime
    until: datetime | None = None
    reason: str = ""

    def quiets(self, at: datetime) -> bool:
        """Tell whether the item is not to be shown at *at* because of this."""
        return self.until is not None and at < self.until


@dataclass(frozen=True, slots=True)
class Row:
    """An *item* with the *id* of ours that its buttons carry, *since* when we know of it.

    *new*: the report before this one did not tell of it. *replied* is the newest word on it.
    """

    id: int
    item: Item
    since: datetime
    new: bool = False
    replied: Replied | None = None


@dataclass(frozen=True, slots=True)
class Tally:
    """How an environment stands: rows that drifted, rows nobody could read, rows kept quiet."""

    environment: str
    drifted: int = 0
    unread: int = 0
    quiet: int = 0


@dataclass(frozen=True, slots=True)
class Picture:
    """The picture beside the words: Slack's id of the file, and the same facts in words."""

    file: str
    alt: str


@dataclass(frozen=True, slots=True)
class Report:
    """One report.

    *name* is empty for whoever just asked. *rows* are shown from the place *start* on; *hidden* is
    how many follow. *quiet* are rows that somebody acknowledged or snoozed. *gone* is what was told
    last time and is over. *idle* targets run nothing that could be compared.
    """

    name: str
    at: datetime
    environments: tuple[str, ...]
    tallies: tuple[Tally, ...]
    rows: tuple[Row, ...] = ()
    start: int = 0
    hidden: int = 0
    quiet: tuple[Row, ...] = ()
    gone: tuple[Told, ...] = ()
    idle: int = 0
    nameless: int = 0
    picture: Picture | None = None

    def with_reply(self, item: int, replied: Replied) -> "Report":
        """Return the report with what was said to the *item*."""
        rows = tuple(replace(row, replied=replied) if row.id == item else row for row in self.rows)
        return replace(self, rows=rows)


def ordered(rows: Iterable[Row], catalog: Catalog) -> tuple[Row, ...]:
    """Return *rows* by place, weight and age: production and late environments come first."""
    names = list(catalog.environments)

    def place(row: Row) -> tuple[bool, int, int, datetime, str]:
        known = catalog.environments.get(row.item.environment)
        production = known is not None and known.production
        late = names.index(row.item.environment) if known is not None else -1
        return not production, -late, row.item.kind.weight, row.since, row.item.key

    return tuple(sorted(rows, key=place))


def is_due(row: Row, at: datetime) -> bool:
    """Tell whether *row* is worth showing at *at*: what is unwell may get well by itself."""
    return row.item.kind is not DriftKind.UNWELL or at - row.since >= UNWELL_AFTER


def is_same(item: Item) -> bool:
    """Tell whether a comparison showed that the same commits run in both environments."""
    what = item.what
    return isinstance(what, Behind) and what.missing == 0 and what.extra == 0


def is_unclear(told: Told, items: Iterable[Item]) -> bool:
    """Tell whether nobody can say if *told* is over: what would show it could not be read."""
    return told.kind is not DriftKind.UNREADABLE and any(
        one.kind is DriftKind.UNREADABLE
        and one.environment == told.environment
        and bool(set(one.services) & set(told.services))
        for one in items
    )


def gone(last: Iterable[Told], items: Sequence[Item]) -> tuple[Told, ...]:
    """Return what was told *last* and is over now, by its key."""
    standing = {one.key for one in items}
    unread = [one for one in items if one.kind is DriftKind.UNREADABLE]
    over = (one for one in last if one.key not in standing and not is_unclear(one, unread))
    return tuple(sorted(over, key=lambda one: one.key))


def marked(rows: Iterable[Row], last: Collection[Told] | None) -> tuple[Row, ...]:
    """Return *rows*, those marked new that were not told *last*; None: nothing was ever told."""
    if last is None:
        return tuple(rows)
    known = {one.key for one in last}
    return tuple(replace(row, new=row.item.key not in known) for row in rows)


def loud(rows: Iterable[Row], at: datetime) -> tuple[tuple[Row, ...], tuple[Row, ...]]:
    """Return the rows to be shown at *at*, and those that people keep quiet."""
    due = [row for row in rows if is_due(row, at)]
    quiet = [row for row in due if row.replied is not None and row.replied.quiets(at)]
    return tuple(row for row in due if row not in quiet), tuple(quiet)


def tallies(
    environments: Iterable[str], rows: Iterable[Row], quiet: Iterable[Row]
) -> tuple[Tally, ...]:
    """Return how each of *environments* stands."""
    shown, hushed = tuple(rows), tuple(quiet)

    def tally(name: str) -> Tally:
        here = [row for row in shown if row.item.environment == name]
        unread = sum(row.item.kind is DriftKind.UNREADABLE for row in here)
        kept = sum(row.item.environment == name for row in hushed)
        return Tally(name, len(here) - unread, unread, kept)

    return tuple(map(tally, environments))
