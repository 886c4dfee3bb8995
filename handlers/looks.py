"""The words that only look: how a rollout stands, what happened, what lies between."""

from collections.abc import Callable
from typing import assert_never

import structlog

from bot.domain.commands import Diff, Drift, History, Rollout
from bot.domain.errors import Unavailable
from bot.domain.message import Message
from bot.domain.problems import Problem
from bot.messages import differences, history, replies
from bot.messages import rollout as rollouts
from bot.messages.cards import Links
from bot.operations.looking.differing import Differing
from bot.operations.looking.looking_back import LookingBack
from bot.operations.rollouts import RolloutDesk
from handlers.drift import Drifts

log = structlog.get_logger(__name__)


class Looks:
    """Answers whoever looks; nobody needs a right to it, and nobody else sees the answer."""

    def __init__(
        self,
        rollouts: RolloutDesk,
        back: LookingBack,
        differing: Differing,
        drifts: Drifts,
        links: Links,
    ) -> None:
        self._rollouts, self._back, self._differing = rollouts, back, differing
        self._drifts, self._links = drifts, links

    def hear(
        self, command: Rollout | History | Diff | Drift, user: str
    ) -> tuple[Message, Callable[[], Message]]:
        """Return what is said to *user* at once, and the work whose message follows."""
        match command:
            case Rollout():
                first = rollouts.looking(command.service, command.environment)
                return first, lambda: _or_later(lambda: self._rollout(command))
            case History():
                first = history.looking(command.service, command.environment)
                return first, lambda: _or_later(lambda: self._history(command, user))
            case Diff():
                sides = (command.environments, command.versions)
                first = differences.looking(command.service, *sides)
                return first, lambda: _or_later(lambda: self._diff(command))
            case Drift():
                first, later = self._drifts.hear(command)
                return first, lambda: _or_later(later)
            case _:
                assert_never(command)

    def _rollout(self, command: Rollout) -> Message:
        shown = self._rollouts.show(command.service, command.environment)
        if isinstance(shown, Problem):
            return replies.refused(shown)
        where = (command.service, command.environment)
        return rollouts.rollout_card(*where, shown.rollouts, shown.url)

    def _history(self, command: History, user: str) -> Message:
        return history.history(self._back.newest(command, user))

    def _diff(self, command: Diff) -> Message:
        found = self._differing.between(command.service, command.environments, command.versions)
        if isinstance(found, Problem):
            return replies.refused(found, self._differing.meant(command, found))
        return differences.difference(found, self._links)


def _or_later(work: Callable[[], Message]) -> Message:
    try:
        return work()
    except Unavailable as away:
        log.warning("nothing to show", error=str(away))
        return replies.try_again()
