"""Words typed in a shell, read by the grammar of Slack."""

from collections.abc import Sequence

from bot.domain.commands import Command, Misread, parse
from bot.domain.words import escaped
from bot.messages.misread import misread
from bot.terminal.ends import End, Ended
from bot.terminal.ground import Ground


def read(on: Ground, verb: str, words: Sequence[str]) -> Command:
    """Return the command that *verb* and *words* are.

    Raises:
        Ended: it was misread; with lines that would do.
    """
    command = parse("ship", escaped(" ".join((verb, *words))), on.config.catalog)
    if isinstance(command, Misread):
        raise misread_as(command)
    return command


def misread_as(wrong: Misread) -> Ended:
    """Return the end of a command that was misread."""
    return Ended(End.USAGE, "misread", misread(wrong))
