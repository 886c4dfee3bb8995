"""What would take a failed operation back: which of its services, and where."""

from collections.abc import Collection
from dataclasses import dataclass, replace

from bot.domain.operations import Change, Kind, Operation, Phase, Stage


@dataclass(frozen=True, slots=True)
class Undoing:
    """A rollback in *environment* of what *operation* changed.

    Each service goes back to its last version that was well there: what Git said before may have
    failed, too.
    """

    operation: str
    environment: str
    changes: tuple[Change, ...]

    @property
    def command(self) -> str:
        """Return it as it is typed behind ``/rollback``."""
        services = ",".join(one.service for one in self.changes)
        return f"{services} {self.environment} because {self.operation} failed"


def within(undo: Undoing | None, able: Collection[str]) -> Undoing | None:
    """Return *undo* of those services that are *able* to go back; None where none is."""
    if undo is None:
        return None
    changes = tuple(one for one in undo.changes if one.service in able)
    return replace(undo, changes=changes) if changes else None


def undoing(operation: Operation) -> Undoing | None:
    """Return what would take *operation* back; None where nothing stands that can go back.

    Services that went live keep what they have. A rollback that failed is not turned round: what
    it took away is held.
    """
    failed, plan = operation.phase is Phase.FAILED, operation.plan
    if not failed or plan is None or operation.request.kind is Kind.ROLLBACK:
        return None
    if operation.written is None:
        return None
    live = {one.service for one in operation.progress if one.stage is Stage.LIVE}
    changes = tuple(
        one
        for one in plan.changes
        if one.service not in live and one.old is not None and one.old != one.new
    )
    if not changes:
        return None
    return Undoing(operation.id, operation.request.environment, changes)
