"""The shape of ``history``: how long what happened is kept."""

import re
from datetime import timedelta
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, WithJsonSchema

from bot.config.problems import Unfit
from bot.config.values import Part

SHORTEST, LONGEST = 30, 36_500
"""Days. What is younger may still be asked for by what goes on: a rollback, a soak, a muted CI."""

_DAYS = r"\d{1,5}d"


def _days(value: Any) -> Any:
    if isinstance(value, int) and not isinstance(value, bool):
        raise Unfit(f"`{value}` has no unit", f"write {value}d")
    if isinstance(value, str):
        count = int(value[:-1]) if re.fullmatch(_DAYS, value, re.ASCII) else 0
        if not SHORTEST <= count <= LONGEST:
            hint = f"write 400d, at least {SHORTEST}d; leave it out to keep everything"
            raise Unfit(f"`{value[:40]}` is no time to keep a history", hint)
    return value


Days = Annotated[
    str, BeforeValidator(_days), WithJsonSchema({"type": "string", "pattern": f"^{_DAYS}$"})
]


class History(Part):
    """How long what happened is kept."""

    keep: Days | None = Field(
        default=None,
        description="How long, in days (400d); older is deleted. Left out: nothing ever is.",
    )


def keep_of(history: History | None) -> timedelta | None:
    """Return how long everything is kept; None is for ever."""
    keep = history.keep if history is not None else None
    return None if keep is None else timedelta(days=int(keep[:-1]))
