"""Who was called when: every call to a world's fakes, in the order in which they were answered."""

import threading
from dataclasses import dataclass
from datetime import datetime
from itertools import takewhile

from bot.clock import Clock
from sandbox.wire import Call
from sandbox.world import World

TELLING = frozenset(
    {"chat.postMessage", "chat.update", "chat.postEphemeral", "response_url", "views.open"}
)
"""What the bot says in Slack: it is for people, and no fact is read by it."""

STREAM = "applications.watch"
"""One for each Argo CD, open all the time."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One call of the bot: *system* was asked for *what* *at* that moment."""

    at: datetime
    system: str
    what: str
    commits: bool = False

    @property
    def tells(self) -> bool:
        """Tell whether it only says something to people."""
        return self.what in TELLING


class Journal:
    """Notes the calls of *world* from now on."""

    def __init__(self, world: World) -> None:
        self._asked: list[Asked] = []
        self._guard = threading.Lock()
        for wire in world.wires:
            wire.calls = _Noted(self, wire.name, world.clock)

    def note(self, asked: Asked) -> None:
        """Write down a call; a stream is none."""
        if asked.what != STREAM:
            with self._guard:
                self._asked.append(asked)

    def after(self, start: datetime) -> list[Asked]:
        """Return the calls after *start*."""
        with self._guard:
            return [one for one in self._asked if one.at > start]

    def until_the_commit(self, start: datetime) -> list[Asked]:
        """Return the calls after *start*, up to the first commit after it and without that."""
        return list(takewhile(lambda one: not one.commits, self.after(start)))


class _Noted(list[Call]):
    """The calls of one fake, each of them noted in the journal."""

    def __init__(self, journal: Journal, system: str, clock: Clock) -> None:
        super().__init__()
        self._journal, self._system, self._clock = journal, system, clock

    def append(self, call: Call) -> None:
        """Keep *call*, and note it."""
        super().append(call)
        writes = b"createCommitOnBranch" in call.body
        self._journal.note(Asked(self._clock.now(), self._system, call.route, writes))
