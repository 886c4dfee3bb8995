"""Looks whether a rollback that waits for GitHub could go by Argo CD; nothing is changed."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import structlog

from bot.domain.catalog import Catalog
from bot.domain.operations import Operation
from bot.domain.problems import Problem, Reason
from bot.domain.rights import Action
from bot.domain.rollback.going_around import Offer, WayAround, noted, waits_for_github, way_around
from bot.operations.emergency.around import Around
from bot.operations.gathering.troubles import problem_of
from bot.operations.identity.rights_desk import RightsDesk

log = structlog.get_logger(__name__)


class Offering:
    """Finds ways around Git. *remember* is how long GitHub's last word stands; zero: not at all."""

    def __init__(
        self, catalog: Catalog, around: Around, rights: RightsDesk, remember: timedelta
    ) -> None:
        self._catalog, self._around = catalog, around
        self._rights, self._remember = rights, remember

    async def look(self, operation: Operation, why: object) -> dict[str, str]:
        """Return the facts of the way around where *operation* waits because of *why*, or none.

        What was found once is not looked for again.

        Raises:
            Unavailable: our own database is away.
        """
        if not waits_for_github(operation, why):
            return {}
        known = way_around(operation.problem)
        if known is not None and known.offer is Offer.OPEN:
            return noted(known)
        found = await self._find(operation)
        log.info("a way around", operation=operation.id, offer=found.offer.value)
        return noted(found)

    async def _find(self, operation: Operation) -> WayAround:
        request = replace(operation.request, by_argocd=True, without_hooks=True)
        place = request.environment
        found = (self._catalog.target(one, place) for one in request.services)
        ways = await self._around.ways(request, [one for one in found if one is not None])
        barred = ways.trouble or (problem_of(ways.away) if ways.away is not None else None)
        if barred is not None:
            return WayAround(Offer.BARRED, barred=barred)
        to = {service: way.new for service, way in ways.ways.items()}
        offer = await asyncio.to_thread(self._open_to, operation)
        return WayAround(offer, to, ways.hooks)

    def _open_to(self, operation: Operation) -> Offer:
        """Return for whom it would be; a definite no to who asked leaves it to others."""
        request = operation.request
        answer = self._rights.may(
            request.requester,
            Action.ROLLBACK,
            request.services,
            request.environment,
            in_emergency=True,
        )
        if not isinstance(answer, Problem) or answer.reason is not Reason.NOT_ANSWERED:
            return Offer.OPEN
        return Offer.FOR_THE_CONFIRMED if self._remember else Offer.NOBODY_CONFIRMED
