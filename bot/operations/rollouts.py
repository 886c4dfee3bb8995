"""Rollouts as people see and move them: rights first, then what stops the line, then the facts.

A click brings a reference and who clicked. Nothing of it is believed: the Rollout is read anew, and
the move is made only where it still is what the person decided about.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

import structlog

from bot.adapters.argocd import ArgoCD
from bot.adapters.argocd_rollouts import Rollouts
from bot.clock import Clock
from bot.domain.approving.approvals import Override
from bot.domain.catalog import Catalog, Target
from bot.domain.errors import BotError
from bot.domain.facts import Facts, Proposal
from bot.domain.operations import Kind, Operation, Phase
from bot.domain.problems import Problem, Reason
from bot.domain.rights import Action, Actor, Identified
from bot.domain.rollout import ONWARD, Move, Reference, Rollout, of_image, refused, right_for
from bot.domain.rules.moments import not_frozen, not_held, not_locked
from bot.domain.stops.holds import of_target
from bot.operations.books.act_book import ActBook
from bot.operations.books.approval_book import ApprovalBook
from bot.operations.books.move_book import First, MoveBook
from bot.operations.gathering.facts import Books
from bot.operations.gathering.target_facts import absent
from bot.operations.gathering.troubles import problem_of
from bot.operations.move_telling import MoveTelling
from bot.operations.standstill.refusals import May, refusal
from bot.operations.waking.changes import Changes

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Shown:
    """The Rollouts of a service's image as they are, and the page of their application."""

    rollouts: tuple[Rollout, ...]
    url: str


@dataclass(frozen=True, slots=True)
class Moved:
    """It was asked for; what comes of it shows a little later."""

    rollout: Rollout


