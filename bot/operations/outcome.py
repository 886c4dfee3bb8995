"""What a step of a workflow says to its workflow: go on, come again, or it is over."""

from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Any

from bot.operations.sql.codec import dump, load


class Next(StrEnum):
    """What the workflow does now."""

    GO = "go"
    AGAIN = "again"
    OVER = "over"


@dataclass(frozen=True, slots=True)
class Outcome:
    """A step's answer. *stay_away* is how long, in seconds, a system asked us not to come again.

    *carry* is what the next step needs to know: small and JSON-able.
    """

    next: Next
    stay_away: float | None = None
    carry: dict[str, Any] = field(default_factory=dict)

    @property
    def asked(self) -> timedelta | None:
        """Return *stay_away* as a span."""
        return None if self.stay_away is None else timedelta(seconds=self.stay_away)

    def json(self) -> Any:
        """Return the outcome as the engine records it."""
        return dump(Outcome, self)

    @staticmethod
    def read(data: Any) -> "Outcome":
        """Return the outcome that a step recorded."""
        return load(Outcome, data)
