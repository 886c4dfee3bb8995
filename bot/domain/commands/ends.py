"""When something is to end that a person starts, or began that they ask about: ``for 2h``."""

import datetime as dt
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bot.domain.commands.nouns import At, For, Misread, MisreadReason, Until
from bot.domain.commands.said import cut, misread

LONGEST = dt.timedelta(days=366)
"""The longest span that can be said: as far as a day may lie ahead. Longer needs no end at all."""

_MINUTES = {"m": 1, "h": 60, "d": 24 * 60, "w": 7 * 24 * 60, "y": 365 * 24 * 60}
_UNIT = r"(?P<unit>m|mins?|minutes?|h|hrs?|hours?|d|days?|w|weeks?|y|yrs?|years?)"
_PART = re.compile(rf"(?P<count>[0-9]{{1,9}}|an?)\s*{_UNIT}(?![a-z])")
_BETWEEN = re.compile(r"\s*(?:,|and\b)?\s*")
_DATE = r"(?P<day>[0-9]{4}-[0-9]{2}-[0-9]{2})"
_TIME = r"(?P<time>[0-9]{1,2}:[0-9]{2})(?::00)?"
_MOMENT = re.compile(rf"{_DATE}(?:(?:t| +){_TIME})?|{_TIME.replace('<time>', '<alone>')}")
_YEARS = range(2000, 2100)
_MOST_WORDS = 8  # of an end
_WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_DAYS = frozenset({"today", "tonight", "tomorrow", *_WEEK})
_FOR, _UNTIL, _SINCE = "for", "until", "since"
_OPENERS = {_FOR: _FOR, _UNTIL: _UNTIL, "till": _UNTIL, "til": _UNTIL}


@dataclass(frozen=True, slots=True)
class Ending:
    """An end or a beginning in some words: as it was *said* (empty: none was), and what it means.

    *left* are the other words, those of a second end among them.
    """

    left: tuple[str, ...]
    said: str = ""
    means: Until | Misread | None = None


def end_apart(words: Sequence[str], is_name: Callable[[str], bool]) -> Ending:
    """Return the first end in *words* and what is left; *is_name* tells a word that is no end."""
    for place, word in enumerate(words):
        if is_name(word):
            continue
        opener = _OPENERS.get(_plain(word), "")
        start = place + bool(opener)
        phrase = _phrase(words[start:], is_name)
        if opener == _FOR and not phrase and start < len(words):
            return _without(words, place, is_name)  # ``lock for core``: nothing but a filler
        found, used = _longest(phrase, opener)
        if found is None and not opener:
            continue
        if found is None:
            found, used = _unreadable(phrase), len(phrase)
        said = " ".join((opener or _opener_of(found), *words[start : start + used]))
        return Ending((*words[:place], *words[start + used :]), said, found)
    return Ending(tuple(words))


def start_apart(words: Sequence[str], is_name: Callable[[str], bool]) -> Ending:
    """Return the ``since`` in *words* and what is left; *is_name* tells a word that is not its."""
    for place, word in enumerate(words):
        if is_name(word) or _plain(word) != _SINCE:
            continue
        phrase = _phrase(words[place + 1 :], is_name)
        found, used = _longest(phrase, "")
        if found is None or isinstance(found, Misread):  # a day can lie as far back as you like
            start = cut(" ".join(phrase))
            found, used = misread(MisreadReason.BAD_START, start=start), len(phrase)
        left = (*words[:place], *words[place + 1 + used :])
        return Ending(left, " ".join((_SINCE, *words[place + 1 : place + 1 + used])), found)
    return Ending(tuple(words))


def _without(words: Sequence[str], place: int, is_name: Callable[[str], bool]) -> Ending:
    return end_apart((*words[:place], *words[place + 1 :]), is_name)


def _phrase(words: Sequence[str], is_name: Callable[[str], bool]) -> tuple[str, ...]:
    """Return the words up to the next that is a name."""
    names = (place for place, word in enumerate(words) if is_name(word))
    return tuple(words[: min(next(names, len(words)), _MOST_WORDS)])


def _longest(phrase: Sequence[str], opener: str) -> tuple[Until | Misread | None, int]:
    """Return what most of the first words of *phrase* mean, and how many they are."""
    for used in range(len(phrase), 0, -1):
        if used < len(phrase) and _plain(phrase[used]) in _DAYS:
            continue  # ``18:00 tomorrow`` is not 18:00
        text = " ".join(map(_plain, phrase[:used]))
        span = None if opener == _UNTIL else _span(text)
        found = span or (None if opener == _FOR else _moment(text))
        if found:
            return found, used
    return None, 0


def _span(text: str) -> For | Misread | None:
    minutes, place = 0, 0
    while place < len(text):
        part = _PART.match(text, place)
        if not part:
            return None
        count = int(part["count"]) if part["count"].isdigit() else 1
        minutes += count * _MINUTES[part["unit"][0]]
        between = _BETWEEN.match(text, part.end())
        place = between.end() if between else part.end()
    if not text:
        return None
    if not 0 < minutes <= LONGEST // dt.timedelta(minutes=1):
        longest = f"{LONGEST.days} days"
        return misread(MisreadReason.ABSURD_SPAN, span=cut(text), longest=longest)
    return For(dt.timedelta(minutes=minutes))


def _moment(text: str) -> At | None:
    found = _MOMENT.fullmatch(text)
    if not found:
        return None
    clock = found["time"] or found["alone"]
    try:
        day = dt.date.fromisoformat(found["day"]) if found["day"] else None
        time = dt.time.fromisoformat(clock.zfill(len("00:00"))) if clock else None
    except ValueError:
        return None
    return None if day and day.year not in _YEARS else At(day, time)


def _unreadable(phrase: Sequence[str]) -> Misread:
    return misread(MisreadReason.BAD_END, end=cut(" ".join(phrase)))


def _opener_of(found: Until | Misread) -> str:
    return _UNTIL if isinstance(found, At) else _FOR


def _plain(word: str) -> str:
    return word.casefold().strip(",;.")
