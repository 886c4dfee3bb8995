"""Which services have something known good behind them, as far as our own books tell."""

from bot.domain.operations import Change, Operation, Phase
from bot.domain.rollback.going_back import from_ours, meant, names
from bot.domain.rollback.undoing import Undoing
from bot.operations.books.hold_book import HoldBook
from bot.operations.store import Store

MOST = 20
"""Operations that are looked at; the same as a rollback looks at without asking outside."""


class Behind:
    """Reads it. For any thread; a card is drawn from it, so nothing outside is asked."""

    def __init__(self, store: Store, holds: HoldBook) -> None:
        self._store, self._holds = store, holds

    def services(self, undo: Undoing) -> frozenset[str]:
        """Return the services of *undo* that a rollback without a version finds something for.

        That is what was verified here, else what stood in Git and nothing bad is known of. It never
        is what is held, what never went live, and what somebody went back from.

        Raises:
            Unavailable: the database is away.
        """
        found = (one for one in undo.changes if self._has_one(one, undo.environment))
        return frozenset(one.service for one in found)

    def _has_one(self, change: Change, environment: str) -> bool:
        service = change.service
        if self._is_taken_care_of(change, environment):
            return False
        held = self._holds.standing(targets=[f"{service}/{environment}"])
        barred = self._store.past.broken(service, environment) | {one.hold.tag for one in held}
        past = from_ours(change.new, self._store.past.lived(service, environment, MOST))
        if meant(past, barred) is not None:
            return True
        barred |= {one.tag for one in past if one.left} | {change.new}
        stood = _stood(self._store.latest([service], environment, MOST), service)
        return any(not any(names(bad, tag) for bad in barred) for tag in stood)

    def _is_taken_care_of(self, change: Change, environment: str) -> bool:
        """Tell whether somebody else has brought another tag since, or is about to."""
        newest = self._store.latest([change.service], environment, MOST)
        return any(_went_on(one, change.new, change.service) for one in newest)


def _went_on(later: Operation, tag: str, service: str) -> bool:
    """Tell whether *later* is about to take *tag* of *service* away, or has."""
    if later.phase.ended and later.phase is not Phase.LIVE:
        return False
    changes = later.plan.changes if later.plan else ()
    return any(one.service == service and one.old == tag != one.new for one in changes)


def _stood(operations: tuple[Operation, ...], service: str) -> set[str]:
    """Return the tags that *operations* found in Git and put another in the place of."""
    return {
        change.old
        for one in operations
        if one.plan is not None and one.written is not None
        for change in one.plan.changes
        if change.service == service and change.old is not None
    }
