"""The API server's own, late copy of all applications, and who listens to its changes."""

import copy
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sandbox.argocd.application import Name

BUFFER = 1000
"""Events that wait for a slow stream; more are dropped without a word."""


@dataclass
class Subscription:
    """One stream's queue. *ended* is set when the server goes away."""

    events: deque[tuple[str, dict[str, Any], bool]] = field(default_factory=deque)
    ended: bool = False
    cut: bool = False

    def put(self, kind: str, document: dict[str, Any], *, again: bool) -> None:
        """Queue an event unless the buffer is full; *again* marks a forced duplicate."""
        if len(self.events) < BUFFER:
            self.events.append((kind, document, again))


class Informer:
    """Sees each write after *lag*, and tells the streams. Everything happens behind one lock.

    *coalesce* is how long MODIFIED events of one application gather before the last is sent.
    While *silent*, open streams say nothing at all. *gap* is how long a new stream is not yet
    subscribed after its initial events.
    """

    def __init__(
        self, later: Callable[[timedelta, Callable[[], None]], None], wake: Callable[[], None]
    ) -> None:
        self._later = later
        self._wake = wake
        self.lag = timedelta(0)
        self.coalesce = timedelta(0)
        self.dropped = 0
        self.duplicated = 0
        self.silent = False
        self.gap = timedelta(0)
        self.seen: dict[Name, dict[str, Any]] = {}
        self.subscriptions: list[Subscription] = []
        self._on_the_way = 0
        self._gathering: set[Name] = set()

    def written(self, kind: str, document: dict[str, Any]) -> None:
        """Hear of a write: ADDED, MODIFIED or DELETED."""
        snapshot = copy.deepcopy(document)
        if not self.lag and not self._on_the_way:
            self._see(kind, snapshot)
            return
        self._on_the_way += 1

        def arrive() -> None:
            self._on_the_way -= 1
            self._see(kind, snapshot)

        self._later(self.lag, arrive)

    def _see(self, kind: str, document: dict[str, Any]) -> None:
        key = (document["metadata"]["namespace"], document["metadata"]["name"])
        if kind == "DELETED":
            self.seen.pop(key, None)
        else:
            self.seen[key] = document
        if kind == "MODIFIED" and self.coalesce:
            if key not in self._gathering:
                self._gathering.add(key)
                self._later(self.coalesce, lambda: self._gathered(key))
            return
        self._tell(kind, document)

    def _gathered(self, key: Name) -> None:
        self._gathering.discard(key)
        if key in self.seen:
            self._tell("MODIFIED", self.seen[key])

    def _tell(self, kind: str, document: dict[str, Any]) -> None:
        if self.dropped > 0 and self.subscriptions:
            self.dropped -= 1
            return
        times = 1
        if self.duplicated > 0 and self.subscriptions:
            self.duplicated -= 1
            times = 2
        for subscription in self.subscriptions:
            for turn in range(times):
                subscription.put(kind, document, again=turn > 0)
        self._wake()

    def end_all(self, *, cut: bool) -> None:
        """End every stream: a plain EOF, or the connection cut in the middle."""
        for subscription in self.subscriptions:
            subscription.ended, subscription.cut = True, cut
        self._wake()
