"""The note beside a SQLite file whose history lives in PostgreSQL now.

Without it a bot that was started with the old address would work on what another bot works on.
"""

from datetime import datetime
from pathlib import Path

from bot.domain.errors import Rejected
from bot.operations.sql.database import DATABASE


def note_of(database: Path) -> Path:
    """Return the path of the note beside *database*."""
    return database.with_name(f"{database.name}.moved")


def leave_note(database: Path, to: str, at: datetime) -> None:
    """Write down that the history of *database* was moved *to* another one; it may be there."""
    note_of(database).write_text(f"{to} at {at:%Y-%m-%d %H:%M} UTC\n", encoding="utf-8")


def moved_to(database: Path) -> str | None:
    """Return where the history of *database* was moved, and when; None: it was not."""
    try:
        return note_of(database).read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError):
        return "PostgreSQL"


def refuse_moved(database: Path) -> None:
    """Refuse to work on a file that was moved away.

    Raises:
        Rejected: a note lies beside it.
    """
    where = moved_to(database)
    if where is None:
        return
    note = note_of(database).name
    advice = f"set DATABASE_URL to that; to use this file again, stop the bot there and rm {note}"
    raise Rejected(DATABASE, "be used", f"its history was moved to {where}; {advice}")
