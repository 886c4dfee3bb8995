"""The words that stop targets and let them go on: locks, freezes and holds, asked for and shown."""

from datetime import datetime
from typing import assert_never

from bot.clock import Clock
from bot.domain.catalog import Catalog
from bot.domain.commands import Freeze, Hold, Lock, Release, Resume, Unfreeze, Unlock
from bot.domain.message import Message
from bot.domain.rollback.emergency import OpenItem
from bot.domain.stops.standstills import Standstill, standstills
from bot.messages.rollback import emergency
from bot.messages.stops import freezing, holding, locking
from bot.operations.emergency.resuming import Resuming
from bot.operations.gathering.facts import Books
from bot.operations.standstill.freezing import Freezing
from bot.operations.standstill.holding import Holding
from bot.operations.standstill.locking import Locking

Stopping = Lock | Unlock | Freeze | Unfreeze | Hold | Release | Resume


class StandingStill:
    """Does what people ask of locks, freezes and holds. Every method asks outside, or our books."""

    def __init__(
        self,
        catalog: Catalog,
        locks: Locking,
        freezes: Freezing,
        holds: Holding,
        resuming: Resuming,
        books: Books,
        clock: Clock,
    ) -> None:
        self._catalog, self._locks, self._freezes, self._holds = catalog, locks, freezes, holds
        self._resuming, self._books, self._clock = resuming, books, clock

    def obey(  # noqa: PLR0911  # one a command
        self, command: Stopping, user: str, asked: str, asked_at: datetime | None = None
    ) -> Message:
        """Do *command* for the Slack *user* if they may, and say what became of it.

        *asked_at* is when, where it was left since: ends count from then, and nothing
        that began after it is ended.

        Raises:
            Unavailable: the database is away; nothing was written.
        """
        match command:
            case Lock():
                return locking.lock_answer(self._locks.lock(command, user, asked, asked_at))
            case Unlock():
                return locking.unlock_answer(
                    self._locks.unlock(command, user, asked, asked_at), user
                )
            case Freeze():
                return freezing.freeze_answer(self._freezes.freeze(command, user, asked, asked_at))
            case Unfreeze():
                return freezing.unfreeze_answer(
                    self._freezes.unfreeze(command, user, asked, asked_at)
                )
            case Hold():
                return holding.hold_answer(self._holds.hold(command, user, asked))
            case Release():
                return holding.release_answer(
                    self._holds.release(command, user, asked, asked_at), user
                )
            case Resume(service, environment):
                done = self._resuming.resume(service, environment, user, asked)
                return emergency.resumed(done)
            case _:
                assert_never(command)

    def resume_after(self, operation_id: str, user: str, asked: str) -> Message:
        """Switch auto-sync on that the rollback *operation_id* switched off, if *user* may.

        Raises:
            Unavailable: the database is away; nothing was written.
        """
        return emergency.resumed(self._resuming.resume_after(operation_id, user, asked))

    def off(self, service: str | None, environment: str | None) -> tuple[OpenItem, ...]:
        """Return what rollbacks by Argo CD left without auto-sync, of one place or of all.

        Raises:
            Unavailable: the database is away.
        """
        return self._resuming.standing(service, environment)

    def now(self, service: str | None, environment: str | None) -> tuple[Standstill, ...]:
        """Return what stands still now, of one service and environment or of all.

        Raises:
            Unavailable: the database is away.
        """
        at = self._clock.now()
        locks = (one.lock for one in self._books.locks.standing(at, environment))
        freezes = self._books.freezes.standing(at, environment)
        holds = self._books.holds.standing(environment)
        return standstills(self._catalog, locks, freezes, holds, at, service, environment)
