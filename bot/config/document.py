"""A YAML text as plain data, with the place of every key and value."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from bot.config.problems import CHANNEL_HINT, ConfigProblem, Path, dotted

LONGEST_FILE = 1_000_000  # characters; a thousand services take a fifth of it
MOST_NODES = 100_000  # with aliases unfolded, so that a few lines cannot fill the memory

_TAG = "tag:yaml.org,2002:"
_START = (1, 1)


@dataclass(slots=True)
class Document:
    """The *data* of a file and the *places* (line, column, from 1) of its keys and values.

    It is filled while the file is read and not changed after.
    """

    data: dict[str, Any] = field(default_factory=dict)
    keys: dict[Path, tuple[int, int]] = field(default_factory=dict)
    values: dict[Path, tuple[int, int]] = field(default_factory=dict)
    problems: list[ConfigProblem] = field(default_factory=list)
    commented: dict[Path, str] = field(default_factory=dict)
    """What stands as a comment where a value would: ``channel: #ships``."""

    def at_key(self, path: Path, message: str, hint: str = "") -> ConfigProblem:
        """Return a problem at the key that *path* ends in, or at the nearest one above it."""
        return self._problem(self.keys, path, message, hint)

    def at_value(self, path: Path, message: str, hint: str = "") -> ConfigProblem:
        """Return a problem at the value that *path* leads to, or at the nearest one above it."""
        while path and path not in self.values:
            path = path[:-1]
        return self._problem(self.values, path, message, hint)

    def _problem(
        self, places: dict[Path, tuple[int, int]], path: Path, message: str, hint: str
    ) -> ConfigProblem:
        above = (path[:length] for length in range(len(path), 0, -1))
        line, column = next((places[part] for part in above if part in places), _START)
        return ConfigProblem(line, column, dotted(path), message, hint)


def read(text: str) -> Document:
    """Return the document that *text* holds; never raises, problems are in the document."""
    document = Document()
    if len(text) > LONGEST_FILE:
        document.problems.append(
            document.at_key((), f"the file has {len(text)} characters; we read {LONGEST_FILE}")
        )
        return document
    node = _composed(text, document)
    if isinstance(node, MappingNode):
        document.data = _Reader(document, text).mapping(node, ())
    elif not document.problems:
        document.problems.append(
            document.at_key(
                (),
                "the file is empty" if node is None else "the file must be a mapping",
                "begin with a key such as `environments:`",
            )
        )
    return document


def _composed(text: str, document: Document) -> Node | None:
    """Return the node tree; one that cannot be read is a problem of the document."""
    try:
        # ``pure``: only the Python reader keeps a mark at every node
        node: Node | None = YAML(typ="rt", pure=True).compose(text)
    except MarkedYAMLError as error:
        document.problems.append(_swallowed(error, text) or _unreadable(error))
    except (YAMLError, ValueError) as error:
        first = str(error).strip().splitlines()[0]
        document.problems.append(document.at_key((), f"the file is no YAML: {first}"))
    except RecursionError:
        document.problems.append(document.at_key((), "the file is nested too deeply"))
    else:
        return node
    return None


_COMMENT = re.compile(r"[ \t]*:[ \t]+(?P<word>#[^\s#,}\]]+)")
"""A word behind a key that YAML does not read; one after a blank is a comment and meant so."""

_COMMENTED = re.compile(rf"(?P<key>[\w-]+)['\"]?{_COMMENT.pattern}")

_CHANNELS = frozenset({"channel", "deploys", "failures", "drift"})

_HINTS = {
    "'\\t'": "indent with blanks, YAML knows no tabs",
    "got '{'": 'put what holds a brace in quotes, as "values-{env}.yaml"',
}


def _unreadable(error: MarkedYAMLError) -> ConfigProblem:
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line + 1, mark.column + 1) if mark else _START
    what = " ".join(part for part in (error.context, error.problem) if part)
    hint = next((hint for sign, hint in _HINTS.items() if sign in what), "")
    return ConfigProblem(line, column, "", f"this is no YAML: {what}", hint)


