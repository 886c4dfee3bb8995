"""Before Argo CD is asked to roll back: what to go back to, and auto-sync off for good."""

from collections.abc import Mapping
from typing import Any

import structlog

from bot.adapters.argocd_emergency import Standing
from bot.domain.catalog import Application
from bot.domain.errors import BotError
from bot.domain.operations import Operation, Phase, Stage
from bot.domain.problems import Problem, Reason
from bot.domain.rollback.emergency import OWED, Ending, Entry, ItemState, OpenItem, switched_off
from bot.operations.emergency.around import hooks_barring
from bot.operations.emergency.ground import LOOK, Ground, came_on, changes_of, rest
from bot.operations.outcome import Next, Outcome

log = structlog.get_logger(__name__)

STAYS = 3
"""Looks after the switch at which auto-sync must be off."""


class Preparing:
    """The steps up to the rollback itself. Every method is for any thread."""

    def __init__(self, ground: Ground) -> None:
        self._on = ground

    def prepare(  # noqa: PLR0911  # one an answer
        self, operation_id: str, _: Mapping[str, Any]
    ) -> Outcome:
        """Choose the entry to go back to, and write down what auto-sync is."""
        operation = self._on.operation(operation_id)
        if operation.phase.ended:
            return Outcome(Next.OVER)
        if by := self._on.store.cancel_wished(operation_id):
            return self._on.end(operation, Problem(Reason.CANCELLED, {"by": by}))
        begun = self._on.store.move(
            operation_id, Phase.COMMITTING, self._on.clock.now(), "preparing"
        )
        if begun is None:
            return Outcome(Next.OVER)
        application = self._on.application(operation)
        emergency = self._on.around.emergency(application)
        try:
            standing, ours = emergency.read(application), emergency.ourselves()
            wanted = {change.service: change.new for change in changes_of(operation)}
            barred = self._on.around.barred(application, standing) or hooks_barring(
                operation.request, standing.seen
            )
            entry = barred or self._on.around.entry(application, standing.seen, wanted)
        except BotError as error:
            return self._on.later(operation, error)
        match entry:
            case Problem():
                return self._on.end(operation, entry)
            case BotError():
                return self._on.later(operation, entry)
            case Entry():
                return self._keep(operation, application, standing, entry, ours)

    def _keep(
        self,
        operation: Operation,
        application: Application,
        standing: Standing,
        entry: Entry,
        by: str,
    ) -> Outcome:
        """Write down what stands, then see whether somebody else is at work there."""
        seen = standing.seen
        if seen.auto_sync and standing.sync_policy is not None:
            now = self._on.clock.now()
            item = OpenItem(
                number=0,
                operation=operation.id,
                instance=application.instance,
                namespace=seen.namespace,
                app=seen.name,
                environment=operation.request.environment,
                services={change.service: change.new for change in changes_of(operation)},
                saved=dict(standing.sync_policy),
                owner=operation.request.requester,
                since=now,
                deadline=now + OWED,
            )
            self._on.items.save(item)
        if busy := self._busy(operation, application):
            self._forget(operation)
            return self._on.end(operation, busy)
        log.info("rolls back", operation=operation.id, app=seen.name, entry=entry.id)
        since = self._on.clock.now().isoformat()
        carry = {"entry": entry.id, "revisions": list(entry.revisions), "by": by, "since": since}
        return Outcome(Next.GO, carry=carry)

    def _busy(self, operation: Operation, application: Application) -> Problem | None:
        """Return which change by Git of something else in *application* is on its way, or None.

        It would sync the whole application by itself once auto-sync is off.
        """
        place, mine = operation.request.environment, set(operation.request.services)
        at_work = {Phase.QUEUED, Phase.COMMITTING, Phase.MERGING, Phase.FOLLOWING}
        for target in self._on.around.living_in(application):
            if target.environment == place and target.service in mine:
                continue
            for one in self._on.store.under_way([target.service], target.environment):
                if one.phase in at_work and not mine & set(one.request.services):
                    facts = {"app": application.name, "operation": one.id}
                    return Problem(Reason.APP_BUSY, facts)
        return None

    def switch_off(self, operation_id: str, _: Mapping[str, Any]) -> Outcome:
        """Switch auto-sync off, unless it is; what it was stands in the store."""
        operation = self._on.operation(operation_id)
        application = self._on.application(operation)
        if by := self._on.store.cancel_wished(operation_id):
            return self._on.give_up(Problem(Reason.CANCELLED, {"by": by}))
        emergency = self._on.around.emergency(application)
        try:
            standing = emergency.read(application)
            if standing.seen.auto_sync:
                item = self._on.items.of(operation_id)
                if item is None or not item.stands:  # it came on after we had looked
                    return self._on.give_up(came_on(application))
                version = self._on.argocd[application.instance].version()
                self._on.items.switched(item, self._on.clock.now())
                emergency.write(application, switched_off(standing.spec, version))
        except BotError as error:
            return self._on.unsure(operation, error)
        self._on.show(operation, Stage.WAITING)
        return Outcome(Next.GO, carry={"looks": 0})

    def stays_off(self, operation_id: str, state: Mapping[str, Any]) -> Outcome:
        """Look once whether auto-sync is still off; go on after a few looks."""
        operation = self._on.operation(operation_id)
        application = self._on.application(operation)
        try:
            seen = self._on.argocd[application.instance].look(application)
        except BotError as error:
            return self._on.unsure(operation, error)
        if seen.auto_sync:
            return self._on.give_up(came_on(application))
        looks = int(state.get("looks", 0)) + 1
        if looks >= STAYS:
            return Outcome(Next.GO, carry={"cleared": self._on.clock.now().isoformat()})
        return rest(LOOK, {"looks": looks})

    def _forget(self, operation: Operation) -> None:
        item = self._on.items.of(operation.id)
        if item is not None and item.stands and item.state is ItemState.SAVED:
            self._on.items.end(item, Ending.NOT_NEEDED, "shipmate", self._on.clock.now())
