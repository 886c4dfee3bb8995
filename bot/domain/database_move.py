"""What becomes of a history that moves from SQLite to PostgreSQL: moved whole, or hindered."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Outcome(StrEnum):
    """How a move went well."""

    MOVED = "moved"
    ALREADY_THERE = "already_there"  # an earlier move brought the very same
    WOULD_MOVE = "would_move"  # it was only looked; nothing was written


class Stage(StrEnum):
    """What is being done with a table."""

    READING = "reading"  # and written down on the other side, unless it is only looked
    COMPARING = "comparing"  # it is read again on the other side


class Hindrance(StrEnum):
    """Why nothing was moved. Nothing of the kind leaves a trace in either database."""

    BOT_ON_SOURCE = "bot_on_source"
    BOT_ON_TARGET = "bot_on_target"
    SOURCE_OLDER = "source_older"
    SOURCE_NEWER = "source_newer"
    TARGET_NEWER = "target_newer"
    TARGET_HOLDS = "target_holds"
    CHANGED_MEANWHILE = "changed_meanwhile"
    REFUSED_ROW = "refused_row"
    NOT_THE_SAME = "not_the_same"


@dataclass(frozen=True, slots=True)
class Counted:
    """The rows of one table, and a digest of all that stands in them, whatever their order."""

    rows: int
    digest: str


@dataclass(frozen=True, slots=True)
class TableMoved:
    """One table on both sides. *there* is None while it was only looked."""

    name: str
    here: Counted
    there: Counted | None = None

    @property
    def is_the_same(self) -> bool:
        """Tell whether all that was read was read again on the other side."""
        return self.here == self.there


@dataclass(frozen=True, slots=True)
class Moved:
    """All tables, in the order of copying. *under_way* are the operations that have not ended.

    *next_number* is what the next operation will be called by. *mended* counts texts that held
    the one character which PostgreSQL cannot keep, and hold U+FFFD in its place now.
    """

    outcome: Outcome
    tables: tuple[TableMoved, ...]
    under_way: tuple[str, ...]
    next_number: int
    mended: int = 0


@dataclass(frozen=True, slots=True)
class Hindered:
    """Nothing was moved, and why."""

    why: Hindrance
    facts: Mapping[str, str] = field(default_factory=dict)
