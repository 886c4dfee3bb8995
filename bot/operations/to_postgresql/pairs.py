"""Which tables move: all of ours, and what the engine remembers of its workflows."""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeEngine

from bot.operations.ci import tables as _ci  # noqa: F401  # they join the others
from bot.operations.drift import tables as _drift  # noqa: F401
from bot.operations.sql.tables import metadata

OF_PROCESSES = frozenset({"duties", "missed"})
"""Ours that tell of running processes, and of nothing that happened."""

ENGINES = "dbos"
"""The schema of the engine's tables on PostgreSQL. On SQLite they stand beside ours."""

ENGINE_TABLES = (
    "workflow_status",
    "workflow_input",
    "workflow_output",
    "operation_outputs",
    "notifications",
    "workflow_events",
    "workflow_events_history",
    "streams",
)
"""Those of the engine that move, the ones pointed at first."""

ENGINE_LEAVES = frozenset(
    {"application_versions", "dbos_migrations", "event_dispatch_kv", "queues", "workflow_schedules"}
)
"""Those that every start of the engine writes anew, or that we have nothing in."""

_JSON = sa.JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
_TYPES = {"attributes": _JSON}
"""Columns of the engine's whose types differ between the two."""


@dataclass(frozen=True, slots=True)
class Pair:
    """One table on both sides. *serial* is the column that counts by itself, or None."""

    name: str
    source: sa.Table
    target: sa.Table
    serial: str | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """Return the names of its columns."""
        return tuple(self.source.columns.keys())


def ours() -> tuple[Pair, ...]:
    """Return our tables, the ones pointed at first."""
    tables = [one for one in metadata.sorted_tables if one.name not in OF_PROCESSES]
    return tuple(Pair(one.name, one, one, _serial(one)) for one in tables)


def engines(source: sa.Connection) -> tuple[Pair, ...]:
    """Return the engine's tables as they stand in *source*; none where it never ran."""
    found = sa.inspect(source)
    names = [name for name in ENGINE_TABLES if found.has_table(name)]
    return tuple(_engines(found, name) for name in names)


def _engines(found: sa.Inspector, name: str) -> Pair:
    columns = [(one["name"], _type(one["name"], one["type"])) for one in found.get_columns(name)]
    here, there = (
        sa.Table(name, sa.MetaData(schema=schema), *(sa.Column(*column) for column in columns))
        for schema in (None, ENGINES)
    )
    return Pair(f"{ENGINES}.{name}", here, there)


def _type(name: str, found: TypeEngine[Any]) -> TypeEngine[Any]:
    """Return the type of a column on both sides: an INTEGER of SQLite's holds 64 bits."""
    if isinstance(found, sa.INTEGER):
        return sa.BigInteger()
    return _TYPES.get(name, found)


def _serial(table: sa.Table) -> str | None:
    counting = table.autoincrement_column
    if counting is None or counting.foreign_keys:
        return None
    return counting.name
