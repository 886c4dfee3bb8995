"""``/ship history``: what happened, to what, by whom, with whose word, and what came of it."""

from collections.abc import Iterator, Sequence

from bot.domain.approving.approvals import Approval, Override, Rejection
from bot.domain.history import Item, Noted, Page, Told, Wanted
from bot.domain.message import Message
from bot.domain.operations import Change, Operation, Phase
from bot.domain.rollback.going_back import Past
from bot.domain.rollback.going_back import Told as Source
from bot.domain.unknown import Unknown
from bot.messages import acts, blocks
from bot.messages.cards import MARKS, STATES
from bot.messages.problems import say
from bot.messages.replies import reply
from bot.messages.spans import (
    Bold,
    Code,
    Line,
    Link,
    Moment,
    Person,
    Span,
    Text,
    code,
    cut,
    fitting,
    line,
    listed,
    mrkdwn,
    name,
    quoted,
    short,
)
from bot.messages.wishes import asker, doer, wishes

OLDER, NEWER = "history_older", "history_newer"
"""The action ids of the buttons that turn pages; their value is a ``Cursor``."""

MOST_PAST = 10
ONE = 700
"""The most characters of one operation."""
ROOM = 7_000

WHENCE = {
    Source.OURS: "",
    Source.GIT: ", told by Git",
    Source.ARGOCD: ", told by Argo CD",
}


def looking(service: str | None, environment: str | None) -> Message:
    """Say that it is being read, and the answer follows."""
    where = _about(Wanted(service, environment))
    return reply(line("Looking up what happened", *where, "."))


def history(page: Page) -> Message:
    """Return one page of history."""
    opening = line("What happened" if page.first else "And before that", *_about(page.wanted), ":")
    shown: list[blocks.Block] = []
    spoken = [*opening]
    if page.past is not None:
        wanted = page.wanted
        rows = [*_past(page.past, wanted.service or "", wanted.environment or "")]
        shown.append(blocks.prose("history:past", [blocks.lines(*rows)]))
        spoken = [*(span for row in rows for span in line(*row, " ")), *opening]
    told = fitting([cut(line(*_item(one)), ONE) for one in page.told], ROOM, " on this page")
    if not told:
        nothing = line("Nothing is known", *_about(page.wanted), ".")
        shown.append(blocks.prose("history", [blocks.lines(nothing)]))
        spoken += nothing
    else:
        body = [blocks.lines(opening), blocks.bullets(told)]
        shown.append(blocks.prose("history", body))
        spoken += [span for one in told for span in line(" ", *one)]
    ways = ((page.newer, "Newer", NEWER), (page.older, "Older", OLDER))
    if turns := [blocks.button(text, way, str(where)) for where, text, way in ways if where]:
        shown.append(blocks.actions(turns, "history:pages"))
    return Message(mrkdwn(spoken, blocks.TEXT), tuple(shown))


def forgotten() -> Message:
    """Say that a page can no longer be found by its button."""
    again = Code("/ship history")
    return reply(line("That page is not there any more. Send ", again, " to begin anew."))


def _about(wanted: Wanted) -> Line:
    said = line(" to ", name(wanted.service)) if wanted.service else ()
    said = line(*said, " in ", name(wanted.environment)) if wanted.environment else said
    if wanted.by:
        said = line(*said, " by ", *listed(map(Person, sorted(wanted.by))))
    return said if wanted.since is None else line(*said, " since ", Moment(wanted.since))


def _item(item: Item) -> Iterator[Span]:
    if isinstance(item, Noted):
        yield from acts.act(item)
    else:
        yield from _operation(item)


def _past(past: Sequence[Past] | Unknown, service: str, environment: str) -> Iterator[Line]:
    """Yield what a rollback could go back to, with the numbers that it counts by."""
    if isinstance(past, Unknown):
        yield line(Bold("What it had before is unknown"), ": ", quoted(past.why, 160))
        return
    if not past:
        yield line("It had no other version before, as far as anybody knows.")
        return
    back = Code(f"/rollback {service} {environment} #n")
    yield line(Bold("Versions before this one"), ", for ", back, ":")
    for number, one in enumerate(past[:MOST_PAST], 1):
        yield line(f"#{number}  ", code(one.tag), *_of_past(one))
    if (hidden := len(past) - MOST_PAST) > 0:
        yield line(f"and {hidden} older")


def _of_past(one: Past) -> Line:
    said = line(", ", Moment(one.at)) if one.at is not None else ()
    if one.operation:
        said = line(*said, ", by ", Code(one.operation))
    said = line(*said, WHENCE[one.source])
    return line(*said, ", ", Bold("it was left: somebody went back from it")) if one.left else said


def _operation(told: Told) -> Iterator[Span]:
    one = told.operation
    state = f"{MARKS[one.phase]} {STATES[one.phase]}"
    opening = line(Code(one.id), " ", Bold(state), ", ", Moment(one.requested_at), ": ")
    yield from line(*opening, asker(one.request), " ", *wishes(one.request))
    for change in _changes(one):
        yield from line("\n", *change)
    for said in _around(told):
        yield from line("\n", *said)


def _changes(one: Operation) -> Iterator[Line]:
    changes = one.plan.changes if one.plan is not None else ()
    for change in changes[:3]:
        yield line(name(change.service), "  ", *_change(change))
    if len(changes) > 3:  # noqa: PLR2004  # as above
        yield line(f"and {len(changes) - 3} more services")


def _change(change: Change) -> Line:
    old: Span = code(change.old) if change.old is not None else Text("no tag")
    said = line(old, " → ", code(change.new))
    return line(*said, ", takes back ", Code(change.undoes)) if change.undoes else said


def _around(told: Told) -> Iterator[Line]:
    """Yield who had a say, why, and what went wrong."""
    one = told.operation
    if one.written is not None and one.written.attempts:
        yield line("GitOps commit ", Link(one.written.url, short(one.written.sha)))
    if yes := [doer(each.by) for each in told.decided if isinstance(each, Approval)]:
        yield line("approved by ", *listed(yes))
    for each in told.decided:
        if isinstance(each, Rejection):
            yield line("rejected by ", doer(each.by), ": ", quoted(each.reason, 120))
        elif isinstance(each, Override):
            yield line("glass broken by ", doer(each.by), ": ", quoted(each.reason, 120))
    if one.request.reason and (reason := quoted(one.request.reason, 120)).text:
        yield line("because: ", reason)
    if one.problem is not None and one.phase.ended and one.phase is not Phase.LIVE:
        yield line(*say(one.problem).what)
