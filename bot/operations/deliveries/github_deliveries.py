"""Who hears which of GitHub's events, once the delivery stands in the inbox."""

from collections.abc import Callable, Mapping
from typing import Any

import structlog

from bot.domain.pull_requests import operation_of
from bot.operations.deliveries.inbox import Delivery

log = structlog.get_logger(__name__)

Listener = Callable[[Delivery], None]
"""Hears one delivery; may run twice with it, late, and out of order."""

BRANCHES: Mapping[str, tuple[str, ...]] = {
    "pull_request": ("pull_request", "head", "ref"),
    "pull_request_review": ("pull_request", "head", "ref"),
    "check_suite": ("check_suite", "head_branch"),
    "push": ("ref",),
}
"""Events after which a pull request may stand otherwise, and where they name its branch."""


class GitHubDeliveries:
    """Hands each delivery of GitHub to the *listeners* of its event, in their order.

    Where one fails the delivery comes again, and those before it hear it twice.
    """

    def __init__(self, listeners: Mapping[str, tuple[Listener, ...]]) -> None:
        self._listeners = listeners

    @property
    def events(self) -> frozenset[str]:
        """Return the events that somebody listens to; others need not be taken in."""
        return frozenset(self._listeners)

    def hear(self, delivery: Delivery) -> None:
        """Tell everybody who listens to the delivery's event.

        Raises:
            Unavailable: a listener found somebody away; the same delivery is to come again.
        """
        for listener in self._listeners.get(delivery.event, ()):
            listener(delivery)


class PullRequestsOfOurs:
    """Makes an operation look at its pull request; *wake* is for any thread."""

    def __init__(self, wake: Callable[[str], None]) -> None:
        self._wake = wake

    def hear(self, delivery: Delivery) -> None:
        """Wake the operation that the event's branch belongs to, if it is one of ours."""
        branch = at(delivery.body, *BRANCHES.get(delivery.event, ()))
        if (operation := operation_of(branch)) is not None:
            log.info("a pull request changed", hook=delivery.event, operation=operation)
            self._wake(operation)


def listening(
    *parts: Mapping[str, tuple[Listener, ...]],
) -> dict[str, tuple[Listener, ...]]:
    """Return the listeners of all *parts*, in their order."""
    joined: dict[str, tuple[Listener, ...]] = {}
    for part in parts:
        for event, listeners in part.items():
            joined[event] = joined.get(event, ()) + listeners
    return joined


def at(value: Any, *path: str) -> str:
    """Return the text at *path* of an event's body; empty where there is none."""
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value if isinstance(value, str) else ""
