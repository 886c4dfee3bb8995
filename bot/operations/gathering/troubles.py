"""What a failure of the outside means for an operation, as a problem that has words."""

from bot.domain.errors import BotError, Forbidden, Garbled, Rejected, Unauthorized
from bot.domain.problems import Problem, Reason


def problem_of(error: BotError, again: str = "") -> Problem:
    """Return what the world's failure means for an operation."""
    facts = {"system": error.system, "doing": error.doing, "detail": error.detail}
    if again:
        facts["again"] = again
    return Problem(reason_of(error), facts)


def reason_of(error: BotError) -> Reason:
    """Return the reason code of *error*."""
    match error:
        case Unauthorized():
            return Reason.TOKEN_REFUSED
        case Forbidden():
            return Reason.NO_RIGHT
        case Rejected():
            return Reason.REJECTED
        case Garbled():
            return Reason.GARBLED
        case _:
            return Reason.UNAVAILABLE
