"""Who is told of the calls that adapters make: for counting, and for nothing else."""

from collections.abc import Callable

OnCall = Callable[[str, str, int | None, float], None]
"""Is told of each call: system, what, HTTP status (None: no answer), seconds.

*what* is one of few constant names, never a part of what was asked for.
"""

OnLimit = Callable[[str, str, int], None]
"""Is told how many calls are left: system, which of its limits, how many."""


def nobody_listens(_system: str, _what: str, _status: int | None, _seconds: float) -> None:
    """Ignore the call: nobody counts."""


def nobody_minds(_system: str, _which: str, _left: int) -> None:
    """Ignore how many calls are left."""
