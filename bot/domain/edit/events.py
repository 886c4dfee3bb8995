"""libyaml's events, from the package that brings them, and how one is made by hand."""

from typing import Any

from yaml import YAMLError  # type: ignore[import-untyped]  # no stubs; Event is Any below
from yaml.cyaml import CParser  # type: ignore[import-untyped]
from yaml.events import (  # type: ignore[import-untyped]
    AliasEvent,
    DocumentEndEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

__all__ = [
    "AliasEvent",
    "CParser",
    "DocumentEndEvent",
    "DocumentStartEvent",
    "Event",
    "MappingEndEvent",
    "MappingStartEvent",
    "ScalarEvent",
    "SequenceEndEvent",
    "SequenceStartEvent",
    "YAMLError",
    "collection",
    "scalar",
]

Event = Any
"""PyYAML's event objects carry no types."""


def scalar(value: str, style: str = "", anchor: str | None = None, tag: str | None = None) -> Event:
    """Return the event of a scalar, as the parser would give it."""
    return ScalarEvent(anchor, tag, (style == "", style != ""), value, style=style)


def collection(
    inner: list[Event],
    *,
    mapping: bool,
    flow: bool,
    anchor: str | None = None,
    tag: str | None = None,
) -> list[Event]:
    """Return the events of a mapping, else a sequence, around those of what is in it."""
    start, end = (
        (MappingStartEvent, MappingEndEvent) if mapping else (SequenceStartEvent, SequenceEndEvent)
    )
    return [start(anchor, tag, implicit=tag is None, flow_style=flow), *inner, end()]
