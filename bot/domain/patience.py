"""How long to wait before asking a system again that did not answer."""

from datetime import timedelta

FIRST = timedelta(seconds=2)
LONGEST = timedelta(seconds=60)
LONGEST_ASKED = timedelta(minutes=15)
"""A system may ask us to stay away longer than we would; never longer than this."""


def next_try(failures: int, asked: timedelta | None = None) -> timedelta:
    """Return the pause after *failures* failures in a row, counted from 1.

    It doubles from ``FIRST`` to ``LONGEST``. *asked* is what the system itself asked for
    (``Retry-After``); we stay away at least that long.

    Raises:
        ValueError: *failures* is below 1.
    """
    if failures < 1:
        raise ValueError("nothing failed yet")
    doublings: int = 2 ** min(failures - 1, 10)
    own = min(LONGEST, FIRST * doublings)
    return max(own, min(asked, LONGEST_ASKED)) if asked else own
