"""Following a path from the documents of a tree down to nodes, aliases and merges noticed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import assert_never

from bot.domain.edit.errors import EditCode, Refusal
from bot.domain.edit.mask import holes
from bot.domain.edit.paths import Each, Index, Name, Step, Where, written
from bot.domain.edit.source import after_line
from bot.domain.edit.tree import Tree, parse

SHOWN = 8
"""Candidates told at most."""

_PASSED_OVER = frozenset({EditCode.NOT_FOUND, EditCode.WRONG_TYPE})


@dataclass(frozen=True, slots=True)
class Spot:
    """A *node* of *tree* and the *trail* of steps to it, from its document's root."""

    tree: Tree
    node: int
    trail: tuple[Step, ...] = ()

    @property
    def path(self) -> str:
        """Return the trail as a path that leads here again."""
        return path_of(self.trail)

    @property
    def line(self) -> int:
        """Return the 1-based line."""
        return self.tree.line_of(self.node)

    @property
    def candidate(self) -> str:
        """Return what the person may choose: the path and its line."""
        return f"{_document_of(self)}{self.path or 'the document'} (line {self.line})"


def _document_of(spot: Spot) -> str:
    """Return the steps that pick the spot's document out of several: its kind and name."""
    tree = spot.tree
    roots = tree.roots()
    if len(roots) == 1:
        return ""
    root = max(root for root in roots if root <= spot.node)
    told = (
        Where(keys, value)
        for keys in (("kind",), ("metadata", "name"))
        if (value := reads(tree, root, keys))
    )
    steps = path_of(tuple(step for step in told if step not in spot.trail))
    return f"{steps}." if steps and not spot.path.startswith("[") else steps


def path_of(trail: tuple[Step, ...]) -> str:
    """Return *trail* as people write it."""
    return "".join(map(written, trail)).removeprefix(".")


@dataclass(frozen=True, slots=True)
class _Miss:
    """Why one branch of the search ended, and after how many steps."""

    depth: int
    refusal: Refusal


def follow(tree: Tree, steps: tuple[Step, ...]) -> list[Spot]:
    """Return every node at *steps*, over all documents; at least one.

    Raises:
        Refusal: none is there, or one that is cannot be told apart or touched.
    """
    frontier = [Spot(tree, root) for root in tree.roots()]
    misses: list[_Miss] = []
    for depth, step in enumerate(steps):
        reached: list[Spot] = []
        for spot in frontier:
            try:
                reached += _take(spot, step)
            except Refusal as refusal:
                misses.append(_Miss(depth, refusal))
        frontier = reached
    serious = [miss.refusal for miss in misses if miss.refusal.code not in _PASSED_OVER]
    if serious:
        raise serious[0]
    if frontier:
        return frontier
    if misses:
        raise max(misses, key=lambda miss: miss.depth).refusal
    raise Refusal(EditCode.NOT_FOUND, "the file holds no document", "Is it the right file?")


def _take(spot: Spot, step: Step) -> list[Spot]:
    if spot.tree.is_alias(spot.node):
        raise aliased(spot.tree, spot.node, spot.node)
    if spot.tree.is_scalar(spot.node):
        return [found for inner in _inside(spot) for found in _take(inner, step)]
    match step:
        case Name(text):
            return [_named(spot, text)]
        case Index(position):
            return [_at_position(spot, position)]
        case Where(keys, value):
            return _matching(spot, keys, value)
        case Each():
            return list(_elements(spot))
        case _:
            assert_never(step)


def _named(spot: Spot, text: str) -> Spot:
    tree, node = spot.tree, spot.node
    if tree.is_sequence(node):
        if text.isdecimal():
            return _at_position(spot, int(text))
        raise _wrong_type(spot, "a list", f"Say which element, such as [0] or [name={text}].")
    value = value_of(tree, node, text)
    if value is None:
        raise _missing_key(spot, text)
    return Spot(tree, value, (*spot.trail, Name(text)))


