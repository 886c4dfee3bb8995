"""Who is told of the calls that adapters make: for counting, and to notice what goes wrong."""

from collections.abc import Callable
from dataclasses import dataclass

OnCall = Callable[[str, str, int | None, float], None]
"""Is told of each call: system, what, HTTP status (None: no answer), seconds.

*what* is one of few constant names, never a part of what was asked for.
"""


@dataclass(frozen=True, slots=True)
class Answered:
    """What an answer of *system* says beside its words.

    *date* is its header of that name, or empty; the answer took *seconds*. *refused* is why our
    token or key was not taken; empty where it was.
    """

    system: str
    date: str
    seconds: float
    refused: str = ""


OnAnswer = Callable[[Answered], None]
"""Is told of each answer that came."""

OnLimit = Callable[[str, str, int], None]
"""Is told how many calls are left: system, which of its limits, how many."""


def nobody_listens(_system: str, _what: str, _status: int | None, _seconds: float) -> None:
    """Ignore the call: nobody counts."""


def nobody_minds(_system: str, _which: str, _left: int) -> None:
    """Ignore how many calls are left."""


def nobody_hears(_answer: Answered) -> None:
    """Ignore what the answer says beside its words."""
