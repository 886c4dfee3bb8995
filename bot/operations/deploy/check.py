"""The step before anything is changed: gather, judge, plan, and ask for approval if need be."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

import structlog

from bot.clock import Clock
from bot.domain.approving.approval_rule import ApprovalRule
from bot.domain.approving.approvals import Asked
from bot.domain.approving.plan_digest import fingerprint
from bot.domain.catalog import Catalog, Target
from bot.domain.errors import BotError, Garbled, Unavailable
from bot.domain.facts import Facts
from bot.domain.operations import Change, Kind, Operation, Phase, Plan
from bot.domain.patience import next_try
from bot.domain.planning import Edits, plan_edits
from bot.domain.policy import refusal
from bot.domain.problems import Problem, Reason
from bot.domain.rights import NOBODY, Actor, Identified, Itself
from bot.domain.rules import Allowed, Judgement, NeedsApproval, judge
from bot.domain.rules.rulings import RuleName
from bot.operations.books.approval_book import ApprovalBook
from bot.operations.deploy.break_glass import BreakGlass
from bot.operations.deploy.evidence import authors_known, authors_of, evidence_of
from bot.operations.deploy.recent import Recent
from bot.operations.deploy.weigh import Weighed, weigh
from bot.operations.emergency.evidence import plan_of
from bot.operations.emergency.offering import Offering
from bot.operations.gathering.facts import Gatherer, problem_of, proposal_of, texts_of
from bot.operations.gathering.gathered import Aim, Freshness, Gathered
from bot.operations.identity.roster import Roster
from bot.operations.outcome import Next, Outcome
from bot.operations.store import Store

log = structlog.get_logger(__name__)

MOST_GARBLED = 5
"""Answers in a row that can't be read before we say so: a proxy's page passes, a new API stays."""

AROUND_TRIES = 2
"""Tries after which a rollback around Git asks nobody any more: it is for when there is no time."""

QUIET = frozenset(
    {
        Reason.NOT_LINKED,
        Reason.NO_SUCH_ACCOUNT,
        Reason.ACCOUNT_CHANGED,
        Reason.OUTSIDER,
        Reason.NOT_PERMITTED,
        Reason.MEMBERSHIP_PENDING,
        Reason.NO_OVERRIDE,
        Reason.OVERRIDE_UNEXPLAINED,
    }
)
"""Refusals that only the requester is told: a channel is not for everybody to write to."""


@dataclass(frozen=True, slots=True)
class _Judged:
    """What was *gathered* and what it comes to. *offer* is the way around noted beside a wait."""

    gathered: Gathered
    judgement: Judgement
    weighed: Weighed
    offer: Mapping[str, str]


class Check:
    """Judges an operation by the facts of now. Nothing outside is changed.

    *wake* makes a waiting workflow look up.
    """

    def __init__(  # the parts that a check rests on
        self,
        store: Store,
        catalog: Catalog,
        gatherer: Gatherer,
        approvals: ApprovalBook,
        roster: Roster,
        recent: Recent,
        wake: Callable[[str], None],
        offering: Offering,
        clock: Clock,
    ) -> None:
        self._store, self._catalog, self._gatherer = store, catalog, gatherer
        self._approvals, self._roster, self._recent = approvals, roster, recent
        self._glass = BreakGlass(approvals, catalog, roster, clock)
        self._wake, self._offering, self._clock = wake, offering, clock

    async def check(self, operation_id: str, failures: int) -> Outcome:
        """Plan the operation, or refuse it, or say that a system must be asked again."""
        operation = await asyncio.to_thread(self._enter, operation_id)
        if operation is None:
            return Outcome(Next.OVER)
        if (problem := refusal(operation.request, self._catalog)) is not None:
            return await asyncio.to_thread(self._refuse, operation, problem)
        gathered = await self._gatherer.gather(operation.request)
        if operation.request.kind is Kind.ROLLBACK and not operation.request.by_argocd:
            retreats = await self._gatherer.retreats(operation.request, gathered)
            gathered = replace(gathered, retreats=retreats)
        judgement = judge(proposal_of(operation.request), gathered.facts)
        weighed = weigh(judgement, gathered)
        offer = await self._offering.look(operation, weighed)
        judged = _Judged(gathered, judgement, weighed, offer)
        return await asyncio.to_thread(self._decide, operation, judged, failures)

    def _enter(self, operation_id: str) -> Operation | None:
        """Return the operation to judge, or None where it has ended.

        A check that died between its effect and its record has left it waiting already; it stays
        there while it is judged again.
        """
        operation = self._store.operation(operation_id)
        if operation is not None and operation.phase in {Phase.AWAITING, Phase.QUEUED}:
            return operation
        return self._store.move(operation_id, Phase.CHECKING, self._clock.now(), "checking")

    def _decide(self, operation: Operation, judged: _Judged, failures: int) -> Outcome:
        weighed = judged.weighed
        match weighed:
            case Problem():
                return self._refuse(operation, weighed)
            case BotError() if operation.request.by_argocd and failures >= AROUND_TRIES:
                return self._refuse(operation, problem_of(weighed))
            case Unavailable():
                return self._later(operation, judged, weighed, failures, weighed.retry_after)
            case Garbled() if failures < MOST_GARBLED:
                return self._later(operation, judged, weighed, failures, None)
            case BotError():
                return self._refuse(operation, problem_of(weighed).with_facts(judged.offer))
            case _:
                return self._plan(operation, judged.gathered, judged.judgement, weighed)

    def _plan(
        self,
        operation: Operation,
        gathered: Gathered,
        judgement: Judgement,
        decision: Allowed | NeedsApproval,
    ) -> Outcome:
        targets = self._gatherer.targets(operation.request)
        made = plan(operation, targets, gathered)
        if isinstance(made, Problem):
            return self._refuse(operation, made)
        planned, edits = made
        planned = replace(
            planned,
            retreats=gathered.retreats,
            through_freeze=goes_through_freeze(judgement),
            rights_as_of=gathered.rights_as_of,
        )
        who = requester_of(operation, gathered.facts)
        if who is None:  # the rules pass nobody without an account
            return self._refuse(operation, Problem(Reason.INTERNAL, {"operation": operation.id}))
        waits = isinstance(decision, NeedsApproval) and operation.phase is not Phase.QUEUED
        if isinstance(decision, NeedsApproval) and waits:
            # By Argo CD nothing comes that was not here before, so there is nobody's new work.
            asks = not decision.rule.authors_ok and not operation.request.by_argocd
            if asks and (unread := authors_known(gathered)) is not None:
                return self._refuse(operation, unread)
            self._ask(operation, who, planned, edits, gathered, decision.rule)
        elif operation.request.override:
            self._glass.record(operation, who, judgement, gathered.facts)
        phase = Phase.AWAITING if waits else Phase.QUEUED
        skipped = decision.skipped if isinstance(decision, Allowed) else ()
        if not self._go_on(operation, phase, planned, skipped):
            return Outcome(Next.OVER)
        self._recent.keep(operation.id, gathered)
        self._supersede_older(operation)
        if operation.request.by_argocd and phase is Phase.QUEUED:
            self._wake_who_gives_way(operation)
        degraded = {
            target.service: sorted(gathered.observations[target.application].degraded)
            for target in targets
        }
        names = [target.name for target in targets]
        carry = {"targets": names, "degraded": degraded, "awaits": waits}
        if operation.request.by_argocd:
            carry["by_argocd"] = True
        return Outcome(Next.GO, carry=carry)

    def _go_on(
        self, operation: Operation, phase: Phase, planned: Plan, skipped: tuple[RuleName, ...]
    ) -> bool:
        detail = {change.service: f"{change.old} -> {change.new}" for change in planned.changes}
        if skipped:
            detail["skipped"] = ", ".join(skipped)
        moved = self._store.move(
            operation.id,
            phase,
            self._clock.now(),
            "planned",
            changes={"plan": planned, "problem": None},
            detail=detail,
        )
        return moved is not None

    def _ask(  # each is part of what is asked
        self,
        operation: Operation,
        who: Actor,
        planned: Plan,
        edits: Edits,
        gathered: Gathered,
        rule: ApprovalRule,
    ) -> None:
        """Write down what approval is asked for, before anybody can see that it is."""
        policy = gathered.facts.policy
        assert policy is not None, "the rules pass no unknown environment"
        action = proposal_of(operation.request).action
        targets = self._gatherer.targets(operation.request)
        print_ = fingerprint(action, planned, targets, policy)
        authors = authors_of(gathered)
        asked = Asked(print_, who.github, authors, self._clock.now())
        barred = set() if rule.self_ok else {who.github.id}
        whom = self._roster.of(rule.teams, barred if rule.authors_ok else barred | authors)
        evidence = evidence_of(who, planned, edits, gathered, whom)
        evidence = replace(evidence, instead_of=self._older(operation))
        self._approvals.ask(operation.id, asked, rule, evidence)

    def _supersede_older(self, operation: Operation) -> None:
        """End the older operations that wait for approval of what this one changes."""
        by = operation.request.requester
        problem = Problem(Reason.SUPERSEDED, {"operation": operation.id, "by": by})
        for older in self._older(operation):
            ended = self._store.end(
                older,
                Phase.REFUSED,
                self._clock.now(),
                "superseded",
                problem,
                by=by,
                out_of=Phase.AWAITING,  # it may have been approved this moment
            )
            if ended is not None:
                self._wake(older)

    def _wake_who_gives_way(self, operation: Operation) -> None:
        """Let what waits for GitHub at these targets look up: it gives way to *operation*."""
        request = operation.request
        for other in self._store.under_way(request.services, request.environment):
            if other.phase in {Phase.QUEUED, Phase.COMMITTING} and other.id != operation.id:
                self._wake(other.id)

    def _older(self, operation: Operation) -> tuple[str, ...]:
        """Return what waits for approval of a change that *operation* makes in another way."""
        request = operation.request
        return tuple(
            other.id
            for other in self._store.under_way(request.services, request.environment)
            if other.phase is Phase.AWAITING and other.number < operation.number
        )

    def _later(
        self,
        operation: Operation,
        judged: _Judged,
        away: BotError,
        failures: int,
        asked: timedelta | None,
    ) -> Outcome:
        now = self._clock.now()
        patience = self._catalog.environments[operation.request.environment].deadline
        if now - operation.requested_at > patience:
            return self._refuse(operation, problem_of(away).with_facts(judged.offer))
        again = now + next_try(failures + 1, asked)
        note = problem_of(away, again.isoformat(timespec="seconds")).with_facts(judged.offer)
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
        self._store.end(operation.id, Phase.REFUSED, self._clock.now(), "refused", problem)
        return Outcome(Next.OVER, carry={"quiet": problem.reason in QUIET})


def plan(
    operation: Operation, targets: tuple[Target, ...], gathered: Gathered | Freshness
) -> tuple[Plan, Edits] | Problem:
    """Return what *operation* will do and the bytes that do it, or why it can't be done."""
    aims = gathered.aims
    if operation.request.by_argocd:
        if any(target.service not in aims for target in targets):
            return gathered.trouble or Problem(Reason.INTERNAL, {"operation": operation.id})
        around = plan_of(targets, aims)
        return around, Edits(around.changes, {})
    if gathered.snapshot is None:
        return gathered.trouble or Problem(Reason.INTERNAL, {"operation": operation.id})
    if any(target.service not in aims for target in targets):
        return gathered.trouble or Problem(Reason.INTERNAL, {"operation": operation.id})
    tags = {target: aims[target.service].tag for target in targets}
    edits = plan_edits(tags, texts_of(gathered.snapshot))
    if not isinstance(edits, Edits):
        return edits
    changes = tuple(_aimed(change, aims[change.service]) for change in edits.changes)
    commit = aims[targets[0].service].commit
    made = Plan(
        repo=targets[0].location.repo,
        branch=targets[0].location.branch,
        commit=commit.sha if commit else "",
        title=commit.title if commit else "",
        author=commit.author if commit else "",
        source=targets[0].source,
        changes=changes,
    )
    return made, replace(edits, changes=changes)


def _aimed(change: Change, aim: Aim) -> Change:
    if aim.commit is None:
        return replace(change, undoes=aim.undoes)
    commit = aim.commit
    return replace(change, commit=commit.sha, committed_at=commit.at, undoes=aim.undoes)


def goes_through_freeze(judgement: Judgement) -> bool:
    """Tell whether there is a freeze that what was judged need not wait for."""
    freezes = (one for one in judgement.rulings if one.rule is RuleName.FREEZE)
    return any(one.facts.get("exempt") for one in freezes)


def requester_of(operation: Operation, facts: Facts) -> Actor | None:
    """Return the requester with the account they stand for, or None."""
    match facts.who:
        case Identified(user):
            return Actor(operation.request.requester, user)
        case Itself():
            return NOBODY
        case _:
            return None


def seconds(span: timedelta | None) -> float | None:
    """Return *span* in seconds, as the engine records it."""
    return None if span is None else span.total_seconds()
