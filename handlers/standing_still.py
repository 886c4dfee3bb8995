"""The words that stop targets and let them go on: locks, freezes and holds, asked for and shown."""

from typing import assert_never

from bot.clock import Clock
from bot.domain.catalog import Catalog
from bot.domain.commands import Freeze, Hold, Lock, Release, Unfreeze, Unlock
from bot.domain.message import Message
from bot.domain.standstills import Standstill, standstills
from bot.messages import freezing, holding, locking
from bot.operations.facts import Books
from bot.operations.freezing import Freezing
from bot.operations.holding import Holding
from bot.operations.locking import Locking

Stopping = Lock | Unlock | Freeze | Unfreeze | Hold | Release


class StandingStill:
    """Does what people ask of locks, freezes and holds. Every method asks outside, or our books."""

    def __init__(
        self,
        catalog: Catalog,
        locks: Locking,
        freezes: Freezing,
        holds: Holding,
        books: Books,
        clock: Clock,
    ) -> None:
        self._catalog, self._locks, self._freezes, self._holds = catalog, locks, freezes, holds
        self._books, self._clock = books, clock

    def obey(self, command: Stopping, user: str, asked: str) -> Message:
        """Do *command* for the Slack *user* if they may, and say what became of it.

        Raises:
            Unavailable: the database is away; nothing was written.
        """
        match command:
            case Lock():
                return locking.lock_answer(self._locks.lock(command, user, asked))
            case Unlock():
                return locking.unlock_answer(self._locks.unlock(command, user, asked), user)
            case Freeze():
                return freezing.freeze_answer(self._freezes.freeze(command, user, asked))
            case Unfreeze():
                return freezing.unfreeze_answer(self._freezes.unfreeze(command, user, asked))
            case Hold():
                return holding.hold_answer(self._holds.hold(command, user, asked))
            case Release():
                return holding.release_answer(self._holds.release(command, user, asked), user)
            case _:
                assert_never(command)

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
