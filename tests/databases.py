"""Databases as a bot leaves them: with our tables and the engine's, made once and then copied.

A test that is about making the tables asks for an empty one.
"""

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from bot.operations.engine import make_tables
from bot.operations.sql.database import Database


def fill(url: str) -> None:
    """Make all tables in the database at *url*."""
    database = Database(url)
    database.migrate()
    make_tables(database.url)
    database.close()


def opened(folder: Path) -> Database:
    """Open a SQLite database with all tables and no rows in *folder*."""
    return Database(sqlite(folder))


def sqlite(folder: Path) -> str:
    """Put a file with all tables and no rows into *folder*; return its address."""
    path = folder / "shipmate.db"
    path.write_bytes(_file())
    return f"sqlite:///{path}"


@cache
def _file() -> bytes:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "filled.db"
        fill(f"sqlite:///{path}")
        return path.read_bytes()
