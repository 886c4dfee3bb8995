"""What is not well with a login or a clock, before it stops the work. Pure."""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.domain.doctor import ENDS_SOON

DAILY = 7
"""Days before its end from which a token is told of every day; before that once."""

CREDIBLE = timedelta(minutes=1)
"""A login that is refused for less is being changed just now."""


@dataclass(frozen=True, slots=True)
class Ends:
    """The token in *variable* for *system* ends at *at*, or has."""

    system: str
    variable: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Refused:
    """*system* has not taken what stands in *variable* *since* then, for the reason *why*."""

    system: str
    variable: str
    why: str
    since: datetime


@dataclass(frozen=True, slots=True)
class ClockOff:
    """Our clock is ahead of that of *system* *by* so much; behind it where that is negative."""

    system: str
    by: timedelta


Ailment = Ends | Refused | ClockOff


def ends_soon(ends: Ends, now: datetime) -> bool:
    """Tell whether it is worth telling of at *now*."""
    return ends.at - now <= ENDS_SOON


def name_of(ailment: Ailment, now: datetime) -> str | None:
    """Return what *ailment* is called at *now*, and told of once; None: not to be told of yet.

    It has another name every day; a token that ends has one for all days but the last ``DAILY``.
    """
    day = f"{now:%Y-%m-%d}"
    match ailment:
        case Refused(system=system, since=since):
            return None if now - since < CREDIBLE else f"login-refused:{system}:{day}"
        case ClockOff(system=system):
            return f"clock-off:{system}:{day}"
        case Ends(system=system, at=at):
            left = math.ceil((at - now) / timedelta(days=1))
            if left <= 0:
                return f"login-ended:{system}:{day}"
            stage = left if left <= DAILY else "soon"
            return f"login-ends:{system}:{at:%Y%m%dT%H%M%S}:{stage}"
