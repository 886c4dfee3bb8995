"""The ``images`` list of a kustomization: finding an entry, and adding what it lacks.

New lines are written the way their neighbours are: dash column, gap behind the dash, braces,
JSON quotes, line ends. Nothing is sorted.
"""

import json
import re
from dataclasses import dataclass

from bot.domain.edit.errors import EditCode, Refusal
from bot.domain.edit.events import Event, collection, scalar
from bot.domain.edit.paths import Index, Name
from bot.domain.edit.quoting import is_null, reads_as_string
from bot.domain.edit.source import after_line, line_break, line_end, line_start
from bot.domain.edit.splice import Splice, Swap
from bot.domain.edit.tree import Tree
from bot.domain.edit.walk import (
    SHOWN,
    Spot,
    alike,
    ambiguous,
    reads,
    refuse_if_shared,
    templated,
    value_of,
)

Change = tuple[Splice, Swap]

_NAMES = ("kustomization.yaml", "kustomization.yml", "Kustomization")
"""What kustomize reads. Source: https://kubectl.docs.kubernetes.io/references/kustomize/glossary/"""

_KINDS = frozenset({"Kustomization", "Component"})
_PLAIN = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9._/@-]|:(?=[A-Za-z0-9]))*")
_SPACES = re.compile(r"[ \t]*")


@dataclass(frozen=True, slots=True)
class Entry:
    """One mapping of the list. *new_tag* and *digest* are its scalars of that name, or None."""

    spot: Spot
    new_tag: Spot | None
    digest: Spot | None


@dataclass(frozen=True, slots=True)
class Images:
    """Where the list is, or would be. *value* is None where the key ``images`` is missing."""

    root: Spot
    value: Spot | None


def find(tree: Tree, image: str, file: str) -> Entry | Images:
    """Return the entry for *image*, by ``name``, else by ``newName``; else where to add it.

    A document without ``kind`` is a kustomization if it has ``images``, or if *file* is called as
    kustomize wants it (or is ``-``, standard input): no values file is given a list of images.

    Raises:
        Refusal: several fit, or the list is no list, aliased or merged.
    """
    lists = [_images_of(tree, root) for root in _kustomizations(tree, file)]
    for key in ("name", "newName"):
        found = [spot for images in lists for spot in _entries(images, key, image)]
        if len(found) > 1:
            raise ambiguous(
                f"{len(found)} entries of images have the {key} {image}",
                found,
                "Remove all but one, then try again.",
            )
        if found:
            return _entry(found[0])
    if len(lists) > 1:
        raise ambiguous(
            f"no entry has the name {image}, and {len(lists)} documents could take it",
            [images.root for images in lists],
            "Add the entry by hand, then try again.",
        )
    if not lists:
        raise Refusal(
            EditCode.WRONG_TYPE,
            "the file is no kustomization",
            "Point to a kustomization.yaml, or use a key or a container.",
        )
    return lists[0]


def not_there(images: Images, image: str) -> Refusal:
    """Return the refusal to add an entry for *image* to *images*, with the names that are there."""
    names = _names_in(images)
    near = alike(image, names)
    return Refusal(
        EditCode.NOT_FOUND,
        f"no entry of images has the name {image}",
        "Correct the name, or add it.",
        line=None if images.value is None else images.value.line,
        candidates=tuple(dict.fromkeys([*near, *names]))[:SHOWN],
    )


def _names_in(images: Images) -> list[str]:
    if images.value is None or _is_empty(images.value):
        return []
    tree = images.value.tree
    found = [
        reads(tree, entry, (key,))
        for entry in tree.elements(images.value.node)
        for key in ("name", "newName")
    ]
    return [name for name in found if name]


def _kustomizations(tree: Tree, file: str) -> list[int]:
    named = file.rpartition("/")[2] in {*_NAMES, "-"}
    mappings = [root for root in tree.roots() if tree.is_mapping(root)]
    return [root for root in mappings if _is_kustomization(tree, root, named=named)]


def _is_kustomization(tree: Tree, root: int, *, named: bool) -> bool:
    kind = reads(tree, root, ("kind",))
    if kind:
        return kind in _KINDS
    return named or any(tree.key_text(key) == "images" for key, _ in tree.items(root))


def _images_of(tree: Tree, root: int) -> Images:
    value = value_of(tree, root, "images")
    return Images(Spot(tree, root), None if value is None else Spot(tree, value, (Name("images"),)))


def _entries(images: Images, key: str, image: str) -> list[Spot]:
    """Return the elements whose *key* reads *image*."""
    if images.value is None or _is_empty(images.value):
        return []
    spot = images.value
    if spot.tree.is_alias(spot.node):
        refuse_if_shared(spot)
    if not spot.tree.is_sequence(spot.node):
        raise Refusal(
            EditCode.WRONG_TYPE,
            "images is no list",
            "Make it a list of entries with a name each.",
            line=spot.line,
        )
    return [
        Spot(spot.tree, element, (*spot.trail, Index(position)))
        for position, element in enumerate(spot.tree.elements(spot.node))
        if _is_named(spot.tree, element, key, image)
    ]


