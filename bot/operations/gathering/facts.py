"""Gathers what a decision needs, all at once, from the outside as it is now."""

import asyncio
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from weakref import WeakKeyDictionary

from bot.adapters.github.comparison import Comparison
from bot.adapters.gitops import Snapshot
from bot.clock import Clock
from bot.domain.catalog import Application, Catalog, Target
from bot.domain.errors import Rejected
from bot.domain.facts import Facts, Incomparable, NothingRuns, Proposal, TargetFacts
from bot.domain.observation import Observation
from bot.domain.operations import Request
from bot.domain.planning import Text
from bot.domain.policy import one_repository
from bot.domain.problems import Problem
from bot.domain.rights import Action, Itself, Who
from bot.domain.rollback.emergency import stops_others
from bot.domain.rollback.retreats import Retreat
from bot.domain.stops.freezes import AdHocFreeze
from bot.domain.stops.holds import Held, of_target
from bot.domain.stops.locks import Lock
from bot.domain.unknown import Unknown
from bot.operations.books.freeze_book import FreezeBook
from bot.operations.books.hold_book import HoldBook
from bot.operations.books.lock_book import LockBook
from bot.operations.books.open_items import OpenItemBook
from bot.operations.emergency.around import Around
from bot.operations.emergency.evidence import aims_of, facts_of
from bot.operations.gathering.choosing import Chooser, Chosen
from bot.operations.gathering.gathered import Aim, Freshness, Gathered
from bot.operations.gathering.reading import Outside, Reading
from bot.operations.gathering.retreating import Retreating
from bot.operations.gathering.target_facts import Read, TargetReader, absent, version_of
from bot.operations.gathering.troubles import problem_of, reason_of
from bot.operations.identity.people import People
from bot.operations.store import Store

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


AT_ONCE = 12
"""Requests whose facts are gathered at once, enough to keep every thread busy. What came first is
then ready first; a thousand together would all be ready when the last one is."""


