"""One operation of a stopped bot's database, many times: its rows and those of its workflows.

A thousand that went the whole way would take minutes and leave the same rows.
"""

import hashlib
import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import sqlalchemy as sa

from benchmarks._crowd import name

UNIQUE = frozenset({"key", "asked", "wish"})
"""Columns of ours whose values are made up for each copy."""

DBOS = "dbos"
"""The engine's schema, where the database has schemas."""


def multiply(database: sa.Engine, times: int) -> None:
    """Let the first operation stand there *times* in all, each of a service of its own."""
    with database.begin() as connection:
        for table in _tables(connection):
            found = connection.execute(sa.select(table)).mappings()
            rows = [dict(row) for row in found]
            ours = [row for row in rows if _is_of_the_first(row)]
            made = [_copy(table, row, number) for row in ours for number in range(2, times + 1)]
            if made:
                connection.execute(sa.insert(table), made)


def _tables(connection: sa.Connection) -> Iterator[sa.Table]:
    inspector = sa.inspect(connection)
    schemas = [None, *(one for one in inspector.get_schema_names() if one == DBOS)]
    for schema in schemas:
        metadata = sa.MetaData()
        metadata.reflect(connection, schema=schema)
        yield from metadata.sorted_tables


def _is_of_the_first(row: dict[str, Any]) -> bool:
    if "number" in row:
        return bool(row["number"] == 1)
    named = (row.get("workflow_uuid"), row.get("destination_uuid"))
    return any(one and re.fullmatch(r"D-1(\..*)?", one) for one in named)


def _copy(table: sa.Table, row: dict[str, Any], number: int) -> dict[str, Any]:
    words = _renamed(number)
    return {
        column: _made_up(value, number)
        if column in UNIQUE
        else _value(column, value, number, words)
        for column, value in row.items()
        if not (column == "id" and table.c[column].primary_key)
    }


def _value(column: str, value: Any, number: int, words: Callable[[str], str]) -> Any:
    if column == "number":
        return number
    if isinstance(value, str):
        return words(value)
    if isinstance(value, dict | list):
        return json.loads(words(json.dumps(value)))
    return value


def _renamed(number: int) -> Callable[[str], str]:
    def words(text: str) -> str:
        return re.sub(r"\bD-1\b", f"D-{number}", text).replace(name(0), name(number - 1))

    return words


def _made_up(value: Any, number: int) -> str:
    return hashlib.sha256(f"{value}:{number}".encode()).hexdigest()[:32]