def _is_named(tree: Tree, element: int, key: str, image: str) -> bool:
    """Tell whether *key* reads *image* in *element*, or in a mapping that ``<<`` brings in."""
    mapping = tree.resolved(element)
    if not tree.is_mapping(mapping):
        return False
    values = [
        tree.resolved(value) for name, value in tree.items(mapping) if tree.key_text(name) == key
    ]
    own = [tree.value(value) for value in values if tree.is_scalar(value)]
    if len(own) > 1 and image in own:
        value_of(tree, mapping, key)  # tells that the key is there twice
    return image in own or (not own and reads(tree, mapping, ("<<", key)) == image)


def _is_empty(spot: Spot) -> bool:
    tree, node = spot.tree, spot.node
    return tree.is_scalar(node) and tree.style(node) == "" and is_null(tree.value(node))


def _entry(spot: Spot) -> Entry:
    refuse_if_shared(spot)
    return Entry(spot, _scalar_of(spot, "newTag"), _scalar_of(spot, "digest"))


def _scalar_of(entry: Spot, key: str) -> Spot | None:
    value = value_of(entry.tree, entry.node, key)
    if value is None:
        return None
    spot = Spot(entry.tree, value, (*entry.trail, Name(key)))
    refuse_if_shared(spot)
    if entry.tree.is_scalar(value):
        return spot
    if entry.tree.text.startswith("{{", entry.tree.start(value)):
        raise templated(spot)
    raise Refusal(
        EditCode.WRONG_TYPE, f"{key} is no scalar", "Make it a plain tag.", line=spot.line
    )


# an entry without newTag


def tag_added(entry: Entry, tag: str) -> Change:
    """Return how ``newTag`` comes behind ``newName``, else behind ``name``.

    Raises:
        Refusal: neither stands in the entry itself.
    """
    tree, node = entry.spot.tree, entry.spot.node
    pairs = {tree.key_text(key): (key, value) for key, value in tree.items(node)}
    pair = pairs.get("newName") or pairs.get("name")
    if pair is None:
        value_of(tree, node, "name")  # tells that it is merged
        raise Refusal(EditCode.NOT_FOUND, "the entry has no name", "Give it one.")
    key, value = pair
    refuse_if_shared(Spot(tree, value))
    at = tree.behind(value)
    if tree.is_flow(node):
        quotes = _quotes(tree, key), _value_quotes(tree, value, tag)
        line = f"{quotes[0]}newTag{quotes[0]}: {quotes[1]}{tag}{quotes[1]}"
        splice = Splice(tree.end(value), tree.end(value), _flow_gap(tree, key) + line)
        return splice, Swap(at, 0, (scalar("newTag", quotes[0]), scalar(tag, quotes[1])))
    quote = _needed_quotes(tag)
    indent = " " * tree.column(tree.start(key))
    splice = _new_lines(tree, tree.end(value), [f"{indent}newTag: {quote}{tag}{quote}"])
    return splice, Swap(at, 0, (scalar("newTag"), scalar(tag, quote)))


def _quotes(tree: Tree, node: int) -> str:
    style = tree.style(node) if tree.is_scalar(node) else ""
    return style if style in {"'", '"'} else ""


def _value_quotes(tree: Tree, neighbour: int, value: str) -> str:
    return _quotes(tree, neighbour) or _needed_quotes(value)


def _needed_quotes(value: str) -> str:
    return "" if _PLAIN.fullmatch(value) and reads_as_string(value) else '"'


def _written(value: str, quote: str) -> str:
    return json.dumps(value, ensure_ascii=False) if quote == '"' else f"{quote}{value}{quote}"


def _flow_gap(tree: Tree, node: int) -> str:
    """Return what parts a new item from the one before: as *node* is parted from its neighbour."""
    start = tree.start(node)
    begin = line_start(tree.text, start)
    lead = tree.text[begin:start]
    if lead.strip():
        return ", "
    return "," + line_break(tree.text, begin - 1 if begin else 0) + lead


def _new_lines(tree: Tree, position: int, lines: list[str]) -> Splice:
    """Return the splice that puts *lines* behind the line of *position*."""
    text = tree.text
    end_of_line = line_break(text, position)
    if position and position == line_start(text, position):
        return Splice(position, position, "".join(line + end_of_line for line in lines))
    at = line_end(text, position)
    return Splice(at, at, "".join(end_of_line + line for line in lines))


# an entry's digest


