"""Messages as lines of plain text, for a terminal: no markup, no colour, nothing that moves it.

What stands there as a command of Slack is shown as it is typed in a shell.
"""

import re
import shlex
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from bot.domain.message import Message
from bot.messages.promoting import PROMOTE_THESE
from bot.messages.rollback.ways_back import BACK_IN
from bot.messages.spans import Line, words

PROGRAM = "shipmate"
_SLASH = re.compile(r"/(?:ship\s+(?P<verb>[a-z]+)|(?P<own>deploy|promote|rollback))\b(?P<rest>.*)")
_ORDERS = {BACK_IN: "rollback", PROMOTE_THESE: "promote"}
_ANGLE = re.compile(r"<[^<>|]*\|([^<>]*)>|<([@#!]?)([^<>|]*)>")
_ENTITIES = {"&lt;": "<", "&gt;": ">", "&amp;": "&"}
_PLACE = re.compile(r"<[a-z]+>")


def plain(message: Message) -> tuple[str, ...]:
    """Return *message* as lines, each printable; lines to copy are indented."""
    found = [line for block in message.blocks for line in _block(block)]
    return tuple(printable(line) for line in (found or _unmarked(message.text).split("\n")) if line)


def spoken(line: Line) -> str:
    """Return a line of spans as plain text."""
    return printable(words(line))


def printable(text: str) -> str:
    """Return *text* without any character that would move a terminal, or turn its direction."""
    return "".join(one if one.isprintable() else " " for one in text).rstrip()


def typed(command: str) -> str:
    """Return a *command* of Slack as it is typed in a shell; any other text as it is."""
    found = _SLASH.fullmatch(command.strip())
    if found is None:
        return command
    before, because, reason = found["rest"].partition(" because ")
    said = [PROGRAM, found["verb"] or found["own"], *map(_quoted, before.split())]
    if because:
        said += ["because", _quoted(reason)]
    return " ".join(said)


def _quoted(word: str) -> str:
    """Return *word* for a shell; a place to be filled in stays readable."""
    return word if _PLACE.fullmatch(word) else shlex.quote(word)


def _block(block: Mapping[str, Any]) -> Iterator[str]:
    match block.get("type"):
        case "rich_text":
            for element in block["elements"]:
                yield from _element(element)
        case "header" | "section" if isinstance(block.get("text"), dict):
            yield from _text(block["text"])
        case "context":
            yield " ".join(part for one in block["elements"] for part in _text(one))
        case "actions":
            yield from _orders(block["elements"])
        case _:
            return


def _element(element: Mapping[str, Any]) -> Iterator[str]:
    match element.get("type"):
        case "rich_text_list":
            for one in element["elements"]:
                first, *more = "".join(map(_span, one["elements"])).split("\n")
                yield f"- {first}"
                yield from (f"  {line}" for line in more)
        case "rich_text_preformatted":
            said = "".join(one.get("text", "") for one in element["elements"])
            yield from (f"    {typed(line)}" for line in said.split("\n"))
        case _:
            yield from "".join(map(_span, element.get("elements", ()))).split("\n")


def _span(span: Mapping[str, Any]) -> str:
    text = str(span.get("text", ""))
    match span.get("type"):
        case "link":
            return f"{text} ({span['url']})" if text else str(span["url"])
        case "user":
            return f"@{span['user_id']}"
        case "date":
            return str(span.get("fallback", ""))
        case _:
            return typed(text) if span.get("style", {}).get("code") else text


def _text(text: Mapping[str, Any]) -> Iterator[str]:
    said = str(text.get("text", ""))
    yield from (_unmarked(said) if text.get("type") == "mrkdwn" else said).split("\n")


def _unmarked(text: str) -> str:
    """Return mrkdwn of our own making as plain text."""
    shown = _ANGLE.sub(lambda found: found[1] if found[1] is not None else found[3], text)
    return re.sub(r"&(?:lt|gt|amp);", lambda found: _ENTITIES[found[0]], shown)


def _orders(buttons: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Yield what the buttons order that hold a command; others do nothing on a terminal."""
    for one in buttons:
        for begins, verb in _ORDERS.items():
            if str(one.get("action_id", "")).startswith(begins):
                command = _unmarked(str(one["value"]))
                yield f"    {typed(f'/{verb} {command}')}"
