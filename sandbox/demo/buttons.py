"""A button as people see it: what stands on it, and what Slack asks before it counts."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bot.domain.rollout import Move
from bot.messages.rollout import ACTIONS

_ACTION_OF = {move: action for action, move in ACTIONS.items()}
ONE_STEP, FULLY = _ACTION_OF[Move.PROMOTE], _ACTION_OF[Move.PROMOTE_FULLY]
"""The buttons by which a paused Rollout goes on."""


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


def has(blocks: Iterable[Mapping[str, Any]], action: str) -> bool:
    """Tell whether *blocks* have a button with the id *action*."""
    elements = (element for block in blocks for element in block.get("elements", ()))
    return any(element.get("action_id") == action for element in elements)


def pressable(blocks: Iterable[Mapping[str, Any]]) -> Iterator[tuple[int, str, Button]]:
    """Yield each button of *blocks* that tells the bot something: its block's number, its id."""
    for number, block in enumerate(blocks):
        for element in (*block.get("elements", ()), block.get("accessory", {})):
            if element.get("type") == "button" and "url" not in element:
                yield number, element["action_id"], _read(element)


def _read(element: Mapping[str, Any]) -> Button:
    label = element["text"]["text"]
    if (dialog := element.get("confirm")) is None:
        return Button(label, "", "")
    question = f"{dialog['title']['text']}\n{dialog['text']['text']}"
    return Button(label, question, dialog["confirm"]["text"])
