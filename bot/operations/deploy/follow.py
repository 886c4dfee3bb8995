"""The step that follows a commit through Argo CD: one look at a time, until the true end."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import structlog

from bot.clock import Clock
from bot.domain.catalog import Application, Catalog, Target
from bot.domain.errors import BotError
from bot.domain.following import judge
from bot.domain.observation import Observation
from bot.domain.operations import Entry, Kind, Operation, Phase, Progress, Stage
from bot.domain.problems import Problem, Reason
from bot.domain.pull_requests import newer_in_line
from bot.domain.rollout import Move, of_image, stands, told_of_abort, told_of_pause
from bot.domain.verdict import Ask, Expectation, Verdict, Watched
from bot.operations.deploy.sight import Seen, Sight
from bot.operations.gathering.facts import problem_of
from bot.operations.outcome import Next, Outcome
from bot.operations.sql.codec import dump, load
from bot.operations.store import Store
from bot.operations.waking.changes import Changes, application_change, operation_change

log = structlog.get_logger(__name__)

LONGEST_LOOK = timedelta(seconds=30)
"""The longest wait inside one step: what a crash makes us wait again at most."""

ENDED = frozenset({Stage.LIVE, Stage.FAILED})

LONGEST_WAIT = timedelta(hours=24)
"""How long past its deadline an operation stays open for a person or a window. Then it ends, so
that nothing holds a target for ever; what is true stands on the card."""

AFTER_ERROR = timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class Judged:
    """What a look means for one target. *verdict* is None where nothing could be read."""

    progress: Progress
    watched: Watched
    verdict: Verdict | None


class Follow:
    """Looks at the applications of an operation whose commit is made."""

    def __init__(
        self,
        store: Store,
        catalog: Catalog,
        sight: Sight,
        changes: Changes,
        clock: Clock,
    ) -> None:
        self._store, self._catalog, self._sight = store, catalog, sight
        self._changes, self._clock = changes, clock
        self._marks: dict[str, int] = {}

    async def look(self, operation_id: str, state: Mapping[str, Any]) -> Outcome:
        """Wait for a change or the next time to look, look once at every target, and judge.

        *state* is what the look before left (``watched``, ``asks``, ``again``), and ``degraded``:
        what was Degraded before we began, by service.
        """
        operation = await asyncio.to_thread(self._store.operation, operation_id)
        assert operation is not None
        assert operation.plan is not None
        if operation.phase.ended:
            self._marks.pop(operation_id, None)
            return Outcome(Next.OVER)
        if (newer := await asyncio.to_thread(self._taken_back_by, operation)) is not None:
            return await asyncio.to_thread(self._give_way, operation, newer)
        # What has ended for a target stays so, while others of the operation go on.
        ended = {one.service for one in operation.progress if one.stage in ENDED}
        targets = [one for one in self._targets(operation) if one.service not in ended]
        await self._wait(operation, targets, state.get("again", 0.0))
        self._marks[operation_id] = self._changes.mark()
        watched = {
            service: load(Watched, data) for service, data in state.get("watched", {}).items()
        }
        asks = {service: Ask(ask) for service, ask in state.get("asks", {}).items()}
        seen = await self._see(operation, targets, asks)
        judged = {
            target.service: self._judge(
                operation,
                target,
                seen[target.application],
                watched.get(target.service, Watched()),
                frozenset(state.get("degraded", {}).get(target.service, ())),
            )
            for target in targets
        } | _unknown(operation, self._targets(operation))
        return await asyncio.to_thread(self._conclude, operation, judged)

    def _targets(self, operation: Operation) -> tuple[Target, ...]:
        assert operation.plan is not None
        found = (
            self._catalog.target(change.service, operation.request.environment)
            for change in operation.plan.changes
        )
        return tuple(target for target in found if target is not None)

    # giving way

    def _taken_back_by(self, operation: Operation) -> Operation | None:
        wish = operation.request
        return newer_in_line(operation, self._store.under_way(wish.services, wish.environment))

    def _give_way(self, operation: Operation, newer: Operation) -> Outcome:
        """End it: a rollback waits for its targets, and says from now on what becomes of them."""
        shared = sorted(set(operation.request.services) & set(newer.request.services))
        facts = {
            "operation": newer.id,
            "by": newer.request.requester,
            "service": ",".join(shared),
        }
        problem = Problem(Reason.TAKEN_BACK, facts)
        now = self._clock.now()
        self._store.end(operation.id, Phase.FAILED, now, Phase.FAILED.value, problem)
        self._marks.pop(operation.id, None)
        return Outcome(Next.OVER)

    async def _wait(self, operation: Operation, targets: Sequence[Target], again: float) -> None:
        if again <= 0:
            return
        things = [application_change(t.application.instance, t.application.name) for t in targets]
        span = min(timedelta(seconds=again), LONGEST_LOOK)
        await self._changes.wait(
            [*things, operation_change(operation.id)],
            self._marks.get(operation.id, 0),
            self._clock.pause(span),
        )

    # seeing

    async def _see(
        self, operation: Operation, targets: Sequence[Target], asks: Mapping[str, Ask]
    ) -> dict[Application, Seen]:
        wanted: dict[Application, set[Ask]] = {}
        for target in targets:
            wanted.setdefault(target.application, set()).add(asks.get(target.service, Ask.REFRESH))
        answers = await asyncio.gather(
            *(
                self._sight.see(operation, application, asked)
                for application, asked in wanted.items()
            )
        )
        return dict(zip(wanted, answers, strict=True))

    # judging

    def _judge(
        self,
        operation: Operation,
        target: Target,
        seen: Seen,
        watched: Watched,
        degraded_before: frozenset[str],
    ) -> Judged:
        expectation = self._expectation(operation, target, degraded_before)
        url = self._sight.page(target.application)
        blank = Progress(target.service, target.application.name, url, Stage.WAITING)
        if isinstance(seen.what, BotError):
            return self._blind(blank, watched, seen.what, expectation)
        now = self._clock.now()
        verdict, after = judge(seen.what, expectation, seen.relations, watched, now, seen.evidence)
        log.debug("judged", operation=operation.id, app=target.application.name, row=verdict.row)
        if now > expectation.deadline + LONGEST_WAIT and not verdict.final:
            verdict = replace(verdict, stage=Stage.FAILED, final=True)
        rollouts = of_image(seen.rollouts, target.image)
        problem = _told(verdict.problem, seen.wounds)
        problem = told_of_abort(problem, rollouts, _asked_for(target, expectation))
        problem = told_of_pause(problem, rollouts)
        moving = () if verdict.stage in ENDED else rollouts
        progress = replace(blank, stage=verdict.stage, problem=problem, rollouts=moving)
        if isinstance(seen.what, Observation):
            progress = replace(progress, sync=seen.what.sync.value, health=seen.what.health.value)
        return Judged(progress, after, verdict)

    def _blind(
        self, progress: Progress, watched: Watched, error: BotError, expectation: Expectation
    ) -> Judged:
        now = self._clock.now()
        if now <= expectation.deadline:
            again = (now + AFTER_ERROR).isoformat(timespec="seconds")
            return Judged(replace(progress, problem=problem_of(error, again)), watched, None)
        failed = replace(progress, stage=Stage.FAILED, problem=problem_of(error))
        return Judged(failed, watched, None)

    def _expectation(
        self, operation: Operation, target: Target, degraded_before: frozenset[str]
    ) -> Expectation:
        assert operation.plan is not None
        assert operation.written is not None
        change = next(one for one in operation.plan.changes if one.service == target.service)
        deadline = self._catalog.environments[target.environment].deadline
        return Expectation(
            commit=operation.written.sha,
            image=target.image,
            tag=change.new,
            committed_at=operation.written.at,
            deadline=operation.written.at + deadline,
            key=operation.key,
            degraded_before=degraded_before,
            goes_back=operation.request.kind is Kind.ROLLBACK,
        )

    def _conclude(self, operation: Operation, judged: Mapping[str, Judged]) -> Outcome:
        newest = {one.service: one for one in operation.progress}
        timeline = self._store.timeline(operation.id)
        newest |= {service: _by_whom(one.progress, timeline) for service, one in judged.items()}
        progress = tuple(newest[service] for service in sorted(newest))
        over = all(one.stage in ENDED for one in progress)
        failed = next((one for one in progress if one.stage is Stage.FAILED), None)
        waits = next((one.problem for one in progress if one.problem), None)
        phase = Phase.FOLLOWING
        if over:
            phase = Phase.FAILED if failed else Phase.LIVE
        before = {one.service: one for one in operation.progress}
        news = {one.service: _line(one) for one in progress if _news(before.get(one.service), one)}
        after = self._store.move(
            operation.id,
            phase,
            self._clock.now(),
            phase.value if over else f"look-{len(timeline)}",
            changes={
                "progress": progress,
                "problem": failed.problem if failed and over else (None if over else waits),
            },
            detail=news or None,
        )
        if over or after is None:
            self._marks.pop(operation.id, None)
            return Outcome(Next.OVER)
        return Outcome(Next.GO, carry=_carry(judged))


def _unknown(operation: Operation, known: Sequence[Target]) -> dict[str, Judged]:
    """Judge what the configuration no longer names: nobody looks at it, so it never counts as live.

    The file may have changed between two starts of the bot, after the commit.
    """
    assert operation.plan is not None
    names = {target.service for target in known}
    return {
        change.service: Judged(_nowhere(operation, change.service), Watched(), None)
        for change in operation.plan.changes
        if change.service not in names
    }


def _nowhere(operation: Operation, service: str) -> Progress:
    before = next((one for one in operation.progress if one.service == service), None)
    if before is not None and before.stage in ENDED:
        return before
    facts = {"service": service, "environment": operation.request.environment}
    problem = Problem(Reason.NOT_IN_ENVIRONMENT, facts)
    blank = before or Progress(service, "", "", Stage.FAILED)
    return replace(blank, stage=Stage.FAILED, problem=problem)


def _told(problem: Problem | None, wounds: str) -> Problem | None:
    """Return *problem* with what the pods say, which tells more than the workload's own state."""
    if problem is None or problem.reason is not Reason.DEGRADED or not wounds:
        return problem
    return Problem(problem.reason, {**problem.facts, "detail": wounds})


