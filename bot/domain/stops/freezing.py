"""What comes of stopping an environment, or of letting it go on."""

from dataclasses import dataclass

from bot.domain.stops.freezes import AdHocFreeze, Frozen
from bot.domain.stops.locking import Refused
from bot.domain.stops.until import BadEnd


@dataclass(frozen=True, slots=True)
class Stopped:
    """The environment stands still by *freeze*; *beside* are freezes that did so already."""

    freeze: AdHocFreeze
    beside: tuple[AdHocFreeze, ...] = ()


@dataclass(frozen=True, slots=True)
class Lifted:
    """The freezes *lifted* in *environment* are no more; empty where people had frozen nothing.

    *still* is what the calendar freezes there, which nobody lifts by a command; None: nothing.
    *newer* are freezes by people that began after this was asked for, and go on.
    """

    environment: str
    lifted: tuple[AdHocFreeze, ...]
    still: Frozen | None = None
    newer: tuple[AdHocFreeze, ...] = ()


FreezeAnswer = Stopped | BadEnd | Refused
UnfreezeAnswer = Lifted | Refused
