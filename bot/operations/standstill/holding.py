"""Holds as people ask for them: rights first, then the book and its letters in one transaction.

Who may lock may hold, and may release whatever is held. Who began a hold, by a rollback or by
command, may end it as long as they may deploy there.
"""

from datetime import datetime

import structlog

from bot.clock import Clock
from bot.domain.catalog import Catalog
from bot.domain.commands import nouns
from bot.domain.facts import Hold
from bot.domain.operations import Operation, Plan
from bot.domain.problems import Problem
from bot.domain.rights import Action, Actor
from bot.domain.stops.holds import (
    WHOLE,
    Held,
    HoldAnswer,
    Kept,
    NothingHeld,
    ReleaseAnswer,
    Released,
)
from bot.domain.stops.locking import Refused
from bot.operations.books.act_book import ActBook
from bot.operations.books.hold_book import HoldBook, Tell
from bot.operations.standstill.hold_letters import HoldLetters
from bot.operations.standstill.refusals import May, refusal

log = structlog.get_logger(__name__)


class Holding:
    """Holds and releases. Every method is for any thread.

    *asked* is the delivery's id: asked again, nothing changes and the answer is the same.
    """

    def __init__(
        self, catalog: Catalog, may: May, book: HoldBook, acts: ActBook, clock: Clock
    ) -> None:
        self._may, self._book, self._acts, self._clock = may, book, acts, clock
        self._letters = HoldLetters(catalog)

    def hold(self, wish: nouns.Hold, by: str, asked: str) -> HoldAnswer:
        """Hold what the Slack user *by* asked for.

        Raises:
            Unavailable: the database is away; nothing was written.
        """
        actor = self._may(by, Action.LOCK, wish.services, wish.environment)
        if isinstance(actor, Problem):
            return self._refused("hold", wish, by, asked, actor)
        hold = Hold(wish.tag or WHOLE, actor, wish.reason, self._clock.now())
        holds = dict.fromkeys(_targets(wish), hold)
        kept = self._book.hold(holds, asked, lambda new: self._letters.begun(new, asked))
        log.info("hold", by=by, environment=wish.environment, new=sum(one.new for one in kept))
        return kept

    def release(
        self, wish: nouns.Release, by: str, asked: str, asked_at: datetime | None = None
    ) -> ReleaseAnswer:
        """End what the Slack user *by* named; those who may not lock end their own.

        *asked_at* is when, where it was left since: what was held after that is not meant.

        Raises:
            Unavailable: the database is away; nothing was written.
        """
        targets = _targets(wish)
        actor = self._may(by, Action.LOCK, wish.services, wish.environment)
        if isinstance(actor, Problem):
            ended = self._release_own(wish, by, asked, asked_at)
            if not ended:
                return self._refused("release", wish, by, asked, actor)
        else:
            tell = self._tell(actor, asked)
            now = self._clock.now()
            ended = self._book.release(targets, wish.tag, actor, asked, now, tell, asked_at)
        log.info("release", by=by, environment=wish.environment, ended=len(ended))
        if ended:
            return Released(ended, self._book.standing(targets=targets))
        return NothingHeld(targets, wish.tag, self._book.standing(wish.environment))

    def quarantine(self, operation: Operation, plan: Plan, by: Actor) -> tuple[Kept, ...]:
        """Hold what *operation*, a rollback that *by* asked for, takes away; a second run does not.

        Raises:
            Unavailable: the database is away; nothing was written.
        """
        request, now = operation.request, self._clock.now()
        holds = {
            f"{change.service}/{request.environment}": Hold(
                change.old, by, request.reason or "", now, operation.id
            )
            for change in plan.changes
            if change.old is not None and change.old != change.new
        }
        return self._book.hold(holds, f"rollback:{operation.id}")

    def _release_own(
        self, wish: nouns.Release, by: str, asked: str, asked_at: datetime | None
    ) -> tuple[Held, ...]:
        """End what *by* began, and return it; nothing for somebody who may not even deploy."""
        actor = self._may(by, Action.DEPLOY, wish.services, wish.environment)
        if isinstance(actor, Problem):
            return ()
        tell, now = self._tell(actor, asked), self._clock.now()
        targets = _targets(wish)
        return self._book.release_own(targets, wish.tag, actor, asked, now, tell, asked_at)

    def _tell(self, by: Actor, asked: str) -> Tell:
        return lambda ended: self._letters.released(ended, by, asked)

    def _refused(
        self,
        verb: str,
        wish: nouns.Hold | nouns.Release,
        by: str,
        asked: str,
        problem: Problem,
    ) -> Refused:
        why = problem.told()
        log.info("refused", wish=verb, by=by, environment=wish.environment, reason=why["reason"])
        now = self._clock.now()
        self._acts.note(refusal(verb, by, wish.environment, wish.services, asked, now, why))
        return Refused(problem)


def _targets(wish: nouns.Hold | nouns.Release) -> tuple[str, ...]:
    return tuple(f"{service}/{wish.environment}" for service in wish.services)
