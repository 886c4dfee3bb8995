"""What is told of which application, and where: the configuration, resolved for one of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from fnmatch import fnmatchcase

from bot.domain.applications.events import What
from bot.domain.applications.story import Subject

_TROUBLE = frozenset({What.DEGRADED, What.SYNC_FAILED})


@dataclass(frozen=True, slots=True)
class Telling:
    """What is told of an application: which *events*, in which *channel*.

    It must be Degraded for *quiet* first.
    """

    channel: str
    quiet: timedelta
    events: frozenset[What]

    def wants(self, what: What) -> bool:
        """Tell whether *what* is told. A recovery is, where its trouble would be."""
        if what is What.RECOVERED:
            return bool(self.events & _TROUBLE)
        return what in self.events


@dataclass(frozen=True, slots=True)
class Wish:
    """What one part of the configuration says: None where it leaves it to the part before."""

    channel: str | None = None
    quiet: timedelta | None = None
    events: Mapping[What, bool] | None = None


QUIET = timedelta(minutes=2)
"""How long Degraded lasts before it is told, where nobody says otherwise."""

DEFAULTS: Mapping[What, bool] = {
    What.SYNC_SUCCEEDED: False,
    What.SYNC_FAILED: True,
    What.DEGRADED: True,
    What.AUTO_SYNC_CHANGED: True,
}
"""What is told by itself; a person's sync only in production, where it is no routine."""


@dataclass(frozen=True, slots=True)
class Tellings:
    """All that is configured: for everything, by environment, by pattern of application names.

    Later parts say more: a pattern counts more than an environment, a later pattern more than an
    earlier one.
    """

    channel: str
    everywhere: Wish = Wish()
    environments: Mapping[str, Wish] | None = None
    apps: Sequence[tuple[str, Wish]] = ()

    def of(self, subject: Subject) -> Telling:
        """Return what is told of *subject*."""
        own = (self.environments or {}).get(subject.environment, Wish())
        fitting = [wish for glob, wish in self.apps if fnmatchcase(subject.application, glob)]
        channel, quiet = self.channel, QUIET
        events = {**DEFAULTS, What.MANUAL_SYNC: subject.production}
        for wish in (self.everywhere, own, *fitting):
            channel, quiet = wish.channel or channel, wish.quiet or quiet
            events |= wish.events or {}
        return Telling(channel, quiet, frozenset(what for what, told in events.items() if told))
