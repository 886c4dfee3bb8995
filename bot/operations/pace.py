"""How often Slack is asked: one object for the process, for whoever writes to Slack.

Slack limits updates for the whole workspace and posts for each channel. Several replicas share the
updates by taking turns (``duty.py``); their posts are so few that each keeps the pace by itself.
"""

import threading
from dataclasses import dataclass
from datetime import timedelta

from cachetools import LRUCache

from bot.clock import Clock

BUCKET = 8
REFILL_PER_SECOND = 40 / 60
"""``chat.update`` allows 50 a minute for the whole workspace. Measured: a bucket of 8 refilled at
40 a minute peaks at 47; a bucket of 40 peaks at 79."""

POSTS = 5
POSTS_PER_SECOND = 1.0
"""In one channel: one message each second, and short bursts of more.

Source: https://docs.slack.dev/apis/web-api/rate-limits
"""

WORKSPACE_POSTS = 20
WORKSPACE_POSTS_PER_SECOND = 3.0
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

    def overdraw(self, now: float) -> None:
        """Count a call that is made whether or not there was one to take."""
        self.wait(now)
        self.tokens = max(self.tokens - 1, -self.size)

    def wait(self, now: float) -> float:
        """Return the seconds until one call may be taken, 0 where it may at once."""
        self.tokens = min(self.size, self.tokens + (now - self.at) * self.refill)
        self.at = now
        return max(self.closed_until - now, (1 - self.tokens) / self.refill, 0.0)

    def close(self, now: float, span: timedelta) -> None:
        """Send nothing for *span*: Slack asked for it."""
        self.closed_until = max(self.closed_until, now + span.total_seconds())


class Pace:
    """The budgets of one process. Every method is for any thread."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._guard = threading.Lock()
        now = self._now()
        self._updates = Budget(at=now)
        self._posts = Budget(
            WORKSPACE_POSTS, WORKSPACE_POSTS_PER_SECOND, tokens=WORKSPACE_POSTS, at=now
        )
        self._receivers: LRUCache[str, Budget] = LRUCache(RECEIVERS)

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
            now = self._now()
            theirs = self._theirs(receiver, now)
            if max(theirs.wait(now), self._posts.wait(now)) > 0:
                return False
            return theirs.take(now) and self._posts.take(now)

    def count_post(self, receiver: str) -> None:
        """Count a new message that waits for nobody: somebody asked for it."""
        with self._guard:
            now = self._now()
            self._theirs(receiver, now).overdraw(now)
            self._posts.overdraw(now)

    def close_posts(self, span: timedelta) -> None:
        """Post nothing for *span*, but what somebody asked for."""
        with self._guard:
            self._posts.close(self._now(), span)

    def _theirs(self, receiver: str, now: float) -> Budget:
        found = self._receivers.get(receiver)
        if found is None:
            found = self._receivers[receiver] = Budget(
                POSTS, POSTS_PER_SECOND, tokens=POSTS, at=now
            )
        return found

    def _now(self) -> float:
        return self._clock.now().timestamp()
