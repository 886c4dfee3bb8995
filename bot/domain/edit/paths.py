"""Paths to a scalar: ``a.b``, ``a."x.y"``, ``list[0]``, ``list[name=web].tag``, ``list[].tag``.

``[key=value]`` keeps the elements of a list whose *key*, itself a dotted path, reads *value*; on a
mapping it keeps or drops the mapping, so ``[kind=Deployment][metadata.name=web].spec`` picks one
document out of several.
"""

import re
from dataclasses import dataclass
from typing import assert_never

from bot.domain.edit.errors import EditCode, Refusal


@dataclass(frozen=True, slots=True)
class Name:
    """Go to the value of key *text*."""

    text: str


@dataclass(frozen=True, slots=True)
class Index:
    """Go to the element at *position*, from 0."""

    position: int


@dataclass(frozen=True, slots=True)
class Where:
    """Keep what has *value* at the path *keys*."""

    keys: tuple[str, ...]
    value: str


@dataclass(frozen=True, slots=True)
class Each:
    """Go to every element."""


Step = Name | Index | Where | Each

_BARE = re.compile(r"""(?:\\.|[^.\[\]"'\\])+""", re.DOTALL)
_BARE_IN_BRACKETS = re.compile(r"[^.=\"'\[\]]+")
_QUOTED = re.compile(r"""\"((?:\\.|[^"\\])*)\"|'((?:''|[^'])*)'""", re.DOTALL)
_INDEX = re.compile(r"[0-9]{1,9}")
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_SIMPLE = re.compile(r"[^\s.\[\]\"'\\=]+")


def parse_path(path: str) -> tuple[Step, ...]:
    """Return the steps of *path*.

    Raises:
        Refusal: it is empty or malformed.
    """
    steps: list[Step] = []
    at = 0
    while at < len(path):
        if path[at] == "[":
            step, at = _bracket(path, at)
        else:
            if path[at] == "." and steps:
                at += 1
            text, at = _name(path, at)
            step = Name(text)
        steps.append(step)
    if not steps:
        raise _malformed(path)
    return tuple(steps)


def _name(path: str, at: int) -> tuple[str, int]:
    quoted = _QUOTED.match(path, at)
    if quoted:
        double, single = quoted.groups()
        text = single.replace("''", "'") if double is None else _ESCAPED.sub(r"\1", double)
        return text, quoted.end()
    bare = _BARE.match(path, at)
    if not bare:
        raise _malformed(path)
    return _ESCAPED.sub(r"\1", bare.group()), bare.end()


def _bracket(path: str, at: int) -> tuple[Step, int]:
    if path.startswith("[]", at):
        return Each(), at + 2
    index = _INDEX.match(path, at + 1)
    if index and path.startswith("]", index.end()):
        return Index(int(index.group())), index.end() + 1
    return _where(path, at + 1)


def _where(path: str, at: int) -> tuple[Step, int]:
    keys: list[str] = []
    while at < len(path):
        quoted = _QUOTED.match(path, at)
        bare = _BARE_IN_BRACKETS.match(path, at)
        if quoted:
            key, at = _name(path, at)
        elif bare:
            key, at = bare.group(), bare.end()
        else:
            break
        keys.append(key)
        if path.startswith("=", at):
            return _condition(path, tuple(keys), at + 1)
        if not path.startswith(".", at):
            break
        at += 1
    raise _malformed(path)


def _condition(path: str, keys: tuple[str, ...], at: int) -> tuple[Step, int]:
    quoted = _QUOTED.match(path, at)
    if quoted and path.startswith("]", quoted.end()):
        value, _ = _name(path, at)
        return Where(keys, value), quoted.end() + 1
    end = path.find("]", at)
    if end < 0:
        raise _malformed(path)
    return Where(keys, path[at:end]), end + 1


def _malformed(path: str) -> Refusal:
    return Refusal(
        EditCode.BAD_VALUE,
        f"{path!r} is no path",
        'Write it like a.b, a."x.y", list[0], list[name=web].tag or list[].tag.',
    )


def written(step: Step) -> str:
    """Return *step* as a path writes it, a name with its leading dot."""
    match step:
        case Name(text):
            return f".{_quoted_if_needed(text)}"
        case Index(position):
            return f"[{position}]"
        case Where(keys, value):
            name = ".".join(map(_quoted_if_needed, keys))
            return f"[{name}={value}]" if _SIMPLE.fullmatch(value) else f"[{name}={_quote(value)}]"
        case Each():
            return "[]"
        case _:
            assert_never(step)


def _quoted_if_needed(text: str) -> str:
    return text if _SIMPLE.fullmatch(text) else _quote(text)


def _quote(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
