"""A form that the bot opened: the reader is asked for each of its fields, and sends it."""

from collections.abc import Mapping
from typing import Any

from sandbox.demo.scene import Scene
from sandbox.slack.contents import interactive
from sandbox.slack.terminal import modal

OPENING = 1.0
"""Real seconds that a form may take to open after the word or the click that asks for it."""

TRIES = 3
"""How often a form that was not taken may be filled in again."""


def fill(scene: Scene, person: str) -> None:
    """Ask for each field of the form that *person* sees, if one is open, and send it."""
    scene.slack.until(lambda: scene.slack.modal(person) is not None, OPENING)
    for _ in range(TRIES):
        view = scene.slack.modal(person)
        if view is None:
            return
        scene.stage.console.print(modal(view, scene.names))
        if not view.content.get("submit") or not _entered(scene, person):
            scene.slack.dismiss(by=person)
            return
        try:
            scene.slack.submit(by=person)
        except LookupError as missing:
            scene.stage.remarks(f"Slack says: {missing}.")


def _entered(scene: Scene, person: str) -> bool:
    """Tell whether the reader gave a word to each field, or left it as it is, and sends it."""
    scene.stage.remarks("Each field: a value, or Enter to leave it; quit closes the form.")
    for action in _fields(scene, person):
        view = scene.slack.modal(person)
        found = _field(view.content, action) if view else None
        if found is None:
            continue
        label, element = found
        known = [one["text"]["text"] for one in element.get("options", ())]
        said = scene.stage.asks(label, f"({', '.join(known)})" if known else "")
        if said is None or said == "quit":
            return False
        if said:
            _choose(scene, person, element, said)
    return True


def _choose(scene: Scene, person: str, element: Mapping[str, Any], said: str) -> None:
    values = {one["text"]["text"]: one["value"] for one in element.get("options", ())}
    try:
        scene.slack.choose(element["action_id"], values.get(said, said), by=person)
    except LookupError as unfit:
        scene.stage.remarks(f"Slack says: {unfit}.")


def _fields(scene: Scene, person: str) -> list[str]:
    view = scene.slack.modal(person)
    blocks = view.content["blocks"] if view else []
    return [
        element["action_id"]
        for block in blocks
        if block["type"] == "input"
        for element in interactive(block)
    ]


def _field(content: Mapping[str, Any], action: str) -> tuple[str, Mapping[str, Any]] | None:
    for block in content["blocks"]:
        for element in interactive(block) if block["type"] == "input" else ():
            if element["action_id"] == action:
                return block["label"]["text"], element
    return None
