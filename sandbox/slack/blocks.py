"""Block Kit as Slack judges it: limits, surfaces, unique ids, totals.

Sources: https://docs.slack.dev/reference/block-kit/blocks and …/block-elements, compared with
slack_sdk.models and slackblocks 3.0.0. Blocks that are too new to be documented in full
(data_visualization, card, carousel, container) are held to their published limits only.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from sandbox.slack.contents import texts
from sandbox.slack.elements import (
    IN_ACCESSORY,
    IN_ACTIONS,
    IN_CONTEXT,
    IN_INPUT,
    Flaws,
    check_element,
    check_text,
)

MARKDOWN_LIMIT = 12_000


class Surface(StrEnum):
    """Where blocks are shown."""

    MESSAGE = "message"
    MODAL = "modal"
    HOME = "home"


EVERYWHERE = frozenset(Surface)
MESSAGE_AND_HOME = frozenset({Surface.MESSAGE, Surface.HOME})
MESSAGE_ONLY = frozenset({Surface.MESSAGE})

SURFACES: Mapping[str, frozenset[Surface]] = {
    **dict.fromkeys(
        ("actions", "card", "context", "divider", "header", "image", "input", "rich_text"),
        EVERYWHERE,
    ),
    **dict.fromkeys(("section", "video"), EVERYWHERE),
    **dict.fromkeys(
        ("carousel", "container", "table", "data_table", "data_visualization"), MESSAGE_AND_HOME
    ),
    **dict.fromkeys(("context_actions", "file", "markdown", "plan", "task_card"), MESSAGE_ONLY),
    "alert": frozenset({Surface.MODAL}),
}

NEW_BLOCKS = frozenset(
    {
        "alert",
        "card",
        "carousel",
        "container",
        "data_table",
        "data_visualization",
        "plan",
        "table",
        "task_card",
    }
)
"""Blocks that reach workspaces in phases; before that they are ``invalid_blocks``."""

AT_MOST_PER_MESSAGE = {"table": 1, "plan": 1, "data_visualization": 2}

TASK_STATES = ("pending", "in_progress", "complete", "error")


@dataclass
class _Check:
    """One pass over the blocks of one surface, collecting flaws."""

    surface: Surface
    flaws: Flaws = field(default_factory=Flaws)

    def block(self, block: Any, at: str) -> None:
        if not isinstance(block, dict):
            self.flaws.add("must be an object", at)
            return
        kind = str(block.get("type"))
        if kind not in SURFACES:
            self.flaws.add(f"unsupported type: {kind}", f"{at}/type")
            return
        if self.surface not in SURFACES[kind]:
            self.flaws.add(f"unsupported block: {kind} in a {self.surface}", f"{at}/type")
            return
        self.flaws.string(block, "block_id", 1, 255, at, required=False)
        _KINDS[kind](self, block, at)

    def fields(self, block: Mapping[str, Any], at: str, *names: str) -> None:
        for unknown in set(block) - {"type", "block_id", *names}:
            self.flaws.add(f"unknown field: {unknown}", at)

    def items(
        self, block: Mapping[str, Any], name: str, least: int, most: int, at: str
    ) -> list[Any]:
        return self.flaws.items(block, name, least, most, at)


def _section(check: _Check, block: Mapping[str, Any], at: str) -> None:
    check.fields(block, at, "text", "fields", "accessory", "expand")
    if "text" not in block and "fields" not in block:
        check.flaws.add("text or fields is required", at)
    if "text" in block:
        check_text(check.flaws, block["text"], 3000, f"{at}/text")
    if "fields" in block:
        for index, text in enumerate(check.items(block, "fields", 1, 10, at)):
            check_text(check.flaws, text, 2000, f"{at}/fields/{index}")
    if "accessory" in block:
        check_element(check.flaws, block["accessory"], IN_ACCESSORY, f"{at}/accessory")


def _header(check: _Check, block: Mapping[str, Any], at: str) -> None:
    check.fields(block, at, "text", "level")
    check_text(check.flaws, block.get("text"), 150, f"{at}/text", plain=True)


def _context(check: _Check, block: Mapping[str, Any], at: str) -> None:
    check.fields(block, at, "elements")
    for index, element in enumerate(check.items(block, "elements", 1, 10, at)):
        where = f"{at}/elements/{index}"
        if isinstance(element, dict) and element.get("type") in ("mrkdwn", "plain_text"):
            check_text(check.flaws, element, 3000, where)
        else:
            check_element(check.flaws, element, IN_CONTEXT, where)


def _actions(check: _Check, block: Mapping[str, Any], at: str) -> None:
    check.fields(block, at, "elements")
    elements = check.items(block, "elements", 1, 25, at)
    for index, element in enumerate(elements):
        check_element(check.flaws, element, IN_ACTIONS, f"{at}/elements/{index}")
    check.flaws.unique(
        [element.get("action_id") for element in elements if isinstance(element, dict)],
        "action_id",
        f"{at}/elements",
    )


def _divider(check: _Check, block: Mapping[str, Any], at: str) -> None:
    check.fields(block, at)


def _image(check: _Check, block: Mapping[str, Any], at: str) -> None:
    check.fields(block, at, "image_url", "slack_file", "alt_text", "title")
    check.flaws.string(block, "image_url", 1, 3000, at, required="slack_file" not in block)
    check.flaws.string(block, "alt_text", 1, 2000, at)
    if "title" in block:
        check_text(check.flaws, block["title"], 2000, f"{at}/title", plain=True)


def _input(check: _Check, block: Mapping[str, Any], at: str) -> None:
    check.fields(block, at, "label", "element", "hint", "optional", "dispatch_action")
    check_text(check.flaws, block.get("label"), 2000, f"{at}/label", plain=True)
    if "hint" in block:
        check_text(check.flaws, block["hint"], 2000, f"{at}/hint", plain=True)
    check_element(check.flaws, block.get("element"), IN_INPUT, f"{at}/element")


_RICH_PARTS = ("rich_text_section", "rich_text_list", "rich_text_preformatted", "rich_text_quote")
_RICH_LEAVES: Mapping[str, tuple[str, ...]] = {
    "text": ("text",),
    "link": ("url",),
    "user": ("user_id",),
    "channel": ("channel_id",),
    "usergroup": ("usergroup_id",),
    "emoji": ("name",),
    "broadcast": ("range",),
    "date": ("timestamp", "format"),
    "color": ("value",),
}


def _rich_text(check: _Check, block: Mapping[str, Any], at: str) -> None:
    check.fields(block, at, "elements")
    for index, part in enumerate(check.items(block, "elements", 1, 3000, at)):
        _rich_part(check, part, f"{at}/elements/{index}", _RICH_PARTS)


def _rich_part(check: _Check, part: Any, at: str, allowed: Sequence[str]) -> None:
    if not isinstance(part, dict) or part.get("type") not in allowed:
        check.flaws.add(f"unsupported rich text: {part!r:.60}", at)
        return
    for index, leaf in enumerate(check.items(part, "elements", 0, 3000, at)):
        where = f"{at}/elements/{index}"
        if part["type"] == "rich_text_list":
            _rich_part(check, leaf, where, ("rich_text_section",))
            continue
        if not isinstance(leaf, dict) or leaf.get("type") not in _RICH_LEAVES:
            check.flaws.add(f"unsupported rich text: {leaf!r:.60}", where)
            continue
        for name in _RICH_LEAVES[leaf["type"]]:
            if leaf.get(name) in (None, ""):
                check.flaws.add(f"missing required field: {name}", where)


def _markdown(check: _Check, block: Mapping[str, Any], at: str) -> None:
    check.fields(block, at, "text")
    check.flaws.string(block, "text", 1, MARKDOWN_LIMIT, at)


def _plan(check: _Check, block: Mapping[str, Any], at: str) -> None:
    check.fields(block, at, "title", "tasks")
    check.flaws.string(block, "title", 1, 3000, at)
    tasks = check.flaws.items(block, "tasks", 0, 50, at, required=False)
    for index, task in enumerate(tasks):
        where = f"{at}/tasks/{index}"
        if not isinstance(task, dict) or task.get("type", "task_card") != "task_card":
            check.flaws.add("must be a task_card", where)
            continue
        _task_fields(check, task, where)
    check.flaws.unique(
        [task.get("task_id") for task in tasks if isinstance(task, dict)], "task_id", f"{at}/tasks"
    )


def _task_card(check: _Check, block: Mapping[str, Any], at: str) -> None:
    _task_fields(check, block, at)
    if block.get("status") == "pending":
        check.flaws.add("a task_card on its own may not be pending", f"{at}/status")


def _task_fields(check: _Check, task: Mapping[str, Any], at: str) -> None:
    check.fields(task, at, "task_id", "title", "status", "details", "output", "sources")
    check.flaws.string(task, "task_id", 1, 255, at)
    check.flaws.string(task, "title", 1, 3000, at)
    check.flaws.choice(task, "status", TASK_STATES, at)
    for name in ("details", "output"):
        if name in task:
            inner = task[name]
            if not isinstance(inner, dict) or inner.get("type") != "rich_text":
                check.flaws.add("must be rich_text", f"{at}/{name}")
            else:
                _rich_text(check, inner, f"{at}/{name}")
    for index, source in enumerate(check.flaws.items(task, "sources", 0, 50, at, required=False)):
        if not isinstance(source, dict) or source.get("type") != "url" or not source.get("url"):
            check.flaws.add("must be {type: url, url, text}", f"{at}/sources/{index}")


_CELLS = ("raw_text", "raw_number", "rich_text")


def _table(check: _Check, block: Mapping[str, Any], at: str) -> None:
    check.fields(block, at, "rows", "column_settings")
    for row_index, row in enumerate(check.items(block, "rows", 1, 100, at)):
        _row(check, row, f"{at}/rows/{row_index}")


def _data_table(check: _Check, block: Mapping[str, Any], at: str) -> None:
    check.flaws.string(block, "caption", 1, 3000, at)
    for row_index, row in enumerate(check.items(block, "rows", 1, 101, at)):
        _row(check, row, f"{at}/rows/{row_index}")
    page = block.get("page_size", 1)
    if not isinstance(page, int) or not 1 <= page <= 100:
        check.flaws.add("must be from 1 to 100", f"{at}/page_size")
    if sum(map(len, texts(block))) > 20_000:
        check.flaws.add("no more than 20000 characters allowed", at)


def _row(check: _Check, row: Any, at: str) -> None:
    if not isinstance(row, list) or not 1 <= len(row) <= 20:
        check.flaws.add("must be a list of 1 to 20 cells", at)
        return
    for index, cell in enumerate(row):
        if not isinstance(cell, dict) or cell.get("type") not in _CELLS:
            check.flaws.add(f"unsupported cell: {cell!r:.60}", f"{at}/{index}")
        elif cell["type"] == "raw_text" and not cell.get("text"):
            check.flaws.add("missing required field: text", f"{at}/{index}")


def _data_visualization(check: _Check, block: Mapping[str, Any], at: str) -> None:
    check.flaws.string(block, "title", 1, 50, at)


def _card(check: _Check, block: Mapping[str, Any], at: str) -> None:
    for name, most in (("title", 150), ("body", 200)):
        if name in block:
            check_text(check.flaws, block[name], most, f"{at}/{name}")
    for index, button in enumerate(check.flaws.items(block, "actions", 0, 3, at, required=False)):
        check_element(check.flaws, button, frozenset({"button"}), f"{at}/actions/{index}")


def _carousel(check: _Check, block: Mapping[str, Any], at: str) -> None:
    for index, card in enumerate(check.items(block, "elements", 1, 10, at)):
        if isinstance(card, dict):
            _card(check, card, f"{at}/elements/{index}")


def _container(check: _Check, block: Mapping[str, Any], at: str) -> None:
    check.items(block, "child_blocks", 1, 10, at)


def _alert(check: _Check, block: Mapping[str, Any], at: str) -> None:
    check_text(check.flaws, block.get("text"), 200, f"{at}/text")


def _context_actions(check: _Check, block: Mapping[str, Any], at: str) -> None:
    check.fields(block, at, "elements")
    for index, element in enumerate(check.items(block, "elements", 1, 5, at)):
        allowed = frozenset({"feedback_buttons", "icon_button"})
        check_element(check.flaws, element, allowed, f"{at}/elements/{index}")


def _file(check: _Check, _block: Mapping[str, Any], at: str) -> None:
    # Slack itself puts file blocks into messages; an app may not send one.
    check.flaws.add("file blocks cannot be sent by apps", at)


def _video(check: _Check, block: Mapping[str, Any], at: str) -> None:
    for name in ("alt_text", "thumbnail_url", "video_url"):
        check.flaws.string(block, name, 1, 3000, at)
    check_text(check.flaws, block.get("title"), 200, f"{at}/title", plain=True)


_KINDS: Mapping[str, Callable[[_Check, Mapping[str, Any], str], None]] = {
    "actions": _actions,
    "alert": _alert,
    "card": _card,
    "carousel": _carousel,
    "container": _container,
    "context": _context,
    "context_actions": _context_actions,
    "data_table": _data_table,
    "data_visualization": _data_visualization,
    "divider": _divider,
    "file": _file,
    "header": _header,
    "image": _image,
    "input": _input,
    "markdown": _markdown,
    "plan": _plan,
    "rich_text": _rich_text,
    "section": _section,
    "table": _table,
    "task_card": _task_card,
    "video": _video,
}


def flaws(blocks: Any, surface: Surface, *, new_blocks: bool = True) -> list[str]:
    """Return what Slack has against *blocks*, each with a JSON pointer; empty when it takes them.

    *new_blocks* False plays a workspace that newer blocks have not reached yet.
    """
    check = _Check(surface)
    most = 50 if surface is Surface.MESSAGE else 100
    if not isinstance(blocks, list):
        return ["must be an array [json-pointer:/blocks]"]
    if len(blocks) > most:
        check.flaws.add(f"no more than {most} items allowed", "/blocks")
    for index, block in enumerate(blocks):
        at = f"/blocks/{index}"
        if not new_blocks and isinstance(block, dict) and block.get("type") in NEW_BLOCKS:
            check.flaws.add(f"unsupported type: {block['type']}", f"{at}/type")
            continue
        check.block(block, at)
    _totals(check, [block for block in blocks if isinstance(block, dict)])
    return check.flaws.found


def _totals(check: _Check, blocks: Sequence[Mapping[str, Any]]) -> None:
    kinds = [block.get("type") for block in blocks]
    check.flaws.unique([block.get("block_id") for block in blocks], "block_id", "/blocks")
    if check.surface is Surface.MESSAGE:
        for kind, most in AT_MOST_PER_MESSAGE.items():
            if kinds.count(kind) > most:
                check.flaws.add(f"no more than {most} {kind} allowed", "/blocks")
    if "plan" in kinds and "task_card" in kinds:
        check.flaws.add("a plan may not stand beside a task_card", "/blocks")
    markdown = sum(
        len(str(block.get("text", ""))) for block in blocks if block.get("type") == "markdown"
    )
    if markdown > MARKDOWN_LIMIT:
        check.flaws.add(f"no more than {MARKDOWN_LIMIT} characters of markdown allowed", "/blocks")