def alike(word: str, names: Sequence[str]) -> list[str]:
    """Return those of *names* that look like *word*, the likest first; often none."""
    return get_close_matches(word, names, n=SHOWN, cutoff=0.6)


def _missing_key(spot: Spot, text: str) -> Refusal:
    names = [name for key, _ in spot.tree.items(spot.node) if (name := spot.tree.key_text(key))]
    near = alike(text, names)
    dotted = [name for name in names if name.startswith(f"{text}.")]
    shown = [*dotted, *near] or names
    return Refusal(
        EditCode.NOT_FOUND,
        f"there is no key {text} in {spot.path or 'the document'}",
        "Correct the path, or add the key.",
        line=spot.line,
        candidates=tuple(path_of((*spot.trail, Name(name))) for name in shown[:SHOWN]),
    )


def _at_position(spot: Spot, position: int) -> Spot:
    elements = list(_elements(spot))
    if position >= len(elements):
        raise Refusal(
            EditCode.NOT_FOUND,
            f"{spot.path or 'the list'} has {len(elements)} elements, so none at [{position}]",
            "Correct the path; the first is [0].",
            line=spot.line,
        )
    return elements[position]


def _elements(spot: Spot) -> Iterator[Spot]:
    if not spot.tree.is_sequence(spot.node):
        raise _wrong_type(spot, "no list", "Leave the brackets out, or correct the path.")
    for position, node in enumerate(spot.tree.elements(spot.node)):
        yield Spot(spot.tree, node, (*spot.trail, Index(position)))


def _matching(spot: Spot, keys: tuple[str, ...], value: str) -> list[Spot]:
    if spot.tree.is_mapping(spot.node):
        kept = replace(spot, trail=(*spot.trail, Where(keys, value)))
        found = [kept] if reads(spot.tree, spot.node, keys) == value else []
    else:
        found = [
            element for element in _elements(spot) if reads(spot.tree, element.node, keys) == value
        ]
    if not found:
        raise Refusal(
            EditCode.NOT_FOUND,
            f"nothing in {spot.path or 'the document'} has {'.'.join(keys)} {value!r}",
            "Correct the path, or add the element.",
            line=spot.line,
        )
    return found


def reads(tree: Tree, node: int, keys: tuple[str, ...]) -> str | None:
    """Return the scalar at *keys* below *node*, aliases followed, or None."""
    for key in keys:
        node = tree.resolved(node)
        if not tree.is_mapping(node):
            return None
        found = [value for name, value in tree.items(node) if tree.key_text(name) == key]
        if len(found) != 1:
            return None
        node = found[0]
    node = tree.resolved(node)
    return tree.value(node) if tree.is_scalar(node) else None


def value_of(tree: Tree, mapping: int, key: str) -> int | None:
    """Return the value of *key* in *mapping*, or None where it has none.

    Raises:
        Refusal: the key is there twice, or comes in through ``<<``.
    """
    found = [(name, value) for name, value in tree.items(mapping) if tree.key_text(name) == key]
    if len(found) > 1:
        lines = tuple(f"line {tree.line_of(name)}" for name, _ in found)
        raise Refusal(
            EditCode.DUPLICATE_KEY,
            f"the key {key} stands there {len(found)} times",
            "Remove all but one, then try again.",
            line=tree.line_of(found[1][0]),
            candidates=lines,
        )
    if found:
        return found[0][1]
    merged = _merged(tree, mapping, key)
    if merged is not None:
        raise Refusal(
            EditCode.MERGED,
            f"the key {key} comes in through <<, so others would change with it",
            f"Give the mapping a {key} of its own, then try again.",
            line=tree.line_of(merged),
        )
    return None


