"""The steps in which an operation waits for its pull request: looks, the merge by us, and the end.

People may do anything to a pull request at any time, so every decision is made on what GitHub shows
at that moment, and a merge of ours names the one commit that we made.
"""

from dataclasses import dataclass
from datetime import datetime

import structlog

from bot.adapters.github.pulls import Pulls, Seen
from bot.clock import Clock
from bot.domain.errors import BotError, Conflict, Garbled, Unavailable
from bot.domain.operations import Operation, Phase, Pull
from bot.domain.patience import next_try
from bot.domain.problems import Problem, Reason
from bot.domain.pull_requests import (
    Closed,
    Conflicts,
    Merged,
    State,
    Taken,
    Waits,
    judge,
    newer_in_line,
    next_look,
)
from bot.operations.deploy.check import seconds
from bot.operations.deploy.drafting import commit_words
from bot.operations.deploy.recheck import Permit
from bot.operations.deploy.write import Made, Write
from bot.operations.gathering.facts import problem_of
from bot.operations.outcome import Next, Outcome
from bot.operations.store import Store
from bot.operations.threads import Threads

log = structlog.get_logger(__name__)

READY = "ready"
"""In the carry of a look: nothing but our own rules keeps us from merging."""

ENDS = "ends"
ENDING = frozenset({ENDS, "reason"})
"""In the timeline: what we are about to end it as, written down before we close anything."""


@dataclass(frozen=True, slots=True)
class _Ending:
    """How the operation is to end without its change, and who says so in the timeline."""

    phase: Phase
    problem: Problem
    by: str = "shipmate"


