"""Changing characters, and proving by a second parse that nothing else changed with them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from operator import attrgetter

from bot.domain.edit import mask
from bot.domain.edit.errors import EditCode, Refusal
from bot.domain.edit.events import (
    AliasEvent,
    DocumentEndEvent,
    DocumentStartEvent,
    Event,
    MappingStartEvent,
    ScalarEvent,
    SequenceStartEvent,
    YAMLError,
    scalar,
)
from bot.domain.edit.source import after_line
from bot.domain.edit.tree import Tree, stream


@dataclass(frozen=True, slots=True)
class Splice:
    """Put *text* in the place of the characters from *start* to *end*."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Swap:
    """What the events must show for it: at event *at*, *drop* of them are replaced by *put*."""

    at: int
    drop: int
    put: tuple[Event, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """All changes to one *tree*, in its own positions."""

    tree: Tree
    splices: tuple[Splice, ...]
    swaps: tuple[Swap, ...]


def carry_out(plan: Plan) -> tuple[str, tuple[int, ...]]:
    """Return the whole new text and the 1-based lines of it that the plan wrote.

    Raises:
        Refusal: read again, the result differs in another place than planned.
    """
    levels = _levels(plan.tree)
    offset = sum(tree.offset for tree in levels)
    text, written = _spliced(levels[0].text, plan.splices, offset)
    _verify(levels, plan, text)
    return text, _lines(text, written)


def _levels(tree: Tree) -> list[Tree]:
    """Return the tree and all it stands in, outermost first."""
    levels = [tree]
    while levels[-1].outer is not None:
        levels.append(levels[-1].outer)
    return levels[::-1]


def _spliced(
    text: str, splices: Sequence[Splice], offset: int
) -> tuple[str, list[tuple[int, int]]]:
    pieces: list[str] = []
    written: list[tuple[int, int]] = []
    at = length = 0
    for splice in sorted(splices, key=lambda splice: splice.start):
        kept = text[at : splice.start + offset]
        pieces += (kept, splice.text)
        length += len(kept) + len(splice.text)
        at = splice.end + offset
        if text[splice.start + offset : at] != splice.text:
            written.append((length - len(splice.text), length))
    pieces.append(text[at:])
    return "".join(pieces), written


def _lines(text: str, written: list[tuple[int, int]]) -> tuple[int, ...]:
    lines: set[int] = set()
    for start, end in written:
        piece = text[start:end]
        begin = start + len(piece) - len(piece.lstrip("\r\n"))
        first = text.count("\n", 0, begin) + 1
        lines.update(range(first, first + piece.strip("\r\n").count("\n") + 1))
    return tuple(sorted(lines))


# verification


def _verify(levels: list[Tree], plan: Plan, text: str) -> None:
    """Compare every event of the new text with the planned one, level by level."""
    grown = sum(len(splice.text) - (splice.end - splice.start) for splice in plan.splices)
    for tree in levels[:-1]:
        host = _only_host_differs(tree, _host_of(tree, levels), text, grown)
        text = text[after_line(text, host.start_mark.index) : host.end_mark.index]
    expected = list(plan.tree.events)
    for swap in sorted(plan.swaps, key=lambda swap: (swap.at, swap.drop), reverse=True):
        expected[swap.at : swap.at + swap.drop] = swap.put
    _compare(plan.tree, expected, text, None)


def _host_of(tree: Tree, levels: list[Tree]) -> int:
    return next(inner.host for inner in levels if inner.outer is tree)


def _only_host_differs(tree: Tree, host: int, text: str, grown: int) -> Event:
    """Return the event of the block scalar that holds the inner text, *grown* characters longer."""
    found = _compare(tree, tree.events, text, host)
    if found is None or len(found.value) - len(tree.value(host)) != grown:
        raise _failed("the block around it changed its extent")
    return found


def _compare(tree: Tree, expected: list[Event], text: str, loose: int | None) -> Event | None:
    """Read *text* as *tree* was read; return its event *loose*, whose value alone may differ."""
    readable = text
    if tree.covered is not None:
        spans = mask.actions(text)
        if [text[a:b] for a, b in spans] != [tree.text[a:b] for a, b in tree.covered]:
            raise _failed("a template action changed")
        readable = mask.cover(text, spans)
    if loose is None:
        _compare_all(expected, readable)
        return None
    found: Event | None = None
    try:
        for count, event in enumerate(stream(readable)):
            if count == loose:
                found = event
                expected = [
                    *expected[:loose],
                    _revalued(expected[loose], event),
                    *expected[loose + 1 :],
                ]
    except YAMLError as error:
        raise _failed("the result does not parse") from error
    _compare_all(expected, readable)
    return found


def _compare_all(expected: list[Event], text: str) -> None:
    """Read *text* and compare each event; the loop is inlined because it takes half our time."""
    count, length = 0, len(expected)
    try:
        for new in stream(text):
            old: Event = expected[count] if count < length else None
            if new.__class__ is ScalarEvent and old.__class__ is ScalarEvent:
                same = (
                    new.value == old.value
                    and new.style == old.style
                    and new.anchor == old.anchor
                    and new.tag == old.tag
                )
            else:
                same = new.__class__ is old.__class__ and _same_signature(old, new)
            if not same:
                raise _failed(f"the file differs at line {new.start_mark.line + 1}")
            count += 1
    except YAMLError as error:
        raise _failed("the result does not parse") from error
    if count != length:
        raise _failed("a part of the file was lost")


def _revalued(old: Event, new: Event) -> Event:
    """Return *old* with the value of *new*, where *new* is a scalar of the same kind."""
    return scalar(getattr(new, "value", ""), old.style, old.anchor, old.tag)


_SIGNATURES: dict[type, Callable[[Event], object]] = {
    MappingStartEvent: attrgetter("anchor", "tag", "flow_style"),
    SequenceStartEvent: attrgetter("anchor", "tag", "flow_style"),
    AliasEvent: attrgetter("anchor"),
    DocumentStartEvent: attrgetter("explicit", "version", "tags"),
    DocumentEndEvent: attrgetter("explicit"),
}


def _same_signature(old: Event, new: Event) -> bool:
    signature = _SIGNATURES.get(new.__class__)
    return signature is None or signature(old) == signature(new)


def _failed(what: str) -> Refusal:
    return Refusal(
        EditCode.VERIFY_FAILED,
        f"the edit would have changed more than the tag: {what}",
        "Nothing was changed; edit the file by hand.",
    )
