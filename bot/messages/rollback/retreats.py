"""How far a rollback goes back, in a few lines of its card."""

from collections.abc import Iterable, Sequence

from bot.domain.operations import Kind, Operation, Phase
from bot.domain.rollback.retreats import Beside, Lost, Retreat
from bot.domain.unknown import Unknown
from bot.messages.spans import (
    NAME,
    Bold,
    Line,
    Moment,
    Text,
    code,
    length,
    line,
    listed,
    name,
    quoted,
)

ROOM = 1_600
"""The most characters of all these lines; services that do not fit are counted."""
RELEASE = 200
"""The most characters of the line that releases what was left; a longer one names no service."""
MOST_AUTHORS = 5
MOST_FILES = 5
FILES = 400


def retreat_lines(retreats: Sequence[Retreat]) -> list[Line]:
    """Return what people should know before it; nothing where nothing goes back."""
    shown: list[Line] = []
    room = ROOM
    for number, one in enumerate(retreats):
        lines = [_how_far(one), *_left(one), *_beside(one.beside)]
        room -= sum(map(length, lines))
        if room < 0:
            return [*shown, line(f"and {len(retreats) - number} more go back")]
        shown += lines
    return shown


def held_lines(operation: Operation) -> list[Line]:
    """Return that what a rollback has left stays out, and how that ends; nothing before it is live.

    What a rollback leaves is held from its commit on.
    """
    if operation.request.kind is not Kind.ROLLBACK or operation.phase is not Phase.LIVE:
        return []
    changes = operation.plan.changes if operation.plan is not None else ()
    left = [one for one in changes if one.old is not None and one.old != one.new]
    if not left:
        return []
    where = operation.request.environment
    what = f"{left[0].service} {where} {left[0].old}"
    if len(left) > 1:
        what = f"{','.join(one.service for one in left)} {where}"
    way = f"/ship release {what}"
    way = way if len(way) <= RELEASE else f"/ship release <service> {where}"
    what_left = code(left[0].old or "") if len(left) == 1 else Text("what was left")
    return [line(Bold("Held: "), what_left, " stays out until ", code(way, RELEASE), ".")]


def _how_far(one: Retreat) -> Line:
    came = line(", which came there ", Moment(one.since)) if one.since is not None else ()
    said = line(Bold("Back: "), name(one.service), " to ", code(one.tag), *came, ". ")
    return line(*said, *_lost(one.lost))


def _lost(lost: Lost | Unknown) -> Line:
    if isinstance(lost, Unknown):
        return line("How many commits that takes away could not be read.")
    if not lost.total:
        return line("That takes away no commit.")
    noun = "commit" if lost.total == 1 else "commits"
    authors = listed((quoted(one, NAME) for one in lost.authors), most=MOST_AUTHORS)
    by = line(" by ", *authors) if authors else ()
    return line(f"That takes away {lost.total} {noun}", *by, ".")


def _left(one: Retreat) -> Iterable[Line]:
    if one.left:
        yield line("⚠️ ", code(one.tag), " was rolled back itself before.")


def _beside(beside: Beside | Unknown) -> Iterable[Line]:
    """Say what changed beside the tag, which a rollback leaves as it is."""
    if isinstance(beside, Unknown):
        yield line("What else changed for it in Git since then could not be read.")
        return
    if not beside.files and not beside.more:
        return
    files = listed(map(code, beside.files), most=MOST_FILES, room=FILES)
    more = " (and perhaps more)" if beside.more else ""
    changed = line(*files, more) if files else line("a great many files")
    yield line("⚠️ Changed in Git since then, and left as it is now: ", *changed, ".")
