"""The end of a rollback by Argo CD: well and loudly, or undone as far as that is right."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import structlog

from bot.domain.catalog import Application
from bot.domain.errors import BotError
from bot.domain.observation import Observation
from bot.domain.operations import Operation, Phase, Stage
from bot.domain.problems import Problem
from bot.domain.rollback.emergency import Ending, ItemState, OpenItem, Stand, stand_of, switched_on
from bot.messages.rollback import emergency as words
from bot.operations.emergency.ground import Ground, asked_of, changes_of
from bot.operations.emergency.rolling import STUCK
from bot.operations.outcome import Next, Outcome
from bot.operations.saying.outbox import Letter, ToChannel

log = structlog.get_logger(__name__)


class Settling:
    """The last steps. Every method is for any thread."""

    def __init__(self, ground: Ground) -> None:
        self._on = ground

    def settle(self, operation_id: str) -> Outcome:
        """End well, and say loudly that auto-sync is off."""
        operation = self._on.operation(operation_id)
        now = self._on.clock.now()
        progress = tuple(replace(one, stage=Stage.LIVE) for one in operation.progress)
        changes = {"progress": progress, "problem": None}
        self._announce(operation)
        detail = {change.service: change.new for change in changes_of(operation)}
        self._on.store.move(
            operation_id, Phase.LIVE, now, Phase.LIVE.value, changes=changes, detail=detail
        )
        return Outcome(Next.OVER)

    def _announce(self, operation: Operation) -> None:
        item = self._on.items.of(operation.id)
        if item is None or not item.stands:
            return
        channel = self._on.catalog.environments[operation.request.environment].channel
        message = words.switched_off(item)
        letter = Letter(f"{operation.key}.auto-sync-off", ToChannel(channel), message)
        self._on.items.announce([letter], self._on.clock.now())

    def undo(self, operation_id: str, problem: Problem, state: Mapping[str, Any]) -> Outcome:
        """End badly. Before the rollback was taken auto-sync becomes what it was.

        Afterwards it stays off: what runs then is for a person to judge.
        """
        operation = self._on.operation(operation_id)
        application = self._on.application(operation)
        item = self._on.items.of(operation_id)
        if item is not None and item.stands:
            try:
                self._restore(application, item, state)
            except BotError as error:
                if not self._on.is_late(operation, STUCK):
                    return self._on.come_again(error)
                log.error("auto-sync stays off", operation=operation_id, error=str(error))  # noqa: TRY400
        self._announce(operation)
        return self._on.end(operation, problem)

    def _restore(self, application: Application, item: OpenItem, state: Mapping[str, Any]) -> None:
        """Switch auto-sync on as it was, and end the item; one that is on needs no switch.

        Where the rollback was taken, heard of or not, it stays off.
        """
        now, emergency = self._on.clock.now(), self._on.around.emergency(application)
        if item.state is ItemState.SAVED:
            self._on.items.end(item, Ending.NOT_NEEDED, "shipmate", now)
            return
        standing = emergency.read(application)
        if standing.seen.auto_sync:
            self._on.items.end(item, Ending.FOUND_ON, "shipmate", now)
        elif not self._is_taken(standing.seen, state):
            emergency.write(application, switched_on(standing.spec, item.saved))
            self._on.items.end(item, Ending.UNDONE, "shipmate", now)

    def _is_taken(self, seen: Observation, state: Mapping[str, Any]) -> bool:
        known = "rolled" in state or "since" not in state
        return (
            bool(state.get("rolled"))
            if known
            else (stand_of(seen, asked_of(state), {}, {}) is not Stand.NOT_BEGUN)
        )
