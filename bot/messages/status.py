"""``/ship status``: what Git says, what runs, and what is under way, one line a target."""

from collections.abc import Sequence
from datetime import datetime

from bot.domain.message import Message
from bot.domain.operations import Operation, Phase
from bot.domain.rollback.emergency import OpenItem
from bot.domain.status import InGit, Running, StatusRow, Unanswered
from bot.domain.stops.freezes import AdHocFreeze, Frozen
from bot.domain.stops.standstills import Standstill
from bot.messages import blocks
from bot.messages.rollback import emergency
from bot.messages.spans import (
    Bold,
    Code,
    Line,
    Link,
    Moment,
    Text,
    code,
    length,
    line,
    listed,
    mrkdwn,
    name,
    quoted,
)
from bot.messages.stops import holding
from bot.messages.stops.freezing import by_person
from bot.messages.stops.locking import standing
from bot.messages.stops.standstills import grouped, until
from bot.messages.times import elapsed
from bot.messages.wishes import asker

ROOM = 8_000
"""The most characters of all lines together."""
STILL = 2_000
"""How many of these are for locks, freezes and holds, if there are that many."""
WHY = 120

ENDS = {
    Phase.LIVE: "went live",
    Phase.REFUSED: "was refused",
    Phase.CANCELLED: "was cancelled",
    Phase.FAILED: "failed",
}


def status(
    rows: Sequence[StatusRow],
    now: datetime,
    left_off: int = 0,
    still: Sequence[Standstill] = (),
    off: Sequence[OpenItem] = (),
) -> Message:
    """Return the state of *rows*, in their order; those that do not fit are counted.

    *left_off* is how many there are besides *rows*. *still* is what keeps environments from
    changing; it is shown below, so that nobody's reason pushes the rows away. *off* is auto-sync
    that a rollback switched off.
    """
    if not rows:
        nothing = line("No service fits. ", Code("/ship status"), " alone shows all of them.")
        return Message(mrkdwn(nothing, blocks.TEXT), (_block(blocks.lines(nothing)),))
    stands = [*map(emergency.standing, off), *(said for one in still for said in _still(one))]
    stops, more_stops = _fitting(stands, STILL)
    lines, _ = _fitting([_row(row, now) for row in rows], ROOM - sum(map(length, stops)))
    shown = [blocks.bullets(lines)]
    spoken = list(lines)
    if hidden := len(rows) + left_off - len(lines):
        more = line(f"and {hidden} more: name a service, as in ", Code("/ship status <service>"))
        shown.append(blocks.lines(more))
        spoken.append(more)
    if stops:
        shown.append(blocks.bullets(stops))
        spoken += stops
    if more_stops:
        more = line(f"and {more_stops} more locks, freezes and holds: name an environment, as in ")
        more = line(*more, Code("/ship status <environment>"))
        shown.append(blocks.lines(more))
        spoken.append(more)
    text = mrkdwn(line(*(span for said in spoken for span in (*said, Text("\n")))), blocks.TEXT)
    return Message(text.rstrip("\n"), (_block(*shown),))


def _fitting(lines: Sequence[Line], room: int) -> tuple[list[Line], int]:
    """Return the first of *lines* that take at most *room* characters, and how many do not fit."""
    kept: list[Line] = []
    for said in lines:
        room -= length(said)
        if room < 0:
            break
        kept.append(said)
    return kept, len(lines) - len(kept)


def _still(one: Standstill) -> list[Line]:
    said = [standing(locks) for locks in grouped(one.locks)]
    if one.frozen is not None:
        said.append(_frozen(one.environment, one.frozen))
    elif one.next_freeze is not None:
        said.append(line(name(one.environment), " freezes ", Moment(one.next_freeze), "."))
    return [*said, *map(holding.standing, holding.grouped(one.holds))]


def _frozen(environment: str, frozen: Frozen) -> Line:
    by = [
        by_person(one)
        if isinstance(one, AdHocFreeze)
        else line("By the calendar: ", quoted(one.text), ".")
        for one in frozen.by
    ]
    ends = until(frozen.until) or line(", with no end in sight")
    causes = [span for each in by for span in (*each, Text(" "))]
    return line(name(environment), " is frozen", *ends, ". ", *causes[:-1])


def _block(*elements: blocks.Block) -> blocks.Block:
    return blocks.prose("status", elements)


def _row(row: StatusRow, now: datetime) -> Line:
    target = name(f"{row.service}/{row.environment}")
    said = line(target, ": Git says ", *_git(row.git), "; ", *_runs(row.runs))
    if row.current is not None:
        said = line(*said, "; under way: ", *_current(row.current, now))
    if row.last is not None:
        said = line(*said, "; last: ", *_last(row.last, now))
    return said


def _git(git: InGit | Unanswered) -> Line:
    if isinstance(git, Unanswered):
        return line(Bold("unknown"), *_why(git))
    return line(code(git.tag) if git.tag is not None else "no tag")


def _runs(runs: Running | Unanswered) -> Line:
    if isinstance(runs, Unanswered):
        return line("what runs is ", Bold("unknown"), *_why(runs))
    state = ", ".join(quoted(word, 20).text or "unknown" for word in (runs.sync, runs.health))
    tags = listed(map(code, runs.tags), most=3) if runs.tags else line("no pod of it")
    return line(*tags, " runs, ", Link(runs.url, state))


def _why(unanswered: Unanswered) -> Line:
    why = quoted(unanswered.why, WHY)
    return line(" (", why, ")") if why.text else ()


def _current(operation: Operation, now: datetime) -> Line:
    since = elapsed(now - operation.requested_at)
    by = asker(operation.request)
    return line(Code(operation.id), f" ({operation.phase.value}) by ", by, f", {since}")


def _last(operation: Operation, now: datetime) -> Line:
    ago = elapsed(now - (operation.ended_at or operation.requested_at))
    how = ENDS.get(operation.phase, operation.phase.value)
    by = asker(operation.request)
    return line(Code(operation.id), f" {how} {ago} ago, by ", by)
