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
from bot.domain.errors import BotError, Rejected
from bot.log import configure
from bot.messages import database_move as words
from bot.operations.database import DATABASE, dialect_url, sqlite_path
from bot.operations.to_postgresql.moving import Move, Tell, shown
from bot.settings import SettingsInvalid, database_url
from bot.terminal.ends import End
from bot.terminal.out import Out


@dataclass(frozen=True, slots=True)
class Ordered:
    """What was typed: two addresses, and whether it is only looked.

    *target* None is the database in ``DATABASE_URL``, so that its password is on no command line.
    """

    source: str
    target: str | None
    only_look: bool


class WrongAddressError(Exception):
    """An address is none of the right kind; the words say of which."""


def move_database(out: Out, ordered: Ordered, environment: Mapping[str, str]) -> End:
    """Move, and return how it ended; whatever went wrong was said."""
    try:
        return _moved(out, ordered.source, _target(ordered, environment), look=ordered.only_look)
    except WrongAddressError as wrong:
        out.say("misread", str(wrong))
        return End.USAGE
    except Rejected as refused:
        out.say("refused", str(refused))
        return End.REFUSED
    except BotError as away:
        out.say("away", f"{away}. Begin again in a moment.")
        return End.AWAY
    except KeyboardInterrupt:
        out.say("interrupted", words.INTERRUPTED)
        return End.INTERRUPTED


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
        WrongAddressError: none is given, and ``DATABASE_URL`` cannot be read.
    """
    if ordered.target is not None:
        return ordered.target
    try:
        return database_url(environment)
    except SettingsInvalid as invalid:
        raise WrongAddressError(str(invalid)) from invalid


def _password(source: str, target: str) -> str | None:
    """Return the password in the address of the target, or None.

    Raises:
        WrongAddressError: one of the two is not of its kind.
    """
    try:
        if sqlite_path(source) is None:
            raise WrongAddressError(words.NOT_A_FILE)
    except sa.exc.ArgumentError as none:
        raise WrongAddressError(words.NOT_A_FILE) from none
    try:
        url = dialect_url(target)
    except sa.exc.ArgumentError as none:
        raise WrongAddressError(words.NOT_POSTGRESQL) from none
    if url.get_backend_name() != "postgresql" or not url.database:
        raise WrongAddressError(words.NOT_POSTGRESQL)
    return url.password
