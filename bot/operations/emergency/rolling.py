"""The rollback itself: asked for once, followed until the old version runs, watched for a while."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import structlog

from bot.adapters.argocd import Refresh
from bot.domain.catalog import Application
from bot.domain.errors import BotError, Conflict
from bot.domain.observation import Observation
from bot.domain.operations import Operation, Stage
from bot.domain.problems import Problem, Reason
from bot.domain.rights import Actor
from bot.domain.rollback.emergency import Stand, is_under_way, stand_of, synced_by_itself
from bot.operations.emergency.ground import LOOK, Ground, asked_of, came_on, changes_of, iso, rest
from bot.operations.outcome import Next, Outcome
from bot.operations.sql.codec import load
from bot.operations.standstill.holding import Holding

log = structlog.get_logger(__name__)

SLOWLY = timedelta(seconds=5)
STUCK = timedelta(minutes=2)
"""How long an operation that is in the way may take to end."""

CYCLES = 2
"""Times that Argo CD must have compared with Git, after the end, and left auto-sync off."""


class Rolling:
    """The steps from the request to the proof. Every method is for any thread."""

    def __init__(self, ground: Ground, holding: Holding) -> None:
        self._on, self._holding = ground, holding

    def roll(self, operation_id: str, state: Mapping[str, Any]) -> Outcome:
        """End what is in the way, then ask for the rollback; what was asked for is found again."""
        operation = self._on.operation(operation_id)
        application = self._on.application(operation)
        asked, argocd = asked_of(state), self._on.argocd[application.instance]
        try:
            seen = argocd.look(application)
            if seen.auto_sync:
                return self._on.give_up(came_on(application))
            stand = stand_of(seen, asked, {}, {})
            if stand is not Stand.NOT_BEGUN:
                return self._rolled(operation, state)
            if seen.in_flight:
                return self._make_way(application, seen, state)
            self._on.around.emergency(application).roll_back(application, int(state["entry"]))
        except Conflict as conflict:  # something else began, or auto-sync is on: look again
            return self._bounded(application, conflict.detail, state)
        except BotError as error:
            return self._on.unsure(operation, error)
        return self._rolled(operation, state)

    def _rolled(self, operation: Operation, state: Mapping[str, Any]) -> Outcome:
        """Hold back what is rolled back, before anything else may bring it again."""
        assert operation.plan is not None
        self._holding.quarantine(operation, operation.plan, load(Actor, state["requester"]))
        return Outcome(Next.GO, carry={"rolled": True})

    def _make_way(
        self, application: Application, seen: Observation, state: Mapping[str, Any]
    ) -> Outcome:
        try:
            self._on.argocd[application.instance].terminate(application)
        except Conflict as gap:  # not picked up yet, or just ended
            log.info("not ended yet", app=application.name, error=str(gap))
        message = seen.operation_state.message if seen.operation_state else ""
        return self._bounded(application, message, state)

    def _bounded(self, application: Application, detail: str, state: Mapping[str, Any]) -> Outcome:
        if self._on.clock.now() - datetime.fromisoformat(state["cleared"]) > STUCK:
            facts = {"app": application.name, "detail": detail}
            return self._on.give_up(Problem(Reason.STUCK_OPERATION, facts))
        return rest(LOOK)

    def follow(self, operation_id: str, state: Mapping[str, Any]) -> Outcome:
        """Look once how far the rollback is."""
        operation = self._on.operation(operation_id)
        application = self._on.application(operation)
        try:
            seen = self._on.argocd[application.instance].look(application)
            running = self._on.running(operation, application, seen)
        except BotError as error:
            return self._on.unsure(operation, error)
        new = {change.service: change.new for change in changes_of(operation)}
        asked = asked_of(state)
        stand = stand_of(seen, asked, running, new)
        log.debug("judged", operation=operation_id, stand=stand.value)
        if stand is Stand.DONE:
            self._on.show(operation, Stage.ROLLING, seen)
            watched = {"cycles": 0, "compared": iso(seen.reconciled_at)}
            return Outcome(Next.GO, carry=watched)
        facts = {"app": application.name}
        if stand is Stand.FAILED:
            detail = seen.operation_state.message if seen.operation_state else ""
            return self._on.give_up(Problem(Reason.NOT_ROLLED_BACK, {**facts, "detail": detail}))
        if self._on.is_late(operation):
            late = {**facts, "state": seen.health.value, "deadline": iso(self._on.due(operation))}
            return self._on.give_up(Problem(Reason.NOT_BACK_YET, late))
        stage = Stage.ROLLING if stand is Stand.ROLLING else Stage.SYNCING
        waits = Problem(Reason.WINDOW_CLOSED, facts) if stand is Stand.BLOCKED else None
        self._on.show(operation, stage, seen, waits)
        return rest(LOOK if is_under_way(seen, asked) else SLOWLY)

    def watch(self, operation_id: str, state: Mapping[str, Any]) -> Outcome:
        """Let Argo CD compare with Git once more, and see that auto-sync stays off."""
        operation = self._on.operation(operation_id)
        application = self._on.application(operation)
        argocd = self._on.argocd[application.instance]
        try:
            seen = argocd.look(application, refresh=Refresh.NORMAL)
        except BotError as error:
            return self._on.unsure(operation, error)
        since = datetime.fromisoformat(state["since"])
        if seen.auto_sync or synced_by_itself(seen, since):
            return self._on.give_up(came_on(application))
        compared, cycles = iso(seen.reconciled_at), int(state.get("cycles", 0))
        if compared > state.get("compared", ""):
            cycles += 1
        if cycles >= CYCLES or self._on.is_late(operation):
            return Outcome(Next.GO)
        return rest(LOOK, {"cycles": cycles, "compared": compared})
