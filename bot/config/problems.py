"""What is wrong with a configuration file, and where."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

Path = tuple[str | int, ...]
"""The keys and list indices that lead to a place in the file."""

CHANNEL_HINT = (
    "a channel is told by its id and not by its name: open the channel's details and copy its id, "
    "such as C0123ABCD"
)


def is_channel(path: Path) -> bool:
    """Tell whether a channel stands at *path*."""
    return path[-1:] == ("channel",) or path[-2:-1] == ("channels",)


@dataclass(frozen=True, slots=True)
class ConfigProblem:
    """One mistake: *line* and *column* from 1, *path* dotted (empty for the file as a whole).

    *message* says what is wrong, *hint* what to do; a hint may be empty.
    """

    line: int
    column: int
    path: str
    message: str
    hint: str = ""

    def __str__(self) -> str:
        """Return it on one line, without the file's name."""
        where = f"{self.line}:{self.column}: "
        return where + (f"{self.path}: " if self.path else "") + _sentence(self.message, self.hint)


class ConfigInvalid(Exception):  # noqa: N818  # it names what is true of the file
    """The file *name* cannot be used; *problems* holds every mistake, in the file's order."""

    def __init__(self, name: str, problems: Iterable[ConfigProblem]) -> None:
        self.name = name
        self.problems = tuple(problems)
        super().__init__("\n".join(f"{name}:{problem}" for problem in self.problems))


class Unfit(ValueError):  # noqa: N818  # a value that does not fit its key, with what would
    """A value does not fit; *hint* says what would.

    Where a whole mapping was looked at, *key* is whose value it is about, or empty.
    """

    def __init__(self, message: str, hint: str = "", key: str = "") -> None:
        self.hint, self.key = hint, key
        super().__init__(message)


def unfit(error: ValueError, said: Mapping[str, Iterable[str]]) -> Unfit:
    """Return *error*, which quotes a value, as one about its key; *said* are the values by key."""
    message = str(error)
    places = {
        key: message.find(f"`{value}`") for key, values in said.items() for value in values if value
    }
    quoted = {key: place for key, place in places.items() if place >= 0}
    return Unfit(message, key=min(quoted, key=quoted.__getitem__, default=""))


def dotted(path: Path) -> str:
    """Return *path* as people write it: ``services.core.tag[1]``."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return text.removeprefix(".")


def _sentence(message: str, hint: str) -> str:
    return f"{message}; {hint}" if hint else message