class RolloutDesk:
    """Shows Rollouts and moves them for people. Every method is for any thread, and asks outside.

    An abort is never stopped by a lock, a freeze or a hold: it only takes back. What brings more of
    the new version is stopped as a deploy of it would be now.
    """

    def __init__(
        self,
        catalog: Catalog,
        argocd: Mapping[str, ArgoCD],
        may: May,
        books: Books,
        approvals: ApprovalBook,
        moves: MoveBook,
        acts: ActBook,
        changes: Changes,
        clock: Clock,
    ) -> None:
        self._catalog, self._argocd, self._may, self._books = catalog, argocd, may, books
        self._approvals, self._moves, self._acts = approvals, moves, acts
        self._clock = clock
        self._telling = MoveTelling(catalog, argocd, books.store, moves, changes, clock)
        self._rollouts = {name: Rollouts(client) for name, client in argocd.items()}

    def show(self, service: str, environment: str) -> Shown | Problem:
        """Return how the Rollouts of *service* stand, or why there is nothing to show.

        Raises:
            Unavailable: our own database is away.
        """
        target = self._catalog.target(service, environment)
        if target is None:
            return self._nowhere(service, environment)
        found = self._read(target)
        if isinstance(found, Problem):
            return found
        return Shown(found, self._argocd[target.application.instance].page(target.application))

    def move(self, move: Move, seen: Reference, user: str, asked: str) -> Moved | Problem:
        """Do *move* for the Slack *user* who saw *seen*, or return why not. *asked* is the click.

        Raises:
            Unavailable: our own database is away.
        """
        target = self._catalog.target(seen.service, seen.environment)
        if target is None:
            return self._nowhere(seen.service, seen.environment)
        actor = self._may(user, right_for(move), (target.service,), target.environment)
        if isinstance(actor, Problem):
            return self._refused(move, target, user, asked, actor)
        rollout = self._chosen(target, seen.name)
        if isinstance(rollout, Problem):
            return rollout
        operation = self._followed(target, rollout)
        if stopped := self._stopped(move, target, rollout, actor, operation):
            return self._refused(move, target, user, asked, stopped)
        if unfit := refused(move, rollout, seen):
            return self._with_who(unfit, target, rollout)
        return self._do(move, target, rollout, actor, operation, asked)

    def _nowhere(self, service: str, environment: str) -> Problem:
        homes = ", ".join(self._catalog.environments_of(service))
        facts = {"service": service, "environment": environment, "environments": homes}
        return Problem(Reason.NOT_IN_ENVIRONMENT, facts)

    def _read(self, target: Target) -> tuple[Rollout, ...] | Problem:
        """Return the target's Rollouts, one at least, or why they are not known."""
        application = target.application
        try:
            seen = self._argocd[application.instance].look(application)
            every = self._rollouts[application.instance].read(application, seen)
        except BotError as error:
            log.warning("no rollout could be read", app=application.name, error=str(error))
            return problem_of(error)
        return of_image(every, target.image) or _no_rollout(target)

    def _chosen(self, target: Target, name: str) -> Rollout | Problem:
        found = self._read(target)
        if isinstance(found, Problem):
            return found
        return next((one for one in found if one.name == name), None) or _no_rollout(target)

    def look(self) -> None:
        """Tell what was done and never told, for a tick.

        Raises:
            Unavailable: our own database is away.
        """
        self._telling.look()

    # what may stop it

    def _stopped(
        self,
        move: Move,
        target: Target,
        rollout: Rollout,
        actor: Actor,
        operation: Operation | None,
    ) -> Problem | None:
        """Return what stops the line for *move*, in the words of the rule."""
        if move not in ONWARD:
            return None
        back = operation is not None and operation.request.kind is Kind.ROLLBACK
        proposal = Proposal(
            action=Action.ROLLBACK if back else Action.DEPLOY,
            services=(target.service,),
            environment=target.environment,
            version="",
            requester=actor.slack,
        )
        facts = self._facts(target, rollout, actor)
        (here,) = facts.targets
        findings = [not_held(proposal, facts, here)]
        if operation is None or not self._broke_the_glass(operation):
            findings += [not_frozen(proposal, facts), not_locked(proposal, facts, here)]
        return next((one for one in findings if isinstance(one, Problem)), None)

    def _facts(self, target: Target, rollout: Rollout, actor: Actor) -> Facts:
        at, place = self._clock.now(), target.environment
        locks = tuple(one.lock for one in self._books.locks.standing(at, place))
        held = self._books.holds.standing(place)
        here = replace(
            absent(target.service, place, self._catalog.environments_of(target.service)),
            tag=next(iter(rollout.new.images), ""),
            locks=locks,
            holds=of_target(held, target.name),
        )
        return Facts(
            at=at,
            who=Identified(actor.github),
            memberships={},
            permissions=self._catalog.permissions,
            environments=tuple(self._catalog.environments),
            policy=self._catalog.policy(place, (target.service,)),
            targets=(here,),
            freezes=self._books.freezes.standing(at, place),
        )

    def _broke_the_glass(self, operation: Operation) -> bool:
        """Tell whether the deploy itself was let through a freeze or lock by an override."""
        if not operation.request.override:
            return False
        decisions = self._approvals.decisions(operation.id)
        return any(isinstance(one, Override) for one in decisions)

    def _followed(self, target: Target, rollout: Rollout) -> Operation | None:
        """Return the operation that brings what *rollout* is at, or None."""
        for one in self._books.store.under_way([target.service], target.environment):
            if one.phase is not Phase.FOLLOWING or one.plan is None:
                continue
            news = (each.new for each in one.plan.changes if each.service == target.service)
            if set(news) & set(rollout.new.images):
                return one
        return None

    # doing it

    def _do(
        self,
        move: Move,
        target: Target,
        rollout: Rollout,
        actor: Actor,
        operation: Operation | None,
        asked: str,
    ) -> Moved | Problem:
        place, now = (target.service, target.environment), self._clock.now()
        follows = "" if operation is None else operation.id
        claim = self._moves.claim(place, rollout, move, actor.slack, now, follows, asked)
        if isinstance(claim, First):
            return Problem(Reason.ROLLOUT_TAKEN, {**_named(target), **_who(claim)})
        application = target.application
        try:
            self._rollouts[application.instance].act(application, rollout, move)
        except BotError as error:
            self._moves.release(claim, self._clock.now(), str(error))
            log.warning("not moved", move=move, app=application.name, error=str(error))
            return problem_of(error)
        log.info("moved", move=move, by=actor.slack, app=application.name, rollout=rollout.name)
        self._telling.tell(claim)
        return Moved(rollout)

    def _with_who(self, problem: Problem, target: Target, rollout: Rollout) -> Problem:
        """Name who moved it last, if it was through us: whoever comes second wants to know."""
        last = self._moves.last((target.service, target.environment), rollout)
        return problem if last is None else Problem(problem.reason, {**problem.facts, **_who(last)})

    def _refused(
        self, move: Move, target: Target, user: str, asked: str, problem: Problem
    ) -> Problem:
        at, place = self._clock.now(), target.environment
        wish = f"rollout {move.value}"
        log.info("refused", wish=wish, by=user, target=target.name, reason=problem.reason)
        why = problem.told()
        self._acts.note(refusal(wish, user, place, (target.service,), asked, at, why))
        return problem


def _no_rollout(target: Target) -> Problem:
    return Problem(Reason.NO_ROLLOUT, {**_named(target), "app": target.application.name})


def _named(target: Target) -> dict[str, str]:
    return {"service": target.service, "environment": target.environment}


def _who(first: First) -> dict[str, str]:
    return {"by": first.by, "did": first.move.value, "since": _iso(first.at)}


def _iso(at: datetime) -> str:
    return at.isoformat(timespec="seconds")