def _merged(tree: Tree, mapping: int, key: str) -> int | None:
    """Return the key node that ``<<`` brings into *mapping*, if any."""
    seen: set[int] = set()
    waiting = [mapping]
    while waiting:
        node = tree.resolved(waiting.pop())
        if node in seen:
            continue
        seen.add(node)
        if tree.is_sequence(node):
            waiting += tree.elements(node)
        elif tree.is_mapping(node):
            for name, value in tree.items(node):
                text = tree.key_text(name)
                if text == "<<":
                    waiting.append(value)
                elif text == key and node != mapping:
                    return name
    return None


def _inside(spot: Spot) -> list[Spot]:
    """Return the documents inside the block scalar at *spot*, such as Helm values in an app."""
    tree, node = spot.tree, spot.node
    raw = tree.text[tree.start(node) : tree.end(node)]
    if tree.style(node) != "|":
        if holes(raw):
            raise templated(spot)
        if tree.style(node) == ">" or "\n" in tree.value(node):
            raise unsupported_style(spot)
        raise _wrong_type(spot, "a scalar", "Correct the path; nothing can stand below it.")
    inner = inner_tree(tree, node)
    return [Spot(inner, root, spot.trail) for root in inner.roots()] or [_nothing_inside(spot)]


def _nothing_inside(spot: Spot) -> Spot:
    raise Refusal(
        EditCode.NOT_FOUND,
        f"the block at {spot.path} is empty",
        "Correct the path, or fill the block.",
        line=spot.line,
    )


def inner_tree(tree: Tree, node: int) -> Tree:
    """Return the tree of the text in the literal block scalar *node*, parsed where it stands.

    Raises:
        Refusal: the block holds no YAML.
    """
    begin = after_line(tree.text, tree.start(node))
    text = tree.text[begin : tree.end(node)]
    try:
        inner = parse(text)
    except Refusal as refusal:
        if refusal.line is not None:
            refusal.line += tree.line(begin) - 1
        raise
    inner.outer, inner.host, inner.offset = tree, node, begin
    return inner


def refuse_if_shared(spot: Spot) -> None:
    """Refuse a node that is an alias, or that an alias elsewhere uses too."""
    tree: Tree | None = spot.tree
    node = spot.node
    while tree is not None:
        alias = node if tree.is_alias(node) else tree.shared_by(node)
        if alias is not None:
            raise aliased(tree, node, alias)
        node, tree = tree.host, tree.outer


def aliased(tree: Tree, node: int, alias: int) -> Refusal:
    """Return the refusal of a *node* that is used again at *alias*."""
    name = tree.events[alias].anchor
    line = tree.line_of(alias)
    what = (
        f"the value is the alias *{name}"
        if alias == node
        else f"the value is used again by *{name} on line {line}"
    )
    return Refusal(
        EditCode.ALIASED,
        what,
        "Write the value out in the place that is to change, then try again.",
        line=tree.line_of(node),
        candidates=(f"*{name} (line {line})",),
    )


def templated(spot: Spot) -> Refusal:
    """Return the refusal of a value that a template makes."""
    return Refusal(
        EditCode.TEMPLATED,
        "the value is made by a template",
        "Point to the value that the template reads.",
        line=spot.line,
    )


def unsupported_style(spot: Spot) -> Refusal:
    """Return the refusal of a scalar that runs over lines."""
    return Refusal(
        EditCode.UNSUPPORTED_STYLE,
        "the value is a block or runs over several lines",
        "Write it on one line, then try again.",
        line=spot.line,
    )


def _wrong_type(spot: Spot, found: str, hint: str) -> Refusal:
    what = f"{spot.path or 'the document'} is {found}"
    return Refusal(EditCode.WRONG_TYPE, what, hint, line=spot.line)


def ambiguous(what: str, spots: list[Spot], hint: str) -> Refusal:
    """Return the refusal of several *spots* where one was meant."""
    return Refusal(
        EditCode.AMBIGUOUS,
        what,
        hint,
        line=spots[0].line,
        candidates=tuple(spot.candidate for spot in spots[:SHOWN]),
    )
