"""One command from its ground to its exit code; every error ends as one sentence."""

from collections.abc import Callable, Mapping

from bot.clock import Clock
from bot.domain.errors import BotError, Rejected
from bot.messages.terminal import INTERRUPTED
from bot.terminal.ends import End, Ended
from bot.terminal.ground import Ground, ground
from bot.terminal.out import Out

Work = Callable[[Ground], End]


def run(out: Out, work: Work, environment: Mapping[str, str], clock: Clock | None = None) -> End:
    """Do *work*, and return how it ended; whatever went wrong was said."""

    def grounded() -> End:
        on = ground(environment, out, clock or Clock())
        try:
            return work(on)
        finally:
            on.close()

    return ended(out, grounded)


def ended(
    out: Out,
    work: Callable[[], End],
    again: str = "Try again in a moment.",
    interrupted: str = INTERRUPTED,
) -> End:
    """Do *work*, and return how it ended; whatever went wrong was said.

    *again* is the advice where something is away, *interrupted* what is said of Ctrl-C.
    """
    try:
        return work()
    except Ended as early:
        out.say(early.event, early.said)
        return early.end
    except Rejected as refused:
        out.say("refused", str(refused))
        return End.REFUSED
    except BotError as away:
        out.say("away", f"{away}. {again}")
        return End.AWAY
    except KeyboardInterrupt:
        out.say("interrupted", interrupted)
        return End.INTERRUPTED
