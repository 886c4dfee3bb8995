"""Slack's rate limits: how many calls of a method pass in a minute of the pretend clock.

Source: https://docs.slack.dev/apis/web-api/rate-limits
"""

import math
from collections import deque
from datetime import datetime, timedelta
from enum import IntEnum

MINUTE = timedelta(minutes=1)


class Tier(IntEnum):
    """Calls a minute per method and workspace. Slack lets short bursts pass; this fake does not.

    But for tier 1, documented as "1+": an app may open ten connections as it starts.
    """

    T1 = 12
    T2 = 20
    T3 = 50
    T4 = 100
    SPECIAL = 300  # "several hundred a minute"


A_CHANNEL_BURST = 5
"""Messages at once into one channel before "about one a second" bites."""


class RateLimits:
    """Counts calls by any key and says how long a call must wait. The caller holds the lock."""

    def __init__(self) -> None:
        self._calls: dict[str, deque[datetime]] = {}

    def wait_for(self, key: str, most: int, span: timedelta, now: datetime) -> int:
        """Count a call of *key* and return 0, or the whole seconds to stay away, uncounted.

        *most* calls pass in any *span*.
        """
        calls = self._calls.setdefault(key, deque())
        while calls and now - calls[0] >= span:
            calls.popleft()
        if len(calls) < most:
            calls.append(now)
            return 0
        return max(1, math.ceil((calls[0] + span - now).total_seconds()))
