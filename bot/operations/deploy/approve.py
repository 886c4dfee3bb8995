"""The step in which a plan waits for people: what they said, and whether they still may."""

from datetime import timedelta

from bot.clock import Clock
from bot.domain.approving.approval_rule import ApprovalRule
from bot.domain.approving.approvals import (
    Approval,
    Approved,
    Decision,
    Expired,
    Rejected,
    Void,
    Waiting,
    tally,
)
from bot.domain.approving.approvals import (
    Outcome as Tallied,
)
from bot.domain.operations import Operation, Phase
from bot.domain.problems import Problem, Reason
from bot.domain.rights import Action, Actor
from bot.operations.books.approval_book import ApprovalBook, Request
from bot.operations.identity.rights_desk import RightsDesk
from bot.operations.outcome import Next, Outcome
from bot.operations.store import Store

LONGEST_REST = timedelta(minutes=10)
"""The wait looks up so often by itself: a message that should have woken it may be lost."""

UNREAD_AGAIN = timedelta(seconds=20)
"""When the approvers' rights are asked for again after nobody could tell."""


class Approvers:
    """Tells whose yes still counts, by their rights of now."""

    def __init__(self, rights: RightsDesk) -> None:
        self._rights = rights

    def entitled(
        self, operation: Operation, rule: ApprovalRule, decisions: tuple[Decision, ...]
    ) -> frozenset[int] | Problem:
        """Return the GitHub ids of those who said yes and may; a ``Problem`` where nobody can tell.

        Somebody who stands for another account by now, or for none, is no approver.
        """
        found: set[int] = set()
        for actor in {one.by for one in decisions if isinstance(one, Approval)}:
            answer = self.may(actor.slack, operation, rule)
            if isinstance(answer, Actor):
                found |= {answer.github.id} & {actor.github.id}
            elif answer.reason is Reason.NOT_ANSWERED:
                return answer
        return frozenset(found)

    def may(self, user: str, operation: Operation, rule: ApprovalRule) -> Actor | Problem:
        """Return who *user* is if they may decide about *operation*, else why not."""
        request = operation.request
        return self._rights.may(
            user,
            Action.APPROVE,
            request.services,
            request.environment,
            teams=rule.teams,
            in_emergency=request.by_argocd,
        )


class Approve:
    """Waits for the approval of one operation."""

    def __init__(
        self, store: Store, approvals: ApprovalBook, approvers: Approvers, clock: Clock
    ) -> None:
        self._store, self._approvals = store, approvals
        self._approvers, self._clock = approvers, clock

    def wait(self, operation_id: str) -> Outcome:
        """Look at what people said: go on, it is over, or look again after ``carry["rest"]``."""
        operation = self._store.operation(operation_id)
        assert operation is not None
        request = self._approvals.asked(operation_id)
        if operation.phase.ended or request is None:
            return Outcome(Next.OVER)
        if operation.phase is not Phase.AWAITING:
            return Outcome(Next.GO)
        decisions = self._approvals.decisions(operation_id)
        tallied = counted(request, decisions, self._clock)
        if isinstance(tallied, Approved):
            entitled = self._approvers.entitled(operation, request.rule, decisions)
            if isinstance(entitled, Problem):
                return self._unread(operation, entitled)
            now = self._clock.now()
            print_ = request.asked.fingerprint
            tallied = tally(request.rule, request.asked, print_, decisions, entitled, now)
            if isinstance(tallied, Waiting):
                self._explain(operation, "lost", problem_of_tally(tallied))
        return self._come_to(operation, tallied)

    def _come_to(self, operation: Operation, tallied: Tallied) -> Outcome:
        if isinstance(tallied, Waiting):
            left = tallied.until - self._clock.now()
            return _again(min(max(left, timedelta(seconds=1)), LONGEST_REST))
        problem = problem_of_tally(tallied)
        if problem is None:
            moved = self._store.move(
                operation.id,
                Phase.QUEUED,
                self._clock.now(),
                "approved",
                changes={"problem": None},
                detail=_said(tallied),
            )
            return Outcome(Next.OVER if moved is None else Next.GO)
        self._store.end(
            operation.id, Phase.REFUSED, self._clock.now(), problem.reason.value, problem
        )
        return Outcome(Next.OVER)

    def _unread(self, operation: Operation, problem: Problem) -> Outcome:
        """Keep waiting, and say why: an approver's rights could not be read."""
        self._explain(operation, "unread", problem)
        return _again(UNREAD_AGAIN)

    def _explain(self, operation: Operation, mark: str, problem: Problem | None) -> None:
        """Let the card say why it still waits although enough people have said yes."""
        changes = {"problem": problem}
        self._store.move(operation.id, Phase.AWAITING, self._clock.now(), mark, changes=changes)


def counted(request: Request, decisions: tuple[Decision, ...], clock: Clock) -> Tallied:
    """Return what *decisions* come to if everybody who said yes still may and nothing moved."""
    asked = request.asked
    everybody = frozenset(one.by.github.id for one in decisions)
    return tally(request.rule, asked, asked.fingerprint, decisions, everybody, clock.now())


def problem_of_tally(tallied: Tallied) -> Problem | None:
    """Return why it may not go on; None for an approval."""
    match tallied:
        case Approved():
            return None
        case Rejected(by=by, reason=reason):
            return Problem(Reason.REJECTED_BY, {"by": by.slack, "detail": reason})
        case Expired(at=at):
            return Problem(Reason.APPROVAL_EXPIRED, {"expired": at.isoformat(timespec="seconds")})
        case Void(moved=moved):
            return Problem(Reason.PLAN_MOVED, {"moved": ", ".join(part.value for part in moved)})
        case Waiting(missing=missing):
            return Problem(Reason.APPROVAL_LOST, {"missing": str(missing)})


def _said(tallied: Tallied) -> dict[str, str]:
    assert isinstance(tallied, Approved)
    return {"approved_by": ", ".join(one.github.login for one in tallied.by)}


def _again(rest: timedelta) -> Outcome:
    return Outcome(Next.AGAIN, carry={"rest": rest.total_seconds()})
