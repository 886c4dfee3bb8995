"""What locks and freezes have in common: they may end by themselves, and never go without why."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from bot.domain.commands.ends import Ending
from bot.domain.commands.nouns import Misread, MisreadReason, Until
from bot.domain.commands.overriding import unfilled
from bot.domain.commands.said import REASON, Said, misread

EXAMPLE = "for 2h"


@dataclass(frozen=True, slots=True)
class Stop:
    """Until when something stands still, None for no end, and why."""

    until: Until | None
    reason: str


def because(said: Said) -> str:
    """Return the end of a corrected line: the reason, or a place for it."""
    return f"because {said.reason or REASON}"


def is_rather_a_reason(said: Said, ending: Ending, found: object) -> bool:
    """Tell whether ``for login`` in ``hotfix for login`` is no end, but why; *found* is the rest.

    It is where no reason was given, and other words have no place either.
    """
    strange = isinstance(found, Misread) and found.reason is MisreadReason.TOO_MANY_WORDS
    return strange and isinstance(ending.means, Misread) and not said.reason


def read_stop(said: Said, ending: Ending, line: Callable[[str], str]) -> Stop | Misread:
    """Return until when and why, or how it was misread; *line* is the whole line with an end."""
    if isinstance(ending.means, Misread):
        return replace(ending.means, corrections=(line(EXAMPLE), line("")))
    if not said.reason:
        return misread(MisreadReason.MISSING_REASON, [line(ending.said)], verb=said.verb)
    return unfilled(said.reason) or Stop(ending.means, said.reason)
