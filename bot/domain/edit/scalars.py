"""Writing a tag into one scalar: its quotes, anchor and tag stay."""

import re

from bot.domain.edit.errors import EditCode, Refusal
from bot.domain.edit.events import scalar
from bot.domain.edit.locate import Target
from bot.domain.edit.mask import holes
from bot.domain.edit.quoting import is_null, reads_as_string
from bot.domain.edit.splice import Splice, Swap
from bot.domain.edit.tree import Tree
from bot.domain.edit.walk import Spot, refuse_if_shared, templated, unsupported_style

_BREAK = re.compile(r"[\r\n\x85\u2028\u2029]")


def refuse_if_untouchable(target: Target) -> None:
    """Refuse a target whose tag is shared, templated, or written in a way we do not change.

    Raises:
        Refusal: it is.
    """
    spot = target.spot
    refuse_if_shared(spot)
    start, end = _inside_quotes(spot)
    raw = spot.tree.text[start:end]
    begin = 0 if target.whole else len(raw) - (target.end - target.begin)
    if any(left < len(raw) and right > begin for left, right in holes(raw)):
        raise templated(spot)
    if _BREAK.search(raw):
        raise unsupported_style(spot)
    value = spot.tree.value(spot.node)
    if not target.whole and raw[begin:] != value[target.begin : target.end]:
        raise unsupported_style(spot)
    if not spot.tree.is_string(spot.node):
        raise Refusal(
            EditCode.WRONG_TYPE,
            f"the value is declared to be {spot.tree.events[spot.node].tag}",
            "Remove the ! in front of it, then try again.",
            line=spot.line,
        )


def _inside_quotes(spot: Spot) -> tuple[int, int]:
    tree, node = spot.tree, spot.node
    style = tree.style(node)
    if style in {"|", ">"}:
        raise unsupported_style(spot)
    quote = 1 if style else 0
    return tree.start(node) + quote, tree.end(node) - quote


def write(target: Target, part: str) -> tuple[Splice, Swap]:
    """Return how *part* replaces the target's part of the value, and what must then be read."""
    tree, node = target.spot.tree, target.spot.node
    start, end = _inside_quotes(target.spot)
    old = tree.value(node)
    value = old[: target.begin] + part + old[target.end :]
    style = tree.style(node)
    event = tree.events[node]
    if style:
        begin = start if target.whole else end - (target.end - target.begin)
        splice = Splice(begin, end, part)
    elif start == end:
        style = _style_of_plain(tree, node, value)
        at = _place_of_empty(tree, node)
        splice = Splice(at, at, _gap(tree, node, at) + _quoted(value, style))
    else:
        style = _style_of_plain(tree, node, value)
        whole = tree.text[start : end - (target.end - target.begin)] + part
        splice = Splice(start, end, _quoted(part if target.whole else whole, style))
    return splice, Swap(node, 1, (scalar(value, style, event.anchor, event.tag),))


def _quoted(text: str, style: str) -> str:
    return f"{style}{text}{style}"


def _style_of_plain(tree: Tree, node: int, value: str) -> str:
    """Return the quotes that *value* needs in the place of a plain scalar; ``""`` for none."""
    if tree.has_tag(node):  # a string whatever it looks like: ``!!str``
        return ""
    if not reads_as_string(value):
        return '"'
    old = tree.value(node)
    json = (is_null(old) or not reads_as_string(old)) and _key_is_quoted(tree, node)
    return '"' if json else ""


def _key_is_quoted(tree: Tree, node: int) -> bool:
    """Tell whether the value stands behind a key in double quotes, in braces: as in JSON."""
    before = tree.events[node - 1]
    return (
        tree.is_scalar(node - 1)
        and tree.style(node - 1) == '"'
        and tree.text[before.end_mark.index : tree.start(node)].strip() in {":", ""}
        and any(
            tree.is_mapping(start) and tree.is_flow(start)
            for start, last in tree.last.items()
            if start < node <= last
        )
    )


def _place_of_empty(tree: Tree, node: int) -> int:
    """Return where an empty value is to be written: on the line of its key."""
    at = tree.start(node)
    before = tree.text[:at].rstrip()
    return len(before) if "\n" in tree.text[len(before) : at] else at


def _gap(tree: Tree, node: int, at: int) -> str:
    """Return what must stand between a key, or a dash, and a value that was empty."""
    before = tree.events[node - 1]
    is_value_of_key = tree.is_scalar(node - 1) and before.end_mark.index <= at
    if is_value_of_key and not tree.text[before.end_mark.index : at].strip():
        return ": "
    return "" if at and tree.text[at - 1] in " \t" else " "
