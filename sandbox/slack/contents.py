"""What stands in blocks: their words, the elements to act on, the ids that Slack fills in."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

MESSAGE_TEXT_LIMIT = 13_000
"""Characters of block text in one message before ``msg_blocks_too_long``.

Source: https://github.com/slackapi/bolt-js/issues/2509
"""

_TEXT_KEYS = ("text", "title", "alt_text", "caption", "details", "output", "label", "description")


def texts(value: Any) -> Iterator[str]:
    """Yield every string a person reads in *value*: a block, an element or a list of them."""
    if isinstance(value, list | tuple):
        for item in value:
            yield from texts(item)
    elif isinstance(value, Mapping):
        for name, inner in value.items():
            if isinstance(inner, str):
                if name in _TEXT_KEYS:
                    yield inner
            else:
                yield from texts(inner)


def too_long_together(blocks: Sequence[Mapping[str, Any]]) -> bool:
    """Tell whether the text of a message's blocks is more than Slack takes in all."""
    return sum(map(len, texts(blocks))) > MESSAGE_TEXT_LIMIT


def words(blocks: Sequence[Mapping[str, Any]]) -> str:
    """Return everything readable in *blocks*, a line each: what tests look into."""
    return "\n".join(texts(list(blocks)))


def filled(
    blocks: Sequence[Mapping[str, Any]], numbers: Iterator[int]
) -> tuple[dict[str, Any], ...]:
    """Return a copy with the block and action ids that Slack makes up where they are missing."""
    copy = cast("list[dict[str, Any]]", json.loads(json.dumps(list(blocks))))
    for block in copy:
        block.setdefault("block_id", f"b{next(numbers):03d}x")
        for element in interactive(block):
            element.setdefault("action_id", f"a{next(numbers):03d}x")
    return tuple(copy)


def interactive(block: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the elements of *block* that a person can act on."""
    found: list[Any] = []
    if block.get("type") in ("actions", "context_actions"):
        found += block.get("elements", [])
    found += [block[name] for name in ("accessory", "element") if name in block]
    if block.get("type") == "card":
        found += block.get("actions", [])
    return [
        element for element in found if isinstance(element, dict) and element.get("type") != "image"
    ]
