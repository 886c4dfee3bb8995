"""The JSON Schema of the file: what this version takes, and nothing it would refuse."""

from collections.abc import Iterator
from typing import Any

from bot.config.enforced import PREPARED, is_off
from bot.config.models import File

_REFERENCE = "#/$defs/"


def published() -> dict[str, Any]:
    """Return the JSON Schema, without the keys that are not kept yet and what only they use."""
    schema = File.model_json_schema()
    definitions: dict[str, Any] = schema.pop("$defs")
    for model, prepared in PREPARED.items():
        part = schema if model is File else definitions[model.__name__]
        for key in prepared:
            if is_off(model, key):
                part["properties"].pop(key)
    used: set[str] = set()
    new = set(_references(schema))
    while new:
        used |= new
        new = {name for one in new for name in _references(definitions[one])} - used
    defined = {name: part for name, part in definitions.items() if name in used}
    return {"$defs": defined, **schema}


def _references(part: Any) -> Iterator[str]:
    """Yield the names of the definitions that *part* refers to."""
    if isinstance(part, dict):
        if isinstance(reference := part.get("$ref"), str):
            yield reference.removeprefix(_REFERENCE)
        for inner in part.values():
            yield from _references(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from _references(inner)
