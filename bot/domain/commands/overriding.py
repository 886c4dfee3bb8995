"""``override`` right before ``because``, in every command that changes what runs."""

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from bot.domain.commands.nouns import Deploy, Misread, MisreadReason, Promote, Rollback
from bot.domain.commands.said import REASON, Said, misread

OVERRIDE = "override"

Change = TypeVar("Change", Deploy, Promote, Rollback)


def overridable(
    said: Said,
    read: Callable[[Said], Change | Misread],
    line: Callable[[Said, Change], str],
) -> Change | Misread:
    """Return what *read* makes of the words with their ``override`` taken out, or the misreading.

    *line* is the whole line to copy of what was read.
    """
    if said.words and _is_override(said, said.words[-1]):
        return _overriding(replace(said, words=said.words[:-1], override=True), read, line)
    plain = read(said)
    if isinstance(plain, Misread):
        return _misplaced(said, read, line) or plain
    return unfilled(plain.reason) or plain


def unfilled(reason: str | None) -> Misread | None:
    """Return that *reason* is still the placeholder of a line that we gave to copy, or None."""
    return misread(MisreadReason.UNFILLED_REASON) if reason == REASON else None


def _overriding(
    said: Said, read: Callable[[Said], Change | Misread], line: Callable[[Said, Change], str]
) -> Change | Misread:
    change = read(said)
    if isinstance(change, Misread):
        return change
    if change.reason:
        return unfilled(change.reason) or change
    return misread(MisreadReason.MISSING_REASON, [line(said, change)], verb=OVERRIDE)


def _misplaced(
    said: Said, read: Callable[[Said], Change | Misread], line: Callable[[Said, Change], str]
) -> Misread | None:
    """Return that an ``override`` stands where it marks nothing, if it is what spoils the line."""
    left = tuple(word for word in said.words if not _is_override(said, word))
    if len(left) == len(said.words):
        return None
    moved = replace(said, words=left, override=True)
    change = read(moved)
    if isinstance(change, Misread):
        return None
    return misread(MisreadReason.MISPLACED_OVERRIDE, [line(moved, change)])


def _is_override(said: Said, word: str) -> bool:
    return word.casefold().strip(",:;") == OVERRIDE and not said.is_name(word)
