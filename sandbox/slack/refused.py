"""How a method of the fake says no: Slack's error word, and what comes with it."""

from typing import Any


class Refused(Exception):  # noqa: N818  # an answer of Slack, not an error of ours
    """Slack answers ``ok: false`` with *error* and *more*; *status* is nearly always 200."""

    def __init__(self, error: str, *, status: int = 200, **more: Any) -> None:
        self.error, self.status, self.more = error, status, more
        super().__init__(error)
