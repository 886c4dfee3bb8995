"""The steps that change the GitOps repository: one commit, made once, found again after a crash.

"Is it done already?", "what stands there now?" and "onto which head?" are answered by one
snapshot; the server then accepts our commit only on that head.
"""

import asyncio
import random
from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

import structlog

from bot.adapters.gitops import Committed, GitOps, Snapshot
from bot.clock import Clock
from bot.domain.catalog import Catalog
from bot.domain.errors import BotError, BranchProtected, Conflict, Garbled, Unavailable
from bot.domain.operations import Change, Kind, Operation, Phase, Plan, Written
from bot.domain.patience import next_try
from bot.domain.planning import Edits, rebased
from bot.domain.problems import Problem, Reason
from bot.domain.rights import Actor, GitHubUser
from bot.domain.rollback.going_around import GITHUB
from bot.operations.deploy.check import seconds
from bot.operations.deploy.drafting import commit_words, edits_on, key_line
from bot.operations.deploy.recent import Recent
from bot.operations.deploy.recheck import Permit, gone_around
from bot.operations.emergency.offering import Offering
from bot.operations.gathering.facts import problem_of
from bot.operations.outcome import Next, Outcome
from bot.operations.standstill.holding import Holding
from bot.operations.store import Store
from bot.operations.threads import Threads

log = structlog.get_logger(__name__)

MOST_RACES = 8
"""How often one step edits the fresh text again after somebody else moved the branch."""

UNSURE_FOR = timedelta(hours=24)
"""How long we keep looking for a commit whose answer was lost before we say that we can't know."""


@dataclass(frozen=True, slots=True)
class Made:
    """The commit that carries our change. *sha* is the head itself where nothing was to change."""

    sha: str
    url: str
    plan: Plan


@dataclass(frozen=True, slots=True)
class _Attempt:
    """One try of one step: *failures* steps and *race* tries of this one went before."""

    failures: int
    race: int
    permit: Permit
    unsure: bool


@dataclass(frozen=True, slots=True)
class _Silent:
    """GitHub gave no answer that can be read, so the commit may stand."""

    error: Unavailable | Garbled


