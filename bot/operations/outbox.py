"""The outbox: messages about what was done, each said once, however long Slack is away.

A letter is written in the transaction of the deed it tells of, so neither is there without the
other. Every replica empties the box; who takes a letter has it for ``HELD``. If a sender dies on
the way, the next one looks for the message in Slack before saying it again.
"""

import threading
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
import structlog

from bot.adapters.slack import Slack
from bot.clock import Clock
from bot.domain.errors import BotError, Garbled, Unauthorized, Unavailable
from bot.domain.message import Message
from bot.domain.patience import next_try
from bot.operations.books.rows import insert_or_leave
from bot.operations.database import Database
from bot.operations.tables import outbox

log = structlog.get_logger(__name__)

HELD = timedelta(minutes=2)
"""How long a sender may take over one letter: some calls to Slack, each with its own limit."""

NEWS = timedelta(days=1)
"""What could not be said for so long is no news any more."""

KEPT = timedelta(days=7)
"""How long a settled letter keeps a repeated one out."""

AT_ONCE = 100
"""The most letters looked at in one round; the next round is seconds away."""


@dataclass(frozen=True, slots=True)
class ToChannel:
    """Said for all to see in the Slack *channel*."""

    channel: str


@dataclass(frozen=True, slots=True)
class ToPerson:
    """Said to the Slack *user* in private."""

    user: str


@dataclass(frozen=True, slots=True)
class Letter:
    """A *message* and whom it is for. *key* is its own name: of two alike one is said."""

    key: str
    to: ToChannel | ToPerson
    message: Message


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A letter that nobody has sent yet, with the *tries* already made."""

    id: int
    letter: Letter
    at: datetime
    tries: int
    not_before: datetime


def put(connection: sa.Connection, letters: Iterable[Letter], at: datetime) -> None:
    """Write *letters* in the transaction of what they tell of; known keys are left alone."""
    for letter in letters:
        in_person = isinstance(letter.to, ToPerson)
        values = {
            "key": letter.key,
            "receiver": letter.to.user if isinstance(letter.to, ToPerson) else letter.to.channel,
            "in_person": in_person,
            "text": letter.message.text,
            "blocks": [dict(block) for block in letter.message.blocks],
            "at": at,
            "tries": 0,
            "not_before": at,
        }
        connection.execute(insert_or_leave(connection, outbox), values)


class Outbox:
    """Empties the box into Slack. One for the process; ``send`` is for its tick."""

    def __init__(self, database: Database, slack: Slack, clock: Clock) -> None:
        self._database, self._slack, self._clock = database, slack, clock
        self._closing = threading.Event()

    def close(self) -> None:
        """Begin no further letter; the next start says it."""
        self._closing.set()

    def send(self) -> None:
        """Say what is due, oldest first, until Slack does not answer.

        What one receiver is told stays in order: behind a letter that waits, the later ones wait.

        Raises:
            Unavailable: our own database is away.
        """
        stuck: set[ToChannel | ToPerson] = set()
        for one in self._unsettled():
            if self._closing.is_set():
                return
            due = one.not_before <= self._clock.now() and one.letter.to not in stuck
            if not due or not self._take(one):
                stuck.add(one.letter.to)
            elif not self._say(one):
                return  # the rest may be heard in the next round

    def sweep(self) -> None:
        """Forget what was settled long ago.

        Raises:
            Unavailable: our own database is away.
        """
        old = outbox.c.settled_at < self._clock.now() - KEPT
        with self._database.write() as connection:
            connection.execute(sa.delete(outbox).where(old))

    def _unsettled(self) -> list[_Waiting]:
        query = sa.select(outbox).where(outbox.c.settled_at.is_(None)).order_by(outbox.c.id)
        with self._database.read() as connection:
            return [_waiting(row) for row in connection.execute(query.limit(AT_ONCE))]

    def _take(self, one: _Waiting) -> bool:
        """Take the letter for ourselves; False where another sender was quicker."""
        statement = sa.update(outbox).where(
            outbox.c.id == one.id, outbox.c.tries == one.tries, outbox.c.settled_at.is_(None)
        )
        held = {"tries": one.tries + 1, "not_before": self._clock.now() + self._held}
        with self._database.write() as connection:
            return connection.execute(statement.values(held)).rowcount == 1

    @property
    def _held(self) -> timedelta:
        # Calls take their time on the wall, however fast the clock runs in a rehearsal.
        return HELD * self._clock.speed

    def _say(self, one: _Waiting) -> bool:
        """Say it; return whether it is settled: said, or never to be said."""
        now = self._clock.now()
        if now - one.at > NEWS:
            log.warning("given up: it is no news any more", letter=one.letter.key)
            return self._settle(one)
        try:
            _deliver(self._slack, one)
        except (Unavailable, Garbled, Unauthorized) as away:
            log.warning("a letter waits for Slack", letter=one.letter.key, error=str(away))
            asked = away.retry_after if isinstance(away, Unavailable) else None
            return self._put_off(one, next_try(one.tries + 1, asked))
        except BotError as refused:
            log.warning("Slack takes no such letter", letter=one.letter.key, error=str(refused))
        return self._settle(one)

    def _settle(self, one: _Waiting) -> bool:
        self._change(one, {"settled_at": self._clock.now()})
        return True

    def _put_off(self, one: _Waiting, pause: timedelta) -> bool:
        self._change(one, {"not_before": self._clock.now() + pause})
        return False

    def _change(self, one: _Waiting, values: dict[str, Any]) -> None:
        # Whoever has taken it after us decides now.
        ours = (outbox.c.id == one.id, outbox.c.tries == one.tries + 1)
        with self._database.write() as connection:
            connection.execute(sa.update(outbox).where(*ours).values(values))


def _deliver(slack: Slack, one: _Waiting) -> None:
    """Say it; what was tried before is looked for first, for it may stand there."""
    letter, again = one.letter, one.tries > 0
    match letter.to:
        case ToPerson(user):
            since = one.at if again else None
            slack.direct(user, letter.message, key=letter.key, since=since)
        case ToChannel(channel):
            if again and slack.find(channel, letter.key, one.at):
                return
            slack.post(channel, letter.message, key=letter.key)


def _waiting(row: Any) -> _Waiting:
    to = ToPerson(row.receiver) if row.in_person else ToChannel(row.receiver)
    letter = Letter(row.key, to, Message(row.text, tuple(row.blocks)))
    return _Waiting(row.id, letter, row.at, row.tries, row.not_before)
