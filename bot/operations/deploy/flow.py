"""The workflow of one deploy: check, wait for people and targets, commit, follow to the true end.

Workflow code only decides the order; it runs again after a crash with the recorded results of its
steps. So it reads no clock, no store and no chance, and its order for a given flow number never
changes: a new order is a new number.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

import structlog

from bot.domain.environment_policy import Way
from bot.domain.operations import Kind, Operation
from bot.domain.patience import next_try
from bot.log import about
from bot.operations.deploy.approve import Approve
from bot.operations.deploy.check import Check
from bot.operations.deploy.follow import Follow
from bot.operations.deploy.merge import READY, Merge
from bot.operations.deploy.propose import Propose
from bot.operations.deploy.recheck import Permit, Recheck, permit_of
from bot.operations.deploy.tell import Tell
from bot.operations.deploy.write import Write
from bot.operations.emergency.flow import AroundFlow
from bot.operations.emergency.steps import Steps as AroundSteps
from bot.operations.engine import Engine, Workflow
from bot.operations.outcome import Next, Outcome

log = structlog.get_logger(__name__)

FLOWS = frozenset({1, 2})
"""1: the card first, then the check, and the commit without a second look. What an older Shipmate
received goes on so. 2: nothing is posted for people without a right, plans wait for approval, and
right before each try to commit everything is judged once more."""

JUDGED_TWICE = 2
"""The first flow that judges again before the commit."""

Work = Callable[[int, Mapping[str, Any]], Outcome | Awaitable[Outcome]]
"""A step that may come again: told how often it failed in a row and what it carried over."""


def acting_workflow(operation: Operation) -> str:
    """Return the id of the innermost child, which commits and follows once all targets are held."""
    return _child(operation.id, len(operation.request.services) - 1)


def _child(operation: str, index: int) -> str:
    return f"{operation}.hold.{index}"


PERMITTED = Permit()
"""What flow 1 commits with: its check was its only judge."""


@dataclass(frozen=True, slots=True)
class Steps:
    """The steps of a deploy, by phase."""

    check: Check
    approve: Approve
    recheck: Recheck
    write: Write
    propose: Propose
    merge: Merge
    follow: Follow
    tell: Tell
    around: AroundSteps


class DeployFlow:
    """The parent ``deploy``, and its queued children ``hold``: one for each target, nested."""

    def __init__(self, engine: Engine, steps: Steps) -> None:
        self._engine, self._steps = engine, steps
        self._around = AroundFlow(engine, steps.around)
        for kind in Kind:
            engine.register(kind.value, self._known(self.deploy))
        engine.register("hold", self._known(self.hold))
        engine.register("announce", self._known(self.announce))

    def _known(self, workflow: Workflow) -> Workflow:
        """Return *workflow* for the flows of ``FLOWS``; one of a newer Shipmate is left to that.

        Whatever it logs and calls names its operation.
        """

        async def run(operation: str, flow: int, *args: Any) -> None:
            with about(operation):
                if flow not in FLOWS:
                    log.warning("left for a newer Shipmate", operation=operation, flow=flow)
                    await self._engine.leave()
                await workflow(operation, flow, *args)

        return run

    async def deploy(self, operation: str, flow: int) -> None:
        """Take a received operation to its end."""
        if flow < JUDGED_TWICE:
            await self._announce_soon(operation, flow)
        try:
            checked = await self._checked(operation, flow)
            if checked.next is Next.GO and await self._approved(operation, checked):
                targets: list[str] = checked.carry["targets"]
                await self._hold(operation, flow, targets, 0, checked.carry)
        except Exception as fault:  # the outermost edge: no operation ends silently
            log.exception("the workflow failed", operation=operation)
            broken = partial(self._steps.tell.broken, operation, type(fault).__name__)
            await self._engine.step("broken", broken)
        await self._repeat("tell", partial(_tell, self._steps.tell, operation))

    async def hold(
        self, operation: str, flow: int, targets: list[str], index: int, carry: dict[str, Any]
    ) -> None:
        """Hold one target's partition, then the next one's; act while all are held.

        Every operation takes its targets in the order of their names, so no two wait for each
        other.
        """
        if index + 1 < len(targets):
            await self._hold(operation, flow, targets, index + 1, carry)
        else:
            await self._act(operation, flow, carry)

    async def _checked(self, operation: str, flow: int) -> Outcome:
        """Check; the card is posted as soon as it is known that the requester may ask at all."""
        announced = flow < JUDGED_TWICE
        failures = 0
        while True:
            work = partial(_check, self._steps.check, operation)
            checked = await self._engine.step("check", work, failures, {})
            if not announced and not checked.carry.get("quiet"):
                await self._announce_soon(operation, flow)
                announced = True
            if checked.next is not Next.AGAIN:
                return checked
            failures += 1
            await self._engine.rest(next_try(failures, checked.asked))

    async def _approved(self, operation: str, checked: Outcome) -> bool:
        """Wait until people have decided; tell whether it may go on."""
        if not checked.carry.get("awaits"):
            return True
        while True:
            waited = await self._engine.step("wait", self._steps.approve.wait, operation)
            if waited.next is not Next.AGAIN:
                return waited.next is Next.GO
            await self._engine.rest(timedelta(seconds=waited.carry["rest"]))

    async def _announce_soon(self, operation: str, flow: int) -> None:
        await self._engine.spawn("announce", f"{operation}.announce", operation, flow)

    async def announce(self, operation: str, flow: int) -> None:  # noqa: ARG002  # later flows use it
        """Post the operation's first card, however long Slack is away."""
        await self._repeat("announce", partial(_announce, self._steps.tell, operation))

    async def _hold(
        self, operation: str, flow: int, targets: list[str], index: int, carry: dict[str, Any]
    ) -> None:
        arguments = (operation, flow, targets, index, carry)
        await self._engine.take_turn(targets[index], "hold", _child(operation, index), *arguments)

    async def _act(self, operation: str, flow: int, carry: dict[str, Any]) -> None:
        if carry.get("by_argocd"):
            await self._act_around(operation)
            return
        if flow < JUDGED_TWICE:
            begun = await self._engine.step("begin", self._steps.write.begin, operation)
            if begun.next is Next.OVER:
                return
            written = await self._repeat("write", partial(_write, self._steps.write, operation))
        else:
            written = await self._write_as_permitted(operation)
        state = {"degraded": carry["degraded"]}
        while written.next is not Next.OVER:
            looked = await self._engine.step("look", self._steps.follow.look, operation, state)
            if looked.next is Next.OVER:
                return
            state = {**state, **looked.carry}

    async def _act_around(self, operation: str) -> None:
        """Roll back by Argo CD, once everything is judged by the facts of that moment."""
        recheck = partial(_recheck, self._steps.recheck, operation, False)  # noqa: FBT003
        judged = await self._repeat("recheck", recheck)
        if judged.next is not Next.OVER:
            requester = permit_of(judged.carry).requester
            assert requester is not None, "the rules pass nobody without an account"
            await self._around.act(operation, requester)

    async def _write_as_permitted(self, operation: str) -> Outcome:
        """Commit; right before each try everything is judged by the facts of that moment."""
        failures = 0
        carry: Mapping[str, Any] = {}
        way = Way.COMMIT
        while True:
            unsure = bool(carry.get("unsure"))
            recheck = partial(_recheck, self._steps.recheck, operation, unsure)
            judged = await self._repeat("recheck", recheck)
            if judged.next is Next.OVER:
                return judged
            permit = permit_of(judged.carry)
            if failures == 0:
                begin = partial(self._steps.write.begin, operation, bound=permit.bound)
                begun = await self._engine.step("begin", begin)
                if begun.next is Next.OVER:
                    return begun
                way = permit.way
            if way is Way.COMMIT:
                write = partial(_write, self._steps.write, operation, permit=permit)
                written = await self._engine.step("write", write, failures, carry)
            else:
                propose = partial(_propose, self._steps.propose, operation, permit)
                written = await self._engine.step("propose", propose, failures, carry)
                if written.next is Next.GO:
                    return await self._merged(operation, permit)
            if written.next is not Next.AGAIN:
                return written
            failures += 1
            carry = {**carry, **written.carry}
            await self._engine.rest(next_try(failures, written.asked))

    async def _merged(self, operation: str, permit: Permit) -> Outcome:
        """Wait until the pull request is merged, or merge it; right before, judge once more."""
        failures = 0
        while True:
            look = partial(_look, self._steps.merge.look, operation, permit)
            seen = await self._engine.step("pull", look, failures, {})
            if seen.carry.get(READY):
                recheck = partial(_recheck, self._steps.recheck, operation, True)  # noqa: FBT003
                judged = await self._repeat("recheck", recheck)
                if judged.next is Next.OVER:
                    return judged
                permit = permit_of(judged.carry)
                merge = partial(_look, self._steps.merge.merge, operation, permit)
                seen = await self._engine.step("merge", merge, failures, {})
            if seen.next is not Next.AGAIN:
                return seen
            failures = failures + 1 if seen.carry.get("failed") else 0
            await self._engine.rest(timedelta(seconds=seen.carry["rest"]))

    async def _repeat(self, name: str, work: Work) -> Outcome:
        """Run the step again while it says so, with growing pauses that a message cuts short."""
        carry: Mapping[str, Any] = {}
        failures = 0
        while True:
            outcome = await self._engine.step(name, work, failures, carry)
            if outcome.next is not Next.AGAIN:
                return outcome
            failures += 1
            carry = {**carry, **outcome.carry}
            await self._engine.rest(next_try(failures, outcome.asked))