def digest_dropped(entry: Entry) -> Change:
    """Return how the key ``digest`` leaves the entry with its line, or with its comma."""
    assert entry.digest is not None
    tree, node = entry.spot.tree, entry.spot.node
    pairs = list(tree.items(node))
    position = next(p for p, (_, value) in enumerate(pairs) if value == entry.digest.node)
    key, value = pairs[position]
    swap = Swap(key, tree.behind(value) - key)
    following = pairs[position + 1][0] if position + 1 < len(pairs) else None
    if tree.is_flow(node):
        if following is not None:
            return Splice(tree.start(key), tree.start(following), ""), swap
        before = tree.end(pairs[position - 1][1]) if position else tree.start(key)
        return Splice(before, tree.end(value), ""), swap
    begin = line_start(tree.text, tree.start(key))
    if not tree.text[begin : tree.start(key)].strip():
        return _line_dropped(tree, begin, tree.end(value)), swap
    assert following is not None, "an entry found by its name has a name"
    return Splice(tree.start(key), tree.start(following), ""), swap


def _line_dropped(tree: Tree, begin: int, end: int) -> Splice:
    """Return the splice that takes the lines from *begin* to that of *end* away."""
    behind = after_line(tree.text, end)
    if behind == line_end(tree.text, end) and begin:  # the last line, without a line break
        cut = begin - (2 if tree.text.startswith("\r\n", begin - 2) else 1)
        return Splice(cut, behind, "")
    return Splice(begin, behind, "")


# a missing entry


def entry_added(images: Images, image: str, tag: str) -> list[Change]:
    """Return how an entry for *image* comes to the end of the list, or with a new list."""
    if images.value is None:
        return [_list_added(images.root, image, tag)]
    refuse_if_shared(images.value)
    tree, node = images.value.tree, images.value.node
    if tree.is_sequence(node) and not tree.is_empty(node):
        return [_appended(tree, node, image, tag)]
    return _empty_list_filled(images, image, tag)


def _entry_events(image: str, tag: str, *, flow: bool, quotes: tuple[str, str, str]) -> list[Event]:
    key, name, value = quotes
    pairs = [scalar("name", key), scalar(image, name), scalar("newTag", key), scalar(tag, value)]
    return collection(pairs, mapping=True, flow=flow)


def _block_entry(image: str, tag: str) -> tuple[list[str], list[Event]]:
    """Return the two lines of a block entry, without dash and indentation, and its events."""
    quotes = ("", _needed_quotes(image), _needed_quotes(tag))
    lines = [f"name: {_written(image, quotes[1])}", f"newTag: {_written(tag, quotes[2])}"]
    return lines, _entry_events(image, tag, flow=False, quotes=quotes)


def _flow_entry(
    image: str, tag: str, quotes: tuple[str, str, str], between: str, edges: tuple[str, str]
) -> tuple[str, list[Event]]:
    key = quotes[0]
    text = between.join(
        (
            f"{key}name{key}: {_written(image, quotes[1])}",
            f"{key}newTag{key}: {_written(tag, quotes[2])}",
        )
    )
    events = _entry_events(image, tag, flow=True, quotes=quotes)
    return f"{{{edges[0]}{text}{edges[1]}}}", events


def _appended(tree: Tree, node: int, image: str, tag: str) -> Change:
    elements = list(tree.elements(node))
    if tree.is_flow(node):
        return _appended_in_flow(tree, elements[-1], tree.last[node], image, tag)
    column = tree.column(tree.events[node].start_mark.index)
    lines, events = _block_entry(image, tag)
    opening, indent = _dash(tree, elements, column)
    written = [*opening, f"{indent}{lines[1]}"]
    written[len(opening) - 1] += lines[0]
    splice = _new_lines(tree, tree.end(elements[-1]), written)
    return splice, Swap(tree.last[node], 0, tuple(events))


def _dash(tree: Tree, elements: list[int], column: int) -> tuple[list[str], str]:
    """Return how an entry opens, up to its first key, and how its other keys are indented.

    The last block entry is the model; two lines if its dash stands alone on its line.
    """
    margin = " " * column
    for element in reversed(elements):
        if not tree.is_mapping(element) or tree.is_flow(element):
            continue
        start = tree.start(element)
        indent = " " * tree.column(start)
        begin = line_start(tree.text, start)
        gap = tree.text[begin + column + 1 : start]
        if tree.text.startswith(f"{margin}-", begin) and not gap.strip(" "):
            return [f"{margin}-{gap}"], indent
        if not tree.text[begin:start].strip(" "):
            return [f"{margin}-", indent], indent
    return [f"{margin}- "], f"{margin}  "


