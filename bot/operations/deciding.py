"""What a click on Approve or Reject comes to: judged by the store and the outside of now.

A click brings an operation's id, the message it stood in, and who clicked. Nothing of it is
believed: not that the operation waits, nor that the message is its card, nor that they may.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import assert_never

import structlog

from bot.clock import Clock
from bot.domain.approving.approvals import (
    Approval,
    Bar,
    Decision,
    Expired,
    Outcome,
    Rejection,
    Void,
    bar,
)
from bot.domain.approving.plan_digest import fingerprint, moved
from bot.domain.catalog import Catalog
from bot.domain.operations import Operation, Phase
from bot.domain.problems import Problem, Reason
from bot.operations.books.act_book import Act, ActBook, Deed
from bot.operations.books.approval_book import ApprovalBook, Receipt, Request
from bot.operations.deploy.approve import Approvers, counted, problem_of_tally
from bot.operations.deploy.check import plan
from bot.operations.gathering.facts import Gatherer, problem_of, proposal_of
from bot.operations.gathering.gathered import Freshness
from bot.operations.store import Store

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Place:
    """The Slack message that a button stood in."""

    channel: str
    ts: str


@dataclass(frozen=True, slots=True)
class Taken:
    """It was written down. *tallied* is what all decisions come to now."""

    operation: Operation
    decision: Decision
    tallied: Outcome


@dataclass(frozen=True, slots=True)
class NotTaken:
    """Nothing was written; *problem* says why, and what to do. *operation* is None: there is none.

    *whom* are the teams that could have decided.
    """

    problem: Problem
    operation: Operation | None = None
    whom: frozenset[str] = frozenset()


Decided = Taken | NotTaken


class Deciding:
    """Takes decisions on operations that wait. Every method is for any thread, and asks outside."""

    def __init__(  # the parts that a decision rests on
        self,
        store: Store,
        catalog: Catalog,
        gatherer: Gatherer,
        approvals: ApprovalBook,
        approvers: Approvers,
        acts: ActBook,
        wake: Callable[[str], None],
        clock: Clock,
    ) -> None:
        self._store, self._catalog, self._gatherer = store, catalog, gatherer
        self._approvals, self._approvers, self._acts = approvals, approvers, acts
        self._wake, self._clock = wake, clock

    def approve(self, operation_id: str, user: str, place: Place | None) -> Decided:
        """Take *user*'s yes to the plan as it was asked about, if it still is that plan."""
        opened = self._open(operation_id, place)
        if isinstance(opened, NotTaken):
            return opened
        operation, request = opened
        who = self._approvers.may(user, operation, request.rule)
        if isinstance(who, Problem):
            return self._turned_away("approve", operation, request, user, who)
        decisions = self._approvals.decisions(operation_id)
        if (barred := bar(request.rule, request.asked, decisions, who)) is not None:
            if barred is Bar.TWICE:  # it may not have counted for a while, and does again
                self._wake(operation_id)
            return self._turned_away("approve", operation, request, user, _barred(barred, user))
        if (differs := self._differs(operation, request)) is not None:
            if differs.reason is Reason.PLAN_MOVED:
                self._void(operation, differs)
            return NotTaken(differs, operation)
        digest = request.asked.fingerprint.digest
        return self._record(operation, request, Approval(who, self._clock.now(), digest))

    def open(self, operation_id: str, place: Place) -> Operation | NotTaken:
        """Return the operation if it waits for a decision; nothing outside is asked."""
        opened = self._open(operation_id, place)
        return opened if isinstance(opened, NotTaken) else opened[0]

    def channel(self, operation_id: str) -> str | None:
        """Return the channel that the operation's card stands in, or None."""
        card = self._store.cards.of(operation_id)
        return card.channel if card else None

    def reject(self, operation_id: str, user: str, reason: str) -> Decided:
        """Take *user*'s no. Approvers who asked for it or wrote it may say no as well."""
        opened = self._open(operation_id, None)
        if isinstance(opened, NotTaken):
            return opened
        operation, request = opened
        who = self._approvers.may(user, operation, request.rule)
        if isinstance(who, Problem):
            return self._turned_away("reject", operation, request, user, who)
        return self._record(operation, request, Rejection(who, self._clock.now(), reason))

    def _open(self, operation_id: str, place: Place | None) -> tuple[Operation, Request] | NotTaken:
        """Return the operation and what it asks, if it waits and *place* is its own card."""
        operation = self._store.operation(operation_id)
        request = self._approvals.asked(operation_id) if operation else None
        if operation is None or request is None:
            return NotTaken(_over(operation_id, "not waiting for anything"))
        if place is not None and self._is_not_known_yet(operation_id):
            return NotTaken(Problem(Reason.CARD_UNKNOWN, {"operation": operation_id}), operation)
        if place is not None and not self._is_card(operation_id, place):
            log.warning("a button of another message", operation=operation_id)
            return NotTaken(_over(operation_id, "not what this button belongs to"), operation)
        if operation.phase is not Phase.AWAITING:
            return NotTaken(_over(operation_id, operation.phase.value), operation)
        tallied = counted(request, self._approvals.decisions(operation_id), self._clock)
        if isinstance(tallied, Expired):
            problem = problem_of_tally(tallied)
            assert problem is not None
            self._wake(operation_id)
            return NotTaken(problem, operation)
        return operation, request

    def _is_not_known_yet(self, operation_id: str) -> bool:
        """Tell whether Slack has not answered yet where the card stands: somebody was quicker."""
        card = self._store.cards.of(operation_id)
        return card is None or card.ts is None

    def _is_card(self, operation_id: str, place: Place) -> bool:
        card = self._store.cards.of(operation_id)
        return card is not None and (card.channel, card.ts) == (place.channel, place.ts)

    def _differs(self, operation: Operation, request: Request) -> Problem | None:
        """Return what has moved since approval was asked for, or that nobody can tell."""
        fresh = asyncio.run(self._gatherer.freshness(operation.request))
        if fresh.away is not None:
            return problem_of(fresh.away)
        if fresh.trouble is not None:
            return Problem(Reason.PLAN_MOVED, {"moved": "commit, files"})
        return self._compared(operation, request, fresh)

    def _compared(self, operation: Operation, request: Request, fresh: Freshness) -> Problem | None:
        wish = operation.request
        targets = self._gatherer.targets(wish)
        policy = self._catalog.policy(wish.environment, wish.services)
        made = plan(operation, targets, fresh)
        if policy is None or isinstance(made, Problem):
            return Problem(Reason.PLAN_MOVED, {"moved": "targets"})
        now = fingerprint(proposal_of(wish).action, made[0], targets, policy)
        parts = moved(request.asked.fingerprint, now)
        return problem_of_tally(Void(parts, self._clock.now())) if parts else None

    def _void(self, operation: Operation, problem: Problem) -> None:
        """End it if it still waits: what others approved meanwhile may move the files itself."""
        self._store.end(
            operation.id,
            Phase.REFUSED,
            self._clock.now(),
            problem.reason.value,
            problem,
            out_of=Phase.AWAITING,
        )
        self._wake(operation.id)

    def _record(self, operation: Operation, request: Request, decision: Decision) -> Decided:
        ballot = self._approvals.record(operation.id, decision)
        self._wake(operation.id)
        match ballot.receipt:
            case Receipt.NEW:
                return Taken(operation, decision, counted(request, ballot.decisions, self._clock))
            case Receipt.REPEATED:
                return NotTaken(_again(decision), operation)
            case Receipt.OTHER_PLAN:
                return NotTaken(Problem(Reason.PLAN_MOVED, {}), operation)
            case Receipt.OVER | Receipt.UNKNOWN:
                now = self._store.operation(operation.id)
                state = now.phase.value if now else "gone"
                return NotTaken(_over(operation.id, state), operation)
            case _:
                assert_never(ballot.receipt)

    def _turned_away(
        self, wish: str, operation: Operation, request: Request, user: str, problem: Problem
    ) -> NotTaken:
        """Answer who may not decide, and remember that they tried to *wish*."""
        now = self._clock.now()
        log.info("may not decide", operation=operation.id, by=user, reason=problem.reason)
        self._acts.note(
            Act(
                f"decide:{operation.key}:{user}:{problem.reason.value}",
                now,
                user,
                Deed.REFUSED,
                operation.id,
                operation.request.environment,
                {"wish": wish, **problem.told()},
                operation.request.services,
            )
        )
        return NotTaken(_approver_words(problem, user, request), operation, request.rule.teams)


def _approver_words(problem: Problem, user: str, request: Request) -> Problem:
    """Say who could, in place of the plain words for a missing right."""
    if problem.reason is not Reason.NOT_PERMITTED:
        return problem
    teams = ", ".join(sorted(request.rule.teams))
    return Problem(Reason.NOT_AN_APPROVER, {"user": user, "teams": teams})


def _barred(barred: Bar, user: str) -> Problem:
    match barred:
        case Bar.SELF:
            return Problem(Reason.NEEDS_OTHER_EYES, {"user": user})
        case Bar.AUTHOR:
            return Problem(Reason.WROTE_IT, {"user": user})
        case Bar.TWICE:
            return Problem(Reason.ALREADY_APPROVED, {"user": user})


def _again(decision: Decision) -> Problem:
    reason = Reason.ALREADY_APPROVED if isinstance(decision, Approval) else Reason.APPROVAL_OVER
    facts = {"user": decision.by.slack} if isinstance(decision, Approval) else {"state": "rejected"}
    return Problem(reason, facts)


def _over(operation_id: str, state: str) -> Problem:
    return Problem(Reason.APPROVAL_OVER, {"operation": operation_id, "state": state})
