"""What drifted, in words: one line for each kind, and since when."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import assert_never
from urllib.parse import quote

from bot.domain.catalog import Application
from bot.domain.drift.items import (
    AutoSyncOff,
    Behind,
    Changed,
    DriftKind,
    Item,
    MovingTag,
    OutOfSync,
    Stale,
    Unreadable,
    Unwell,
    WrongImage,
)
from bot.domain.drift.reporting import Row
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
    line,
    listed,
    name,
    quoted,
    short,
)

HEADINGS = {
    DriftKind.UNWELL: "Degraded or unknown",
    DriftKind.WRONG_IMAGE: "Another image runs than Git says",
    DriftKind.OUT_OF_SYNC: "The cluster is not as Git says",
    DriftKind.AUTO_SYNC_OFF: "Auto-sync is off",
    DriftKind.STALE: "Argo CD's verdict is old",
    DriftKind.UNREADABLE: "Could not be read",
    DriftKind.MOVING_TAG: "A moving tag is in use",
    DriftKind.BEHIND: "Behind the environment before",
}
"""The words of each kind; a test fails until every one has some."""

WHY = 110
DAYS = 2
HOURS = timedelta(hours=1)
DAY = timedelta(days=1)

Page = Callable[[Application], str]


def since(row: Row, at: datetime) -> Text:
    """Return how long *row* stands, coarsely."""
    span = max(at - row.since, timedelta())
    if span >= DAY * DAYS:
        return Text(f"{span.days} days")
    if span >= HOURS:
        hours = span // HOURS
        return Text("1 hour" if hours == 1 else f"{hours} hours")
    minutes = span // timedelta(minutes=1)
    return Text(f"{minutes} min" if minutes else "just now")


def fact(  # noqa: PLR0911  # one a kind
    item: Item, github: str, page: Page
) -> Line:
    """Return what drifted, with links to look it up."""
    where = _subject(item, page)
    match item.what:
        case Unwell(state=state, detail=detail):
            return line(where, *_services(item), f" is {_state(state)}", *_why(detail))
        case WrongImage(runs=runs, in_git=in_git):
            tags = listed([code(tag) for tag in runs], most=3)
            return line(where, " runs ", *tags, ", Git says ", code(in_git))
        case OutOfSync():
            return line(where, *_services(item), *_out_of_sync(item.what))
        case AutoSyncOff():
            return line(where, *_services(item), *_auto_sync(item.what))
        case Stale(reconciled_at=last, refresh_pending=pending):
            seen = line("compared last ", Moment(last)) if last else line("never compared")
            stuck = " (a refresh was asked for and not done)" if pending else ""
            return line(where, *_services(item), " was ", *seen, stuck)
        case Unreadable(why=why):
            return line(where, *_services(item), ": ", Bold("unknown"), *_why(why))
        case MovingTag(tag=tag, in_git=in_git):
            verb = " has " if in_git else " runs "
            again = " in Git: it names another image tomorrow" if in_git else ""
            return line(where, verb, code(tag), again)
        case Behind():
            return line(where, *_behind(item.what, github))
        case _:
            assert_never(item.what)


def _subject(item: Item, page: Page) -> Span:
    if item.application is None:
        return name(item.subject)
    return Link(page(item.application), name(item.subject).text)


def _services(item: Item) -> Line:
    """Return which services it concerns, where its name does not say so."""
    if item.services in {(item.subject,), ()}:
        return ()
    return line(" (", *listed([Text(name(one).text) for one in item.services], most=4), ")")


def _state(state: str) -> str:
    return quoted(state, 40).text.lower() or "unknown"


def _why(detail: str) -> Line:
    said = quoted(" ".join(detail.split()), WHY)
    return line(": ", said) if said.text else ()


def _out_of_sync(what: OutOfSync) -> Line:
    objects = listed([code(one, 60) for one in what.objects], most=3, room=150)
    more = what.count - len(what.objects)
    said = line(": ", *objects) if objects else line(" is out of sync")
    if more > 0 and objects:
        said = line(*said, f" and {more} more")
    if what.failed:
        said = line(*said, "; the last sync failed", *_why(what.failed))
    elif what.auto_sync:
        said = line(*said, "; auto-sync is on and has not mended it")
    return said if what.changed is None else line(*said, *_changed(what.changed))


def _changed(changed: Changed) -> Line:
    commit = Link(changed.url, short(changed.sha))
    author = quoted(changed.author, 40)
    return line("; Git changed last by ", author, " in ", commit, ", ", Moment(changed.at))


def _auto_sync(what: AutoSyncOff) -> Line:
    if not what.operation:
        return line(" does not sync by itself any more; Argo CD does not say who switched it off")
    said = line(
        " does not sync by itself since ",
        Code(what.operation),
        " rolled it back for ",
        Person(what.by),
    )
    if what.deadline is not None:
        said = line(*said, ", due ", Moment(what.deadline))
    if not what.runs:
        return said
    tags = listed([code(tag) for tag in what.runs], most=3)
    asked = listed([code(tag) for tag in what.in_git], most=3)
    return line(*said, "; it runs ", *tags, ", Git says ", *asked)


def _behind(what: Behind, github: str) -> Line:
    opening = line(" runs ", code(what.runs), ", ", name(what.origin), " ", code(what.origin_runs))
    if what.missing is None:
        return line(*opening, ": ", Bold("the commits between are unknown"), *_why(what.why))
    base, head = quote(what.base, safe=""), quote(what.head, safe="")
    url = f"{github}/{what.source}/compare/{base}...{head}"
    parts = [f"{_commits(what.missing)} behind"] if what.missing else []
    parts += [f"{_commits(what.extra)} ahead"] if what.extra else []
    return line(*opening, ": ", Link(url, " and ".join(parts) or "the same commit"))


def _commits(count: int) -> str:
    return "1 commit" if count == 1 else f"{count} commits"
