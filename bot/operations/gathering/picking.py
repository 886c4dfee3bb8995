"""What somebody can pick from: where a rollback could go back, and what a promote would move."""

import asyncio
from collections.abc import Iterable
from dataclasses import replace

from bot.domain.facts import TargetFacts
from bot.domain.operations import Request
from bot.domain.previews import Preview
from bot.domain.problems import Problem, Reason
from bot.domain.rollback.ways_back import Step, WayBack
from bot.operations.gathering.facts import Gatherer
from bot.operations.gathering.gathered import Gathered
from bot.operations.gathering.previewing import preview


class Picking:
    """Looks at everything at once. For any thread that no event loop runs in."""

    def __init__(self, gatherer: Gatherer) -> None:
        self._gatherer = gatherer

    def ways(self, request: Request, environments: Iterable[str]) -> tuple[WayBack, ...]:
        """Return what *request*, a rollback, would come to in each of *environments*.

        Raises:
            Unavailable: our own database is away.
        """
        return asyncio.run(self._ways(request, tuple(environments)))

    async def _ways(self, request: Request, environments: tuple[str, ...]) -> tuple[WayBack, ...]:
        asked = (replace(request, environment=one) for one in environments)
        found = await asyncio.gather(*map(self._gatherer.gather, asked))
        return tuple(
            WayBack(one, tuple(_step(each, gathered) for each in gathered.facts.targets))
            for one, gathered in zip(environments, found, strict=True)
        )

    def moves(self, request: Request) -> tuple[Preview | Problem, ...]:
        """Return what *request*, a promote, would come to, for each GitOps branch by itself.

        One plan is one commit, so services that stand on several branches need several.

        Raises:
            Unavailable: our own database is away.
        """
        return asyncio.run(self._moves(request))

    async def _moves(self, request: Request) -> tuple[Preview | Problem, ...]:
        branches: dict[tuple[str, str], list[str]] = {}
        for target in self._gatherer.targets(request):
            place = (target.location.repo, target.location.branch)
            branches.setdefault(place, []).append(target.service)
        asked = (replace(request, services=tuple(names)) for names in branches.values())
        found = await asyncio.gather(*(preview(self._gatherer, one) for one in asked))
        return tuple(found)


def _step(target: TargetFacts, gathered: Gathered) -> Step:
    now = target.in_git if isinstance(target.in_git, str) else None
    aim = gathered.aims.get(target.service)
    if aim is not None:
        return Step(target.service, now, aim.tag)
    if isinstance(target.tag, Problem):
        return Step(target.service, now, target.tag)
    facts = {"question": "tag", "service": target.service}
    return Step(target.service, now, gathered.trouble or Problem(Reason.NOT_ANSWERED, facts))
