"""BUILDS: the history on a terminal, read from the database alone."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from zoneinfo import ZoneInfo

from bot.clock import Clock
from bot.config import ConfigInvalid, load
from bot.domain.commands.ends import start_apart
from bot.domain.commands.nouns import Misread
from bot.domain.errors import Rejected
from bot.domain.history import Item, Wanted
from bot.domain.stops.until import start_of
from bot.domain.suggestions import nearest
from bot.messages import history_rows
from bot.operations.books.history_book import HistoryBook
from bot.operations.sql.database import DATABASE, Database, sqlite_path
from bot.settings import SettingsInvalid, database_url

IN_A_TABLE = 50
"""Entries of a table where nobody says how many."""

FORMATS: Mapping[str, Callable[[Iterable[Item], Mapping[str, str]], Iterator[str]]] = {
    "table": history_rows.as_table,
    "json": history_rows.as_json,
    "csv": history_rows.as_csv,
    "lines": history_rows.as_lines,
}

_USER = ("U", "W")


class UsageError(Exception):
    """The command was wrong; the words say how."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What was typed. *form* is a key of ``FORMATS``."""

    service: str | None
    environment: str | None
    since: str | None
    by: str | None
    limit: int | None
    form: str


def lines(asked: Asked, environment: Mapping[str, str]) -> Iterator[str]:
    """Yield the history as it is printed, line by line; *environment* holds ``DATABASE_URL``.

    Raises:
        UsageError: the command or the environment was wrong.
        Rejected: there is no such database, or none of ours.
        Unavailable: it does not answer.
    """
    try:
        url = database_url(environment)
    except SettingsInvalid as invalid:
        raise UsageError(str(invalid)) from invalid
    since = _since(asked.since, Clock().now()) if asked.since is not None else None
    database = _opened(url)
    try:
        book = HistoryBook(database)
        _known("--service", asked.service, book.services, environment)
        _known("--environment", asked.environment, book.environments, environment)
        wanted = Wanted(asked.service, asked.environment, since, _people(book, asked.by))
        limit = asked.limit or (IN_A_TABLE if asked.form == "table" else None)
        found = islice(book.whole(wanted), limit)
        yield from FORMATS[asked.form](found, book.logins())
    finally:
        database.close()


def _opened(url: str) -> Database:
    path = sqlite_path(url)
    if path is not None and not path.exists():
        raise Rejected(DATABASE, "be opened", f"there is no file {path}; check DATABASE_URL")
    database = Database(url, read_only=True)
    if not database.has("act_services"):
        advice = "start the bot of this version once, or check DATABASE_URL"
        raise Rejected(DATABASE, "be read", f"it holds no history of this version; {advice}")
    return database


def _known(
    option: str,
    name: str | None,
    seen: Callable[[], Sequence[str]],
    environment: Mapping[str, str],
) -> None:
    """Make sure that *name* was *seen*, or is configured; where nothing is known nothing is said.

    Raises:
        UsageError: it is neither.
    """
    if name is None or name in (known := seen()):
        return
    known = (*known, *_configured(option, environment))
    if known and name not in known:
        raise UsageError(history_rows.unknown(option, name, nearest(name, known)))


def _configured(option: str, environment: Mapping[str, str]) -> tuple[str, ...]:
    """Return the names in shipmate.yaml; none where it cannot be read: nothing else needs it."""
    path = Path(environment.get("SHIPMATE_CONFIG") or "shipmate.yaml")
    try:
        catalog = load(path.read_text(encoding="utf-8"), str(path)).catalog
    except (ConfigInvalid, OSError, UnicodeDecodeError):
        return ()
    return tuple(catalog.services if option == "--service" else catalog.environments)


def _since(text: str, now: datetime) -> datetime:
    found = start_apart(("since", *text.split()), lambda _: False)
    if found.means is None or isinstance(found.means, Misread) or found.left:
        raise UsageError(f"--since {text!r} is no beginning: write 30d, 12h or 2026-11-01.")
    return start_of(found.means, now, ZoneInfo("UTC")).astimezone(UTC)


def _people(book: HistoryBook, by: str | None) -> frozenset[str] | None:
    """Return the Slack users that *by* means: an id, a GitHub login, or the bot itself."""
    if by is None:
        return None
    if users := book.users_of(by):
        return users
    if by.startswith(_USER) and by.isupper():
        return frozenset({by})
    return frozenset({by.lower()})
