"""What locks and freezes have in common in words: of what, until when, why, and how to type it."""

from collections.abc import Sequence
from datetime import datetime
from typing import assert_never

from bot.domain.commands.nouns import At, For, Until
from bot.domain.message import Message
from bot.domain.stops.locks import ALL, Lock, environment_of
from bot.domain.stops.until import LONGEST, BadEnd, WrongEnd
from bot.messages import blocks
from bot.messages.replies import reply
from bot.messages.spans import Code, Line, Moment, Text, code, line, listed, mrkdwn, name, quoted

EVERYTHING = "all"
MOST = 8
"""The most locks or freezes that one answer tells of, each with its reason."""

AFTER_ASKING = " came after you had asked to end it."


def announcement(kind: str, *lines: Line) -> Message:
    """Return what everybody, or one person in private, reads of a deed; *kind* names its block."""
    spoken = [span for each in lines for span in (*each, Text(" "))]
    block = blocks.prose(kind, [blocks.lines(*lines)])
    return Message(mrkdwn(spoken[:-1], blocks.TEXT), (block,))


def of_what(locks: Sequence[Lock]) -> Line:
    """Say what *locks* of one environment are on: ``core and batch in prod``."""
    return of_targets([target for lock in locks for target in sorted(lock.targets)])


def of_targets(targets: Sequence[str]) -> Line:
    """Say *targets* of one environment in words."""
    services = [name(EVERYTHING if one == ALL else one) for one in map(_service, targets)]
    return line(*listed(services), " in ", name(environment_of(targets[0])))


def _service(target: str) -> str:
    return target.rpartition("/")[0]


def until(end: datetime | None) -> Line:
    """Say when it ends, with a blank before; nothing where it has no end."""
    return line(" until ", Moment(end)) if end else ()


def because(reason: str) -> Line:
    """Say why, in the person's own words, and end the sentence."""
    said = quoted(reason.rstrip(". \n"))
    return line(": ", said, ".") if said.text else line(".")


def several(lines: Sequence[Line]) -> list[Line]:
    """Return *lines*, or where there are more than ``MOST`` the first of them and how many more."""
    hidden = len(lines) - MOST
    more = [line(f"and {hidden} more: ", Code("/ship status"), " shows them.")]
    return [*lines[:MOST], *(more if hidden > 0 else [])]


def command(verb: str, locks: Sequence[Lock], rest: str = "") -> str:
    """Return the line that does *verb* to what *locks* are on."""
    targets = [target for lock in locks for target in sorted(lock.targets)]
    services = [EVERYTHING if one == ALL else one for one in map(_service, targets)]
    words = ("/ship", verb, ",".join(services), environment_of(targets[0]), rest)
    return " ".join(filter(None, words))


def typed(end: Until | None) -> str:
    """Return *end* as people type it; empty for none."""
    match end:
        case None:
            return ""
        case For(span):
            return f"for {int(span.total_seconds()) // 60}m"
        case At(day, hour):
            parts = (day.isoformat() if day else "", f"{hour:%H:%M}" if hour else "")
            return f"until {'T'.join(filter(None, parts))}"
        case _:
            assert_never(end)


def bad_end(end: BadEnd) -> Message:
    """Say that the end that was asked for cannot be; nothing was changed."""
    match end.why:
        case WrongEnd.PAST:
            said = line(code(end.said), " has passed already. Nothing was changed.")
        case WrongEnd.FAR:
            far = f" is too far away: {LONGEST.days} days is the longest. Nothing was changed."
            said = line(code(end.said), far)
        case _:
            assert_never(end.why)
    return reply(said, line("Send it again with another end, or leave the end away for none."))


def grouped(locks: Sequence[Lock]) -> list[tuple[Lock, ...]]:
    """Return *locks* together that one person took with the same words for the same time."""
    groups: dict[object, list[Lock]] = {}
    for one in locks:
        key = (one.owner.github.id, one.since, one.until, one.reason, one.warn_only)
        groups.setdefault(key, []).append(one)
    return [tuple(each) for each in groups.values()]
