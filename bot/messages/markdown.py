"""Lines as GitHub's Markdown, in which text from outside is nothing but text.

Whoever writes a commit title must not call people, close issues, link, or bring HTML by it.
Escaping alone is not enough: GitHub looks for mentions and for "fixes #1" in the rendered text, and
in the message of a merge without rendering it at all. So what could be one gets an invisible joint.

Source: https://docs.github.com/en/issues/tracking-your-work-with-issues/linking-a-pull-request-to-an-issue
"""

import re
from collections.abc import Iterable, Sequence
from datetime import UTC
from typing import assert_never

from bot.messages.escape import clean
from bot.messages.spans import LONGEST_URL, NAME, Bold, Code, Line, Link, Moment, Person, Span, Text

JOINT = "\u200b"
"""A space without width. Outside text never holds one: it is cleaned before."""

_CALLS = re.compile(r"[@#]|(?<=[Gg][Hh])-(?=\d)|(?<=:)//|(?<=[Ww]{3})\.")
"""Where a mention, a reference to an issue (``#1``, ``GH-1``) or an address would begin."""

_MARKS = re.compile(r"[\\`*_\[\](){}|~!$^]")
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}


def markdown(spans: Sequence[Span]) -> str:
    """Return *spans* as one line of Markdown."""
    return "".join(map(_marked, spans))


def bullets(lines: Iterable[Line], indent: int = 0) -> str:
    """Return *lines* as a list."""
    return "\n".join(f"{' ' * indent}- {markdown(each)}" for each in lines)


def inert(text: str) -> str:
    """Return outside *text* with an invisible joint in whatever would call somebody or something.

    For titles and other places that GitHub shows as they are.
    """
    return _CALLS.sub(lambda found: found[0] + JOINT, text)


def _marked(span: Span) -> str:
    match span:
        case Text(text):
            return _plain(text)
        case Bold(text):
            return f"**{_plain(text)}**" if text.strip() == text and text else _plain(text)
        case Code(text):
            return f"`{inert(text.replace('`', chr(39)))}`"
        case Person(id):
            return f"`{inert(clean(id, NAME).replace('`', chr(39)))}`"
        case Link(url, text):
            return f"[{_plain(text)}](<{url}>)" if _is_address(url) else _plain(text)
        case Moment(at):
            return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
        case _:
            assert_never(span)


def _plain(text: str) -> str:
    marked = _MARKS.sub(lambda found: f"\\{found[0]}", inert(text))
    return "".join(_ENTITIES.get(character, character) for character in marked)


def _is_address(url: str) -> bool:
    odd = any(character in "<>\\" or not character.isprintable() for character in url)
    return url.startswith(("https://", "http://")) and len(url) <= LONGEST_URL and not odd
