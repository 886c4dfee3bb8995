"""How often Slack is asked: one object for the process, for whoever writes to Slack.

Slack limits updates for the whole workspace and posts for each channel. Several replicas share the
updates by taking turns (``duty.py``); their posts are so few that each keeps the pace by itself.
"""

import threading
from collections import deque
from dataclasses import dataclass
from datetime import timedelta

from cachetools import LRUCache

from bot.clock import Clock

BUCKET = 8
REFILL_PER_SECOND = 40 / 60
"""``chat.update`` allows 50 a minute for the whole workspace. Measured: a bucket of 8 refilled at
40 a minute peaks at 47; a bucket of 40 peaks at 79."""

POSTS, POSTS_SPAN = 5, timedelta(seconds=5.5)
"""In one channel: about one message each second, and short bursts of more.

Source: https://docs.slack.dev/apis/web-api/rate-limits
"""

ALL_POSTS, ALL_POSTS_SPAN = 50, timedelta(seconds=15)
"""In all channels together Slack takes several hundred messages a minute."""

RECEIVERS = 10_000


@dataclass(slots=True)
class Budget:
    """A token bucket over the clock's seconds: *size* at once, then *refill* each second."""

    size: float = BUCKET
    refill: float = REFILL_PER_SECOND
    tokens: float = BUCKET
    at: float = 0.0
    closed_until: float = 0.0

    def take(self, now: float) -> bool:
        """Take one call's worth; False when there is none."""
        if self.wait(now) > 0:
            return False
        self.tokens -= 1
        return True

    def wait(self, now: float) -> float:
        """Return the seconds until one call may be taken, 0 where it may at once."""
        self.tokens = min(self.size, self.tokens + (now - self.at) * self.refill)
        self.at = now
        return max(self.closed_until - now, (1 - self.tokens) / self.refill, 0.0)

    def close(self, now: float, span: timedelta) -> None:
        """Send nothing for *span*: Slack asked for it."""
        self.closed_until = max(self.closed_until, now + span.total_seconds())


class Window:
    """At most *most* calls in any *span* of the clock."""

    def __init__(self, most: int, span: timedelta) -> None:
        self._span = span.total_seconds()
        self._calls: deque[float] = deque(maxlen=most)
        self._closed_until = 0.0

    def is_open(self, now: float) -> bool:
        """Tell whether one more call may be made."""
        full = len(self._calls) == self._calls.maxlen
        return now >= self._closed_until and not (full and now - self._calls[0] < self._span)

    def count(self, now: float) -> None:
        """Count a call, also one that waits for nothing."""
        self._calls.append(now)

    def close(self, now: float, span: timedelta) -> None:
        """Let nothing through for *span*: Slack asked for it."""
        self._closed_until = max(self._closed_until, now + span.total_seconds())


class Pace:
    """The budgets of one process. Every method is for any thread."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._guard = threading.Lock()
        self._updates = Budget(at=self._now())
        self._posts = Window(ALL_POSTS, ALL_POSTS_SPAN)
        self._receivers: LRUCache[str, Window] = LRUCache(RECEIVERS)

    def update_wait(self) -> float:
        """Return the clock's seconds until a message may be changed, 0 where it may at once."""
        with self._guard:
            return self._updates.wait(self._now())

    def take_update(self) -> bool:
        """Take one change of a message; False when there is none."""
        with self._guard:
            return self._updates.take(self._now())

    def close_updates(self, span: timedelta) -> None:
        """Change no message for *span*."""
        with self._guard:
            self._updates.close(self._now(), span)

    def take_post(self, receiver: str) -> bool:
        """Take one new message to *receiver*, a channel or a person; False when there is none."""
        with self._guard:
            now, theirs = self._now(), self._theirs(receiver)
            if not theirs.is_open(now) or not self._posts.is_open(now):
                return False
            theirs.count(now)
            self._posts.count(now)
            return True

    def count_post(self, receiver: str) -> None:
        """Count a new message that waits for nobody: somebody asked for it."""
        with self._guard:
            self._theirs(receiver).count(self._now())
            self._posts.count(self._now())

    def close_posts(self, span: timedelta) -> None:
        """Post nothing for *span*, but what somebody asked for."""
        with self._guard:
            self._posts.close(self._now(), span)

    def _theirs(self, receiver: str) -> Window:
        return self._receivers.setdefault(receiver, Window(POSTS, POSTS_SPAN))

    def _now(self) -> float:
        return self._clock.now().timestamp()
