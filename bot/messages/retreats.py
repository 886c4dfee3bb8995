"""How far a rollback goes back, in a few lines of its card."""

from collections.abc import Iterable, Sequence

from bot.domain.retreats import Beside, Lost, Retreat
from bot.domain.unknown import Unknown
from bot.messages.spans import (
    NAME,
    Bold,
    Line,
    Moment,
    code,
    length,
    line,
    listed,
    name,
    quoted,
)

ROOM = 1_600
"""The most characters of all these lines; services that do not fit are counted."""
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
