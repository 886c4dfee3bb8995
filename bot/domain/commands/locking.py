"""The grammar of ``lock`` and ``unlock``."""

from dataclasses import replace

from bot.domain.commands.ends import end_apart
from bot.domain.commands.nouns import Lock, Misread, Unlock
from bot.domain.commands.places import read_place
from bot.domain.commands.pointing import is_everything
from bot.domain.commands.said import Said
from bot.domain.commands.stopping import because, is_rather_a_reason, read_stop

STEAL, WARN = "steal", "warn"
_FLAGS = {STEAL: STEAL, WARN: WARN, "warn-only": WARN}


def read_lock(said: Said) -> Lock | Misread:
    """Return what to lock, or how it was misread."""
    flags = [_flag(said, word) for word in said.words]
    left = tuple(word for word, flag in zip(said.words, flags, strict=True) if not flag)
    ending = end_apart(left, lambda word: said.is_name(word) or is_everything(word))
    marks = [flag for flag in (STEAL, WARN) if flag in flags]

    def rest(end: str) -> str:
        return " ".join((*((end,) if end else ()), *marks, because(said)))

    here = replace(said, words=ending.left)
    place = read_place(here, rest(ending.said))
    if is_rather_a_reason(said, ending, place):
        place = read_place(replace(said, words=left), rest(""))
    if isinstance(place, Misread):
        return place
    stop = read_stop(here, ending, lambda end: said.line(place.names, place.environment, rest(end)))
    if isinstance(stop, Misread):
        return stop
    steal, warn = STEAL in flags, WARN in flags
    return Lock(place.services, place.environment, stop.until, stop.reason, steal, warn)


def read_unlock(said: Said) -> Unlock | Misread:
    """Return what to unlock, or how it was misread. A reason is heard and not asked for."""
    place = read_place(said)
    if isinstance(place, Misread):
        return place
    return Unlock(place.services, place.environment)


def _flag(said: Said, word: str) -> str:
    """Return which mark of a lock *word* is, or nothing."""
    return "" if said.is_name(word) else _FLAGS.get(word.casefold().strip(",;"), "")
