"""Holds: a version that was rolled back, or a whole target, does not move by itself."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bot.domain.facts import Hold
from bot.domain.rollback.going_back import GitValue, names
from bot.domain.stops.locking import Refused

WHOLE = "*"
"""Stands for every tag: the whole target is held."""


@dataclass(frozen=True, slots=True)
class Held:
    """*hold* stands on *target* (``core/prod``); *number* is its own in our book."""

    number: int
    target: str
    hold: Hold


@dataclass(frozen=True, slots=True)
class Kept:
    """What was asked for is held by *held*; not *new* where it was held before."""

    held: Held
    new: bool = True


@dataclass(frozen=True, slots=True)
class Released:
    """The *holds* are no more; *still* are those that stand on the same targets all the same."""

    holds: tuple[Held, ...]
    still: tuple[Held, ...] = ()


@dataclass(frozen=True, slots=True)
class NothingHeld:
    """There was no such hold on *targets*; *others* stand in their environment.

    *tag* is None where any would have done.
    """

    targets: tuple[str, ...]
    tag: str | None
    others: tuple[Held, ...] = ()


HoldAnswer = tuple[Kept, ...] | Refused
ReleaseAnswer = Released | NothingHeld | Refused


def of_target(holds: Iterable[Held], target: str) -> tuple[Hold, ...]:
    """Return those of *holds* that stand on *target* (``core/prod``)."""
    return tuple(one.hold for one in holds if one.target == target)


def came_back(
    hold: Hold, history: Sequence[GitValue], rolled_back_by: str | None
) -> GitValue | None:
    """Return what brought the held tag back into Git; None: nothing did.

    *history* is that of the value, newest first; its first is what stands there now.
    *rolled_back_by* is the commit that took the tag away. Where that is not among them, or none
    did, the dates decide: what stood there when the hold began did not come back.
    """
    if not history or history[0].tag is None or not names(hold.tag, history[0].tag):
        return None
    bringer = history[0]
    undone = {one.commit for one in history[1:]}
    begun = hold.since.replace(microsecond=0)  # Git knows whole seconds only
    return bringer if rolled_back_by in undone or bringer.at >= begun else None
