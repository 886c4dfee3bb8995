"""What every step of a rollback by Argo CD stands on: what is known, how it waits, how it ends."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import structlog

from bot.adapters.argocd import ArgoCD
from bot.clock import Clock
from bot.domain.catalog import Application, Catalog, Target
from bot.domain.errors import BotError, Garbled, Unavailable
from bot.domain.observation import Observation
from bot.domain.operations import Change, Operation, Phase, Progress, Stage
from bot.domain.problems import Problem, Reason
from bot.domain.rollback.emergency import Asked, Ending, ItemState
from bot.operations.books.open_items import OpenItemBook
from bot.operations.emergency.around import Around
from bot.operations.gathering.troubles import problem_of
from bot.operations.outcome import Next, Outcome
from bot.operations.sql.database import DATABASE
from bot.operations.store import Store

log = structlog.get_logger(__name__)

LOOK = timedelta(seconds=2)
"""The pause between looks at what changes within seconds."""

AGAIN = timedelta(seconds=5)
"""The pause after a call that brought no answer."""

ENDED = {Reason.CANCELLED: Phase.CANCELLED}


class Ground:
    """Knows the operation and its application, for all steps. Every method is for any thread."""

    def __init__(
        self,
        store: Store,
        catalog: Catalog,
        argocd: Mapping[str, ArgoCD],
        around: Around,
        items: OpenItemBook,
        clock: Clock,
    ) -> None:
        self.store, self.catalog, self.argocd = store, catalog, argocd
        self.around, self.items, self.clock = around, items, clock

    # what is known

    def operation(self, operation_id: str) -> Operation:
        """Return the operation as it stands."""
        operation = self.store.operation(operation_id)
        assert operation is not None
        return operation

    def targets(self, operation: Operation) -> tuple[Target, ...]:
        """Return the targets of its plan."""
        place = operation.request.environment
        found = (self.catalog.target(one.service, place) for one in changes_of(operation))
        return tuple(one for one in found if one is not None)

    def application(self, operation: Operation) -> Application:
        """Return the one application that it is about."""
        return self.targets(operation)[0].application

    def running(
        self, operation: Operation, application: Application, seen: Observation
    ) -> dict[str, tuple[str, ...]]:
        """Return the tags that run, by service: of pods, else of what makes them."""
        found = {one.service: self.around.running(one, seen) for one in self.targets(operation)}
        if all(found.values()):
            return found
        makers = self.argocd[application.instance].workloads(application, seen)
        images = tuple(image for one in makers for image in one.images)
        templates = replace(seen, images=images)
        return {
            one.service: found[one.service] or self.around.running(one, templates)
            for one in self.targets(operation)
        }

    def due(self, operation: Operation) -> datetime:
        """Return when it is late."""
        begun = operation.entered.get(Phase.COMMITTING.value, operation.requested_at)
        return begun + self.catalog.environments[operation.request.environment].deadline

    def is_late(self, operation: Operation, besides: timedelta = timedelta()) -> bool:
        """Tell whether it is late, by more than *besides*."""
        return self.clock.now() > self.due(operation) + besides

    def show(
        self,
        operation: Operation,
        stage: Stage,
        seen: Observation | None = None,
        problem: Problem | None = None,
    ) -> None:
        """Let the card say how far it is."""
        progress = tuple(
            Progress(
                target.service,
                target.application.name,
                self.argocd[target.application.instance].page(target.application),
                stage,
                seen.sync.value if seen else "",
                seen.health.value if seen else "",
            )
            for target in self.targets(operation)
        )
        news = problem is not None or [one.stage for one in operation.progress] != [
            one.stage for one in progress
        ]
        self.store.move(
            operation.id,
            Phase.FOLLOWING,
            self.clock.now(),
            f"argocd-{stage.value}",
            changes={"progress": progress, "problem": problem},
            detail={"stage": stage.value} if news else None,
        )

    # how it waits and ends

    def later(self, operation: Operation, error: BotError) -> Outcome:
        """Ask again for a while; nothing was changed yet."""
        if isinstance(error, Unavailable | Garbled) and not self.is_late(operation):
            return self.come_again(error)
        return self.end(operation, problem_of(error))

    def unsure(self, operation: Operation, error: BotError) -> Outcome:
        """Ask again for a while; then give up what can be undone."""
        if isinstance(error, Unavailable | Garbled) and not self.is_late(operation):
            self.show(operation, Stage.WAITING, None, problem_of(error))
            return self.come_again(error)
        return self.give_up(problem_of(error))

    def come_again(self, error: BotError) -> Outcome:
        """Ask again after a pause; our own database is the engine's to wait for."""
        if error.system == DATABASE:
            raise error
        log.warning("asked again", error=str(error))
        asked = error.retry_after if isinstance(error, Unavailable) else None
        return rest(asked or AGAIN)

    def give_up(self, problem: Problem) -> Outcome:
        """Say that it goes no further: the next step is to undo."""
        facts = dict(problem.facts)
        return Outcome(Next.OVER, carry={"problem": [problem.reason.value, facts]})

    def end(self, operation: Operation, problem: Problem) -> Outcome:
        """End without success: refused where nothing was changed in Argo CD."""
        item = self.items.of(operation.id)
        untouched = operation.phase is Phase.COMMITTING and (
            item is None or item.state is ItemState.SAVED or item.ending is Ending.UNDONE
        )
        phase = Phase.REFUSED if untouched or operation.phase is Phase.QUEUED else Phase.FAILED
        if phase is Phase.REFUSED:
            phase = ENDED.get(problem.reason, phase)
        self.store.end(
            operation.id,
            phase,
            self.clock.now(),
            phase.value,
            problem,
            progress=stopped(operation, problem),
        )
        return Outcome(Next.OVER)


def changes_of(operation: Operation) -> tuple[Change, ...]:
    """Return what it changes."""
    assert operation.plan is not None
    return operation.plan.changes


def asked_of(state: Mapping[str, Any]) -> Asked:
    """Return the rollback that the carried *state* is of."""
    since = datetime.fromisoformat(state["since"])
    return Asked(tuple(state["revisions"]), since, str(state["by"]))


def rest(span: timedelta, carry: Mapping[str, Any] | None = None) -> Outcome:
    """Return that the step comes again after *span*."""
    return Outcome(Next.AGAIN, carry={**(carry or {}), "rest": span.total_seconds()})


def iso(at: datetime | None) -> str:
    """Return *at* in whole seconds, or nothing."""
    return at.isoformat(timespec="seconds") if at else ""


def came_on(application: Application) -> Problem:
    """Return that somebody else switched auto-sync on."""
    return Problem(Reason.AUTO_SYNC_CAME_ON, {"app": application.name})


def stopped(operation: Operation, problem: Problem) -> tuple[Progress, ...]:
    """Return its progress, which *problem* ended."""
    return tuple(replace(one, stage=Stage.FAILED, problem=problem) for one in operation.progress)
