"""A line people read, as a value: spans of text, and the two ways Slack takes them.

Text from outside travels in spans and is never joined into markup by hand. In blocks it becomes
rich text, which Slack does not parse; in the message's own ``text`` it is escaped.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, assert_never

from bot.domain.rights import ITSELF
from bot.messages.escape import ELLIPSIS, clean, escaped, escaped_within

NAME = 80
"""The most characters shown of a service, file or application name."""
TAG = 128
"""An image tag is never longer. Source: https://github.com/opencontainers/distribution-spec"""
SHORT = 8
"""The characters of a SHA that are shown."""
SENTENCE = 300
"""The most characters shown of a sentence that came from outside."""

LONGEST_URL = 3000
"""Source: https://docs.slack.dev/reference/block-kit/blocks/rich-text-block (as other urls)."""

WHEN = "{date_short_pretty} at {time}"
"""How Slack is to show a moment.

Source: https://docs.slack.dev/messaging/formatting-message-text#date-formatting
"""

_PERSON = re.compile(r"[UW][A-Z0-9]{2,}")


@dataclass(frozen=True, slots=True)
class Text:
    """Words, shown as they are."""

    text: str


@dataclass(frozen=True, slots=True)
class Bold:
    """Words that carry the line."""

    text: str


@dataclass(frozen=True, slots=True)
class Code:
    """A name or value as a machine writes it."""

    text: str


@dataclass(frozen=True, slots=True)
class Person:
    """A Slack user by *id*; anything that is no id is shown as text."""

    id: str


@dataclass(frozen=True, slots=True)
class Link:
    """Words that lead to *url*; without an http address only the words are shown."""

    url: str
    text: str


@dataclass(frozen=True, slots=True)
class Moment:
    """The aware time *at*, which Slack shows on the clock of whoever reads it."""

    at: datetime


Span = Text | Bold | Code | Person | Link | Moment
Line = tuple[Span, ...]


def line(*parts: str | Span) -> Line:
    """Return a line of our own words (plain strings) and spans."""
    return tuple(Text(part) if isinstance(part, str) else part for part in parts if part)


def code(text: str, limit: int = TAG) -> Code:
    """Return an outside name or value, cleaned and cut to *limit* characters."""
    return Code(clean(text, limit) or "(empty)")


def name(text: str) -> Bold:
    """Return an outside name, cleaned and cut."""
    return Bold(clean(text, NAME) or "(empty)")


def short(sha: str) -> str:
    """Return as much of a SHA as people read out to each other."""
    return clean(sha[:SHORT], SHORT)


def quoted(text: str, limit: int = SENTENCE) -> Text:
    """Return an outside sentence, cleaned and cut to *limit* characters."""
    return Text(clean(text, limit))


def listed(spans: Iterable[Span], most: int = 10, last: str = " and ", room: int = 10_000) -> Line:
    """Return *spans* as ``a, b and c``; what is past *most* or *room* characters is counted."""
    every = list(spans)
    shown: list[Span] = []
    for span in every[:most]:
        room -= length((span,)) + len(", ")
        if room < 0:
            break
        shown.append(span)
    hidden = len(every) - len(shown)
    out: list[Span] = []
    for index, span in enumerate(shown):
        if index:
            out.append(Text(last if not hidden and index == len(shown) - 1 else ", "))
        out.append(span)
    if hidden:
        out.append(Text(f" and {hidden} more"))
    return tuple(out)


def fitting(lines: Sequence[Line], room: int, where: str = "") -> list[Line]:
    """Return as many of *lines* as *room* characters hold; the others are counted in one more.

    *where* ends that line, with a blank before it.
    """
    shown: list[Line] = []
    for one in lines:
        room -= length(one)
        if room < 0:
            return [*shown, line(f"and {len(lines) - len(shown)} more{where}")]
        shown.append(one)
    return shown


def length(spans: Sequence[Span]) -> int:
    """Return how many characters *spans* show, as Slack may count them."""
    return sum(len(_shown(span)) for span in spans)


def words(spans: Sequence[Span]) -> str:
    """Return *spans* as bare words: for places that show plain text only."""
    return "".join(map(_shown, spans))


def cut(spans: Line, room: int) -> Line:
    """Return *spans* up to *room* characters; the span that passes it is cut, if it is plain."""
    kept: list[Span] = []
    for span in spans:
        size = length((span,))
        if size > room:
            part = span.text[: max(room - 1, 0)] if isinstance(span, Text) else ""
            return (*kept, Text(part + ELLIPSIS))
        kept.append(span)
        room -= size
    return tuple(kept)


def rich(spans: Sequence[Span]) -> list[dict[str, Any]]:
    """Return *spans* as the elements of a rich text section, which Slack never parses."""
    return [_element(span) for span in spans if _shown(span)]


def mrkdwn(spans: Sequence[Span], room: int) -> str:
    """Return *spans* as one escaped mrkdwn string of at most *room* characters.

    Code keeps its backticks; a backtick inside becomes an apostrophe, so that it cannot end early.
    """
    out: list[str] = []
    for span in spans:
        whole = _marked(span)
        if len(whole) > room:
            return "".join([*out, escaped_within(_shown(span), room)])
        out.append(whole)
        room -= len(whole)
    return "".join(out)


def _shown(span: Span) -> str:
    match span:
        case Person(id) if id == ITSELF:
            return "Shipmate"
        case Person(id):
            return clean(id, NAME)
        case Moment(at):
            return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
        case _:
            return span.text


def _marked(span: Span) -> str:
    match span:
        case Text(text) | Bold(text) | Link(text=text):
            return escaped(text)
        case Code(text):
            return f"`{escaped(text.replace('`', chr(39)))}`"
        case Person(id):
            return f"<@{id}>" if _PERSON.fullmatch(id) else escaped(_shown(span))
        case Moment(at):
            return f"<!date^{int(at.timestamp())}^{WHEN}|{_shown(span)}>"
        case _:
            assert_never(span)


def _element(span: Span) -> dict[str, Any]:
    words = {"type": "text", "text": _shown(span)}
    match span:
        case Text():
            return words
        case Bold():
            return {**words, "style": {"bold": True}}
        case Code():
            return {**words, "style": {"code": True}}
        case Link(url, text):
            safe = url.startswith(("https://", "http://")) and len(url) <= LONGEST_URL
            return {"type": "link", "url": url, "text": text} if safe else words
        case Person(id):
            return {"type": "user", "user_id": id} if _PERSON.fullmatch(id) else words
        case Moment(at):
            when = {"timestamp": int(at.timestamp()), "format": WHEN}
            return {"type": "date", **when, "fallback": _shown(span)}
        case _:
            assert_never(span)
