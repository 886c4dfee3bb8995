"""The order of the steps of a rollback by Argo CD, inside the workflow of its operation.

Workflow code: it reads no clock and no store, and its order never changes for a released flow.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from bot.domain.problems import Problem, Reason
from bot.domain.rights import Actor
from bot.operations.emergency.steps import Steps
from bot.operations.engine import Engine
from bot.operations.outcome import Next, Outcome
from bot.operations.sql.codec import dump

Step = Callable[[str, Mapping[str, Any]], Outcome]


class AroundFlow:
    """Runs *steps* one after the other; one that gives up leads to the undoing."""

    def __init__(self, engine: Engine, steps: Steps) -> None:
        self._engine, self._steps = engine, steps

    async def act(self, operation: str, requester: Actor) -> None:
        """Take the operation, whose targets are all held and which may begin, to its end."""
        steps = self._steps
        state: dict[str, Any] = {"requester": dump(Actor, requester)}
        order: tuple[tuple[str, Step], ...] = (
            ("prepare", steps.prepare),
            ("switch_off", steps.switch_off),
            ("stays_off", steps.stays_off),
            ("roll", steps.roll),
            ("follow", steps.follow),
            ("watch", steps.watch),
        )
        for name, step in order:
            outcome = await self._until(name, step, operation, state)
            if outcome.next is Next.OVER:
                if "problem" in outcome.carry:
                    await self._undo(operation, outcome.carry["problem"], state)
                return
        await self._engine.step("settle", steps.settle, operation)

    async def _until(self, name: str, step: Step, operation: str, state: dict[str, Any]) -> Outcome:
        """Run one step until it goes on or is over; what it carries is added to *state*."""
        while True:
            outcome = await self._engine.step(name, step, operation, dict(state))
            state |= outcome.carry
            if outcome.next is not Next.AGAIN:
                return outcome
            await self._engine.rest(timedelta(seconds=outcome.carry["rest"]))

    async def _undo(self, operation: str, why: list[Any], state: dict[str, Any]) -> None:
        problem = Problem(Reason(why[0]), why[1])
        while True:
            undone = await self._engine.step(
                "undo", self._steps.undo, operation, problem, dict(state)
            )
            if undone.next is not Next.AGAIN:
                return
            await self._engine.rest(timedelta(seconds=undone.carry["rest"]))
