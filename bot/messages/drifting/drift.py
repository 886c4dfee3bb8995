"""The drift report: environments by weight, one row a thing, and what people can do about each."""

from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from typing import assert_never

from bot.domain.catalog import Application
from bot.domain.drift.items import DriftKind, Told
from bot.domain.drift.reporting import Picture, Replied, Reply, Report, Row, Tally
from bot.domain.drift.syncing import SYNCABLE
from bot.domain.message import Message
from bot.messages import blocks
from bot.messages.drifting.drift_rows import HEADINGS, fact, since
from bot.messages.spans import (
    Bold,
    Code,
    Line,
    Moment,
    Person,
    Text,
    cut,
    line,
    listed,
    mrkdwn,
    name,
    quoted,
)

SYNC = "shipmate.drift.sync"
DIFF = "shipmate.drift.diff"
ACKNOWLEDGE = "shipmate.drift.acknowledge"
DAY = "shipmate.drift.snooze_day"
WEEK = "shipmate.drift.snooze_week"
MORE = "shipmate.drift.more"
"""The action ids of a row's buttons; their value is the item's id. That of MORE is a place."""

SPANS = {DAY: timedelta(days=1), WEEK: timedelta(weeks=1)}
ROW = 330
"""The most characters of one row."""
SMALL = 900

Page = Callable[[Application], str]
"""The address of an application for people."""


def looking(environment: str | None) -> Message:
    """Say that it is being read, and the answer follows."""
    where = line(" in ", name(environment)) if environment else line(" everywhere")
    said = line("Looking for drift", *where, "; the answer follows here.")
    return Message(mrkdwn(said, blocks.TEXT), (blocks.prose("reply", [blocks.lines(said)]),))


def report(one: Report, github: str, page: Page) -> Message:
    """Return the report *one*; where nothing drifted it is one line.

    *github* is GitHub's web address, *page* that of an application in Argo CD.
    """
    head = list(_head(one))
    shown = [blocks.prose("drift", [blocks.lines(*head)])]
    if one.picture is not None:
        shown.append(_image(one.picture))
    for place, row in enumerate(one.rows):
        before = one.rows[place - 1] if place else None
        shown += _row(row, before, one, github, page)
    if small := list(_small(one)):
        lines = [blocks.lines(*(cut(each, SMALL) for each in small))]
        shown.append(blocks.prose("drift:small", lines))
    if not one.name and one.hidden:
        more = blocks.button("Show more", MORE, _place(one))
        shown.append(blocks.actions([more], "drift:more"))
    return Message(_spoken(one, head, github, page), tuple(shown))


def _spoken(one: Report, head: Sequence[Line], github: str, page: Page) -> str:
    """Return everything in one text, for phones and screen readers."""
    told = [*head, *(_told(row, one, github, page) for row in one.rows), *_small(one)]
    spans = [span for each in told for span in (*each, Text(" "))]
    return mrkdwn(spans[:-1], blocks.TEXT)


# above the rows


def _head(one: Report) -> Iterator[Line]:
    title = line(Bold("Drift"), f" · {one.name}" if one.name else "", " · ", Moment(one.at))
    loud = [tally for tally in one.tallies if tally.drifted or tally.unread]
    calm = [tally for tally in one.tallies if tally not in loud]
    places = listed([name(tally.environment) for tally in calm], most=8)
    if not loud:
        yield line(*title, ": nothing drifted in ", *places, *_kept(one.tallies), ".")
        return
    yield title
    for tally in loud:
        yield line(name(tally.environment), ": ", *_counts(tally))
    if calm:
        yield line("Nothing drifted in ", *places, *_kept(calm), ".")


def _counts(tally: Tally) -> Line:
    parts = [f"{tally.drifted} drifted"] if tally.drifted else []
    parts += [f"{tally.unread} could not be read"] if tally.unread else []
    parts += [f"{tally.quiet} kept quiet"] if tally.quiet else []
    return line(", ".join(parts))


def _kept(tallies: Sequence[Tally]) -> Line:
    count = sum(tally.quiet for tally in tallies)
    return line(f" ({count} kept quiet)") if count else ()


def _image(picture: Picture) -> blocks.Block:
    return {
        "type": "image",
        "block_id": "drift:picture",
        "slack_file": {"id": picture.file},
        "alt_text": picture.alt,
    }


# the rows


