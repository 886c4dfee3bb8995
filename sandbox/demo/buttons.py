"""A button as people see it: what stands on it, and what Slack asks before it counts."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Button:
    """What stands on it, and Slack's question with its *yes*; both empty where it asks nothing."""

    label: str
    question: str
    yes: str


def find(blocks: Iterable[Mapping[str, Any]], action: str) -> Button:
    """Return the button of *blocks* with the id *action*.

    Raises:
        LookupError: there is none.
    """
    for block in blocks:
        for element in block.get("elements", ()):
            if element.get("action_id") == action:
                return _read(element)
    raise LookupError(f"there is no button {action}")


def _read(element: Mapping[str, Any]) -> Button:
    label = element["text"]["text"]
    if (dialog := element.get("confirm")) is None:
        return Button(label, "", "")
    question = f"{dialog['title']['text']}\n{dialog['text']['text']}"
    return Button(label, question, dialog["confirm"]["text"])
