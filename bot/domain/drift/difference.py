"""What differs between the cluster and Git, object by object, with nothing secret in it."""

import difflib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bot.domain.masking import without_secrets

MOST_LINES = 60
"""Lines of all objects together; people read the rest in Argo CD."""

MOST_OBJECTS = 15
"""Objects that are shown; whoever has more to read opens Argo CD."""

AROUND = 2
"""Lines shown around each changed one."""

HIDDEN = "(hidden)"

_SECRET_KINDS = frozenset({"Secret"})
_TELLING = re.compile(
    r"pass(word|wd|phrase)?$|secret|token|credential|api[-_]?key|private[-_]?key|"
    r"access[-_]?key|auth(orization)?$|cookie|dsn$|connection[-_]?string",
    re.IGNORECASE,
)
_NAME_AND_VALUE = re.compile(
    r"(?i)(\bname[\"']?\s*[:=]\s*[\"']?"
    r"(?=[\w.-]*?(?:pass|secret|token|credential|api[_-]?key|private[_-]?key|access[_-]?key))"
    r"[\w.-]++[\"']?[,\s]+[\"']?value[\"']?\s*[:=]\s*)"
    r"(\"[^\"]*\"?|'[^']*'?|[^\s,}]+)"
)
"""A variable of a container that is written inside a text, as in Helm values of an application."""

_IN_VALUE = re.compile(r"(?<=://)[^/@\s:]+:[^/@\s]+(?=@)")


@dataclass(frozen=True, slots=True)
class Managed:
    """One object as Argo CD compares it: *live* in the cluster, and as it would be after a sync.

    None: it is not there, or would not be.
    """

    kind: str
    name: str
    namespace: str
    live: Mapping[str, Any] | None
    wanted: Mapping[str, Any] | None

    @property
    def label(self) -> str:
        """Return what people call it: ``Deployment/web``."""
        return f"{self.kind}/{self.name}"


@dataclass(frozen=True, slots=True)
class Differing:
    """How one object differs: *lines* of a unified diff, ``-`` is the cluster and ``+`` Git.

    A *secret* one has none.
    """

    label: str
    lines: tuple[str, ...]
    secret: bool = False


@dataclass(frozen=True, slots=True)
class Differences:
    """The objects that differ, as many as there is room for.

    *more* lines of them and *others*, whole objects, are left out.
    """

    objects: tuple[Differing, ...]
    more: int = 0
    others: int = 0


def differences(objects: Iterable[Managed]) -> Differences:
    """Return what differs among *objects*, cut to ``MOST_LINES``.

    Of a Secret nothing but its name is said, and elsewhere what is named or looks like a secret is
    hidden, inside of texts, too.
    """
    shown: list[Differing] = []
    room, more = MOST_LINES, 0
    differing = [one for one in objects if one.live != one.wanted]
    for one in differing[:MOST_OBJECTS]:
        if one.kind in _SECRET_KINDS:
            shown.append(Differing(one.label, (), secret=True))
            continue
        lines = tuple(_diff(_masked(one.live), _masked(one.wanted)))
        kept = lines[:room]
        more += len(lines) - len(kept)
        room -= len(kept)
        if kept or not lines:
            shown.append(Differing(one.label, kept))
    return Differences(tuple(shown), more, max(len(differing) - MOST_OBJECTS, 0))


def _diff(live: Any, wanted: Any) -> Iterator[str]:
    made = difflib.unified_diff(_lines(live), _lines(wanted), n=AROUND, lineterm="")
    yield from list(made)[2:]  # without the names of two files


def _lines(value: Any) -> list[str]:
    if value is None:
        return []
    return json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False).splitlines()


def _masked(value: Any, *, secret: bool = False) -> Any:
    """Return *value* with what may be secret replaced; its shape stays, so that it can be read."""
    if isinstance(value, Mapping):
        named = _TELLING.search(str(value.get("name", ""))) is not None
        return {
            key: _masked(
                inner,
                secret=secret
                or _TELLING.search(str(key)) is not None
                or (named and key == "value"),
            )
            for key, inner in value.items()
        }
    if isinstance(value, list):
        flags = (False, *(_is_telling_flag(one) for one in value))
        return [
            _masked(inner, secret=secret or behind)
            for inner, behind in zip(value, flags, strict=False)
        ]
    if secret and not isinstance(value, bool) and value is not None:
        return HIDDEN
    return _text(value) if isinstance(value, str) else value


def _is_telling_flag(value: Any) -> bool:
    """Tell whether *value* is an argument such as ``--password``, whose word comes behind it."""
    return isinstance(value, str) and value.startswith("-") and bool(_TELLING.search(value))


def _text(text: str) -> str:
    """Return *text*, which may be a whole file, with what may be secret replaced."""
    text = _NAME_AND_VALUE.sub(rf"\1{HIDDEN}", _IN_VALUE.sub(HIDDEN, _json(text)))
    return without_secrets(text, mask=HIDDEN)


def _json(text: str) -> str:
    """Return *text* masked as the object that it writes, such as an applied configuration."""
    if not text.lstrip().startswith(("{", "[")):
        return text
    try:
        value = json.loads(text)
        seen = _masked(value)
    except (ValueError, RecursionError):
        return text
    return text if seen == value else json.dumps(seen, ensure_ascii=False)
