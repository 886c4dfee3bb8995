"""An answer that could not be had. It is a value, so that no rule can take it for a yes."""

from dataclasses import dataclass
from datetime import timedelta

from bot.domain.errors import BotError, Garbled, Unavailable


@dataclass(frozen=True, slots=True)
class Silence:
    """Who did not answer, or not so that it can be read, and may be asked again.

    The words are those of ``BotError``. *retry_after* is how long we were asked to stay away.
    """

    system: str
    doing: str
    detail: str = ""
    retry_after: timedelta | None = None
    garbled: bool = False

    @property
    def error(self) -> Unavailable | Garbled:
        """Return it as the error it was."""
        if self.garbled:
            return Garbled(self.system, self.doing, self.detail)
        return Unavailable(self.system, self.doing, self.detail, self.retry_after)


@dataclass(frozen=True, slots=True)
class Unknown:
    """Nobody could tell. *why* is plain, unescaped text (``GitHub gave no answer``).

    *silence* None says that asking again would change nothing.
    """

    why: str
    silence: Silence | None = None


def silence(error: BotError) -> Silence | None:
    """Return whom to ask again after *error*; None: the same call will fail again."""
    match error:
        case Unavailable():
            return Silence(error.system, error.doing, error.detail, error.retry_after)
        case Garbled():
            return Silence(error.system, error.doing, error.detail, garbled=True)
        case _:
            return None


def unknown(error: BotError) -> Unknown:
    """Return that *error* left something unknown."""
    return Unknown(str(error), silence(error))
