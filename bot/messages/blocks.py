"""Block Kit blocks as plain dicts: only those that every workspace has had for years.

Source: https://docs.slack.dev/reference/block-kit/blocks
"""

from collections.abc import Iterable, Sequence
from typing import Any

from bot.messages.escape import clean, exact
from bot.messages.spans import LONGEST_URL, Line, Text, mrkdwn, rich

Block = dict[str, Any]

HEADER = 150
BLOCKS = 50
TEXT = 3_900
"""The most characters of a message's own ``text``: chat.update refuses more than 4,000."""
ROOM = 9_000
"""The most characters of all blocks together; Slack refuses near 11,000 without saying so."""
CONTEXT = 1_000
COPIED = 2_400
BUTTON = 75
LINE = 200
"""The most characters of one line of a file that are shown."""


def header(text: str, block_id: str) -> Block:
    """Return a headline of at most 150 characters. Colons in it stay colons."""
    return {"type": "header", "block_id": block_id, "text": plain(text, HEADER)}


def lines(*of: Line) -> Block:
    """Return lines of a rich text block, each on a line of its own."""
    joined = [span for each in of for span in (Text("\n"), *each)]
    return {"type": "rich_text_section", "elements": rich(joined[1:])}


def bullets(of: Iterable[Line]) -> Block:
    """Return the lines *of* a list, bulleted."""
    return {
        "type": "rich_text_list",
        "style": "bullet",
        "elements": [lines(spans) for spans in of],
    }


def to_copy(text: str) -> Block:
    """Return *text* as a line of its own that is easy to copy."""
    shown = {"type": "text", "text": clean(text, COPIED)}
    return {"type": "rich_text_preformatted", "elements": [shown]}


def verbatim(of: Iterable[str]) -> Block:
    """Return lines of a file as they stand, their blanks kept; the caller cuts them."""
    shown = "\n".join(exact(each, LINE) for each in of)
    return {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": shown or " "}]}


def prose(block_id: str, elements: Sequence[Block]) -> Block:
    """Return a rich text block of paragraphs, lists and lines to copy."""
    return {"type": "rich_text", "block_id": block_id, "elements": list(elements)}


def context(spans: Line, block_id: str, suffix: str = "") -> Block:
    """Return small print. *suffix* is mrkdwn of our own making (a Slack date) put behind it."""
    text = mrkdwn(spans, CONTEXT) + suffix
    element = {"type": "mrkdwn", "text": text, "verbatim": True}
    return {"type": "context", "block_id": block_id, "elements": [element]}


def actions(buttons: Sequence[Block], block_id: str) -> Block:
    """Return a row of buttons."""
    return {"type": "actions", "block_id": block_id, "elements": list(buttons)}


def button(text: str, action_id: str, value: str, confirm: Block | None = None) -> Block:
    """Return a button that carries *value*; one with a *confirm* dialog is red."""
    made: Block = {
        "type": "button",
        "action_id": action_id,
        "text": plain(text, BUTTON),
        "value": value,
    }
    return {**made, "style": "danger", "confirm": confirm} if confirm else made


def open_page(text: str, action_id: str, url: str) -> Block:
    """Return a button that leads to *url*, which is cut where Slack takes no more."""
    shown = {"type": "button", "action_id": action_id, "text": plain(text, BUTTON)}
    return {**shown, "url": url[:LONGEST_URL]}


def select(text: str, action_id: str, options: Iterable[tuple[str, str]]) -> Block:
    """Return a menu called *text*; *options* are what people read and what each stands for."""
    return {
        "type": "static_select",
        "action_id": action_id,
        "placeholder": plain(text, BUTTON),
        "options": [{"text": plain(shown, BUTTON), "value": value} for shown, value in options],
    }


def go(text: str, action_id: str, value: str, confirm: Block) -> Block:
    """Return the button that says yes, which asks before it acts."""
    return {**button(text, action_id, value, confirm), "style": "primary"}


def confirm(title: str, text: str, yes: str, no: str) -> Block:
    """Return the dialog that asks before a button acts."""
    return {
        "title": plain(title, 100),
        "text": plain(text, 300),
        "confirm": plain(yes, 30),
        "deny": plain(no, 30),
        "style": "danger",
    }


def plain(text: str, limit: int) -> Block:
    """Return *text* as words that Slack never parses, of at most *limit* characters."""
    return {"type": "plain_text", "text": clean(text, limit), "emoji": False}


def size(block: Any) -> int:
    """Return how many characters *block* shows, its dialogs included, as Slack may count them."""
    if isinstance(block, dict):
        shown = (inner for name, inner in block.items() if name not in {"value", "type", "style"})
        return sum(map(size, shown))
    if isinstance(block, list):
        return sum(map(size, block))
    return len(block) if isinstance(block, str) else 0
