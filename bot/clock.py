"""The only reader of the clock.

Everything else is given the time. *pause* turns a span of the clock's time into the real seconds
that the engine must wait: the same number here, fewer in a rehearsal whose clock runs fast.
"""

import time
from datetime import UTC, datetime, timedelta

_STEADY = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
"""Never set back, and where the system has it, counting the time a machine was suspended."""


class Clock:
    """Time as it passes, *speed* times faster than on the wall; 1 outside the sandbox.

    The clock and the wall agree at *epoch* (aware; by default the moment of its making). Clocks of
    several processes with the same speed and epoch agree with each other.
    """

    def __init__(self, speed: float = 1.0, epoch: datetime | None = None) -> None:
        now = datetime.now(UTC)  # noqa: TID251  # this file is the one reader
        self.speed = speed
        self.epoch = epoch or now
        self._zero = time.clock_gettime(_STEADY) - (now - self.epoch).total_seconds()

    def now(self) -> datetime:
        """Return the aware UTC time. It never runs backwards within one process."""
        return self.epoch + timedelta(
            seconds=(time.clock_gettime(_STEADY) - self._zero) * self.speed
        )

    def pause(self, span: timedelta) -> float:
        """Return the real seconds that *span* takes; never negative."""
        return max(0.0, span.total_seconds() / self.speed)
