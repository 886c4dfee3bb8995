"""The grammar of ``freeze`` and ``unfreeze``."""

from dataclasses import replace

from bot.domain.commands.ends import end_apart
from bot.domain.commands.nouns import Freeze, Misread, Unfreeze
from bot.domain.commands.places import read_environment
from bot.domain.commands.said import Said
from bot.domain.commands.stopping import because, is_rather_a_reason, read_stop


def read_freeze(said: Said) -> Freeze | Misread:
    """Return what to freeze, or how it was misread."""
    ending = end_apart(said.words, said.is_name)
    here = replace(said, words=ending.left)

    def rest(end: str) -> str:
        return " ".join((*((end,) if end else ()), because(said)))

    environment = read_environment(here, rest(ending.said))
    if is_rather_a_reason(said, ending, environment):
        environment = read_environment(said, rest(""))
    if isinstance(environment, Misread):
        return environment
    stop = read_stop(here, ending, lambda end: said.line(environment, rest(end)))
    if isinstance(stop, Misread):
        return stop
    return Freeze(environment, stop.until, stop.reason)


def read_unfreeze(said: Said) -> Unfreeze | Misread:
    """Return what to unfreeze, or how it was misread. A reason is heard and not asked for."""
    environment = read_environment(said)
    return environment if isinstance(environment, Misread) else Unfreeze(environment)
