"""The ``fields`` parameter: a white list on List, any path on streams and managed-resources."""

import copy
from collections.abc import Callable
from typing import Any

from sandbox.argocd.refusals import UNKNOWN, Refusal

Document = dict[str, Any]


def _at(*path: str) -> Callable[[Document], Any]:
    def read(document: Document) -> Any:
        node: Any = document
        for part in path:
            node = node.get(part) if isinstance(node, dict) else None
        return node

    return read


PLAIN = (
    "metadata.name",
    "metadata.namespace",
    "metadata.annotations",
    "metadata.labels",
    "metadata.creationTimestamp",
    "metadata.deletionTimestamp",
    "spec",
    "status.sourceHydrator",
    "status.sync.status",
    "status.health",
    "status.summary",
    "status.operationState.startedAt",
    "status.operationState.finishedAt",
    "status.operationState.phase",
    "status.resources",
    "operation.sync",
)
SINCE_3_5 = (
    "status.sync.revision",
    "spec.project",
    "spec.source.repoURL",
    "spec.source.path",
    "spec.source.targetRevision",
    "spec.destination.server",
    "spec.destination.name",
    "spec.destination.namespace",
)
RESULT = "status.operationState.operation.sync"
"""By this name the server gives ``status.operationState.syncResult``."""


def list_item(document: Document, fields: str, version: tuple[int, int]) -> Document:
    """Return one item of a List reduced to *fields*; other paths are dropped in silence.

    Raises:
        Refusal: 500 for ``items.spec`` beside a path below it, and for exclusion.
    """
    asked = {
        field.removeprefix("items.") for field in fields.split(",") if field.startswith("items.")
    }
    if fields.startswith("-") or ("spec" in asked and any(a.startswith("spec.") for a in asked)):
        # The real server fails at random, by its map's order; here it always does.
        raise Refusal(UNKNOWN, "field spec is not a map")
    item: Document = {}
    for field in (*PLAIN, *(SINCE_3_5 if version >= (3, 5) else ()), RESULT):
        if field not in asked:
            continue
        path = field.split(".")
        read = _at("status", "operationState", "syncResult") if field == RESULT else _at(*path)
        value = read(document)
        if value is None:
            continue
        node = item
        for part in path[:-1]:
            node = node.setdefault(part, {})
        node[path[-1]] = copy.deepcopy(value)
    return item


def reduced(value: Any, fields: str | None) -> Any:
    """Return *value* with only *fields* (or, after a ``-``, without them)."""
    if not fields:
        return value
    exclude = fields.startswith("-")
    paths = set(fields.removeprefix("-").split(","))
    return _reduce(value, "", paths, exclude=exclude)


def _reduce(value: Any, path: str, fields: set[str], *, exclude: bool) -> Any:
    if isinstance(value, list):
        return [_reduce(each, path, fields, exclude=exclude) for each in value]
    if not isinstance(value, dict):
        return value
    kept = {}
    for key, each in value.items():
        here = f"{path}.{key}" if path else key
        named = here in fields
        # As the server does it: by string prefix, so that "result.app" also keeps a parent.
        above = named or any(field.startswith(here) for field in fields)
        if (not named) if exclude else above:
            kept[key] = each if named else _reduce(each, here, fields, exclude=exclude)
    return kept
