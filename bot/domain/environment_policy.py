"""What one environment asks of a change, as configured."""

from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from bot.domain.approving.approval_rule import ApprovalRule
from bot.domain.moving_tags import TagRule
from bot.domain.stops.freezes import CalendarFreeze


class Way(StrEnum):
    """How a change comes onto the branch that Argo CD reads."""

    COMMIT = "commit"  # straight onto it
    PULL_REQUEST = "pull_request"  # by a pull request that people merge
    OWN_PULL_REQUEST = "own_pull_request"  # by a pull request that the bot merges


@dataclass(frozen=True, slots=True)
class AutoRollback:
    """A failed change goes back by itself: once it was bad for *after*, with *grace* to stop it.

    Raises:
        ValueError: one of them is negative.
    """

    after: timedelta = timedelta(minutes=3)
    grace: timedelta = timedelta(minutes=1)

    def __post_init__(self) -> None:
        if self.after < timedelta() or self.grace < timedelta():
            raise ValueError("an automatic rollback needs times from 0")


@dataclass(frozen=True, slots=True)
class EnvironmentPolicy:
    """The rules of the environment *name*.

    *diverged_ok* lets a version take the place of one that it does not contain: where people try
    their branches in turn.

    *after* is the environment that a version has to run in first, healthy for *soak*; None: none.
    *approvals* None asks nobody. *rollback_approvals* is what a rollback asks. *required_checks*
    empty means the commit's whole rollup. *unchecked* are the services that ask for no checks.
    Without *auto_rollback* nothing goes back by itself; no approval depends on it.
    """

    name: str
    after: str | None = None
    soak: timedelta = timedelta()
    approvals: ApprovalRule | None = None
    rollback_approvals: ApprovalRule | None = None
    tags: TagRule = field(default_factory=TagRule)
    required_checks: tuple[str, ...] = ()
    unchecked: tuple[str, ...] = ()
    freezes: tuple[CalendarFreeze, ...] = ()
    freeze_stops_rollback: bool = False
    diverged_ok: bool = False
    change: Way = Way.COMMIT
    auto_rollback: AutoRollback | None = None