class Write:
    """Begins an operation whose targets are all held, and commits its change."""

    def __init__(
        self,
        store: Store,
        catalog: Catalog,
        gitops: GitOps,
        recent: Recent,
        holding: Holding,
        threads: Threads,
        clock: Clock,
        offering: Offering | None = None,
    ) -> None:
        self._offering = offering
        self._store, self._catalog, self._gitops = store, catalog, gitops
        self._threads, self._clock = threads, clock
        self._recent, self._holding = recent, holding
        self._turns: defaultdict[tuple[str, str], asyncio.Lock] = defaultdict(asyncio.Lock)
        self._wrote: dict[tuple[str, str], datetime] = {}  # our newest commit on each branch

    def begin(self, operation_id: str, *, bound: bool = False) -> Outcome:
        """Enter the phase in which a cancel can no longer end the operation by itself.

        A plan that is *bound* to an approval stays as it was approved; another one follows what our
        own operations changed since.
        """
        operation = self._store.operation(operation_id)
        assert operation is not None
        if operation.phase.ended or operation.plan is None:
            return Outcome(Next.OVER)
        plan = operation.plan
        if not bound:
            plan = rebased(plan, self._changes_ahead(operation))
        moved_on = self._store.move(
            operation_id,
            Phase.COMMITTING,
            self._clock.now(),
            "committing",
            changes={"plan": plan},
        )
        return Outcome(Next.OVER if moved_on is None else Next.GO)

    def _changes_ahead(self, operation: Operation) -> tuple[Change, ...]:
        """Return what our own operations changed at these targets since this one was asked for.

        They count from the request, not from the place in line: the file was read in between.
        """
        request = operation.request
        others = self._store.latest(request.services, request.environment)
        return tuple(
            change
            for one in reversed(others)
            if one.id != operation.id
            and one.written
            and one.written.at >= operation.requested_at
            and one.plan
            for change in one.plan.changes
        )

    async def write(
        self, operation_id: str, failures: int, permit: Permit, *, unsure: bool
    ) -> Outcome:
        """Commit as *permit* says, or find the commit made before, or say why not.

        *unsure* says that an earlier run may have committed without hearing the answer. From then
        on nothing is called off before the branch could be read.
        """
        operation = await asyncio.to_thread(self._store.operation, operation_id)
        assert operation is not None
        assert operation.plan is not None
        if operation.phase.ended:
            return Outcome(Next.OVER)
        if operation.written is not None:
            return Outcome(Next.GO)
        if not await asyncio.to_thread(self._is_first_life, operation_id, failures):
            unsure = True
        # One writer of this process at a time on a branch: otherwise they make each other's heads
        # stale, and tries grow with the square of writers.
        async with self._turns[_branch(operation.plan)]:
            for race in range(1, MOST_RACES + 1):
                attempt = _Attempt(failures, race, permit, unsure)
                outcome = await self._threads.run(self._race, operation, attempt)
                if isinstance(outcome, _Silent):
                    return await self._wait(operation, outcome, failures)
                if outcome is not None:
                    return outcome
                await asyncio.sleep(self._clock.pause(jitter(race)))
        busy = {"repo": operation.plan.repo, "branch": operation.plan.branch}
        problem = Problem(Reason.BRANCH_BUSY, {**busy, "tries": str(MOST_RACES)})
        return await asyncio.to_thread(
            self._again, operation, problem, failures, None, unsure=unsure
        )

    def _is_first_life(self, operation_id: str, failures: int) -> bool:
        """Tell whether this is the first life of this try: one before it may have committed."""
        return self._store.note(operation_id, f"writing-{failures}", "writing", self._clock.now())

    async def _wait(self, operation: Operation, silent: _Silent, failures: int) -> Outcome:
        """Come again, and let the card say how it could go around."""
        why = problem_of(silent.error)
        if self._offering is not None:
            why = why.with_facts(await self._offering.look(operation, silent.error))
        asked = silent.error.retry_after if isinstance(silent.error, Unavailable) else None
        again = partial(self._again, operation, why, failures, asked, unsure=True)
        return await asyncio.to_thread(again)

    def _race(self, operation: Operation, attempt: _Attempt) -> Outcome | _Silent | None:
        """Try once; None says that somebody else moved the branch first."""
        permit, unsure = attempt.permit, attempt.unsure
        try:
            made = self._attempt(operation, attempt)
        except Conflict:
            return None
        except BotError as error:
            return self._failed(operation, error, attempt.failures, unsure)
        if isinstance(made, Made):
            return self.took(operation, made, permit, attempt.race)
        if permit.again and made == permit.stop:
            return self._again(operation, made, attempt.failures, None, unsure=unsure)
        return self._end(operation, made)

    def _files(self, operation: Operation, plan: Plan, attempt: _Attempt) -> Snapshot | None:
        """Return the files as they were judged a moment ago, for the very first try.

        If they moved since, the server refuses the commit, and the next try reads them.
        """
        if attempt.unsure or attempt.failures or attempt.race > 1:
            return None
        return self._recent.files(operation.id, self._wrote.get(_branch(plan)))

    def _attempt(self, operation: Operation, attempt: _Attempt) -> Made | Problem:
        permit, unsure = attempt.permit, attempt.unsure
        plan = operation.plan
        assert plan is not None
        files = sorted({change.file for change in plan.changes})
        snapshot = self._files(operation, plan, attempt) or self._gitops.read(
            plan.repo, plan.branch, files
        )
        if made := self._made_before(operation, plan, snapshot, unsure):
            return made
        if problem := permit.stop or self.called_off(operation):
            return problem
        edits = edits_on(operation, snapshot, self._catalog, permit)
        if isinstance(edits, Problem):
            return edits
        fresh = replace(plan, changes=edits.changes)
        if not edits.files:
            return Made(snapshot.head, self._gitops.page(plan.repo, snapshot.head), fresh)
        made_now = self._commit(operation, snapshot, edits, permit)
        self._wrote[_branch(plan)] = self._clock.now()
        return Made(made_now.sha, made_now.url, fresh)

    def _made_before(
        self,
        operation: Operation,
        plan: Plan,
        snapshot: Snapshot,
        unsure: bool,  # noqa: FBT001
    ) -> Made | None:
        trailer = key_line(operation)
        if sha := snapshot.commit_with(trailer):
            return Made(sha, self._gitops.page(plan.repo, sha), plan)
        if unsure:
            found = self._gitops.find(plan.repo, plan.branch, trailer, operation.requested_at)
            if found:
                return Made(found.sha, found.url, plan)
        return None

    def called_off(self, operation: Operation) -> Problem | None:
        """Return why the commit is not wanted any more, or None."""
        if by := self._store.cancel_wished(operation.id):
            return Problem(Reason.CANCELLED, {"by": by})
        if self._is_late(operation):
            late = {"system": "GitHub", "doing": "take the commit in time", "detail": ""}
            return Problem(Reason.UNAVAILABLE, late)
        return None

    def _commit(
        self, operation: Operation, snapshot: Snapshot, edits: Edits, permit: Permit
    ) -> Committed:
        title, body = commit_words(operation, edits.changes, permit)
        return self._gitops.commit(snapshot, edits.files, title, body, operation.key)

    def _is_late(self, operation: Operation) -> bool:
        begun = operation.entered.get(Phase.COMMITTING.value, operation.requested_at)
        deadline = self._catalog.environments[operation.request.environment].deadline
        return self._clock.now() - begun > deadline

    def _failed(
        self,
        operation: Operation,
        error: BotError,
        failures: int,
        unsure: bool,  # noqa: FBT001
    ) -> Outcome | _Silent:
        log.warning(
            "commit not sure" if unsure else "commit failed",
            operation=operation.id,
            error=str(error),
        )
        match error:
            case BranchProtected():
                plan = operation.plan
                assert plan is not None
                facts = {"repo": plan.repo, "branch": plan.branch, "detail": error.detail}
                return self._end(operation, Problem(Reason.BRANCH_PROTECTED, facts))
            case Unavailable() | Garbled():
                return _Silent(error)
            case _ if unsure:
                # The branch can't be read, so whether the commit stands is not known: look on.
                return self._again(operation, problem_of(error), failures, None, unsure=True)
            case _:
                return self._end(operation, problem_of(error))

    def _again(
        self,
        operation: Operation,
        problem: Problem,
        failures: int,
        asked: timedelta | None,
        *,
        unsure: bool,
    ) -> Outcome:
        now = self._clock.now()
        begun = operation.entered.get(Phase.COMMITTING.value, operation.requested_at)
        silent = problem.facts.get("system") == GITHUB
        if silent and (around := gone_around(operation, self._store)) is not None:
            return self._end(operation, around, unsure=unsure)
        if now - begun > UNSURE_FOR:
            return self._end(operation, problem, unsure=unsure)
        again = (now + next_try(failures + 1, asked)).isoformat(timespec="seconds")
        note = Problem(problem.reason, {**problem.facts, "again": again})
        self._store.move(
            operation.id,
            Phase.COMMITTING,
            now,
            f"write-again-{failures}",
            changes={"problem": note},
            detail=problem.told(),
        )
        return Outcome(Next.AGAIN, stay_away=seconds(asked), carry={"unsure": unsure})

    def _end(self, operation: Operation, problem: Problem, *, unsure: bool = False) -> Outcome:
        cancelled = problem.reason is Reason.CANCELLED
        phase = Phase.CANCELLED if cancelled else Phase.REFUSED
        if unsure:  # Refused and cancelled say that nothing was changed, which nobody knows here.
            phase = Phase.FAILED
        self._store.end(operation.id, phase, self._clock.now(), phase.value, problem)
        return Outcome(Next.OVER)

    def _quarantine(self, operation: Operation, plan: Plan, permit: Permit) -> None:
        """Hold what a rollback takes away, before anything else may bring it back."""
        if operation.request.kind is Kind.ROLLBACK:
            nobody = Actor(operation.request.requester, GitHubUser(0, ""))
            self._holding.quarantine(operation, plan, permit.requester or nobody)

    def took(self, operation: Operation, made: Made, permit: Permit, races: int = 1) -> Outcome:
        """Remember that the branch has our change, at the try *races*, and go on."""
        self._quarantine(operation, made.plan, permit)
        now = self._clock.now()
        nothing = all(change.old == change.new for change in made.plan.changes)
        attempts = 0 if nothing else races
        self._store.move(
            operation.id,
            Phase.FOLLOWING,
            now,
            "written",
            changes={
                "written": Written(made.sha, made.url, now, attempts),
                "plan": made.plan,
                "problem": None,
            },
            detail={"sha": made.sha, "attempts": str(attempts)},
        )
        return Outcome(Next.GO)


def _branch(plan: Plan) -> tuple[str, str]:
    return plan.repo.lower(), plan.branch


def jitter(race: int) -> timedelta:
    """Return the pause before the next try to write after *race* lost races.

    Measured with 24 writers on one branch: short random pauses end the race soonest.
    """
    return timedelta(seconds=min(2.0, 0.05 * 2**race) * random.random())  # noqa: S311
