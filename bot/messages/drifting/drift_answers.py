"""Answers to clicks on a drift report, for the person who clicked alone, and the form of one."""

from dataclasses import replace
from typing import assert_never

from bot.domain.drift.difference import Differences, Differing
from bot.domain.drift.reporting import Replied, Reply, Row
from bot.domain.drift.syncing import Bar, Barred
from bot.domain.message import Message
from bot.domain.unknown import Unknown
from bot.messages import blocks
from bot.messages.drifting.drift_rows import HEADINGS
from bot.messages.replies import reply
from bot.messages.spans import Bold, Line, Moment, line, mrkdwn, name, quoted
from bot.messages.templates import fill

FORM = "shipmate.drift.acknowledge_form"
"""The callback id of the form that asks why, and for how long."""

REASON = "reason"
SPAN = "span"

DAYS = {
    "1": "1 day",
    "3": "3 days",
    "7": "1 week",
    "14": "2 weeks",
    "30": "30 days",
    "90": "90 days",
}
"""For how many days an acknowledgement may hold, and how that is said."""

MOST_REASON = 500
ROOM = 6_500
"""The most characters of all lines of a difference."""
WIDE = 150
NO_REASON = "Say why, so that others need not ask."

BARS = {
    Bar.IN_ORDER: "Argo CD says {app} is as Git says; there is nothing to sync.",
    Bar.SYNCS_BY_ITSELF: "Auto-sync of {app} is on: Argo CD syncs it by itself, and a second sync"
    " could bring an older commit back. If it stays as it is, open {app} in Argo CD to see why.",
    Bar.LEFT_OFF: "{operation} rolled {app} back and switched its auto-sync off: a sync now would"
    " bring out what was rolled back. Roll it back in Git first, then send"
    " `/ship resume {service} {environment}`.",
    Bar.UNDER_WAY: "[{operation} is changing {app} right now|A sync of {app} is under way]. Wait"
    " until it has ended.",
    Bar.WINDOW: "A sync window of Argo CD keeps {app} from changing now[: {detail}].",
    Bar.LOCKED: "{by} holds the lock on {service} in {environment}[: {detail}].",
    Bar.FROZEN: "{environment} is frozen; `/ship status {environment}` says until when.",
    Bar.HELD: "[{tag} of {service} is|What runs of {service} is] held in {environment}[: {detail}]."
    " A sync would bring what Git says.",
    Bar.UNREAD: "Nobody can say whether {app} may be synced: {detail}. Nothing more was asked of"
    " Argo CD; look at {app} there before you try again.",
    Bar.ASKED: "Somebody asked for this sync of {app} a moment ago.",
    Bar.REFUSED: "Argo CD does not take the sync of {app}[: {detail}].",
}
"""Why there is no sync; a test fails until every reason has words."""


def over() -> Message:
    """Say that there is no such thing any more."""
    return reply(line("That is in order again, or told anew by a later report. Nothing was done."))


def barred(one: Barred) -> Message:
    """Say why nothing was synced."""
    return reply(line(Bold("Not synced. "), *fill(BARS[one.bar], one.facts)))


def done(row: Row) -> Message:
    """Say what became of a click."""
    said = row.replied
    assert said is not None
    return reply(line(*_done(row, said)))


def _done(row: Row, said: Replied) -> Line:
    what = line(name(row.item.subject), " in ", name(row.item.environment))
    until = line(" until ", Moment(said.until)) if said.until is not None else ()
    match said.reply:
        case Reply.SYNCED:
            return line(
                "Argo CD was asked to sync ", *what, ". The next report says what came of it."
            )
        case Reply.ACKNOWLEDGED:
            return line(
                "Acknowledged: ", *what, " is kept quiet", *until, ". Everybody can read why."
            )
        case Reply.SNOOZED:
            return line("Snoozed: ", *what, " is kept quiet", *until, ".")
        case _:
            assert_never(said.reply)


def difference(row: Row, found: Differences | Unknown) -> Message:
    """Show how the application of *row* differs from Git; *found* may be unknown."""
    what = line(name(row.item.subject), " in ", name(row.item.environment))
    if isinstance(found, Unknown):
        return reply(line("How ", *what, " differs is ", Bold("unknown"), ": ", quoted(found.why)))
    if not found.objects:
        return reply(line("Argo CD sees no difference between ", *what, " and what it compared."))
    opening = line("How ", *what, " differs: - is the cluster, + is Git.")
    parts = [blocks.lines(opening)]
    spoken = list(opening)
    room, hidden = ROOM, found.more
    for one in found.objects:
        lines = _fitting(one.lines, room)
        room -= sum(map(len, lines))
        hidden += len(one.lines) - len(lines)
        parts += _object(replace(one, lines=lines))
        spoken += line(" ", name(one.label))
    if hidden or found.others:
        others = f" and {found.others} more objects" if found.others else ""
        parts.append(blocks.lines(line(f"{hidden} more lines{others} stand in Argo CD.")))
    return Message(mrkdwn(spoken, blocks.TEXT), (blocks.prose("drift:diff", parts),))


def _object(one: Differing) -> list[blocks.Block]:
    if one.secret:
        return [blocks.lines(line(name(one.label), " differs; secrets are not shown."))]
    shown = [blocks.lines(line(name(one.label)))]
    return [*shown, blocks.verbatim(one.lines)] if one.lines else shown


def _fitting(lines: tuple[str, ...], room: int) -> tuple[str, ...]:
    """Return the first of *lines*, each cut, that take at most *room* characters."""
    kept: list[str] = []
    for one in lines:
        room -= min(len(one), WIDE)
        if room < 0:
            break
        kept.append(one[:WIDE])
    return tuple(kept)


def form(row: Row, channel: str) -> dict[str, object]:
    """Return the form that asks why and for how long. It carries an id and nothing believed.

    *channel* is where the answer is whispered.
    """
    item = row.item
    what = f"{HEADINGS[item.kind]}: {item.subject} in {item.environment}"
    options = [{"text": blocks.plain(said, 75), "value": days} for days, said in DAYS.items()]
    return {
        "type": "modal",
        "callback_id": FORM,
        "private_metadata": f"{row.id}:{channel}",
        "title": blocks.plain("Acknowledge", 24),
        "submit": blocks.plain("Acknowledge", 24),
        "close": blocks.plain("Not yet", 24),
        "blocks": [
            blocks.prose("what", [blocks.lines(line(quoted(what)))]),
            {
                "type": "input",
                "block_id": REASON,
                "label": blocks.plain("Why is it all right for now?", 2_000),
                "hint": blocks.plain("Everybody who sees the report reads it.", 2_000),
                "element": {
                    "type": "plain_text_input",
                    "action_id": REASON,
                    "multiline": True,
                    "max_length": MOST_REASON,
                },
            },
            {
                "type": "input",
                "block_id": SPAN,
                "label": blocks.plain("For how long?", 2_000),
                "element": {
                    "type": "static_select",
                    "action_id": SPAN,
                    "options": options,
                    "initial_option": options[2],
                },
            },
        ],
    }