@dataclass(frozen=True, slots=True)
class Books:
    """What we remember ourselves and judge by."""

    store: Store
    locks: LockBook
    freezes: FreezeBook
    holds: HoldBook
    open_items: OpenItemBook


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
        self._around = Around(catalog, outside.argocd, outside.histories, outside.others)
        self._turns: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = (
            WeakKeyDictionary()
        )

    def targets(self, request: Request) -> tuple[Target, ...]:
        """Return the request's targets by name; services that do not live there have none."""
        found = (self._catalog.target(service, request.environment) for service in request.services)
        return tuple(sorted((one for one in found if one), key=lambda target: target.name))

    async def gather(self, request: Request) -> Gathered:
        """Return everything about *request*, in the time of the slowest chain of answers."""
        turns = self._turns.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(AT_ONCE))
        async with turns:
            around = request.by_argocd
            return await (self._gather_around(request) if around else self._gather(request))

    async def _gather(self, request: Request) -> Gathered:
        at = self._clock.now()
        targets = self.targets(request)
        goes_back = proposal_of(request).action is Action.ROLLBACK
        reading = Reading(self._outside, self._catalog, targets, with_checks=not goes_back)
        several = one_repository(request, self._catalog)
        reader = self._reader(request, reading, one_branch=several is None)
        locks = asyncio.ensure_future(self._locks(request, at))
        holds = asyncio.ensure_future(self._holds(request))
        who, freezes, read = await asyncio.gather(
            self._who(request),
            self._freezes(request, at),
            asyncio.gather(*(reader.read(target, locks, holds) for target in targets)),
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
        snapshot, trouble = await self._files(reading, targets, several)
        stopped = await self._stopped(request)
        troubles = {**stopped, **{one.facts.service: one.trouble for one in read if one.trouble}}
        return Gathered(
            facts=facts,
            aims={one.facts.service: one.aim for one in read if one.aim is not None},
            snapshot=snapshot,
            observations=await _observations(reading, targets),
            between=_between(read),
            trouble=trouble
            or next((one.trouble for one in read if one.trouble), None)
            or next(iter(stopped.values()), None),
            away=reading.away,
            read_at=at,
            troubles=troubles,
        )

    async def _gather_around(self, request: Request) -> Gathered:
        """Return what a way around Git needs; what concerns only a new commit is not asked."""
        at = self._clock.now()
        targets = self.targets(request)
        reading = Reading(self._outside, self._catalog, targets, with_checks=False)
        who, freezes, locks, holds, ways = await asyncio.gather(
            self._who(request),
            self._freezes(request, at),
            self._locks(request, at),
            self._holds(request),
            self._around.ways(request, targets),
        )
        known = [one for one in targets if one.service in ways.ways]
        names = (f"{one.image}:{ways.ways[one.service].new}" for one in known)
        images = await asyncio.gather(*map(reading.image, names))
        found = dict(zip((one.service for one in known), images, strict=True))
        homes = self._catalog.environments_of
        about = (facts_of(one, homes(one.service), ways, found, locks, holds) for one in targets)
        return Gathered(
            facts=Facts(
                at=at,
                who=who.identity,
                memberships=who.memberships,
                permissions=self._catalog.permissions,
                environments=tuple(self._catalog.environments),
                policy=self._catalog.policy(request.environment, request.services),
                targets=(*about, *self._absent(request)),
                freezes=freezes,
            ),
            aims=aims_of(ways),
            snapshot=None,
            observations={one.application: ways.seen for one in known if ways.seen is not None},
            between={},
            trouble=ways.trouble,
            away=ways.away,
            read_at=at,
            rights_as_of=who.as_of,
        )

    async def retreats(self, request: Request, gathered: Gathered) -> tuple[Retreat, ...]:
        """Return how far *request*, a rollback, goes back; what cannot be read is Unknown."""
        known = self._catalog.targets.values()
        reader = Retreating(self._outside, self._books.store, gathered, known)
        return await reader.read(self.targets(request))

    async def refresh(self, request: Request, earlier: Gathered, *, rights: bool) -> Gathered:
        """Return *earlier*, read a moment ago, with locks, freezes and holds as they are.

        With *rights* it is read anew, too, who the requester is and in which teams.
        """
        at = self._clock.now()
        facts = earlier.facts
        who, freezes, locks, holds = await asyncio.gather(
            self._who(request) if rights else _known(Who(facts.who, facts.memberships)),
            self._freezes(request, at),
            self._locks(request, at),
            self._holds(request),
        )
        lives = {target.service for target in self.targets(request)}
        facts = replace(
            earlier.facts,
            at=at,
            who=who.identity,
            memberships=who.memberships,
            freezes=freezes,
            targets=tuple(
                replace(one, locks=locks, holds=of_target(holds, one.name))
                if one.service in lives
                else one
                for one in earlier.facts.targets
            ),
        )
        stopped = await self._stopped(request)
        trouble = earlier.trouble or next(iter(stopped.values()), None)
        return replace(earlier, facts=facts, trouble=trouble)

    async def freshness(self, request: Request) -> Freshness:
        """Return what an approval of *request* is bound to: the commits and the files, no more."""
        targets = self.targets(request)
        if request.by_argocd:
            ways = await self._around.ways(request, targets)
            return Freshness(aims_of(ways), None, ways.trouble, ways.away)
        reading = Reading(self._outside, self._catalog, targets, with_checks=False)
        several = one_repository(request, self._catalog)
        reader = self._reader(request, reading, one_branch=several is None)
        (snapshot, trouble), aims = await asyncio.gather(
            self._files(reading, targets, several),
            asyncio.gather(*(reader.aim(target) for target in targets)),
        )
        known = {
            target.service: aim
            for target, aim in zip(targets, aims, strict=True)
            if isinstance(aim, Aim)
        }
        unresolved = next((one for one in aims if isinstance(one, Problem)), None)
        return Freshness(known, snapshot, trouble or unresolved, reading.away)

    def _reader(self, request: Request, reading: Reading, *, one_branch: bool) -> TargetReader:
        async def choose(reader: TargetReader, target: Target) -> Chosen:
            histories = self._outside.histories
            return await Chooser(request, self._catalog, reading, reader, histories).choose(target)

        return TargetReader(
            reading,
            self._catalog,
            self._books.store,
            self._outside.others,
            proposal_of(request).action,
            choose,
            one_branch=one_branch,
        )

    # ourselves

    async def _who(self, request: Request) -> Who:
        if request.takes_back is not None:
            return Who(Itself(request.takes_back.operation))
        environment = self._catalog.environments.get(request.environment)
        live = environment is None or environment.production
        return await self._outside.github.run(
            lambda: self._people.who(
                request.requester,
                self._slugs(request),
                live=live,
                in_emergency=request.by_argocd,
            )
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

    async def _holds(self, request: Request) -> tuple[Held, ...]:
        ask = self._books.holds.standing
        return await self._outside.others.run(ask, request.environment)

    async def _freezes(self, request: Request, at: datetime) -> tuple[AdHocFreeze, ...]:
        ask = self._books.freezes.standing
        return await self._outside.others.run(ask, at, request.environment)

    async def _stopped(self, request: Request) -> dict[str, Problem]:
        """Return by service where auto-sync that is off stands in the way of a change by Git."""
        if request.by_argocd:
            return {}
        by_application: dict[Application, list[str]] = {}
        for target in self.targets(request):
            by_application.setdefault(target.application, []).append(target.service)
        ask = self._books.open_items.standing_on
        stopped: dict[str, Problem] = {}
        for application, services in by_application.items():
            items = await self._outside.others.run(ask, {application})
            if problem := stops_others(items, request.services):
                stopped.update(dict.fromkeys(services, problem))
        return stopped

    def _absent(self, request: Request) -> Iterable[TargetFacts]:
        for service in request.services:
            if self._catalog.target(service, request.environment) is None:
                homes = self._catalog.environments_of(service)
                yield absent(service, request.environment, homes)

    # what a plan is made of

    async def _files(
        self, reading: Reading, targets: Collection[Target], several: Problem | None
    ) -> tuple[Snapshot | None, Problem | None]:
        """Return the files, and what is definitely wrong with them."""
        if several is not None or not targets:
            return None, several
        snapshot = await reading.snapshot()
        if isinstance(snapshot, Snapshot):
            return snapshot, None
        if isinstance(snapshot, Problem):
            return None, snapshot
        return None, problem_of(snapshot) if isinstance(snapshot, Rejected) else None


async def _known(who: Who) -> Who:
    return who


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