def _appended_in_flow(tree: Tree, model: int, closing: int, image: str, tag: str) -> Change:
    end = tree.end(model)
    gap = _flow_gap(tree, model)
    quotes = ("", _needed_quotes(image), _needed_quotes(tag))
    between, edges = ", ", ("", "")
    if tree.is_mapping(model) and not tree.is_empty(model):
        key, value = next(tree.items(model))
        quotes = (
            _quotes(tree, key),
            _value_quotes(tree, value, image),
            _value_quotes(tree, value, tag),
        )
        between, edges = _braces(tree, model, key)
    text, events = _flow_entry(image, tag, quotes, between, edges)
    return Splice(end, end, gap + text), Swap(closing, 0, tuple(events))


def _braces(tree: Tree, model: int, key: int) -> tuple[str, tuple[str, str]]:
    """Return what parts the pairs of *model*, and what stands inside its braces."""
    opening = tree.text[tree.start(model) + 1 : tree.start(key)]
    if not opening.strip(" "):
        return ", ", (opening, opening)
    if opening.strip():
        return ", ", ("", "")
    last = tree.events[tree.last[model]].start_mark.index
    begin = line_start(tree.text, last)
    lead = tree.text[begin:last]
    if lead.strip():
        return ", ", ("", "")
    end_of_line = line_break(tree.text, tree.start(model))
    return _flow_gap(tree, key), (opening, end_of_line + lead)


def _empty_list_filled(images: Images, image: str, tag: str) -> list[Change]:
    """Fill ``images:``, ``images: null`` or ``images: []``: a block list where one may stand."""
    assert images.value is not None
    tree, node, root = images.value.tree, images.value.node, images.root.node
    count = tree.behind(node) - node
    start, end = tree.start(node), tree.end(node)
    if tree.is_flow(root):
        text, events = _flow_list(tree, node - 1, image, tag)
        gap = "" if start != end else " "
        return [(Splice(start, end, gap + text), Swap(node, count, tuple(events)))]
    lines, events = _block_list(tree, root, image, tag)
    spaces = start
    while spaces and tree.text[spaces - 1] in " \t":
        spaces -= 1
    emptied = Splice(spaces if start != end else end, end, "")
    event = tree.events[node]
    put = collection(events, mapping=False, flow=False, anchor=event.anchor, tag=event.tag)
    return [
        (emptied, Swap(node, count, tuple(put))),
        (_new_lines(tree, end, lines), Swap(node, 0)),
    ]


def _flow_list(tree: Tree, model_key: int, image: str, tag: str) -> tuple[str, list[Event]]:
    """Return a list with one entry, in brackets, quoted as the key before it."""
    key = _quotes(tree, model_key)
    quotes = (key, key or _needed_quotes(image), key or _needed_quotes(tag))
    text, events = _flow_entry(image, tag, quotes, ", ", ("", ""))
    return f"[{text}]", collection(events, mapping=False, flow=True)


def _block_list(tree: Tree, root: int, image: str, tag: str) -> tuple[list[str], list[Event]]:
    """Return the lines of a list with one entry, its dash where the root's other lists have it."""
    margin = " " * _dash_column(tree, root)
    (name, new_tag), events = _block_entry(image, tag)
    return [f"{margin}- {name}", f"{margin}  {new_tag}"], events


def _dash_column(tree: Tree, root: int) -> int:
    for _, value in tree.items(root):
        if tree.is_sequence(value) and not tree.is_flow(value):
            return tree.column(tree.events[value].start_mark.index)
    return tree.column(tree.start(root))


def _list_added(root: Spot, image: str, tag: str) -> Change:
    """Add the key ``images`` at the end of the document, before its ``...``."""
    tree, node = root.tree, root.node
    closing = tree.last[node]
    if tree.is_flow(node):
        return _list_added_in_flow(tree, node, image, tag)
    margin = " " * tree.column(tree.start(node))
    lines, events = _block_list(tree, node, image, tag)
    lines = [f"{margin}images:", *lines]
    at = tree.document_end(node)
    end_of_line = line_break(tree.text, at)
    if at == line_start(tree.text, at):
        written = "".join(line + end_of_line for line in lines)
    else:
        written = "".join(end_of_line + line for line in lines)
    put = (scalar("images"), *collection(events, mapping=False, flow=False))
    return Splice(at, at, written), Swap(closing, 0, put)


def _list_added_in_flow(tree: Tree, node: int, image: str, tag: str) -> Change:
    pairs = list(tree.items(node))
    if not pairs:
        at = tree.start(node) + 1
        text, events = _flow_list(tree, node, image, tag)
        put = (scalar("images"), *events)
        return Splice(at, at, f"images: {text}"), Swap(tree.last[node], 0, put)
    key, value = pairs[-1]
    quote = _quotes(tree, key)
    text, events = _flow_list(tree, key, image, tag)
    at = tree.end(value)
    put = (scalar("images", quote), *events)
    written = f"{_flow_gap(tree, key)}{quote}images{quote}: {text}"
    return Splice(at, at, written), Swap(tree.last[node], 0, put)
