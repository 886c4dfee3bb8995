"""A YAML text as libyaml's events, walked without recursion and without objects per node.

A node is the index of its first event. Positions are characters within the tree's own text.
libyaml is used because it and Go's parser, with which kustomize, Helm and Argo CD read, accept
and refuse the same files; the pure Python parsers do not. It comes with PyYAML, since the libyaml
of ruamel.yaml is one of 2016 that refuses ``{image: r/a:v1}`` (docs/decisions/0008-libyaml.md).
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from bot.domain.edit import mask
from bot.domain.edit.errors import EditCode, Refusal
from bot.domain.edit.events import (
    AliasEvent,
    CParser,
    DocumentEndEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    YAMLError,
)
from bot.domain.edit.source import line_at

DEEPEST = 200
"""Levels of nesting that are read. Real files reach 38; libyaml is quadratic in them."""

_STARTS = frozenset({MappingStartEvent, SequenceStartEvent})
_ENDS = frozenset({MappingEndEvent, SequenceEndEvent})
_PROPERTIES = re.compile(r"(?:(?:&[^\s,\[\]{}]+|!<[^>\s]*>|![^\s,\[\]{}]*)\s+)*")
_LAST_PROPERTY = re.compile(r"(?:&[^\s,\[\]{}]+|!<[^>\s]*>|![^\s,\[\]{}]*)")
_STRING_TAGS = frozenset({None, "!", "tag:yaml.org,2002:str"})


@dataclass(eq=False, slots=True)
class Tree:
    """One text, its *events*, and *last*: the closing event of each collection's first event.

    *covered* are the template actions that were masked before it was parsed, or None when it was
    parsed as it is. A tree inside a block scalar knows the *outer* tree, the *host* node there,
    and its *offset*: where its text begins in the outer one.
    """

    text: str
    events: list[Event]
    last: dict[int, int]
    aliases: list[int]
    covered: tuple[mask.Span, ...] | None
    outer: "Tree | None" = None
    host: int = -1
    offset: int = 0
    _anchors: "_Anchors | None" = field(default=None, init=False)

    # lines

    def line(self, position: int) -> int:
        """Return the 1-based line of *position*, counted in the outermost text."""
        tree: Tree | None = self
        while tree is not None and tree.outer is not None:
            position += tree.offset
            tree = tree.outer
        assert tree is not None
        return line_at(tree.text, position)

    def line_of(self, node: int) -> int:
        """Return the 1-based line where *node* begins."""
        return self.line(self.start(node))

    # what a node is

    def is_scalar(self, node: int) -> bool:
        """Tell whether it is a scalar."""
        return self.events[node].__class__ is ScalarEvent

    def is_mapping(self, node: int) -> bool:
        """Tell whether it is a mapping."""
        return self.events[node].__class__ is MappingStartEvent

    def is_sequence(self, node: int) -> bool:
        """Tell whether it is a sequence."""
        return self.events[node].__class__ is SequenceStartEvent

    def is_alias(self, node: int) -> bool:
        """Tell whether it is an alias such as ``*base``."""
        return self.events[node].__class__ is AliasEvent

    def is_flow(self, node: int) -> bool:
        """Tell whether the collection is written in brackets or braces."""
        return bool(self.events[node].flow_style)

    def value(self, node: int) -> str:
        """Return a scalar's value, all escapes and folding done."""
        value: str = self.events[node].value
        return value

    def style(self, node: int) -> str:
        """Return a scalar's style: ``""`` for plain, else one of ``" ' | >``."""
        return self.events[node].style or ""

    def is_string(self, node: int) -> bool:
        """Tell whether the scalar has no tag, or one that makes it a string."""
        return self.events[node].tag in _STRING_TAGS

    def has_tag(self, node: int) -> bool:
        """Tell whether the node has a tag such as ``!!str``."""
        return self.events[node].tag is not None

    # where a node stands

    def start(self, node: int) -> int:
        """Return where it begins, behind its ``&anchor`` and ``!tag``."""
        event = self.events[node]
        begin: int = event.start_mark.index
        if event.__class__ is AliasEvent or (event.anchor is None and event.tag is None):
            return begin
        behind = _PROPERTIES.match(self.text, begin)
        at = behind.end() if behind else begin
        end: int = event.end_mark.index
        if event.__class__ is ScalarEvent and at >= end:
            return end  # an empty value: nothing but properties
        lone = _LAST_PROPERTY.match(self.text, at)
        return lone.end() if lone and event.__class__ is ScalarEvent and lone.end() >= end else at

    def end(self, node: int) -> int:
        """Return where its last character ends.

        A block collection's own end mark runs on to the next token, so its last leaf's is used.
        """
        at = self.last.get(node, node)
        while self.events[at].__class__ in _ENDS and not _has_width(self.events[at]):
            at -= 1
        end: int = self.events[at].end_mark.index
        return end

    def column(self, position: int) -> int:
        """Return how many characters stand before *position* on its line."""
        breaks = (self.text.rfind("\n", 0, position), self.text.rfind("\r", 0, position))
        return position - max(breaks) - 1

    # walking

    def behind(self, node: int) -> int:
        """Return the event behind the whole of *node*."""
        return self.last.get(node, node) + 1

    def roots(self) -> list[int]:
        """Return the root node of each document."""
        found, at = [], 1
        while at < len(self.events):
            if self.events[at].__class__ is DocumentStartEvent:
                found.append(at + 1)
                at = self.behind(at + 1)
            at += 1
        return found

    def document_end(self, root: int) -> int:
        """Return where the document of *root* ends: at its ``...``, the next ``---`` or the end."""
        closing = self.events[self.behind(root)]
        assert closing.__class__ is DocumentEndEvent
        end: int = closing.start_mark.index
        return end

    def items(self, mapping: int) -> Iterator[tuple[int, int]]:
        """Yield key and value of each pair."""
        at, closing = mapping + 1, self.last[mapping]
        while at < closing:
            value = self.behind(at)
            yield at, value
            at = self.behind(value)

    def is_empty(self, collection: int) -> bool:
        """Tell whether the collection has nothing in it."""
        return self.last[collection] == collection + 1

    def elements(self, sequence: int) -> Iterator[int]:
        """Yield each element."""
        at, closing = sequence + 1, self.last[sequence]
        while at < closing:
            yield at
            at = self.behind(at)

    def key_text(self, key: int) -> str | None:
        """Return what a key reads, through an alias too; None if it is no scalar."""
        key = self.resolved(key)
        return self.value(key) if self.is_scalar(key) else None

    # anchors

    def resolved(self, node: int) -> int:
        """Return the node that an alias stands for; any other node itself."""
        return self._known_anchors().target[node] if self.is_alias(node) else node

    def shared_by(self, node: int) -> int | None:
        """Return an alias through which *node*, or a collection it is in, is used again."""
        if not self.aliases:
            return None
        for anchored, alias in self._known_anchors().user.items():
            if anchored <= node <= self.last.get(anchored, anchored):
                return alias
        return None

    def _known_anchors(self) -> "_Anchors":
        if self._anchors is None:
            self._anchors = _resolve_anchors(self)
        return self._anchors


