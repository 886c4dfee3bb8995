"""Rate limits: a bucket per caller for REST and one for GraphQL, and the secondary limit."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from typing import TYPE_CHECKING, Any

from werkzeug.wrappers import Request, Response

from sandbox.github.rest import Asked, Refused, Route
from sandbox.wire import answer

if TYPE_CHECKING:
    from sandbox.github.state import State

HOURLY = 5000
"""Requests, or points, in an hour. Source: GitHub Docs, "Rate limits for the REST API"."""
WINDOW = timedelta(hours=1)
SECONDARY = (
    "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."
)
BUCKETS = ("core", "graphql")
STRANGER = "127.0.0.1"


class Wording(Enum):
    """The two ways in which GraphQL words a used-up bucket, both as HTTP 200."""

    RATE_LIMITED = "RATE_LIMITED"
    RATE_LIMIT = "RATE_LIMIT"


@dataclass
class Bucket:
    """What one caller has used since the window began. *limit* counts requests or points."""

    limit: int
    resets: datetime
    used: int = 0

    @property
    def remaining(self) -> int:
        """Return how many are left; never negative."""
        return max(0, self.limit - self.used)

    def shown(self) -> dict[str, int]:
        """Return it as the rate limit route tells it."""
        return {
            "limit": self.limit,
            "used": self.used,
            "remaining": self.remaining,
            "reset": int(self.resets.timestamp()),
        }


@dataclass
class _Secondary:
    status: int
    retry_after: int | None
    times: int | None
    when: Callable[[Request], bool]


@dataclass
class Limits:
    """Everybody's buckets, and the secondary limits that are armed."""

    now: Callable[[], datetime]
    wording: Wording = Wording.RATE_LIMITED
    status: int = 403
    _buckets: dict[tuple[str, str], Bucket] = field(default_factory=dict)
    _left: dict[str, tuple[int, datetime]] = field(default_factory=dict)
    _secondary: list[_Secondary] = field(default_factory=list)
    per_minute: int | None = None
    _written: list[datetime] = field(default_factory=list)

    def bucket(self, name: str, whose: str) -> Bucket:
        """Return the caller's bucket in its present window."""
        now = self.now()
        bucket = self._buckets.get((name, whose))
        if bucket is None or now >= bucket.resets:
            left, until = self._left.get(name, (HOURLY, now))
            bucket = (
                Bucket(HOURLY, until, HOURLY - left)
                if now < until
                else Bucket(HOURLY, now + WINDOW)
            )
            self._buckets[name, whose] = bucket
        return bucket

    def leave(self, name: str, remaining: int, resets: timedelta) -> None:
        """Leave everybody *remaining* of the bucket *name* until so long from now."""
        self._left[name] = remaining, self.now() + resets
        for key in [key for key in self._buckets if key[0] == name]:
            del self._buckets[key]

    def arm(
        self,
        status: int,
        retry_after: int | None,
        times: int | None,
        when: Callable[[Request], bool],
    ) -> None:
        """Refuse the next *times* requests (None: all) for which *when* holds."""
        self._secondary.append(_Secondary(status, retry_after, times, when))

    def lift(self) -> None:
        """Forget every limit that was armed; what was used is used no more."""
        self._secondary.clear()
        self.per_minute = None
        self._left.clear()
        self._buckets.clear()

    def secondary(self, request: Request) -> None:
        """Let the request pass, or refuse it.

        Raises:
            Refused: 403 or 429, with or without ``Retry-After``.
        """
        for armed in self._secondary:
            if armed.times == 0 or not armed.when(request):
                continue
            if armed.times is not None:
                armed.times -= 1
            wait = {} if armed.retry_after is None else {"Retry-After": str(armed.retry_after)}
            raise Refused(armed.status, SECONDARY, headers=wait)

    def write(self) -> None:
        """Count one request that creates content, if their number is limited.

        Raises:
            Refused: 403, there were too many within the last minute.
        """
        if self.per_minute is None:
            return
        minute = self.now() - timedelta(minutes=1)
        self._written = [at for at in self._written if at > minute]
        if len(self._written) >= self.per_minute:
            raise Refused(403, SECONDARY, headers={"Retry-After": "60"})
        self._written.append(self.now())

    def spend(self, whose: str) -> None:
        """Count one REST request.

        Raises:
            Refused: the bucket is empty.
        """
        bucket = self.bucket("core", whose)
        if not bucket.remaining:
            raise Refused(self.status, f"API rate limit exceeded for {whose}.")
        bucket.used += 1

    def spend_point(self, whose: str) -> dict[str, Any] | None:
        """Count one GraphQL request; return the answer of an empty bucket, to be sent as 200."""
        bucket = self.bucket("graphql", whose)
        if bucket.remaining:
            bucket.used += 1
            return None
        if self.wording is Wording.RATE_LIMITED:
            message = f"API rate limit exceeded for {whose}."
            return {"errors": [{"type": "RATE_LIMITED", "message": message}]}
        message = f"API rate limit already exceeded for {whose}."
        error = {"type": "RATE_LIMIT", "code": "graphql_rate_limit", "message": message}
        return {"errors": [error]}

    def give_back(self, whose: str) -> None:
        """Uncount one REST request: a 304 costs nothing."""
        self.bucket("core", whose).used -= 1

    def headers(self, name: str, whose: str) -> Mapping[str, str]:
        """Return the headers that every answer bears."""
        shown = self.bucket(name, whose).shown()
        named = {f"X-RateLimit-{key.capitalize()}": str(value) for key, value in shown.items()}
        return named | {"X-RateLimit-Resource": name}


def _rate_limit(state: "State", asked: Asked) -> Response:
    whose = asked.token.whose if asked.token else STRANGER
    shown = {name: state.limits.bucket(name, whose).shown() for name in BUCKETS}
    return answer({"resources": shown, "rate": shown["core"]})


ROUTES = (Route("rate_limit", "GET", "/rate_limit", _rate_limit, of_repository=False, free=True),)
