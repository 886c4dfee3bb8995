"""The steps before anything is changed: gather, decide, plan, and wait for the targets."""

import asyncio
from datetime import timedelta

import structlog

from bot.clock import Clock
from bot.domain.catalog import Catalog, Target
from bot.domain.errors import BotError, Garbled, Unavailable
from bot.domain.operations import Operation, Phase, Plan
from bot.domain.patience import next_try
from bot.domain.planning import Edits, plan_edits, tag_for
from bot.domain.policy import refusal
from bot.domain.problems import Problem
from bot.operations.facts import Facts, Gatherer, problem_of, texts_of, version_of
from bot.operations.outcome import Next, Outcome
from bot.operations.store import Store

log = structlog.get_logger(__name__)

MOST_GARBLED = 5
"""Answers in a row that can't be read before we say so: a proxy's page passes, a new API stays."""


class Check:
    """Judges an operation by the facts of now. Nothing outside is changed."""

    def __init__(self, store: Store, catalog: Catalog, gatherer: Gatherer, clock: Clock) -> None:
        self._store, self._catalog = store, catalog
        self._gatherer, self._clock = gatherer, clock

    async def check(self, operation_id: str, failures: int) -> Outcome:
        """Plan the operation, or refuse it, or say that a system must be asked again."""
        operation = await asyncio.to_thread(self._enter, operation_id)
        if operation is None:
            return Outcome(Next.OVER)
        answer: Facts | Problem | BotError
        if (problem := refusal(operation.request, self._catalog)) is not None:
            answer = problem
        else:
            try:
                answer = await self._gatherer.gather(operation.request)
            except BotError as error:
                log.warning("could not gather", operation=operation_id, error=str(error))
                answer = error
        return await asyncio.to_thread(self._decide, operation, answer, failures)

    def _enter(self, operation_id: str) -> Operation | None:
        """Return the operation to judge, or None where it has ended.

        A check that died between its effect and its record has left it queued already; it stays
        there while it is judged again.
        """
        operation = self._store.operation(operation_id)
        if operation is not None and operation.phase is Phase.QUEUED:
            return operation
        return self._store.move(operation_id, Phase.CHECKING, self._clock.now(), "checking")

    def _decide(
        self, operation: Operation, answer: Facts | Problem | BotError, failures: int
    ) -> Outcome:
        match answer:
            case Problem():
                return self._refuse(operation, answer)
            case Unavailable():
                return self._later(operation, answer, failures, answer.retry_after)
            case Garbled() if failures < MOST_GARBLED:
                return self._later(operation, answer, failures, None)
            case BotError():
                return self._refuse(operation, problem_of(answer))
            case _:
                return self._plan(operation, answer)

    def _plan(self, operation: Operation, facts: Facts) -> Outcome:
        targets = self._gatherer.targets(operation.request)
        planned = plan(operation, targets, facts)
        if isinstance(planned, Problem):
            return self._refuse(operation, planned)
        queued = self._store.move(
            operation.id,
            Phase.QUEUED,
            self._clock.now(),
            "planned",
            changes={"plan": planned, "problem": None},
            detail={change.service: f"{change.old} -> {change.new}" for change in planned.changes},
        )
        if queued is None:
            return Outcome(Next.OVER)
        degraded = {
            target.service: sorted(facts.observations[target.application].degraded)
            for target in targets
        }
        carry = {"targets": [target.name for target in targets], "degraded": degraded}
        return Outcome(Next.GO, carry=carry)

    def _later(
        self, operation: Operation, away: BotError, failures: int, asked: timedelta | None
    ) -> Outcome:
        now = self._clock.now()
        patience = self._catalog.environments[operation.request.environment].deadline
        if now - operation.requested_at > patience:
            return self._refuse(operation, problem_of(away))
        again = now + next_try(failures + 1, asked)
        note = problem_of(away, again.isoformat(timespec="seconds"))
        self._store.move(
            operation.id,
            operation.phase,
            now,
            f"check-again-{failures}",
            changes={"problem": note},
            detail={"waits": str(away)},
        )
        return Outcome(Next.AGAIN, stay_away=seconds(asked))

    def _refuse(self, operation: Operation, problem: Problem) -> Outcome:
        self._store.move(
            operation.id,
            Phase.REFUSED,
            self._clock.now(),
            "refused",
            changes={"problem": problem},
            detail={"reason": problem.reason.value, **problem.facts},
        )
        return Outcome(Next.OVER)


def plan(operation: Operation, targets: tuple[Target, ...], facts: Facts) -> Plan | Problem:
    """Return what *operation* will do by *facts*, or why it can't."""
    tags: dict[Target, str] = {}
    for target in targets:
        tag = tag_for(target, version_of(facts.commits[target.source]), operation.request.version)
        if isinstance(tag, Problem):
            return tag
        tags[target] = tag
    edits = plan_edits(tags, texts_of(facts.snapshot))
    if not isinstance(edits, Edits):
        return edits
    commit = facts.commits[targets[0].source]
    return Plan(
        repo=targets[0].location.repo,
        branch=targets[0].location.branch,
        commit=commit.sha,
        title=commit.title,
        author=commit.author,
        source=targets[0].source,
        changes=edits.changes,
    )


def seconds(span: timedelta | None) -> float | None:
    """Return *span* in seconds, as the engine records it."""
    return None if span is None else span.total_seconds()
