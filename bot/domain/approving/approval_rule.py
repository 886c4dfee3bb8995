"""Who has to say yes, how many of them, and for how long that can be said."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class ApprovalRule:
    """*count* different members of *teams* have to say yes within *expires*.

    *self_ok* lets the requester be one of them, *authors_ok* those who wrote the commits.

    Raises:
        ValueError: *count* is negative, or *expires* is no time at all.
    """

    count: int
    teams: frozenset[str]
    self_ok: bool = False
    authors_ok: bool = True
    expires: timedelta = timedelta(hours=4)

    def __post_init__(self) -> None:
        if self.count < 0 or self.expires <= timedelta():
            raise ValueError("approvals need a count from 0 and a time to expire")