def _swallowed(error: MarkedYAMLError, text: str) -> ConfigProblem | None:
    """Return the comment that took a closing brace away, where *error* may come from one."""
    begin, end = error.context_mark, error.problem_mark
    if not begin or not end or "flow" not in (error.context or ""):
        return None
    last_line = text.rfind("\n", 0, len(text.rstrip())) + 1  # Of a node, *begin* is its own end.
    for found in _COMMENTED.finditer(text, min(begin.index, last_line), end.index):
        start = found.start("word")
        before = text[text.rfind("\n", 0, start) + 1 : start]
        if before.count('"') % 2 or before.count("'") % 2:
            continue  # It stands inside of a text.
        hint = CHANNEL_HINT if found["key"] in _CHANNELS else "put what begins with # in quotes"
        what = f"this is no YAML: `{found['word']}` begins a comment"
        return ConfigProblem(text.count("\n", 0, start) + 1, len(before) + 1, "", what, hint)
    return None


class _Reader:
    """Turns nodes into data, and notes their places and problems in a document."""

    def __init__(self, document: Document, text: str) -> None:
        self._document = document
        self._text = text
        self._nodes = 0
        self._above: list[Node] = []

    def mapping(self, node: MappingNode, path: Path) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for key, value in self._pairs(node, path):
            inner = (*path, key.value)
            if key.value in result:
                first = self._document.keys[inner][0]
                self._note(key, inner, f"`{key.value}` stands twice; it is on line {first} too")
                continue
            self._document.keys[inner] = _place(key)
            self._note_comment(key, value, inner)
            result[key.value] = self._value(value, inner)
        return result

    def _note_comment(self, key: ScalarNode, value: Node, path: Path) -> None:
        if isinstance(value, ScalarNode) and not value.value and key.end_mark:
            found = _COMMENT.match(self._text, key.end_mark.index)
            if found:
                self._document.commented[path] = found["word"]

    def _pairs(self, node: MappingNode, path: Path) -> Iterator[tuple[ScalarNode, Node]]:
        """Yield the pairs of a mapping; those of its ``<<`` last, where it has no own."""
        merged: list[MappingNode] = []
        own = set()
        for key, value in node.value:
            if not isinstance(key, ScalarNode):
                self._note(key, path, "a key must be a single word")
            elif key.tag == f"{_TAG}merge":
                sources = value.value if isinstance(value, SequenceNode) else [value]
                merged += [source for source in sources if isinstance(source, MappingNode)]
            else:
                own.add(key.value)
                yield key, value
        for source in merged:
            if source in self._above:
                continue
            for key, value in self._pairs(source, path):
                if key.value not in own:
                    own.add(key.value)
                    yield key, value

    def _value(self, node: Node, path: Path) -> Any:
        self._document.values[path] = _place(node)
        self._nodes += 1
        if node in self._above:
            self._note(node, path, "an alias stands inside what it names")
            return None
        if self._nodes > MOST_NODES:
            if self._nodes == MOST_NODES + 1:
                self._note(node, path, "the file unfolds to more than we read")
            return None
        self._above.append(node)
        try:
            return self._unfolded(node, path)
        finally:
            self._above.pop()

    def _unfolded(self, node: Node, path: Path) -> Any:
        if isinstance(node, MappingNode):
            return self.mapping(node, path)
        if isinstance(node, SequenceNode):
            return [self._value(item, (*path, place)) for place, item in enumerate(node.value)]
        return self._scalar(node, path)

    def _scalar(self, node: Node, path: Path) -> Any:
        text = str(node.value)
        match str(node.tag).removeprefix(_TAG):
            case "null":
                return None
            case "bool":
                return text.casefold() == "true"
            case "int":
                return _number(text)
            case "float":
                return float("nan")  # only its being no text counts
            case "str" | "timestamp":
                return text
            case other:
                self._note(node, path, f"the tag `{other}` means nothing here", "leave it out")
                return text

    def _note(self, node: Node, path: Path, message: str, hint: str = "") -> None:
        line, column = _place(node)
        self._document.problems.append(ConfigProblem(line, column, dotted(path), message, hint))


def _number(text: str) -> int | str:
    try:
        return int(text.replace("_", ""), 0)
    except ValueError:
        return text


def _place(node: Node) -> tuple[int, int]:
    return node.start_mark.line + 1, node.start_mark.column + 1
