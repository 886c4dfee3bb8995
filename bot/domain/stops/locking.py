"""What comes of asking for a lock, or for its end."""

from dataclasses import dataclass

from bot.domain.commands import nouns
from bot.domain.problems import Problem
from bot.domain.stops.locks import Lock
from bot.domain.stops.until import BadEnd


@dataclass(frozen=True, slots=True)
class Refused:
    """Nothing was changed, because of the *problem*."""

    problem: Problem


@dataclass(frozen=True, slots=True)
class Locked:
    """The *locks* are the asker's now, those of others in *former* ended for it.

    *beside* are locks of others that stand on the same services all the same: one on everything
    beside one on a service. Each lock names one target.
    """

    locks: tuple[Lock, ...]
    former: tuple[Lock, ...] = ()
    beside: tuple[Lock, ...] = ()


@dataclass(frozen=True, slots=True)
class HeldByOthers:
    """Nothing was changed: others hold these *locks* of those *asked* for."""

    locks: tuple[Lock, ...]
    asked: nouns.Lock


@dataclass(frozen=True, slots=True)
class Unlocked:
    """The *locks* are no more; some may have been another's than the asker's."""

    locks: tuple[Lock, ...]


@dataclass(frozen=True, slots=True)
class NothingLocked:
    """There was no lock on what was *asked*; *others* stand in its environment."""

    asked: nouns.Unlock
    others: tuple[Lock, ...] = ()


LockAnswer = Locked | HeldByOthers | BadEnd | Refused
UnlockAnswer = Unlocked | NothingLocked | Refused
