"""The only reader of the clock.

Everything else is given the time. *pause* turns a span of the clock's time into the real seconds
that the engine must wait: the same number here, fewer in a rehearsal whose clock runs fast.
"""

import time
from datetime import UTC, datetime, timedelta


class Clock:
    """Time as it passes, *speed* times faster than on the wall; 1 outside the sandbox."""

    def __init__(self, speed: float = 1.0) -> None:
        self._speed = speed
        self._start = datetime.now(UTC)  # noqa: TID251  # this file is the one reader
        self._zero = time.monotonic()

    def now(self) -> datetime:
        """Return the aware UTC time. It never runs backwards within one process."""
        return self._start + timedelta(seconds=(time.monotonic() - self._zero) * self._speed)

    def pause(self, span: timedelta) -> float:
        """Return the real seconds that *span* takes; never negative."""
        return max(0.0, span.total_seconds() / self._speed)
