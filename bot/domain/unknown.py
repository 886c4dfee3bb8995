"""An answer that could not be had. It is a value, so that no rule can take it for a yes."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Unknown:
    """Nobody could tell. *why* is plain, unescaped text (``GitHub gave no answer``)."""

    why: str
