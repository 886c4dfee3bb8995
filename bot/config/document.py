"""A YAML text as plain data, with the place of every key and value."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from bot.config.problems import ConfigProblem, Path, dotted

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
        document.data = _Reader(document).mapping(node, ())
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
        document.problems.append(_unreadable(error))
    except (YAMLError, ValueError) as error:
        first = str(error).strip().splitlines()[0]
        document.problems.append(document.at_key((), f"the file is no YAML: {first}"))
    except RecursionError:
        document.problems.append(document.at_key((), "the file is nested too deeply"))
    else:
        return node
    return None


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


class _Reader:
    """Turns nodes into data, and notes their places and problems in a document."""

    def __init__(self, document: Document) -> None:
        self._document = document
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
            result[key.value] = self._value(value, inner)
        return result

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
