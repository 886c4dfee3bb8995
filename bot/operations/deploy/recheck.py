"""The step right before the commit: the policy once more, by the facts of now."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

import structlog

from bot.clock import Clock
from bot.domain.approving.approval_case import pushed_anew
from bot.domain.approving.approvals import Approved, tally
from bot.domain.approving.plan_digest import Part, fingerprint
from bot.domain.catalog import Catalog
from bot.domain.environment_policy import Way
from bot.domain.errors import BotError, Unavailable
from bot.domain.facts import Facts
from bot.domain.operations import Kind, Operation, Phase
from bot.domain.patience import next_try
from bot.domain.policy import refusal
from bot.domain.problems import Problem, Reason
from bot.domain.rights import Actor
from bot.domain.rollback.auto_rollback import STOOD, how_it_stands
from bot.domain.rollback.going_around import GITHUB, gives_way
from bot.domain.rules import NeedsApproval, judge
from bot.operations.books.approval_book import ApprovalBook
from bot.operations.deploy.approve import Approvers, problem_of_tally
from bot.operations.deploy.check import plan, requester_of, seconds
from bot.operations.deploy.recent import Recent
from bot.operations.deploy.weigh import weigh
from bot.operations.emergency.offering import Offering
from bot.operations.gathering.facts import Gatherer, problem_of, proposal_of
from bot.operations.gathering.gathered import Gathered
from bot.operations.outcome import Next, Outcome
from bot.operations.sql.codec import dump, load
from bot.operations.store import Store

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Permit:
    """What the writer may do, and in whose name.

    *stop* is why nothing new may be written: only a commit made before is looked for. With
    *again* that may change, so the writer comes back. *bound* to an approval, the plan may not
    differ in anything from what was approved. *way* is how the change comes onto the branch.
    """

    requester: Actor | None = None
    approved_by: tuple[str, ...] = ()
    bound: bool = False
    stop: Problem | None = None
    again: bool = False
    way: Way = Way.COMMIT


@dataclass(frozen=True, slots=True)
class _Judged:
    """What stands in the way, or nothing, and who said yes. *offer* is a way around, noted."""

    stop: Problem | BotError | None
    approved_by: tuple[Actor, ...] = ()
    bound: bool = False
    requester: Actor | None = None
    offer: Mapping[str, str] = field(default_factory=dict)


class Recheck:
    """Judges an operation whose targets are all held."""

    def __init__(
        self,
        store: Store,
        catalog: Catalog,
        gatherer: Gatherer,
        approvals: ApprovalBook,
        approvers: Approvers,
        recent: Recent,
        offering: Offering,
        clock: Clock,
    ) -> None:
        self._store, self._catalog, self._gatherer = store, catalog, gatherer
        self._approvals, self._approvers = approvals, approvers
        self._recent, self._offering, self._clock = recent, offering, clock

    async def recheck(
        self, operation_id: str, failures: int, since: str | None, *, unsure: bool
    ) -> Outcome:
        """Permit the commit, or refuse the operation, or say that a system must be asked again.

        *unsure* says that the commit may stand already: then nothing is refused before the branch
        was looked at, so the permit carries the refusal. *since* is when this was first tried.
        """
        operation = await asyncio.to_thread(self._store.operation, operation_id)
        assert operation is not None
        if operation.phase.ended:
            return Outcome(Next.OVER)
        if (problem := refusal(operation.request, self._catalog)) is not None:
            judged = _Judged(problem)
        else:
            gathered = await self._facts(operation)
            judged = await asyncio.to_thread(self._judge, operation, gathered)
            if judged.stop is None:
                await asyncio.to_thread(self._remember, operation, gathered.facts)
        judged = replace(judged, offer=await self._offering.look(operation, judged.stop))
        return await asyncio.to_thread(self._answer, operation, judged, failures, since, unsure)

    async def _facts(self, operation: Operation) -> Gathered:
        """Return the facts of now. What was read a moment ago is not read again.

        Locks and freezes always are, and rights unless they were read just now.
        """
        earlier = self._recent.take(operation.id)
        if earlier is None:
            gathered = await self._gatherer.gather(operation.request)
        else:
            rights = not self._recent.is_of_just_now(earlier)
            gathered = await self._gatherer.refresh(operation.request, earlier, rights=rights)
        self._recent.keep_files(operation.id, gathered)
        return gathered

    def _judge(self, operation: Operation, gathered: Gathered) -> _Judged:
        weighed = weigh(judge(proposal_of(operation.request), gathered.facts), gathered)
        if isinstance(weighed, Problem | BotError):
            return _Judged(weighed)
        who = requester_of(operation, gathered.facts)
        request = self._approvals.asked(operation.id)
        if request is None:
            # Nobody was asked when it was checked; the environment's rules have changed since.
            moved = Problem(Reason.PLAN_MOVED, {"moved": "policy"})
            asks = isinstance(weighed, NeedsApproval)
            return _Judged(moved if asks else None, requester=who)
        made = plan(operation, self._gatherer.targets(operation.request), gathered)
        if isinstance(made, Problem):
            return _Judged(made)
        policy = gathered.facts.policy
        assert policy is not None, "the rules pass no unknown environment"
        action = proposal_of(operation.request).action
        targets = self._gatherer.targets(operation.request)
        decisions = self._approvals.decisions(operation.id)
        entitled = self._approvers.entitled(operation, request.rule, decisions)
        if isinstance(entitled, Problem):
            return _Judged(Unavailable("GitHub", "read who may approve", entitled.facts["detail"]))
        tallied = tally(
            request.rule,
            request.asked,
            fingerprint(action, made[0], targets, policy),
            decisions,
            entitled,
            self._clock.now(),
        )
        by = tallied.by if isinstance(tallied, Approved) else ()
        stop = problem_of_tally(tallied)
        if stop is None and pushed_anew(request.evidence, gathered.facts.targets):
            stop = Problem(Reason.PLAN_MOVED, {"moved": Part.IMAGE.value})
        return _Judged(stop, by, bound=True, requester=who)

    def _remember(self, operation: Operation, facts: Facts) -> None:
        """Write down how what it replaces stands, where that decides whether it may go back.

        The first word counts: a later one may be of our own commit.
        """
        configured = facts.policy is not None and facts.policy.auto_rollback is not None
        if not configured or operation.request.kind is Kind.ROLLBACK:
            return
        stood = {one.service: how_it_stands(one) for one in facts.targets}
        self._store.note(operation.id, STOOD, STOOD, self._clock.now(), stood)

    def _answer(
        self,
        operation: Operation,
        judged: _Judged,
        failures: int,
        since: str | None,
        unsure: bool,  # noqa: FBT001
    ) -> Outcome:
        stop = judged.stop
        if isinstance(stop, BotError) and not unsure:
            return self._later(operation, stop, judged.offer, failures, since)
        if isinstance(stop, Problem) and not unsure:
            return self._refuse(operation, stop)
        permit = Permit(
            requester=judged.requester,
            approved_by=tuple(one.github.login for one in judged.approved_by),
            bound=judged.bound,
            stop=problem_of(stop).with_facts(judged.offer) if isinstance(stop, BotError) else stop,
            again=isinstance(stop, BotError),
            way=self._way(operation),
        )
        return Outcome(Next.GO, carry={"permit": dump(Permit, permit)})

    def _way(self, operation: Operation) -> Way:
        policy = self._catalog.policy(operation.request.environment)
        return policy.change if policy else Way.COMMIT

    def _later(
        self,
        operation: Operation,
        away: BotError,
        offer: Mapping[str, str],
        failures: int,
        since: str | None,
    ) -> Outcome:
        if away.system == GITHUB and (around := gone_around(operation, self._store)):
            return self._refuse(operation, around)
        now = self._clock.now()
        begun = datetime.fromisoformat(since) if since else now
        if now - begun > self._catalog.environments[operation.request.environment].deadline:
            return self._refuse(operation, problem_of(away).with_facts(offer))
        asked = away.retry_after if isinstance(away, Unavailable) else None
        again = (now + next_try(failures + 1, asked)).isoformat(timespec="seconds")
        self._store.move(
            operation.id,
            operation.phase,
            now,
            f"recheck-again-{failures}-{begun.isoformat(timespec='seconds')}",
            changes={"problem": problem_of(away, again).with_facts(offer)},
            detail={"waits": str(away)},
        )
        carry = {"since": begun.isoformat()}
        return Outcome(Next.AGAIN, stay_away=seconds(asked), carry=carry)

    def _refuse(self, operation: Operation, problem: Problem) -> Outcome:
        self._store.end(operation.id, Phase.REFUSED, self._clock.now(), "refused", problem)
        return Outcome(Next.OVER)


def gone_around(operation: Operation, store: Store) -> Problem | None:
    """Return that a rollback by Argo CD waits for *operation*, which is to give way; or None."""
    request = operation.request
    waits = gives_way(operation, store.under_way(request.services, request.environment))
    if waits is None:
        return None
    return Problem(Reason.GONE_AROUND, {"system": GITHUB, "operation": waits.id})


def permit_of(carry: dict[str, object]) -> Permit:
    """Return the permit that a recheck recorded."""
    return load(Permit, carry["permit"])
