"""Looks at our own database: there, ours, and of which version. Nothing is made or changed."""

import os
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path

import sqlalchemy as sa

from bot.domain.doctor import Area, Finding
from bot.domain.errors import BotError
from bot.domain.symptoms import Symptom
from bot.operations.doctor.asking import failed
from bot.operations.pulse import the_wall
from bot.operations.sql.database import Database, sqlite_path
from bot.operations.sql.moved_away import moved_to
from bot.operations.sql.schema import newest, revision, revisions

URL = "DATABASE_URL"

found = partial(Finding, Area.DATABASE)

SawClock = Callable[[str, timedelta], None]


def _nobody_minds(_system: str, _ahead: timedelta) -> None:
    """Ignore the clock."""


def examine(url: str, saw_clock: SawClock = _nobody_minds) -> tuple[Finding, ...]:
    """Return what is found of the database at *url*; its password is in no finding.

    *saw_clock* is told how far our clock is ahead of the server's, which is named there.
    """
    try:
        path = sqlite_path(url)
    except sa.exc.ArgumentError:
        return (found("address", Symptom.DATABASE_REFUSED, {"detail": "it is no address"}, URL),)
    if path is not None and (why := _unusable(path)) is not None:
        return (found("SQLite", Symptom.DATABASE_REFUSED, {"detail": why}, URL),)
    if path is not None and not path.exists():
        return (found("SQLite", Symptom.DATABASE_EMPTY, {"where": str(path)}),)
    database = Database(url, read_only=True)
    kind = "SQLite" if database.is_sqlite else "PostgreSQL"
    try:
        if (ahead := database.clock_ahead(the_wall)) is not None:
            saw_clock("the database", ahead)
        return (_version(database, kind),)
    except BotError as error:
        return (failed(Area.DATABASE, kind, error, variable=URL),)
    except sa.exc.DatabaseError as error:
        cause = getattr(error, "orig", None) or error
        facts = {"detail": f"it is no database of ours ({type(cause).__name__})"}
        return (found(kind, Symptom.DATABASE_REFUSED, facts, URL),)
    finally:
        database.close()


def _unusable(path: Path) -> str | None:
    """Return why the file could not be made or written by us, or None."""
    folder = path.resolve().parent
    if not folder.is_dir():
        return f"there is no folder {folder}"
    if not os.access(folder, os.W_OK | os.X_OK):
        return f"the folder {folder} is not ours to write"
    if path.exists() and not (path.is_file() and os.access(path, os.R_OK | os.W_OK)):
        return f"the file {path} is not ours to write"
    if (where := moved_to(path)) is not None:
        return f"its history was moved to {where}"
    return None


def _version(database: Database, kind: str) -> Finding:
    with database.read() as connection:
        now = revision(connection)
    if now is None:
        return found(kind, Symptom.DATABASE_EMPTY, {"where": "it"})
    facts = {"now": now, "newest": newest()}
    if now == newest():
        return found(kind, Symptom.DATABASE_READY, facts)
    symptom = Symptom.DATABASE_BEHIND if now in revisions() else Symptom.DATABASE_AHEAD
    return found(kind, symptom, facts, URL)
