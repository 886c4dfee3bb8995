"""GitHub's GraphQL API: every query is held against GitHub's own schema, then resolved.

Errors come as HTTP 200. A field of the schema that the fake does not know is remembered as
strange and fails; it is never silently null.
"""

import functools
import gzip
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from graphql import (
    ExecutionResult,
    GraphQLError,
    GraphQLResolveInfo,
    GraphQLSchema,
    build_ast_schema,
    execute_sync,
    parse,
    validate,
)
from graphql.language import DocumentNode, OperationDefinitionNode, OperationType

SCHEMA = Path(__file__).parent / "schema.graphql.gz"
_CAPITAL = re.compile(r"(?<!^)(?=[A-Z])")


class Failed(Exception):  # noqa: N818  # it is an answer, not a failure of ours
    """A resolver's error as GitHub words it. *whole* takes the other data away with it."""

    def __init__(self, kind: str, message: str, *, whole: bool = False) -> None:
        super().__init__(message)
        self.kind, self.message, self.whole = kind, message, whole


class Unsupported(Exception):  # noqa: N818  # a gap in the fake, to be filled
    """The schema has the field, the fake has not."""


@functools.cache
def schema() -> GraphQLSchema:
    """Return GitHub's schema, built at the first query (0.4 s) and kept."""
    text = gzip.decompress(SCHEMA.read_bytes()).decode()
    return build_ast_schema(parse(text, no_location=True), assume_valid=True)


@functools.lru_cache(maxsize=500)
def checked(query: str) -> tuple[DocumentNode | None, tuple[GraphQLError, ...]]:
    """Return the parsed query and what is wrong with it by the schema."""
    try:
        document = parse(query)
    except GraphQLError as error:
        return None, (error,)
    return document, tuple(validate(schema(), document))


def is_mutation(document: DocumentNode) -> bool:
    """Tell whether the document holds a mutation."""
    return any(
        isinstance(one, OperationDefinitionNode) and one.operation is OperationType.MUTATION
        for one in document.definitions
    )


def run(
    query: str,
    variables: Mapping[str, Any],
    root: object,
    context: object,
    strange: Callable[[str], None],
) -> dict[str, Any]:
    """Return the answer's body; what the fake cannot do is told to *strange*."""
    document, wrong = checked(query)
    if document is None or wrong:
        for error in wrong:
            strange(f"GraphQL: {error.message}")
        return {"errors": [_invalid(error) for error in wrong]}
    result = execute_sync(
        schema(),
        document,
        root_value=root,
        context_value=context,
        variable_values=dict(variables),
        field_resolver=_resolve,
        type_resolver=_type,
    )
    return _answer(result, strange)


def _answer(result: ExecutionResult, strange: Callable[[str], None]) -> dict[str, Any]:
    if not result.errors:
        return {"data": result.data}
    for error in result.errors:
        if not isinstance(error.original_error, Failed):
            strange(f"GraphQL at {error.path}: {error.message}")
    whole = any(
        isinstance(e.original_error, Failed) and e.original_error.whole for e in result.errors
    )
    errors = [_failed(error) for error in result.errors]
    if result.data is None and not any(error.path for error in result.errors):
        return {"errors": errors}
    return {"data": None if whole else result.data, "errors": errors}


def _places(error: GraphQLError) -> list[dict[str, int]]:
    return [{"line": place.line, "column": place.column} for place in error.locations or ()]


def _failed(error: GraphQLError) -> dict[str, Any]:
    shown: dict[str, Any] = {"locations": _places(error), "message": error.message}
    if isinstance(error.original_error, Failed):
        shown["type"] = error.original_error.kind
    if error.path:
        shown["path"] = list(error.path)
    return shown


def _invalid(error: GraphQLError) -> dict[str, Any]:
    found = re.match(r"Cannot query field '(\w+)' on type '(\w+)'", error.message)
    if found is None:
        return {"locations": _places(error), "message": error.message}
    name, kind = found.groups()
    return {
        "path": ["query"],
        "extensions": {"code": "undefinedField", "typeName": kind, "fieldName": name},
        "locations": _places(error),
        "message": f"Field '{name}' doesn't exist on type '{kind}'",
    }


def snake(name: str) -> str:
    """Return a GraphQL name as Python writes it."""
    return _CAPITAL.sub("_", name).lower()


def _resolve(source: object, info: GraphQLResolveInfo[Any], **arguments: Any) -> Any:
    name = snake(info.field_name)
    if isinstance(source, Mapping):
        if info.field_name not in source:
            raise Unsupported(f"{info.parent_type.name}.{info.field_name} is not in the fake")
        value = source[info.field_name]
        return value() if callable(value) else value
    value = getattr(source, name, _resolve)
    if value is _resolve:
        raise Unsupported(f"{info.parent_type.name}.{info.field_name} is not in the fake")
    if not callable(value):
        return value
    return value(**{snake(key): one for key, one in arguments.items()})


def _type(source: object, _info: object, _abstract: object) -> str:
    return str(getattr(source, "typename", None) or type(source).__name__)


def connection(
    items: Sequence[Any],
    name: str,
    first: int | None = None,
    after: str | None = None,
    last: int | None = None,
    before: str | None = None,
) -> dict[str, Any]:
    """Return one page of *items* as the connection *name*.

    Raises:
        Failed: neither *first* nor *last* was given, or more than 100 were asked for.
    """
    if first is None and last is None:
        message = (
            "You must provide a `first` or `last` value to properly paginate "
            f"the `{name}` connection."
        )
        raise Failed("MISSING_PAGINATION_BOUNDARIES", message)
    for word, count in (("first", first), ("last", last)):
        if count is not None and count > 100:
            message = (
                f"Requesting {count} records on the `{name}` connection exceeds the "
                f"`{word}` limit of 100 records."
            )
            raise Failed("EXCESSIVE_PAGINATION", message)
    start = int(after.removeprefix("at:")) if after else 0
    end = int(before.removeprefix("at:")) - 1 if before else len(items)
    if first is not None:
        end = min(end, start + first)
    elif last is not None:
        start = max(start, end - last)
    nodes = list(items[start:end])
    return {
        "nodes": nodes,
        "edges": [
            {"node": node, "cursor": f"at:{start + at + 1}"} for at, node in enumerate(nodes)
        ],
        "totalCount": len(items),
        "pageInfo": {
            "hasNextPage": end < len(items),
            "hasPreviousPage": start > 0,
            "startCursor": f"at:{start + 1}" if nodes else None,
            "endCursor": f"at:{end}" if nodes else None,
        },
    }
