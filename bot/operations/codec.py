"""Our frozen values as JSON and back, checked on the way in.

A stored value that no longer fits its type is a bug of ours or a hand in the database: pydantic
says which field, and nothing goes on with half a value.
"""

from collections.abc import Hashable
from functools import cache
from typing import Any, TypeVar

from pydantic import TypeAdapter

Value = TypeVar("Value")


@cache
def _adapter(kind: Hashable) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


def dump(kind: type[Value], value: Value) -> Any:
    """Return *value*, which is a *kind*, as JSON-able data."""
    return _adapter(kind).dump_python(value, mode="json")


def load(kind: type[Value], data: Any) -> Value:
    """Return the *kind* that *data* describes.

    Raises:
        pydantic.ValidationError: *data* does not fit.
    """
    value: Value = _adapter(kind).validate_python(data)
    return value
