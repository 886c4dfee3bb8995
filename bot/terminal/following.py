"""Follows an operation of the running bot to its end, by its row in the database."""

import threading
from dataclasses import dataclass
from datetime import timedelta

from bot.domain.errors import Unavailable
from bot.domain.operations import Operation, Phase
from bot.messages.terminal import RETRYING, SILENT, headline, news, still
from bot.terminal.ends import End, Ended
from bot.terminal.ground import Ground

LOOK = 0.5
"""Seconds on the wall between two looks; each is one small query."""

SILENCE = timedelta(seconds=20)
"""After so long on the wall without a beginning, no bot seems to be running."""

AWAY = timedelta(seconds=60)
"""How long the database may be away until the terminal gives up; the operation goes on."""


@dataclass(slots=True)
class Watch:
    """What has been shown so far. Times are seconds on the wall."""

    shown: Operation | None = None
    waited: float = 0.0
    away: float = 0.0
    told_silence: bool = False


def follow(on: Ground, operation_id: str, patience: timedelta | None) -> End:
    """Show what becomes of the operation until it ends, at most for *patience*; None: for ever."""
    watch, pause = Watch(), threading.Event()
    with on.out.watching():
        while True:
            operation = _look(on, operation_id, watch)
            if operation is not None:
                _show(on, operation, watch)
                if operation.phase.ended:
                    return End.DONE if operation.phase is Phase.LIVE else End.REFUSED
            if patience is not None and watch.waited >= patience.total_seconds():
                break
            pause.wait(LOOK)
            watch.waited += LOOK
    if watch.shown is not None:
        on.out.show("still_under_way", watch.shown, still(watch.shown))
    return End.UNDER_WAY


def _look(on: Ground, operation_id: str, watch: Watch) -> Operation | None:
    """Return the operation; None while the database is away.

    Raises:
        Unavailable: it was away too long.
        Ended: there is no such operation.
    """
    try:
        operation = on.store.operation(operation_id)
    except Unavailable:
        if watch.away == 0.0:
            on.out.say("away", RETRYING)
        watch.away += LOOK
        if watch.away > AWAY.total_seconds():
            raise
        return None
    watch.away = 0.0
    if operation is None:
        said = f"There is no operation {operation_id}."
        raise Ended(End.USAGE, "unknown_operation", said)
    return operation


def _show(on: Ground, operation: Operation, watch: Watch) -> None:
    if operation != watch.shown:
        lines = tuple(news(watch.shown, operation))
        on.out.show("ended" if operation.phase.ended else "moved", operation, lines)
        watch.shown = operation
    quiet = operation.phase is Phase.RECEIVED and watch.waited > SILENCE.total_seconds()
    if quiet and not watch.told_silence:
        on.out.say("no_bot", SILENT)
        watch.told_silence = True
    on.out.wait_for(headline(operation))
