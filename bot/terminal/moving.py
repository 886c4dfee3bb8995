"""``move-database``: the whole history from SQLite to PostgreSQL.

It asks for nobody's rights: who may read the file and write the database may do it.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import assert_never

import sqlalchemy as sa

from bot.clock import Clock
from bot.domain.database_move import Hindered, Moved, Stage
from bot.domain.errors import Rejected
from bot.log import configure
from bot.messages import database_move as words
from bot.operations.sql.database import DATABASE, dialect_url, sqlite_path
from bot.operations.to_postgresql.moving import Move, Tell, shown
from bot.settings import SettingsInvalid, database_url
from bot.terminal.ends import End, Ended
from bot.terminal.out import Out
from bot.terminal.running import ended


@dataclass(frozen=True, slots=True)
class Ordered:
    """What was typed: two addresses, and whether it is only looked.

    *target* None is the database in ``DATABASE_URL``, so that its password is on no command line.
    """

    source: str
    target: str | None
    only_look: bool


def move_database(out: Out, ordered: Ordered, environment: Mapping[str, str]) -> End:
    """Move, and return how it ended; whatever went wrong was said."""

    def work() -> End:
        return _moved(out, ordered.source, _target(ordered, environment), look=ordered.only_look)

    return ended(out, work, "Begin again in a moment.", words.INTERRUPTED)


def _moved(out: Out, source: str, target: str, *, look: bool) -> End:
    password = _password(source, target)
    configure(level="ERROR", secrets=(password,) if password else ())
    logging.getLogger("psycopg").setLevel(logging.ERROR)  # it warns of what we tell ourselves
    path = sqlite_path(source)
    if path is not None and not path.exists():
        said = f"there is no file {path}; check the address behind --from"
        raise Rejected(DATABASE, "be opened", said)
    move = Move(source, target, _telling(out), Clock())
    try:
        with out.watching():
            done = move.look() if look else move.move()
    finally:
        move.close()
    return _told(out, done, str(path), shown(dialect_url(target)))


def _told(out: Out, done: Moved | Hindered, source: str, target: str) -> End:
    match done:
        case Hindered():
            facts = {"reason": done.why.value, "facts": dict(done.facts)}
            out.say("refused", words.hindered(done), facts)
            return End.REFUSED
        case Moved():
            for one in done.tables:
                out.note("table", words.table_row(one))
            said = "\n".join(words.moved(done, source, target))
            out.say(done.outcome.value, said, words.result(done))
            return End.DONE
        case _:
            assert_never(done)


def _telling(out: Out) -> Tell:
    def tell(stage: Stage, name: str, done: int, of: int) -> None:
        out.note(stage.value, {"table": name, "rows": done, "of": of})
        out.wait_for(words.progress(stage, name, done, of))

    return tell


def _target(ordered: Ordered, environment: Mapping[str, str]) -> str:
    """Return the address of the target.

    Raises:
        Ended: none is given, and ``DATABASE_URL`` cannot be read.
    """
    if ordered.target is not None:
        return ordered.target
    try:
        return database_url(environment)
    except SettingsInvalid as invalid:
        raise _wrong(str(invalid)) from invalid


def _password(source: str, target: str) -> str | None:
    """Return the password in the address of the target, or None.

    Raises:
        Ended: one of the two is not of its kind.
    """
    try:
        if sqlite_path(source) is None:
            raise _wrong(words.NOT_A_FILE)
    except sa.exc.ArgumentError as none:
        raise _wrong(words.NOT_A_FILE) from none
    try:
        url = dialect_url(target)
    except sa.exc.ArgumentError as none:
        raise _wrong(words.NOT_POSTGRESQL) from none
    if url.get_backend_name() != "postgresql" or not url.database:
        raise _wrong(words.NOT_POSTGRESQL)
    return url.password


def _wrong(said: str) -> Ended:
    return Ended(End.USAGE, "misread", said)