@dataclass(frozen=True, slots=True)
class _Anchors:
    """The node each alias stands for, and one alias of each node that has any."""

    target: dict[int, int]
    user: dict[int, int]


def _resolve_anchors(tree: Tree) -> _Anchors:
    """Resolve every alias; an anchor may be defined again, the last one before the alias counts."""
    found = _Anchors({}, {})
    defined: dict[str, int] = {}
    for index, event in enumerate(tree.events):
        kind = event.__class__
        if kind is DocumentStartEvent:
            defined = {}
        elif kind is AliasEvent:
            if event.anchor not in defined:
                raise Refusal(
                    EditCode.UNPARSABLE,
                    f"the alias *{event.anchor} has no anchor",
                    "Define the anchor before it, then try again.",
                    line=tree.line(event.start_mark.index),
                )
            found.target[index] = defined[event.anchor]
            found.user.setdefault(defined[event.anchor], index)
        elif (kind is ScalarEvent or kind in _STARTS) and event.anchor is not None:
            defined[event.anchor] = index
    return found


def _has_width(event: Event) -> bool:
    """Tell a closing bracket from the end of a block, which is nothing one could see."""
    return bool(event.start_mark.index != event.end_mark.index)


def stream(text: str) -> Iterator[Event]:
    """Yield libyaml's events of *text*, the stream's own two included.

    Raises:
        YAMLError: it does not parse.
    """
    next_event: Callable[[], Event] = CParser(text).get_event
    return iter(next_event, None)


def parse(text: str, *, masked: bool = False) -> Tree:
    """Return the tree of *text*; *masked* covers template actions first, else only at need.

    Raises:
        Refusal: it does not parse, or is nested too deeply.
    """
    if masked:
        return _parse_masked(text)
    try:
        return _parse_plain(text, text, None)
    except Refusal:
        if "{{" not in text:
            raise
        return _parse_masked(text)


def _parse_masked(text: str) -> Tree:
    spans = mask.actions(text)
    return _parse_plain(text, mask.cover(text, spans), spans)


def _parse_plain(text: str, readable: str, covered: tuple[mask.Span, ...] | None) -> Tree:
    events: list[Event] = []
    last: dict[int, int] = {}
    aliases: list[int] = []
    open_: list[int] = []
    count = 0
    try:
        for event in stream(readable):
            kind = event.__class__
            if kind is ScalarEvent:
                pass
            elif kind in _STARTS:
                open_.append(count)
                if len(open_) > DEEPEST:
                    raise _too_deep(text, event)
            elif kind in _ENDS:
                last[open_.pop()] = count
            elif kind is AliasEvent:
                aliases.append(count)
            events.append(event)
            count += 1
    except YAMLError as error:
        raise _unparsable(text, error) from error
    tree = Tree(text, events, last, aliases, covered)
    if aliases:
        tree._known_anchors()  # noqa: SLF001  # an alias without an anchor must be refused at once
    return tree


def _too_deep(text: str, event: Event) -> Refusal:
    return Refusal(
        EditCode.UNPARSABLE,
        f"collections are nested more than {DEEPEST} levels deep",
        "Is it the right file?",
        line=line_at(text, event.start_mark.index),
    )


def _unparsable(text: str, error: YAMLError) -> Refusal:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    problem = getattr(error, "problem", None) or getattr(error, "reason", None) or "it is malformed"
    line = line_at(text, mark.index) if mark is not None else _line_of_bad_character(text, error)
    return Refusal(
        EditCode.UNPARSABLE,
        f"YAML cannot read it: {problem}",
        "Correct that line, then try again.",
        line=line,
    )


def _line_of_bad_character(text: str, error: YAMLError) -> int | None:
    """Return the line of a character that YAML forbids; libyaml tells its position in bytes."""
    position = getattr(error, "position", None)
    if not isinstance(position, int):
        return None
    return text.encode()[:position].count(b"\n") + 1