def _row(
    row: Row, before: Row | None, one: Report, github: str, page: Page
) -> Iterator[blocks.Block]:
    said = [_told(row, one, github, page)]
    if before is None or _section(before) != _section(row):
        said.insert(0, _heading(row))
    if row.replied is not None and _counts_still(row.replied, one):
        said.append(_answer(row.replied))
    yield blocks.prose(f"drift:{row.id}", [blocks.lines(*said)])
    if buttons := _buttons(row, one):
        yield blocks.actions(buttons, f"drift:{row.id}:do")


def _section(row: Row) -> tuple[str, DriftKind]:
    return row.item.environment, row.item.kind


def _heading(row: Row) -> Line:
    return line(name(row.item.environment), " · ", Bold(HEADINGS[row.item.kind]))


def _told(row: Row, one: Report, github: str, page: Page) -> Line:
    new = line(Bold("new"), " · ") if row.new else ()
    whole = line("• ", since(row, one.at), " · ", *new, *fact(row.item, github, page))
    return cut(whole, ROW)


def _counts_still(replied: Replied, one: Report) -> bool:
    """Tell whether what was said is worth reading: an end that has passed is not."""
    return replied.until is None or replied.until > one.at


def _answer(replied: Replied) -> Line:
    by, until = Person(replied.by), replied.until
    ends = line(" until ", Moment(until)) if until is not None else ()
    match replied.reply:
        case Reply.ACKNOWLEDGED:
            reason = quoted(replied.reason, 120)
            return line("↳ acknowledged by ", by, *ends, ": ", reason)
        case Reply.SNOOZED:
            return line("↳ snoozed by ", by, *ends)
        case Reply.SYNCED:
            return line("↳ sync asked for by ", by, ", ", Moment(replied.at))
        case _:
            assert_never(replied.reply)


def _buttons(row: Row, one: Report) -> list[blocks.Block]:
    """Return what can be done about *row*; nothing any more where somebody has said so."""
    if row.replied is not None and row.replied.quiets(one.at):
        return []
    value, made = str(row.id), []
    if row.item.kind in SYNCABLE and row.item.application is not None:
        if row.replied is None:
            made.append(blocks.button("Sync", SYNC, value, _sure(row)))
        made.append(blocks.button("Show diff", DIFF, value))
    made.append(blocks.button("Acknowledge", ACKNOWLEDGE, value))
    made.append(blocks.button("Snooze 1 day", DAY, value))
    made.append(blocks.button("Snooze 1 week", WEEK, value))
    return made


def _sure(row: Row) -> blocks.Block:
    item = row.item
    text = f"Argo CD brings {item.subject} in {item.environment} to what Git says now."
    return blocks.confirm("Sync it?", text, "Sync", "Not yet")


# below the rows


def _small(one: Report) -> Iterator[Line]:
    if one.hidden:
        verb = "more, older or lighter" if one.start else "more"
        command = Code(_command(one))
        said = line(f"and {one.hidden} {verb}")
        yield said if not one.name else line(*said, ": ", command)
    if one.gone:
        over = [Text(_over(told)) for told in one.gone]
        yield line("Gone since the last report: ", *listed(over, most=10, room=600), ".")
    if one.quiet:
        yield line("Kept quiet:")
        yield from (_quiet(row) for row in one.quiet)
    if one.idle:
        what = "1 service runs" if one.idle == 1 else f"{one.idle} services run"
        yield line(f"{what} nothing just now, so no image of theirs was compared.")
    if one.nameless:
        places = "1 place" if one.nameless == 1 else f"{one.nameless} places"
        yield line(f"In {places} nobody can say how far behind: a tag there names no commit.")


def _over(told: Told) -> str:
    return f"{told.subject}/{told.environment} ({HEADINGS[told.kind].lower()})"


def _quiet(row: Row) -> Line:
    item = row.item
    opening = line("• ", name(item.subject), " in ", name(item.environment), ", ")
    opening = line(*opening, HEADINGS[item.kind].lower())
    return opening if row.replied is None else line(*opening, " ", *_answer(row.replied))


def _command(one: Report) -> str:
    places = one.environments
    return f"/ship drift {places[0]}" if len(places) == 1 else "/ship drift"


def _place(one: Report) -> str:
    """Return where the next page begins, as the button says it; it is checked at the click."""
    place = one.environments[0] if len(one.environments) == 1 else ""
    return f"{place}:{one.start + len(one.rows)}"