def _asked_for(target: Target, expectation: Expectation) -> dict[str, str]:
    """Return what Git asks for at *target*, as the facts of a problem."""
    return {
        "app": target.application.name,
        "service": target.service,
        "environment": target.environment,
        "tag": expectation.tag,
    }


def _by_whom(progress: Progress, timeline: Sequence[Entry]) -> Progress:
    """Say who aborted it, where that was through us."""
    problem = progress.problem
    if problem is None or problem.reason is not Reason.ROLLOUT_ABORTED:
        return progress
    aborts = [
        one.by
        for one in timeline
        if one.detail.get("move") == Move.ABORT and one.detail.get("service") == progress.service
    ]
    if not aborts:
        return progress
    return replace(progress, problem=Problem(problem.reason, {**problem.facts, "by": aborts[-1]}))


def _carry(judged: Mapping[str, Judged]) -> dict[str, Any]:
    verdicts = [one.verdict for one in judged.values()]
    pauses = [one.again if one else AFTER_ERROR for one in verdicts if one is None or not one.final]
    return {
        "watched": {service: dump(Watched, one.watched) for service, one in judged.items()},
        "asks": {
            service: (one.verdict.ask if one.verdict else Ask.NOTHING).value
            for service, one in judged.items()
        },
        "again": min(pauses, default=timedelta()).total_seconds(),
    }


def _news(before: Progress | None, after: Progress) -> bool:
    if before is None or (before.stage, _lasting(before)) != (after.stage, _lasting(after)):
        return True
    return [stands(one) for one in before.rollouts] != [stands(one) for one in after.rollouts]


def _lasting(progress: Progress) -> Problem | None:
    """Return the problem without the time of the next try, which is no news."""
    if progress.problem is None:
        return None
    facts = {name: fact for name, fact in progress.problem.facts.items() if name != "again"}
    return Problem(progress.problem.reason, facts)


def _line(progress: Progress) -> str:
    reason = f" ({progress.problem.reason.value})" if progress.problem else ""
    moving = "".join(f", {one.label} {stands(one)}" for one in progress.rollouts)
    return f"{progress.stage.value}{reason}{moving}"
