"""What the decision about an automatic rollback rests on, from what was gathered and our books."""

from collections.abc import Mapping
from datetime import datetime

from bot.domain.catalog import Catalog
from bot.domain.errors import BotError
from bot.domain.facts import TargetFacts
from bot.domain.observation import Health, Observation
from bot.domain.operations import Operation, Request
from bot.domain.problems import Problem, Reason
from bot.domain.rollback.auto_rollback import (
    Announced,
    Around,
    Moment,
    bad_since,
    failed_of,
    was_automatic,
    was_healthy,
)
from bot.domain.rollback.going_back import Past
from bot.domain.rules import judge
from bot.domain.unknown import Unknown
from bot.operations.deploy.weigh import weigh
from bot.operations.gathering.facts import proposal_of
from bot.operations.gathering.gathered import Gathered
from bot.operations.store import Store

UNASKED = frozenset({Reason.NOT_ANSWERED, Reason.UNAVAILABLE, Reason.GARBLED})
"""Problems that say that nobody knows."""

MOST_EARLIER = 50
"""Operations of a target that are looked at for what was live last."""


class Moments:
    """Reads our books for one moment. For any thread."""

    def __init__(self, store: Store, catalog: Catalog) -> None:
        self._store, self._catalog = store, catalog

    def of(
        self,
        operation: Operation,
        request: Request,
        gathered: Gathered,
        announced: Announced | None,
    ) -> Moment:
        """Return the world as *gathered* for *request*, which would take *operation* back.

        Once it is *announced* since when it is bad, that is what counts.

        Raises:
            Unavailable: our own database is away.
        """
        facts = {one.service: one for one in gathered.facts.targets}
        seen = {
            service: self._seen(service, operation.request.environment, gathered)
            for service in facts
        }
        since = announced.since if announced else bad_since(operation, _healths(seen))
        return Moment(
            at=gathered.facts.at,
            since=since,
            rules=_rules(request, gathered),
            around={
                one.service: self._around(
                    operation, facts[one.service], gathered, seen[one.service]
                )
                for one in failed_of(operation)
                if one.service in facts
            },
        )

    def _seen(self, service: str, environment: str, gathered: Gathered) -> Observation | Unknown:
        target = self._catalog.target(service, environment)
        found = gathered.observations.get(target.application) if target is not None else None
        return found or Unknown("Argo CD does not show its application")

    def _around(
        self,
        operation: Operation,
        facts: TargetFacts,
        gathered: Gathered,
        seen: Observation | Unknown,
    ) -> Around:
        service, environment = facts.service, facts.environment
        assert operation.plan is not None, "what was written had a plan"
        change = next(one for one in operation.plan.changes if one.service == service)
        others = self._store.under_way([service], environment)
        earlier = self._store.latest([service], environment, MOST_EARLIER, before=operation.id)
        return Around(
            old=change.old or "",
            back=_back(facts, gathered),
            stands=self._stands(operation, facts, change.new),
            was_healthy=was_healthy(service, self._store.timeline(operation.id)),
            automatic=was_automatic(earlier, whole=len(earlier) < MOST_EARLIER),
            busy=next((one.id for one in others), None),
            now=seen if isinstance(seen, Unknown) else seen.health,
        )

    def _stands(self, operation: Operation, facts: TargetFacts, new: str) -> bool | Unknown:
        """Tell whether Git still says *new*, and no later operation of ours has said anything."""
        for one in self._store.latest([facts.service], facts.environment, MOST_EARLIER):
            if one.id == operation.id:
                break
            if one.written is not None:
                return False
        return facts.in_git if isinstance(facts.in_git, Unknown) else facts.in_git == new


def _healths(
    seen: Mapping[str, Observation | Unknown],
) -> dict[str, tuple[Health, datetime | None]]:
    return {
        service: (one.health, one.health_since)
        for service, one in seen.items()
        if isinstance(one, Observation)
    }


def _back(facts: TargetFacts, gathered: Gathered) -> Past | Unknown | None:
    aim = gathered.aims.get(facts.service)
    if aim is not None:
        return aim.past
    return facts.tag if isinstance(facts.tag, Unknown) else None


def _rules(request: Request, gathered: Gathered) -> Problem | Unknown | None:
    """Return what the policy has against *request* now; people who have to approve it do not."""
    weighed = weigh(judge(proposal_of(request), gathered.facts), gathered)
    match weighed:
        case Problem(reason=reason) if reason in UNASKED:
            return Unknown(weighed.facts.get("detail") or reason.value)
        case Problem():
            return weighed
        case BotError():
            return Unknown(str(weighed))
        case _:
            return None
