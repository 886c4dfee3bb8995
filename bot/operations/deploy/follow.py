"""The step that follows a commit through Argo CD: one look at a time, until the true end."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import structlog

from bot.adapters.argocd import ArgoCD, Refresh
from bot.adapters.github.commits import Commits
from bot.adapters.github.commits import Relation as Lies
from bot.clock import Clock
from bot.domain.catalog import Application, Catalog, Target
from bot.domain.errors import BotError, Conflict, Forbidden, NotFound
from bot.domain.following import judge, revisions_to_relate
from bot.domain.observation import Absence, Absent, Health, Observation
from bot.domain.operations import Operation, Phase, Progress, Stage
from bot.domain.problems import Problem, Reason
from bot.domain.verdict import Ask, Evidence, Expectation, Relation, Verdict, Watched
from bot.operations.changes import Changes, application_change, operation_change
from bot.operations.codec import dump, load
from bot.operations.facts import problem_of
from bot.operations.outcome import Next, Outcome
from bot.operations.store import Store

log = structlog.get_logger(__name__)

LONGEST_LOOK = timedelta(seconds=30)
"""The longest wait inside one step: what a crash makes us wait again at most."""

AFTER_ERROR = timedelta(seconds=10)

RELATIONS: Mapping[Lies, Relation] = {
    Lies.IDENTICAL: Relation.SAME,
    Lies.AHEAD: Relation.CONTAINS,
    Lies.BEHIND: Relation.OLDER,
    Lies.DIVERGED: Relation.DIVERGED,
    Lies.UNKNOWN: Relation.UNKNOWN,
}


@dataclass(frozen=True, slots=True)
class Seen:
    """One application as read for one look, or why it could not be read.

    *wounds* is what its pods say about not being well; empty when it is well.
    """

    what: Observation | Absent | BotError
    evidence: Evidence = field(default_factory=Evidence)
    relations: Mapping[str, Relation] = field(default_factory=dict)
    wounds: str = ""


@dataclass(frozen=True, slots=True)
class Judged:
    """What a look means for one target. *verdict* is None where nothing could be read."""

    progress: Progress
    watched: Watched
    verdict: Verdict | None

    @property
    def ended(self) -> bool:
        """Tell whether nothing follows for this target."""
        return self.progress.stage in {Stage.LIVE, Stage.FAILED}


class Follow:
    """Looks at the applications of an operation whose commit is made."""

    def __init__(
        self,
        store: Store,
        catalog: Catalog,
        argocd: Mapping[str, ArgoCD],
        commits: Commits,
        changes: Changes,
        clock: Clock,
    ) -> None:
        self._store, self._catalog, self._argocd = store, catalog, argocd
        self._commits, self._changes, self._clock = commits, changes, clock
        self._marks: dict[str, int] = {}
        self._relations: dict[tuple[str, str, str], Relation] = {}

    async def look(self, operation_id: str, state: Mapping[str, Any]) -> Outcome:
        """Wait for a change or the next time to look, look once at every target, and judge.

        *state* is what the look before left (``watched``, ``asks``, ``again``), and ``degraded``:
        what was Degraded before we began, by service.
        """
        operation = await asyncio.to_thread(self._store.operation, operation_id)
        assert operation is not None
        assert operation.plan is not None
        if operation.phase.ended:
            return Outcome(Next.OVER)
        targets = self._targets(operation)
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
        }
        return await asyncio.to_thread(self._conclude, operation, judged)

    def _targets(self, operation: Operation) -> tuple[Target, ...]:
        assert operation.plan is not None
        found = (
            self._catalog.target(change.service, operation.request.environment)
            for change in operation.plan.changes
        )
        return tuple(target for target in found if target is not None)

    async def _wait(self, operation: Operation, targets: tuple[Target, ...], again: float) -> None:
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
        self, operation: Operation, targets: tuple[Target, ...], asks: Mapping[str, Ask]
    ) -> dict[Application, Seen]:
        wanted: dict[Application, set[Ask]] = {}
        for target in targets:
            wanted.setdefault(target.application, set()).add(asks.get(target.service, Ask.REFRESH))
        answers = await asyncio.gather(
            *(
                asyncio.to_thread(self._see_one, operation, application, asked)
                for application, asked in wanted.items()
            )
        )
        return dict(zip(wanted, answers, strict=True))

    def _see_one(self, operation: Operation, application: Application, asks: set[Ask]) -> Seen:
        argocd = self._argocd[application.instance]
        try:
            if Ask.SYNC in asks:
                self._sync(argocd, application, operation)
            if Ask.RESOLVE in asks:
                argocd.forget(application)
            observed = argocd.look(application, refresh=_refresh(asks))
            evidence = Evidence(
                argocd.workloads(application, observed) if Ask.WORKLOADS in asks else None,
                argocd.windows(application) if Ask.WINDOWS in asks else None,
            )
            degraded = observed.health is Health.DEGRADED
            wounds = argocd.why_degraded(application) if degraded else ""
            return Seen(observed, evidence, self._relate(operation, observed), wounds)
        except NotFound as gone:
            return Seen(Absent(Absence.GONE, gone.detail))
        except Forbidden as forbidden:
            return Seen(Absent(Absence.FORBIDDEN, forbidden.detail))
        except BotError as error:
            log.warning("could not look", operation=operation.id, error=str(error))
            return Seen(error)

    def _sync(self, argocd: ArgoCD, application: Application, operation: Operation) -> None:
        try:
            argocd.sync(application, operation.key)
        except Conflict as busy:  # Another operation runs; the next look sees which.
            log.info("sync not taken", operation=operation.id, error=str(busy))

    def _relate(self, operation: Operation, observed: Observation) -> dict[str, Relation]:
        assert operation.plan is not None
        assert operation.written is not None
        repo, commit = operation.plan.repo, operation.written.sha
        return {
            revision: self._relation(repo, commit, revision)
            for revision in revisions_to_relate(observed)
        }

    def _relation(self, repo: str, commit: str, revision: str) -> Relation:
        if revision == commit:
            return Relation.SAME
        known = self._relations.get((repo, commit, revision))
        if known is not None:
            return known
        try:
            relation = RELATIONS[self._commits.relation(repo, commit, revision).relation]
        except BotError as error:
            # GitHub away does not stop the look: unknown never counts as contained.
            log.info("could not compare", repo=repo, error=str(error))
            return Relation.UNKNOWN
        if relation is not Relation.UNKNOWN:
            self._relations[repo, commit, revision] = relation
        return relation

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
        url = self._argocd[target.application.instance].page(target.application)
        blank = Progress(target.service, target.application.name, url, Stage.WAITING)
        if isinstance(seen.what, BotError):
            return self._blind(blank, watched, seen.what, expectation)
        now = self._clock.now()
        verdict, after = judge(seen.what, expectation, seen.relations, watched, now, seen.evidence)
        log.debug("judged", operation=operation.id, app=target.application.name, row=verdict.row)
        problem = _told(verdict.problem, seen.wounds)
        progress = replace(blank, stage=verdict.stage, problem=problem)
        if isinstance(seen.what, Observation):
            progress = replace(progress, sync=seen.what.sync.value, health=seen.what.health.value)
        return Judged(progress, after, verdict)

    def _blind(
        self, progress: Progress, watched: Watched, error: BotError, expectation: Expectation
    ) -> Judged:
        problem = problem_of(error)
        if self._clock.now() <= expectation.deadline:
            return Judged(replace(progress, problem=problem), watched, None)
        return Judged(replace(progress, stage=Stage.FAILED, problem=problem), watched, None)

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
        )

    def _conclude(self, operation: Operation, judged: Mapping[str, Judged]) -> Outcome:
        progress = tuple(judged[service].progress for service in sorted(judged))
        over = all(one.ended for one in judged.values())
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
            phase.value if over else f"look-{len(self._store.timeline(operation.id))}",
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


def _told(problem: Problem | None, wounds: str) -> Problem | None:
    """Return *problem* with what the pods say, which tells more than the workload's own state."""
    if problem is None or problem.reason is not Reason.DEGRADED or not wounds:
        return problem
    return Problem(problem.reason, {**problem.facts, "detail": wounds})


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


def _refresh(asks: set[Ask]) -> Refresh:
    if Ask.HARD_REFRESH in asks:
        return Refresh.HARD
    return Refresh.NORMAL if Ask.REFRESH in asks else Refresh.NONE


def _news(before: Progress | None, after: Progress) -> bool:
    return before is None or (before.stage, before.problem) != (after.stage, after.problem)


def _line(progress: Progress) -> str:
    reason = f" ({progress.problem.reason.value})" if progress.problem else ""
    return f"{progress.stage.value}{reason}"
