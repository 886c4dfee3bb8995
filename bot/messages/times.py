"""How long, in words."""

from datetime import timedelta

STEP = 5
MINUTE = 60


def elapsed(span: timedelta) -> str:
    """Return *span* coarsely: steps of 5 seconds under a minute, then whole minutes.

    What still runs is shown this way, so that a card does not change every second.
    """
    seconds = max(0, int(span.total_seconds()))
    if seconds < STEP:
        return "a moment"
    if seconds < MINUTE:
        return f"{seconds - seconds % STEP} s"
    return _long(seconds // MINUTE)


def lasted(span: timedelta) -> str:
    """Return *span* to the second under an hour: for what is over and no longer changes."""
    minutes, seconds = divmod(max(0, int(span.total_seconds())), MINUTE)
    if minutes >= MINUTE:
        return _long(minutes)
    return f"{minutes} min {seconds} s" if minutes else f"{seconds} s"


def _long(minutes: int) -> str:
    hours, rest = divmod(minutes, MINUTE)
    return f"{hours} h {rest} min" if hours else f"{minutes} min"