# The steps as the loop calls them; each names what it takes from the carried state.


def _check(
    check: Check, operation: str, failures: int, _carry: Mapping[str, Any]
) -> Awaitable[Outcome]:
    return check.check(operation, failures)


def _recheck(
    recheck: Recheck,
    operation: str,
    unsure: bool,  # noqa: FBT001
    failures: int,
    carry: Mapping[str, Any],
) -> Awaitable[Outcome]:
    return recheck.recheck(operation, failures, carry.get("since"), unsure=unsure)


def _write(
    write: Write,
    operation: str,
    failures: int,
    carry: Mapping[str, Any],
    permit: Permit = PERMITTED,
) -> Awaitable[Outcome]:
    return write.write(operation, failures, permit, unsure=bool(carry.get("unsure")))


def _propose(
    propose: Propose, operation: str, permit: Permit, failures: int, carry: Mapping[str, Any]
) -> Awaitable[Outcome]:
    return propose.propose(operation, failures, permit, unsure=bool(carry.get("unsure")))


def _look(
    look: Callable[[str, int, Permit], Awaitable[Outcome]],
    operation: str,
    permit: Permit,
    failures: int,
    _carry: Mapping[str, Any],
) -> Awaitable[Outcome]:
    return look(operation, failures, permit)


def _announce(tell: Tell, operation: str, _failures: int, _carry: Mapping[str, Any]) -> Outcome:
    return tell.announce(operation)


def _tell(tell: Tell, operation: str, failures: int, _carry: Mapping[str, Any]) -> Outcome:
    return tell.tell(operation, failures)
