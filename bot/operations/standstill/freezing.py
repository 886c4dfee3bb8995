"""Freezes as people ask for them: rights first, then the book and its letter in one transaction."""

from collections.abc import Callable, Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

import structlog

from bot.clock import Clock
from bot.domain.catalog import Catalog
from bot.domain.commands import nouns
from bot.domain.message import Message
from bot.domain.problems import Problem
from bot.domain.rights import Action, Actor
from bot.domain.stops.freezes import AdHocFreeze, frozen
from bot.domain.stops.freezing import FreezeAnswer, Lifted, Stopped, UnfreezeAnswer
from bot.domain.stops.locking import Refused
from bot.domain.stops.until import BadEnd, end_of, zone_named
from bot.messages.stops import freezing as words
from bot.operations.books.act_book import ActBook
from bot.operations.books.freeze_book import FreezeBook
from bot.operations.saying.outbox import Letter, ToChannel
from bot.operations.standstill.refusals import May, refusal

log = structlog.get_logger(__name__)


class Freezing:
    """Stops environments and lets them go on. Every method is for any thread.

    *asked* is the delivery's id: asked again, nothing changes.
    """

    def __init__(
        self,
        catalog: Catalog,
        may: May,
        zone_of: Callable[[str], ZoneInfo],
        book: FreezeBook,
        acts: ActBook,
        clock: Clock,
    ) -> None:
        self._catalog, self._may, self._zone_of = catalog, may, zone_of
        self._book, self._acts, self._clock = book, acts, clock

    def freeze(
        self, wish: nouns.Freeze, by: str, asked: str, asked_at: datetime | None = None
    ) -> FreezeAnswer:
        """Stop the environment for the Slack user *by*.

        *asked_at* is when, where it was left since: the end counts from then.

        Raises:
            Unavailable: the database is away; nothing was written.
        """
        actor = self._allowed(wish.environment, by)
        if isinstance(actor, Problem):
            return self._refused("freeze", wish.environment, by, asked, actor)
        now = self._clock.now()
        zone = self._zone_of(by) if isinstance(wish.until, nouns.At) else zone_named("")
        until = end_of(wish.until, now, zone, asked_at)
        if isinstance(until, BadEnd):
            why = {"reason": "bad_end", "said": until.said}
            self._note("freeze", wish.environment, by, asked, why)
            return until
        freeze = AdHocFreeze(wish.environment, actor, wish.reason, now, until)
        told = self._letters(wish.environment, f"freeze:{asked}", words.announced(freeze))
        before = self._book.standing(now, wish.environment)
        new = self._book.freeze(freeze, asked, told)
        log.info("freeze", by=by, environment=wish.environment, new=new)
        return Stopped(freeze, before if new else ())

    def unfreeze(
        self, wish: nouns.Unfreeze, by: str, asked: str, asked_at: datetime | None = None
    ) -> UnfreezeAnswer:
        """Lift what people froze in the environment; what the calendar freezes stays, and is told.

        *asked_at* is when, where it was left since: what was frozen after that is not meant.

        Raises:
            Unavailable: the database is away; nothing was written.
        """
        environment = wish.environment
        actor = self._allowed(environment, by)
        if isinstance(actor, Problem):
            return self._refused("unfreeze", environment, by, asked, actor)
        now = self._clock.now()
        policy = self._catalog.policy(environment)
        still = frozen(environment, policy.freezes if policy else (), now)

        def tell(lifted: tuple[AdHocFreeze, ...]) -> Iterable[Letter]:
            message = words.announced_end(Lifted(environment, lifted, still), actor)
            return self._letters(environment, f"unfreeze:{asked}", message)

        lifted = self._book.lift(environment, actor, asked, now, tell, asked_at)
        log.info("unfreeze", by=by, environment=environment, lifted=len(lifted))
        newer = self._book.standing(now, environment) if asked_at else ()
        return Lifted(environment, lifted, still, newer)

    def _allowed(self, environment: str, by: str) -> Actor | Problem:
        there = (service for service, place in self._catalog.targets if place == environment)
        return self._may(by, Action.FREEZE, tuple(sorted(there)), environment)

    def _letters(self, environment: str, key: str, message: Message) -> tuple[Letter, ...]:
        """Return what the environment's channel reads; nothing once the environment is gone."""
        place = self._catalog.environments.get(environment)
        return (Letter(key, ToChannel(place.channel), message),) if place else ()

    def _refused(
        self, verb: str, environment: str, by: str, asked: str, problem: Problem
    ) -> Refused:
        self._note(verb, environment, by, asked, problem.told())
        return Refused(problem)

    def _note(self, verb: str, environment: str, by: str, asked: str, why: dict[str, str]) -> None:
        log.info("refused", wish=verb, by=by, environment=environment, reason=why["reason"])
        self._acts.note(refusal(verb, by, environment, (), asked, self._clock.now(), why))
