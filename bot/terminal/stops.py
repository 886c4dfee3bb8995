"""``lock``, ``unlock``, ``freeze`` and ``unfreeze``: done at once, with the rights of now."""

from collections.abc import Sequence
from functools import partial
from zoneinfo import ZoneInfo

from bot.domain.commands import Freeze, Lock, Misread, MisreadReason, Unfreeze, Unlock
from bot.domain.message import Message
from bot.domain.stops.freezing import Lifted, Stopped
from bot.domain.stops.locking import Locked, NothingLocked, Refused, Unlocked
from bot.messages.stops.freezing import freeze_answer, unfreeze_answer
from bot.messages.stops.locking import lock_answer, unlock_answer
from bot.messages.terminal import problem_row
from bot.operations.standstill.freezing import Freezing
from bot.operations.standstill.locking import Locking
from bot.terminal.asking import misread_as, read
from bot.terminal.ends import End, end_of
from bot.terminal.ground import Ground
from bot.terminal.orders import asker
from bot.terminal.outside import Reached, reached, zone

_DONE = (Locked, Unlocked, NothingLocked, Stopped, Lifted)
"""Answers after which it is as was asked for; nothing to unlock is so, too."""


def stop(on: Ground, verb: str, words: Sequence[str]) -> End:
    """Do what *verb* and *words* say, if whoever sits here may.

    Raises:
        Ended: it was misread.
        Unavailable: the database is away; nothing was written.
    """
    command = read(on, verb, words)
    asked = asker(on).asked
    with reached(on) as outside:
        match command:
            case Lock():
                done = _locking(on, outside).lock(command, on.user, asked)
                return _told(on, "lock", done, lock_answer(done))
            case Unlock():
                ended = _locking(on, outside).unlock(command, on.user, asked)
                return _told(on, "unlock", ended, unlock_answer(ended, on.user))
            case Freeze():
                stopped = _freezing(on, outside).freeze(command, on.user, asked)
                return _told(on, "freeze", stopped, freeze_answer(stopped))
            case Unfreeze():
                lifted = _freezing(on, outside).unfreeze(command, on.user, asked)
                return _told(on, "unfreeze", lifted, unfreeze_answer(lifted))
            case _:
                lines = (f"/ship help {verb}",)
                raise misread_as(Misread(MisreadReason.EMPTY, {"verb": verb}, lines))


def _told(on: Ground, event: str, done: object, said: Message) -> End:
    if isinstance(done, Refused):
        on.out.say("refused", said, {"problem": problem_row(done.problem)})
        return end_of(done.problem)
    well = isinstance(done, _DONE)
    on.out.say(event, said, {"outcome": type(done).__name__})
    return End.DONE if well else End.REFUSED


def _locking(on: Ground, outside: Reached) -> Locking:
    catalog, may = on.config.catalog, outside.rights.may
    book, letters = outside.books.locks, outside.letters
    here = partial(_here, zone(on.environment))
    return Locking(catalog, may, here, book, outside.acts, letters, on.clock)


def _freezing(on: Ground, outside: Reached) -> Freezing:
    here = partial(_here, zone(on.environment))
    catalog, may = on.config.catalog, outside.rights.may
    return Freezing(catalog, may, here, outside.books.freezes, outside.acts, on.clock)


def _here(zone: ZoneInfo, _user: str) -> ZoneInfo:
    """Return the time zone of whoever asks: that of this machine."""
    return zone
