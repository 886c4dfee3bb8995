"""How a command of the terminal ends: the exit codes, and what ends one early."""

from enum import IntEnum

from bot.domain.message import Message
from bot.domain.problems import Problem, Reason


class End(IntEnum):
    """The exit code of a command. Docs: docs/terminal.md."""

    DONE = 0
    REFUSED = 1  # by the policy or a person, cancelled, or failed
    USAGE = 2  # the words, the environment or shipmate.yaml were wrong
    AWAY = 3  # our database, GitHub or Argo CD does not answer
    UNDER_WAY = 4  # it is written down and has not ended
    INTERRUPTED = 130  # by Ctrl-C; what was asked for goes on


_AWAY = frozenset({Reason.NOT_ANSWERED})


def end_of(problem: Problem) -> End:
    """Return how a command ends that met *problem*: whether to try again, or not."""
    return End.AWAY if problem.reason in _AWAY else End.REFUSED


class Ended(Exception):  # noqa: N818  # it is no error of ours
    """The command ends here as *end*; *event* and *said* are why, in words for people."""

    def __init__(self, end: End, event: str, said: str | Message) -> None:
        self.end, self.event, self.said = end, event, said
        super().__init__(event)
