"""What happened, a page at a time, newest first: operations, and what belongs to none."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import IntEnum

from bot.domain.approving.approvals import Decision
from bot.domain.catalog import Catalog
from bot.domain.operations import Entry, Operation
from bot.domain.rollback.going_back import Past
from bot.domain.unknown import Unknown

PAGE = 8
"""Entries on one page: with changes and approvals a message has room for no more."""

LONGEST_CURSOR = 400

_CURSOR = re.compile(
    r"(?P<way>[<>])(?P<at>[0-9]{1,13}\.[0-9]{6})(?P<kind>[01])(?P<number>[0-9]{1,10})"
    r"\|(?P<service>[^|]*)\|(?P<environment>[^|]*)\|(?P<since>(?:[0-9]{1,13})?)\|(?P<by>[UW]?[A-Z0-9]*)"
)


class Kind(IntEnum):
    """Which table an entry stands in; of two of the same moment the operation counts as newer."""

    ACT = 0
    OPERATION = 1


@dataclass(frozen=True, slots=True, order=True)
class Key:
    """Where an entry stands among all others: no two have the same."""

    at: datetime
    kind: Kind
    number: int


@dataclass(frozen=True, slots=True)
class Wanted:
    """Whose history is asked for; None means all.

    *service* also finds what was done to all services, *by* whoever asked, decided or cancelled.
    *since* is when it was asked for or done, at the earliest. *by* is Slack user ids: one person
    may have several.
    """

    service: str | None = None
    environment: str | None = None
    since: datetime | None = None
    by: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """One *operation*, what people *decided* about it, and its *timeline* where it was read."""

    operation: Operation
    decided: tuple[Decision, ...] = ()
    timeline: tuple[Entry, ...] = ()


@dataclass(frozen=True, slots=True)
class Noted:
    """One act that belongs to no operation: *what* was done *by* whom, to *subject*.

    *number* is its own. *services* holds ``*`` for all of them. *detail* is plain, unescaped text.
    """

    number: int
    at: datetime
    by: str
    what: str
    subject: str
    environment: str | None = None
    services: tuple[str, ...] = ()
    detail: Mapping[str, str] = field(default_factory=dict)


Item = Told | Noted


def key_of(item: Item) -> Key:
    """Return where *item* stands in the history."""
    if isinstance(item, Noted):
        return Key(item.at, Kind.ACT, item.number)
    number = int(item.operation.id.removeprefix("D-"))
    return Key(item.operation.requested_at, Kind.OPERATION, number)


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a page begins: right below *key*, or with *newer* right above it."""

    wanted: Wanted
    key: Key
    newer: bool = False

    def __str__(self) -> str:
        """Return it as a button's value."""
        wanted, key = self.wanted, self.key
        since = "" if wanted.since is None else f"{wanted.since.timestamp():.0f}"
        by = "".join(sorted(wanted.by)[:1]) if wanted.by else ""
        where = f"{wanted.service or ''}|{wanted.environment or ''}|{since}|{by}"
        way = ">" if self.newer else "<"
        return f"{way}{key.at.timestamp():.6f}{key.kind}{key.number}|{where}"


@dataclass(frozen=True, slots=True)
class Page:
    """One page, newest entry first. *older* and *newer* are where the next ones begin, or None.

    *past* is what the one target had before, in the order in which ``/rollback … #n`` counts; None
    unless one service and environment were named and nothing else, and on later pages.
    """

    wanted: Wanted
    told: tuple[Item, ...]
    older: Cursor | None = None
    newer: Cursor | None = None
    past: tuple[Past, ...] | Unknown | None = None
    first: bool = True


def page_of(found: tuple[Item, ...], wanted: Wanted, cursor: Cursor | None) -> Page:
    """Return the page of *found*: what was read at *cursor*, newest first and one more than fits.

    With a cursor to newer entries the one too many is the newest.
    """
    more = len(found) > PAGE
    if cursor is not None and cursor.newer:
        shown = found[-PAGE:]
        older = Cursor(wanted, key_of(shown[-1])) if shown else None
        newer = Cursor(wanted, key_of(shown[0]), newer=True) if more else None
        return Page(wanted, shown, older, newer, first=not more)
    shown = found[:PAGE]
    older = Cursor(wanted, key_of(shown[-1])) if more else None
    newer = Cursor(wanted, key_of(shown[0]), newer=True) if cursor is not None and shown else None
    return Page(wanted, shown, older, newer, first=cursor is None)


def read_cursor(text: str, catalog: Catalog) -> Cursor | None:
    """Return what a button carried; None where it is none, or names what is not there any more."""
    found = _CURSOR.fullmatch(text) if len(text) <= LONGEST_CURSOR else None
    if found is None:
        return None
    service, environment = found["service"] or None, found["environment"] or None
    if service is not None and service not in catalog.services:
        return None
    if environment is not None and environment not in catalog.environments:
        return None
    at, since = _moment(found["at"]), _moment(found["since"])
    if at is None or (found["since"] and since is None):
        return None
    by = frozenset({found["by"]}) if found["by"] else None
    wanted = Wanted(service, environment, since, by)
    return Cursor(
        wanted, Key(at, Kind(int(found["kind"])), int(found["number"])), found["way"] == ">"
    )


def _moment(seconds: str) -> datetime | None:
    """Return the moment that many seconds after 1970, to the microsecond."""
    if not seconds:
        return None
    whole, _, rest = seconds.partition(".")
    try:
        found = datetime.fromtimestamp(int(whole), UTC)
    except (OverflowError, ValueError, OSError):
        return None
    return found.replace(microsecond=int(rest or 0))
