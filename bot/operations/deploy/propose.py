"""The step that puts a change into a pull request: a branch, one commit on it, and the request.

Each of the three is looked for before it is made: the branch by its name, which is the operation's
own, the commit by its trailer, the pull request by its branch. So the step may run twice anywhere.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta

import structlog

from bot.adapters.github.pulls import Branch, Pulls, Seen
from bot.adapters.gitops import GitOps, Snapshot
from bot.clock import Clock
from bot.domain.approving.approval_case import Evidence
from bot.domain.catalog import Application, Catalog
from bot.domain.environment_policy import Way
from bot.domain.errors import BotError, Conflict, Garbled, NotFound, Unavailable
from bot.domain.operations import Operation, Phase, Plan, Pull
from bot.domain.patience import next_try
from bot.domain.planning import Edits
from bot.domain.problems import Problem, Reason
from bot.domain.pull_requests import branch_of
from bot.domain.rights import Actor, GitHubUser
from bot.messages.cards import Links
from bot.messages.pull_request import Told, body, title
from bot.operations.books.approval_book import ApprovalBook
from bot.operations.deploy.check import seconds
from bot.operations.deploy.drafting import commit_words, edits_on, key_line
from bot.operations.deploy.evidence import evidence_of
from bot.operations.deploy.recheck import Permit
from bot.operations.deploy.write import UNSURE_FOR, Made, Write, jitter
from bot.operations.gathering.facts import Gatherer, problem_of
from bot.operations.outcome import Next, Outcome
from bot.operations.store import Store
from bot.operations.threads import Threads

log = structlog.get_logger(__name__)

MOST_RACES = 8
"""How often one step looks again after something was not as it had just been seen."""


@dataclass(frozen=True, slots=True)
class Proposed:
    """The pull request that holds the *plan*."""

    pull: Pull
    plan: Plan


@dataclass(frozen=True, slots=True)
class Showing:
    """What a pull request shows besides its operation: web addresses, and what approvers saw."""

    links: Links
    page: Callable[[Application], str]
    approvals: ApprovalBook
    gatherer: Gatherer


class Propose:
    """Opens the pull request of an operation whose targets are all held."""

    def __init__(
        self,
        store: Store,
        catalog: Catalog,
        gitops: GitOps,
        pulls: Pulls,
        write: Write,
        showing: Showing,
        threads: Threads,
        clock: Clock,
    ) -> None:
        self._store, self._catalog = store, catalog
        self._gitops, self._pulls, self._write = gitops, pulls, write
        self._showing, self._threads, self._clock = showing, threads, clock

    async def propose(
        self, operation_id: str, failures: int, permit: Permit, *, unsure: bool
    ) -> Outcome:
        """Open the pull request as *permit* says, or find it, or say why not.

        *unsure* says that an earlier run may have made part of it: then nothing is called off
        before GitHub was looked at.
        """
        operation = await asyncio.to_thread(self._store.operation, operation_id)
        assert operation is not None
        if operation.phase.ended:
            return Outcome(Next.OVER)
        if operation.pull is not None or operation.written is not None:
            return Outcome(Next.GO)
        for race in range(1, MOST_RACES + 1):
            try:
                made = await self._attempt(operation, permit)
            except Conflict as moved:
                log.info("looks again", operation=operation.id, race=race, error=str(moved))
                await asyncio.sleep(self._clock.pause(jitter(race)))
                continue
            except BotError as error:
                return await asyncio.to_thread(self._failed, operation, error, failures, unsure)
            return await asyncio.to_thread(self._come_to, operation, made, permit, failures)
        assert operation.plan is not None
        busy = {"repo": operation.plan.repo, "branch": branch_of(operation)}
        problem = Problem(Reason.BRANCH_BUSY, {**busy, "tries": str(MOST_RACES)})
        return await asyncio.to_thread(self._again, operation, problem, failures, None)

    async def _attempt(self, operation: Operation, permit: Permit) -> Proposed | Made | Problem:
        plan = operation.plan
        assert plan is not None
        files = sorted({change.file for change in plan.changes})
        snapshot = await self._threads.run(self._gitops.read, plan.repo, plan.branch, files)
        branch = branch_of(operation)
        seen = await self._threads.run(self._pulls.look, snapshot.repo, plan.branch, branch)
        ours = seen.branch.commit_with(key_line(operation)) if seen.branch else None
        if (found := seen.pull()) is not None:
            head = ours or found.head
            pull = Pull(found.number, found.url, branch, head, _by_bot(permit))
            return Proposed(pull, plan)
        if problem := permit.stop or await asyncio.to_thread(self._write.called_off, operation):
            return problem
        edits = edits_on(operation, snapshot, self._catalog, permit)
        if isinstance(edits, Problem):
            return edits
        fresh = replace(plan, changes=edits.changes)
        if not edits.files:
            return Made(snapshot.head, self._gitops.page(plan.repo, snapshot.head), fresh)
        if ours is None:
            ours = await self._threads.run(
                self._commit, operation, snapshot, seen.branch, edits, permit
            )
        return await self._open(operation, seen, replace(snapshot, head=ours), edits, permit)

    def _commit(
        self,
        operation: Operation,
        snapshot: Snapshot,
        branch: Branch | None,
        edits: Edits,
        permit: Permit,
    ) -> str:
        """Make the one commit on our branch, from the head that the files were read at."""
        name = branch_of(operation)
        if branch is None:
            self._pulls.create_branch(snapshot.repo, name, snapshot.head)
        elif branch.head != snapshot.head:
            self._pulls.advance_branch(snapshot.repo, name, snapshot.head)
        headline, rest = commit_words(operation, edits.changes, permit)
        onto = replace(snapshot, branch=name)
        try:
            return self._gitops.commit(onto, edits.files, headline, rest, operation.key).sha
        except NotFound as missing:
            # A branch is not seen everywhere at once when it was just made.
            raise Unavailable(missing.system, missing.doing, missing.detail) from missing

    async def _open(
        self,
        operation: Operation,
        seen: Seen,
        made: Snapshot,
        edits: Edits,
        permit: Permit,
    ) -> Proposed:
        plan = operation.plan
        assert plan is not None
        fresh = replace(plan, changes=edits.changes)
        told = await self._told(operation, fresh, edits, permit)
        headline, _ = commit_words(operation, edits.changes, permit)
        branch = branch_of(operation)
        number, url = await self._threads.run(
            self._pulls.open,
            seen.repo,
            plan.branch,
            branch,
            title(headline),
            body(operation, told, self._showing.links),
        )
        return Proposed(Pull(number, url, branch, made.head, _by_bot(permit)), fresh)

    async def _told(self, operation: Operation, plan: Plan, edits: Edits, permit: Permit) -> Told:
        asked = await asyncio.to_thread(self._showing.approvals.asked, operation.id)
        evidence = asked.evidence if asked else await self._evidence(operation, plan, edits, permit)
        applications = {
            target.application for target in self._showing.gatherer.targets(operation.request)
        }
        pages = sorted((one.name, self._showing.page(one)) for one in applications)
        return Told(evidence, permit.approved_by, pages, _by_bot(permit))

    async def _evidence(
        self, operation: Operation, plan: Plan, edits: Edits, permit: Permit
    ) -> Evidence:
        """Return what approvers would have been shown, where nobody had to approve."""
        gathered = await self._showing.gatherer.gather(operation.request)
        if gathered.snapshot is None:
            away = gathered.away or Unavailable("GitHub", "read the files once more")
            raise away
        nobody = Actor(operation.request.requester, GitHubUser(0, operation.request.requester))
        return evidence_of(permit.requester or nobody, plan, edits, gathered, ())

    # what comes of it

    def _come_to(
        self,
        operation: Operation,
        made: Proposed | Made | Problem,
        permit: Permit,
        failures: int,
    ) -> Outcome:
        if isinstance(made, Proposed):
            return self._proposed(operation, made)
        if isinstance(made, Made):
            return self._write.took(operation, made, permit)
        if permit.again and made == permit.stop:
            return self._again(operation, made, failures, None)
        return self._end(operation, made)

    def _proposed(self, operation: Operation, made: Proposed) -> Outcome:
        pull = made.pull
        moved = self._store.move(
            operation.id,
            Phase.MERGING,
            self._clock.now(),
            "proposed",
            changes={"pull": pull, "plan": made.plan, "problem": None},
            detail={"pull": f"#{pull.number}", "branch": pull.branch, "head": pull.head},
        )
        return Outcome(Next.OVER if moved is None else Next.GO)

    def _failed(
        self,
        operation: Operation,
        error: BotError,
        failures: int,
        unsure: bool,  # noqa: FBT001
    ) -> Outcome:
        log.warning("pull request not opened", operation=operation.id, error=str(error))
        if isinstance(error, Unavailable | Garbled) or unsure:
            asked = error.retry_after if isinstance(error, Unavailable) else None
            return self._again(operation, problem_of(error), failures, asked)
        return self._end(operation, problem_of(error))

    def _again(
        self,
        operation: Operation,
        problem: Problem,
        failures: int,
        asked: timedelta | None,
    ) -> Outcome:
        now = self._clock.now()
        begun = operation.entered.get(Phase.COMMITTING.value, operation.requested_at)
        if now - begun > UNSURE_FOR:
            return self._end(operation, problem)
        again = (now + next_try(failures + 1, asked)).isoformat(timespec="seconds")
        self._store.move(
            operation.id,
            Phase.COMMITTING,
            now,
            f"propose-again-{failures}",
            changes={"problem": Problem(problem.reason, {**problem.facts, "again": again})},
            detail=problem.told(),
        )
        return Outcome(Next.AGAIN, stay_away=seconds(asked), carry={"unsure": True})

    def _end(self, operation: Operation, problem: Problem) -> Outcome:
        """End it. What stands on our branch changes nothing; it is removed if GitHub lets us."""
        assert operation.plan is not None
        branch = branch_of(operation)
        try:
            self._pulls.delete_branch(operation.plan.repo, branch)
        except BotError as left:
            log.warning("a branch is left", operation=operation.id, branch=branch, error=str(left))
        cancelled = problem.reason is Reason.CANCELLED
        self._store.end(
            operation.id,
            Phase.CANCELLED if cancelled else Phase.REFUSED,
            self._clock.now(),
            "not proposed",
            problem,
        )
        return Outcome(Next.OVER)


def _by_bot(permit: Permit) -> bool:
    return permit.way is Way.OWN_PULL_REQUEST
