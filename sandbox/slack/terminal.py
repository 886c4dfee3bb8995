"""A message of the pretend Slack for the terminal: its blocks as rich shows them."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from rich.console import Group, RenderableType
from rich.emoji import Emoji
from rich.panel import Panel
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from sandbox.slack.views import View
from sandbox.slack.workspace import Message, Version

Names = Mapping[str, str]
"""What ids are called: ``{"U0ALICE": "alice", "C0DEPLOY": "deploys"}``."""

STATES = {"pending": "○", "in_progress": "◐", "complete": "●", "error": "✖"}
STATE_STYLES = {
    "pending": "dim",
    "in_progress": "yellow",
    "complete": "green",
    "error": "bold red",
}

_MARK = re.compile(
    r"<(?P<angle>[^<>]+)>"
    r"|```(?P<block>.+?)```"
    r"|`(?P<code>[^`\n]+)`"
    r"|(?<!\w)\*(?P<bold>[^*\n]+)\*(?!\w)"
    r"|(?<!\w)_(?P<italic>[^_\n]+)_(?!\w)"
    r"|(?<!\w)~(?P<strike>[^~\n]+)~(?!\w)"
    r"|:(?P<emoji>[a-z0-9_+-]+):",
    re.DOTALL,
)
_STYLES = {
    "block": "cyan",
    "code": "cyan",
    "bold": "bold",
    "italic": "italic",
    "strike": "strike",
}
_SLACK_EMOJI = {"white_check_mark": "check_mark_button", "x": "cross_mark", "warning": "warning"}


def render(
    message: Message | Version, names: Names | None = None, title: str | None = None
) -> RenderableType:
    """Return *message* in a frame, as a person would see it; its text when it has no blocks."""
    known = names or {}
    version = message.versions[-1] if isinstance(message, Message) else message
    if not version.blocks:
        return Panel(mrkdwn(version.text, known), title=title, title_align="left")
    shown = [_block(block, known) for block in version.blocks]
    return Panel(Group(*shown), title=title, title_align="left")


def modal(view: View, names: Names | None = None) -> RenderableType:
    """Return an open modal in a frame: each input with what stands in it, and its error below."""
    known = names or {}
    shown: list[RenderableType] = []
    for block in view.content["blocks"]:
        if block["type"] == "input":
            shown.append(_input(block, view.state.get(block["block_id"], {})))
        else:
            shown.append(_block(block, known))
        if block["block_id"] in view.errors:
            shown.append(Text(view.errors[block["block_id"]], "red"))
    ends = [view.content[name]["text"] for name in ("close", "submit") if name in view.content]
    shown.append(Text(" ").join(Text(f"[ {end} ]", "reverse") for end in ends))
    return Panel(Group(*shown), title=view.content["title"]["text"], title_align="left")


def _input(block: Mapping[str, Any], state: Mapping[str, Any]) -> RenderableType:
    element = block["element"]
    label = Text(block["label"]["text"], "bold")
    if block.get("optional"):
        label.append(" (optional)", "dim")
    entry = state.get(element["action_id"], {})
    standing = next((value for name, value in entry.items() if name != "type" and value), None)
    empty = element.get("placeholder", {}).get("text", "")
    field = Text(f"[ {_standing(standing) or empty} ]", "" if standing else "dim")
    hint = [Text(block["hint"]["text"], "dim")] if "hint" in block else []
    return Group(label, field, *hint)


def _standing(value: Any) -> str:
    """Return what a person reads of a value: typed text, one option, or several."""
    if isinstance(value, list):
        return ", ".join(map(_standing, value))
    return str(value["text"]["text"] if isinstance(value, Mapping) else value or "")


def mrkdwn(text: str, names: Names) -> Text:
    """Return Slack's markup as styled text: bold, code, links, mentions, dates, emoji."""
    shown = Text()
    end = 0
    for match in _MARK.finditer(text):
        shown.append(_decoded(text[end : match.start()]))
        end = match.end()
        kind, inside = match.lastgroup or "", match[match.lastgroup or 0]
        match kind:
            case "angle":
                shown.append_text(_angle(inside, names))
            case "emoji":
                shown.append(emoji(inside))
            case "block" | "code":
                shown.append(_decoded(inside), _STYLES[kind])
            case _:
                inner = mrkdwn(inside, names)
                inner.stylize(_STYLES[kind])
                shown.append_text(inner)
    shown.append(_decoded(text[end:]))
    return shown


def _decoded(text: str) -> str:
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _angle(inside: str, names: Names) -> Text:
    """Return what stands for ``<…>``: a mention, a channel, an announcement, a date or a link."""
    target, _, label = inside.partition("|")
    if target.startswith("@"):
        return Text(f"@{names.get(target[1:], label or target[1:])}", "bold blue")
    if target.startswith("#"):
        return Text(f"#{names.get(target[1:], label or target[1:])}", "bold blue")
    if target.startswith("!date^"):
        return Text(_decoded(label))
    if target.startswith("!"):
        return Text(_decoded(label) or f"@{target[1:]}", "bold yellow")
    return Text(_decoded(label or target), f"underline blue link {_decoded(target)}")