class Merge:
    """Waits for the merge of an operation's pull request, or makes it."""

    def __init__(
        self, store: Store, pulls: Pulls, write: Write, threads: Threads, clock: Clock
    ) -> None:
        self._store, self._pulls, self._write = store, pulls, write
        self._threads, self._clock = threads, clock

    async def look(self, operation_id: str, failures: int, permit: Permit) -> Outcome:
        """Look at the pull request: go on, it is over, or look again after ``carry["rest"]``.

        Where we may merge it now by what GitHub shows, the carry says ``READY``.
        """
        return await self._threads.run(self._look, operation_id, failures, permit)

    async def merge(self, operation_id: str, failures: int, permit: Permit) -> Outcome:
        """Merge the pull request as *permit* says, or say what is in the way."""
        return await self._threads.run(self._merge, operation_id, failures, permit)

    def _look(self, operation_id: str, failures: int, permit: Permit) -> Outcome:
        found = self._under_way(operation_id)
        if isinstance(found, Outcome):
            return found
        operation, pull = found
        try:
            seen = self._seen(operation, pull)
            return self._come_to(operation, pull, seen, permit)
        except BotError as away:
            return self._later(operation, away, failures)

    def _merge(self, operation_id: str, failures: int, permit: Permit) -> Outcome:
        found = self._under_way(operation_id)
        if isinstance(found, Outcome):
            return found
        operation, pull = found
        try:
            seen = self._seen(operation, pull)
            if not isinstance(_state(seen, pull), Waits) or self._wished(operation) is not None:
                return self._come_to(operation, pull, seen, permit)
            if permit.stop is not None:
                return self._stopped(operation, pull, permit.stop, permit)
        except BotError as away:
            return self._later(operation, away, failures)
        return self._try(operation, pull, seen, failures, permit)

    def _stopped(self, operation: Operation, pull: Pull, stop: Problem, permit: Permit) -> Outcome:
        """Do as our own rules say: wait for who did not answer, or give up."""
        if permit.again:
            return self._wait(operation, stop)
        return self._give_up(operation, pull, _Ending(Phase.REFUSED, stop), permit)

    def _try(
        self, operation: Operation, pull: Pull, seen: Seen, failures: int, permit: Permit
    ) -> Outcome:
        assert operation.plan is not None
        title, body = commit_words(operation, operation.plan.changes, permit)
        number, head = pull.number, pull.head
        try:
            sha = self._pulls.merge(seen.repo, number, head, seen.method, title, body)
        except Conflict:  # the branch moved since: whatever it is now, look first
            return Outcome(Next.AGAIN, carry={"rest": 0.0})
        except (Unavailable, Garbled) as away:
            return self._later(operation, away, failures)
        except BotError as refused:
            facts = {"pull": f"#{number}", "detail": refused.detail}
            return self._wait(operation, Problem(Reason.PULL_BLOCKED, facts))
        return self._merged(operation, pull, Merged(sha, ""), permit)

    # seeing

    def _under_way(self, operation_id: str) -> Outcome | tuple[Operation, Pull]:
        operation = self._store.operation(operation_id)
        assert operation is not None
        if operation.phase.ended:
            return Outcome(Next.OVER)
        if operation.written is not None or operation.pull is None:
            return Outcome(Next.GO)
        return operation, operation.pull

    def _seen(self, operation: Operation, pull: Pull) -> Seen:
        assert operation.plan is not None
        return self._pulls.look(operation.plan.repo, operation.plan.branch, pull.branch)

    def _wished(self, operation: Operation) -> _Ending | None:
        """Return how it is to end before it is merged, or None; what we began goes first."""
        for entry in self._store.timeline(operation.id):
            if ends := entry.detail.get(ENDS):
                facts = {name: fact for name, fact in entry.detail.items() if name not in ENDING}
                problem = Problem(Reason(entry.detail["reason"]), facts)
                return _Ending(Phase(ends), problem, entry.by)
        if by := self._store.cancel_wished(operation.id):
            return _Ending(Phase.CANCELLED, Problem(Reason.CANCELLED, {"by": by}), by)
        request = operation.request
        others = self._store.under_way(request.services, request.environment)
        if (newer := newer_in_line(operation, others)) is not None:
            by = newer.request.requester
            facts = {"operation": newer.id, "by": by}
            return _Ending(Phase.REFUSED, Problem(Reason.SUPERSEDED, facts), by)
        return None

    # deciding

    def _come_to(  # noqa: PLR0911  # one for each state
        self, operation: Operation, pull: Pull, seen: Seen, permit: Permit
    ) -> Outcome:
        state, number = _state(seen, pull), f"#{pull.number}"
        match state:
            case Merged():
                return self._merged(operation, pull, state, permit)
            case Closed(by=by):
                closed = Problem(Reason.PULL_CLOSED, {"pull": number, "login": by})
                ending = self._wished(operation) or _Ending(Phase.CANCELLED, closed)
                return self._ended(operation, pull, ending, seen)
            case _ if (wish := self._wished(operation)) is not None:
                return self._give_up(operation, pull, wish, permit)
            case Taken(head=head):
                facts = {"pull": number, "found": head[:12]}
                return self._wait(operation, Problem(Reason.PULL_TAKEN, facts))
            case Conflicts():
                assert operation.plan is not None
                facts = {"pull": number, "branch": operation.plan.branch}
                conflicts = _Ending(Phase.REFUSED, Problem(Reason.PULL_CONFLICTS, facts))
                return self._give_up(operation, pull, conflicts, permit)
            case Waits(ready=True):
                return Outcome(Next.AGAIN, carry={READY: True, "rest": 0.0})
            case Waits():
                return self._wait(operation, None)

    def _wait(self, operation: Operation, problem: Problem | None) -> Outcome:
        now = self._clock.now()
        if problem != operation.problem:
            self._store.move(
                operation.id,
                Phase.MERGING,
                now,
                f"waits-{len(self._store.timeline(operation.id))}",
                changes={"problem": problem},
                detail=problem.told() if problem else {},
            )
        rest = next_look(now - self._since(operation))
        return Outcome(Next.AGAIN, carry={"rest": rest.total_seconds()})

    def _later(self, operation: Operation, away: BotError, failures: int) -> Outcome:
        """Keep waiting, and say why: nobody knows how the pull request stands."""
        asked = away.retry_after if isinstance(away, Unavailable) else None
        rest = next_try(failures + 1, asked)
        log.warning("the pull request was not seen", operation=operation.id, error=str(away))
        self._store.move(
            operation.id,
            Phase.MERGING,
            self._clock.now(),
            f"unseen-{failures}",
            changes={"problem": problem_of(away, _stamp(self._clock.now() + rest))},
        )
        carry = {"rest": rest.total_seconds(), "failed": True}
        return Outcome(Next.AGAIN, stay_away=seconds(asked), carry=carry)

    def _since(self, operation: Operation) -> datetime:
        return operation.entered.get(Phase.MERGING.value, operation.requested_at)

    # ending

    def _merged(self, operation: Operation, pull: Pull, merged: Merged, permit: Permit) -> Outcome:
        assert operation.plan is not None
        made = Made(merged.sha, self._pulls.page(operation.plan.repo, merged.sha), operation.plan)
        outcome = self._write.took(operation, made, permit)
        self._tidy(operation, pull, None)
        return outcome

    def _give_up(
        self, operation: Operation, pull: Pull, ending: _Ending, permit: Permit
    ) -> Outcome:
        """Close the pull request, then end; where somebody merged it first, go on instead."""
        assert operation.plan is not None
        problem = ending.problem
        self._store.move(
            operation.id,
            Phase.MERGING,
            self._clock.now(),
            "gives up",
            by=ending.by,
            detail={ENDS: ending.phase.value, **problem.told()},
        )
        self._pulls.close(operation.plan.repo, pull.number)
        seen = self._seen(operation, pull)
        state = _state(seen, pull)
        if isinstance(state, Merged):
            return self._merged(operation, pull, state, permit)
        return self._ended(operation, pull, ending, seen)

    def _ended(self, operation: Operation, pull: Pull, ending: _Ending, seen: Seen) -> Outcome:
        self._tidy(operation, pull, seen)
        problem = ending.problem
        self._store.end(
            operation.id, ending.phase, self._clock.now(), "not merged", problem, by=ending.by
        )
        return Outcome(Next.OVER)

    def _tidy(self, operation: Operation, pull: Pull, seen: Seen | None) -> None:
        """Remove our branch while it is ours; one that is left harms nobody."""
        assert operation.plan is not None
        try:
            seen = seen or self._seen(operation, pull)
            if seen.branch is not None and seen.branch.head == pull.head:
                self._pulls.delete_branch(operation.plan.repo, pull.branch)
        except BotError as left:
            log.info("a branch is left", branch=pull.branch, error=str(left))


def _state(seen: Seen, pull: Pull) -> State:
    """Return what the pull request has come to; one that is not shown counts as closed."""
    shown = seen.pull(pull.number)
    return judge(shown, pull) if shown is not None else Closed("")


def _stamp(at: datetime) -> str:
    return at.isoformat(timespec="seconds")
