"""A message as a person reads it, line by line, so that tests compare words and not JSON."""

from collections.abc import Mapping
from typing import Any

from bot.domain.message import Message


def read(message: Message) -> str:
    """Return the blocks of *message*: ``# headline``, bullets, ``[buttons]``, ``(small print)``."""
    return "\n".join(_block(block) for block in message.blocks)


def _block(block: Mapping[str, Any]) -> str:
    match block["type"]:
        case "header":
            return f"# {block['text']['text']}"
        case "rich_text":
            return "\n".join(_rich(element) for element in block["elements"])
        case "actions":
            return " ".join(f"[{_label(each)}]" for each in block["elements"])
        case "context":
            return f"({block['elements'][0]['text']})"
        case other:
            raise AssertionError(f"a block of type {other}")


def _label(element: Mapping[str, Any]) -> str:
    return str((element.get("text") or element["placeholder"])["text"])


def _rich(element: Mapping[str, Any]) -> str:
    match element["type"]:
        case "rich_text_section":
            return "".join(_inline(each) for each in element["elements"])
        case "rich_text_list":
            return "\n".join(f"• {_rich(each)}" for each in element["elements"])
        case "rich_text_preformatted":
            return "    " + "".join(each["text"] for each in element["elements"])
        case other:
            raise AssertionError(f"a rich text element of type {other}")


def _inline(element: Mapping[str, Any]) -> str:
    match element["type"]:
        case "user":
            return f"@{element['user_id']}"
        case "link":
            return f"{element['text']} <{element['url']}>"
        case "date":
            return str(element["fallback"])
        case "text" if element.get("style", {}).get("code"):
            return f"`{element['text']}`"
        case "text" if element.get("style", {}).get("bold"):
            return f"*{element['text']}*"
        case "text":
            return str(element["text"])
        case other:
            raise AssertionError(f"an inline element of type {other}")
