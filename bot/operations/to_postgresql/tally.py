"""Counts rows and digests them, the same on SQLite and on PostgreSQL, in any order."""

import hashlib
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from bot.domain.database_move import Counted

_SPACE = 1 << 256


class Tally:
    """The sum of the rows' digests: databases sort text differently, and a sum has no order."""

    def __init__(self) -> None:
        self.rows, self._sum = 0, 0

    def add(self, row: Sequence[Any]) -> None:
        """Count *row* by the values of its columns."""
        said = json.dumps(list(row), sort_keys=True, separators=(",", ":"), default=_said)
        self._sum += int.from_bytes(hashlib.sha256(said.encode()).digest(), "big")
        self.rows += 1

    def counted(self) -> Counted:
        """Return what was counted so far."""
        return Counted(self.rows, f"{self._sum % _SPACE:064x}")


def _said(value: object) -> str:
    match value:
        case datetime():
            return f"at {value.isoformat()}"
        case bytes() | memoryview():
            return f"bytes {bytes(value).hex()}"
        case _:
            raise TypeError(f"a column holds what has no digest: {type(value).__name__}")
