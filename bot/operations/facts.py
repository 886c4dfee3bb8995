"""Gathers what a decision needs, all at once, from the outside as it is now."""

import asyncio
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from bot.adapters.github.commits import Commit
from bot.adapters.github.comparison import Comparison
from bot.adapters.gitops import Snapshot
from bot.clock import Clock
from bot.domain.catalog import Application, Catalog, Target
from bot.domain.errors import (
    BotError,
    Forbidden,
    Garbled,
    Rejected,
    Unauthorized,
)
from bot.domain.facts import Facts, Incomparable, NothingRuns, Proposal, TargetFacts
from bot.domain.freezes import AdHocFreeze
from bot.domain.locks import Lock
from bot.domain.observation import Observation
from bot.domain.operations import Request
from bot.domain.planning import Text
from bot.domain.policy import one_repository
from bot.domain.problems import Problem, Reason
from bot.domain.rights import Action, Who
from bot.domain.unknown import Unknown
from bot.operations.freeze_book import FreezeBook
from bot.operations.gathered import Freshness, Gathered
from bot.operations.lock_book import LockBook
from bot.operations.people import People
from bot.operations.reading import Outside, Reading
from bot.operations.store import Store
from bot.operations.target_facts import Read, TargetReader, absent, version_of

__all__ = [
    "Books",
    "Gatherer",
    "Outside",
    "problem_of",
    "proposal_of",
    "reason_of",
    "texts_of",
    "version_of",
]


@dataclass(frozen=True, slots=True)
class Books:
    """What we remember ourselves and judge by."""

    store: Store
    locks: LockBook
    freezes: FreezeBook


class Gatherer:
    """Asks GitHub, every Argo CD, the registries, Slack and our own books, in parallel.

    No method raises for what is outside: what could not be had is ``Unknown``, and who did not
    answer is told beside it. Only where our own database is away they raise ``Unavailable``.
    """

    def __init__(
        self, catalog: Catalog, people: People, outside: Outside, books: Books, clock: Clock
    ) -> None:
        self._catalog, self._people, self._outside = catalog, people, outside
        self._books, self._clock = books, clock

    def targets(self, request: Request) -> tuple[Target, ...]:
        """Return the request's targets by name; services that do not live there have none."""
        found = (self._catalog.target(service, request.environment) for service in request.services)
        return tuple(sorted((one for one in found if one), key=lambda target: target.name))

    async def gather(self, request: Request) -> Gathered:
        """Return everything about *request*, in the time of the slowest chain of answers."""
        at = self._clock.now()
        targets = self.targets(request)
        reading = Reading(self._outside, self._catalog, request.version, targets)
        several = one_repository(request, self._catalog)
        reader = TargetReader(
            reading,
            self._catalog,
            self._books.store,
            self._outside.others,
            proposal_of(request).action,
            request.version,
            one_branch=several is None,
        )
        locks = asyncio.ensure_future(self._locks(request, at))
        who, freezes, read = await asyncio.gather(
            self._who(request),
            self._freezes(request, at),
            asyncio.gather(*(reader.read(target, locks) for target in targets)),
        )
        facts = Facts(
            at=at,
            who=who.identity,
            memberships=who.memberships,
            permissions=self._catalog.permissions,
            environments=tuple(self._catalog.environments),
            policy=self._catalog.policy(request.environment, request.services),
            targets=(*(one.facts for one in read), *self._absent(request)),
            freezes=freezes,
        )
        commits, snapshot, trouble = await self._base(reading, targets, several)
        return Gathered(
            facts=facts,
            commits=commits,
            snapshot=snapshot,
            observations=await _observations(reading, targets),
            between=_between(read),
            trouble=trouble or next((one.trouble for one in read if one.trouble), None),
            away=reading.away,
            read_at=at,
        )

    async def refresh(self, request: Request, earlier: Gathered, *, rights: bool) -> Gathered:
        """Return *earlier*, read a moment ago, with locks and freezes as they are now.

        With *rights* it is read anew, too, who the requester is and in which teams.
        """
        at = self._clock.now()
        facts = earlier.facts
        who, freezes, locks = await asyncio.gather(
            self._who(request) if rights else _known(Who(facts.who, facts.memberships)),
            self._freezes(request, at),
            self._locks(request, at),
        )
        lives = {target.service for target in self.targets(request)}
        facts = replace(
            earlier.facts,
            at=at,
            who=who.identity,
            memberships=who.memberships,
            freezes=freezes,
            targets=tuple(
                replace(one, locks=locks) if one.service in lives else one
                for one in earlier.facts.targets
            ),
        )
        return replace(earlier, facts=facts)

    async def freshness(self, request: Request) -> Freshness:
        """Return what an approval of *request* is bound to: the commits and the files, no more."""
        targets = self.targets(request)
        reading = Reading(self._outside, self._catalog, request.version, targets, with_checks=False)
        several = one_repository(request, self._catalog)
        sources = sorted({target.source for target in targets})
        (commits, snapshot, trouble), answers = await asyncio.gather(
            self._base(reading, targets, several),
            asyncio.gather(*(reading.commit(source) for source in sources)),
        )
        unresolved = next((one for one in answers if isinstance(one, Problem)), None)
        return Freshness(commits, snapshot, trouble or unresolved, reading.away)

    # ourselves

    async def _who(self, request: Request) -> Who:
        environment = self._catalog.environments.get(request.environment)
        live = environment is None or environment.production
        return await self._outside.github.run(
            lambda: self._people.who(request.requester, self._slugs(request), live=live)
        )

    def _slugs(self, request: Request) -> frozenset[str]:
        """Return the teams that any right in question depends on."""
        asked = proposal_of(request)
        actions = [asked.action, *([Action.OVERRIDE] if asked.override is not None else [])]
        teams = self._catalog.permissions.teams
        every = (
            teams(action, service, request.environment)
            for action in actions
            for service in request.services
        )
        return frozenset[str]().union(*every)

    async def _locks(self, request: Request, at: datetime) -> tuple[Lock, ...]:
        ask = self._books.locks.standing
        standing = await self._outside.others.run(ask, at, request.environment)
        return tuple(one.lock for one in standing)

    async def _freezes(self, request: Request, at: datetime) -> tuple[AdHocFreeze, ...]:
        ask = self._books.freezes.standing
        return await self._outside.others.run(ask, at, request.environment)

    def _absent(self, request: Request) -> Iterable[TargetFacts]:
        for service in request.services:
            if self._catalog.target(service, request.environment) is None:
                homes = self._catalog.environments_of(service)
                yield absent(service, request.environment, homes)

    # what a plan is made of

    async def _base(
        self, reading: Reading, targets: Collection[Target], several: Problem | None
    ) -> tuple[dict[str, Commit], Snapshot | None, Problem | None]:
        """Return the commits, the files, and what is definitely wrong with one of them."""
        sources = sorted({target.source for target in targets})
        shall_read = several is None and bool(targets)
        snapshot, *answers = await asyncio.gather(
            reading.snapshot() if shall_read else _nothing(),
            *(reading.commit(source) for source in sources),
        )
        refused = [problem_of(one) for one in (snapshot, *answers) if isinstance(one, Rejected)]
        missing = [snapshot] if isinstance(snapshot, Problem) else []
        trouble = next(iter([*([several] if several else []), *missing, *refused]), None)
        commits = {
            source: one
            for source, one in zip(sources, answers, strict=True)
            if isinstance(one, Commit)
        }
        return commits, snapshot if isinstance(snapshot, Snapshot) else None, trouble


