"""Our frozen values as JSON and back, checked on the way in.

A stored value that no longer fits its type is a bug of ours or a hand in the database: pydantic
says which field, and nothing goes on with half a value.
"""

from collections.abc import Hashable  # noqa: TC003
from functools import cache
from typing import Any, TypeVar, cast

from pydantic import TypeAdapter

Value = TypeVar("Value")


@cache
def _adapter(kind: type[Value]) -> TypeAdapter[Value]:
    return TypeAdapter(kind)


def dump(kind: type[Value], value: Value) -> Any:
    """Return *value*, which is a *kind*, as JSON-able data."""
    return _adapter(cast("Hashable", kind)).dump_python(value, mode="json")


def load(kind: type[Value], data: Any) -> Value:
    """Return the *kind* that *data* describes.

    Raises:
        pydantic.ValidationError: *data* does not fit.
    """
    adapter: TypeAdapter[Value] = _adapter(cast("Hashable", kind))
    return adapter.validate_python(data)