def emoji(name: str) -> str:
    """Return the character of *name*, or ``:name:`` where there is none."""
    shown = Emoji.replace(f":{_SLACK_EMOJI.get(name, name)}:")
    return f":{name}:" if shown.startswith(":") else shown


def _text(value: Any, names: Names) -> Text:
    """Return a text object, or a bare string as some blocks have it."""
    if isinstance(value, str):
        return Text(value)
    if value["type"] == "mrkdwn":
        return mrkdwn(value["text"], names)
    return Text(re.sub(r":([a-z0-9_+-]+):", lambda match: emoji(match[1]), value["text"]))


def _block(block: Mapping[str, Any], names: Names) -> RenderableType:
    draw = _BLOCKS.get(block["type"])
    return draw(block, names) if draw else Text(f"[{block['type']}]", "dim")


def _header(block: Mapping[str, Any], names: Names) -> RenderableType:
    shown = _text(block["text"], names)
    shown.stylize("bold")
    return shown


def _section(block: Mapping[str, Any], names: Names) -> RenderableType:
    parts: list[RenderableType] = []
    if "text" in block:
        parts.append(_text(block["text"], names))
    fields = [_text(field, names) for field in block.get("fields", [])]
    if fields:
        grid = Table.grid(padding=(0, 4))
        for index in range(0, len(fields), 2):
            grid.add_row(*fields[index : index + 2])
        parts.append(grid)
    if "accessory" in block:
        parts.append(_element(block["accessory"], names))
    return Group(*parts)


def _context(block: Mapping[str, Any], names: Names) -> RenderableType:
    shown = Text("  ").join(
        Text(element["alt_text"]) if element["type"] == "image" else _text(element, names)
        for element in block["elements"]
    )
    shown.stylize("dim")
    return shown


def _actions(block: Mapping[str, Any], names: Names) -> RenderableType:
    return Text(" ").join(_element(element, names) for element in block["elements"])


def _element(element: Mapping[str, Any], names: Names) -> Text:
    if element["type"] != "button":
        label = element.get("placeholder", {}).get("text") or element["type"]
        return Text(f"[ {label} ▾ ]", "reverse")
    style = {"primary": "reverse green", "danger": "reverse red"}.get(
        element.get("style", ""), "reverse"
    )
    label = _text(element["text"], names).plain
    return Text(f"[ {label} ]", style)


def _divider(_block: Mapping[str, Any], _names: Names) -> RenderableType:
    return Rule(style="dim")


def _rich_text(block: Mapping[str, Any], names: Names) -> RenderableType:
    return Group(*(_rich_part(part, names) for part in block["elements"]))


def _rich_part(part: Mapping[str, Any], names: Names) -> Text:
    if part["type"] == "rich_text_list":
        lines = [_rich_part(item, names) for item in part["elements"]]
        return Text("\n").join(Text("• ").append_text(line) for line in lines)
    shown = Text()
    for leaf in part["elements"]:
        shown.append_text(_leaf(leaf, names))
    if part["type"] == "rich_text_preformatted":
        shown.stylize("cyan")
    return shown


def _leaf(leaf: Mapping[str, Any], names: Names) -> Text:
    match leaf["type"]:
        case "text":
            style = leaf.get("style", {})
            words = [name for name in ("bold", "italic", "strike") if style.get(name)]
            return Text(leaf["text"], " ".join([*words, *(["cyan"] if style.get("code") else [])]))
        case "link":
            return Text(leaf.get("text") or leaf["url"], f"underline blue link {leaf['url']}")
        case "user":
            return _angle(f"@{leaf['user_id']}", names)
        case "channel":
            return _angle(f"#{leaf['channel_id']}", names)
        case "emoji":
            return Text(emoji(leaf["name"]))
        case other:
            return Text(leaf.get("fallback", f"[{other}]"))


def _plan(block: Mapping[str, Any], names: Names) -> RenderableType:
    tasks = [_task(task, names) for task in block.get("tasks", [])]
    return Group(Text(block["title"], "bold"), *tasks)


def _task(task: Mapping[str, Any], names: Names) -> RenderableType:
    state = task.get("status", "pending")
    line = Text(f"{STATES[state]} {task['title']}", STATE_STYLES[state])
    details = [task[name] for name in ("details", "output") if name in task]
    return Group(line, *(Group(_rich_text(one, names)) for one in details))


def _table(block: Mapping[str, Any], names: Names) -> RenderableType:
    shown = Table(show_header=False)
    for row in block["rows"]:
        shown.add_row(*(_cell(cell, names) for cell in row))
    return shown


def _cell(cell: Mapping[str, Any], names: Names) -> RenderableType:
    if cell["type"] == "rich_text":
        return _rich_text(cell, names)
    return Text(str(cell.get("text", cell.get("value", ""))))


def _markdown(block: Mapping[str, Any], _names: Names) -> RenderableType:
    return Text(block["text"])


_BLOCKS: Mapping[str, Callable[[Mapping[str, Any], Names], RenderableType]] = {
    "actions": _actions,
    "context": _context,
    "data_table": _table,
    "divider": _divider,
    "header": _header,
    "markdown": _markdown,
    "plan": _plan,
    "rich_text": _rich_text,
    "section": _section,
    "table": _table,
    "task_card": _task,
}
