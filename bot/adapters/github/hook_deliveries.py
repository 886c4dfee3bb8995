"""What GitHub could not deliver to the App's webhook, and asking for it once more.

GitHub keeps deliveries for three days and never makes one again by itself.

Source: https://docs.github.com/en/webhooks/using-webhooks/handling-failed-webhook-deliveries
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any

from bot.adapters.github.answers import count, decoded, moment, text
from bot.adapters.github.client import GitHub

PAGE = 100
MOST_PAGES = 10


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt to deliver. *delivery* is the name that a redelivery comes under, too.

    *status* is the HTTP status that we, or somebody before us, answered; 0 for no answer.
    """

    id: int
    delivery: str
    event: str
    at: datetime
    status: int

    @property
    def is_taken(self) -> bool:
        """Tell whether it was taken."""
        return HTTPStatus.OK <= self.status < HTTPStatus.MULTIPLE_CHOICES


class HookDeliveries:
    """The deliveries of the App's webhook. *github* must be logged in as the App itself."""

    def __init__(self, github: GitHub) -> None:
        self._github = github

    def failed(self, since: datetime) -> Iterator[Attempt]:
        """Yield the attempts that failed *since* then, newest first, at most a thousand.

        Raises:
            BotError: GitHub did not tell; what was yielded before stands.
        """
        doing = "list what it could not deliver"
        asked: dict[str, str] = {"per_page": str(PAGE), "status": "failure"}
        for _ in range(MOST_PAGES):
            body, cursor = self._github.listed("deliveries", doing, "/app/hook/deliveries", asked)
            for attempt in decoded(doing, _attempts, body):
                if attempt.at < since:
                    return
                yield attempt
            if cursor is None:
                return
            asked["cursor"] = cursor

    def again(self, attempt: Attempt) -> None:
        """Ask GitHub to make the delivery of *attempt* once more.

        Raises:
            BotError: it is not known whether it will.
        """
        doing = f"deliver {attempt.delivery} again"
        path = f"/app/hook/deliveries/{attempt.id}/attempts"
        self._github.rest("redelivery", doing, "POST", path)

    def close(self) -> None:
        """Close the calling thread's connections."""
        self._github.close()


def _attempts(body: Any) -> list[Attempt]:
    if not isinstance(body, list):
        raise TypeError("no list")
    return [_attempt(one) for one in body]


def _attempt(one: Mapping[str, Any]) -> Attempt:
    at = moment(one["delivered_at"])
    return Attempt(
        count(one["id"]), text(one["guid"]), text(one["event"]), at, count(one["status_code"])
    )