async def _known(who: Who) -> Who:
    return who


async def _nothing() -> None:
    """Read nothing."""


async def _observations(
    reading: Reading, targets: Iterable[Target]
) -> dict[Application, Observation]:
    applications = sorted({target.application for target in targets}, key=str)
    seen = {one: await reading.look(one) for one in applications}
    return {one: found for one, found in seen.items() if isinstance(found, Observation)}


def _between(read: Iterable[Read]) -> Mapping[str, Comparison | Unknown]:
    """Return the longest way of each source repository; one that is unknown goes before all."""
    found: dict[str, Comparison | Unknown] = {}
    for one in read:
        known, new = found.get(one.facts.source), one.between
        if isinstance(new, NothingRuns) or isinstance(known, Unknown):
            continue
        if isinstance(new, Incomparable):
            new = Unknown(new.why)
        if isinstance(new, Unknown) or known is None or new.ahead_by > known.ahead_by:
            found[one.facts.source] = new
    return found


def proposal_of(request: Request) -> Proposal:
    """Return what the policy judges of *request*. A break-glass without a word has an empty one."""
    return Proposal(
        action=Action(request.kind.value),
        services=request.services,
        environment=request.environment,
        version=request.version,
        requester=request.requester,
        override=(request.reason or "") if request.override else None,
    )


def texts_of(snapshot: Snapshot) -> dict[str, Text | None]:
    """Return the snapshot's files as the planner reads them."""
    return {
        path: Text(file.text, file.blob) if file else None for path, file in snapshot.files.items()
    }


def problem_of(error: BotError, again: str = "") -> Problem:
    """Return what the world's failure means for an operation."""
    facts = {"system": error.system, "doing": error.doing, "detail": error.detail}
    if again:
        facts["again"] = again
    return Problem(reason_of(error), facts)


def reason_of(error: BotError) -> Reason:
    """Return the reason code of *error*."""
    match error:
        case Unauthorized():
            return Reason.TOKEN_REFUSED
        case Forbidden():
            return Reason.NO_RIGHT
        case Rejected():
            return Reason.REJECTED
        case Garbled():
            return Reason.GARBLED
        case _:
            return Reason.UNAVAILABLE
