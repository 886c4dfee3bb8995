"""The outbox: messages about what was done, each said once, however long Slack is away.

A letter is written in the transaction of the deed it tells of, so neither is there without the
other. One replica at a time empties the box; who takes a letter has it for ``HELD``. If a sender
dies on the way, the next one looks for the message in Slack before saying it again.
"""

import threading
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, assert_never

import sqlalchemy as sa
import structlog

from bot.adapters.slack import Posted, Slack
from bot.clock import Clock
from bot.domain.errors import BotError, Garbled, Unauthorized, Unavailable
from bot.domain.message import Message
from bot.domain.patience import next_try
from bot.domain.terminal import account_of
from bot.operations.books.rows import insert_or_leave
from bot.operations.replicas.duty import Duty
from bot.operations.saying.pace import Pace
from bot.operations.sql.database import Database
from bot.operations.sql.tables import notes, outbox

log = structlog.get_logger(__name__)

LETTERS = "slack letters"
"""The duty of whoever sends."""

HELD = timedelta(minutes=2)
"""How long a sender may take over one letter: some calls to Slack, each with its own limit."""

NEWS = timedelta(days=1)
"""What could not be said for so long is no news any more."""

KEPT = timedelta(days=7)
"""How long a settled letter keeps a repeated one out."""

THREAD = "/"
"""Between a channel and the message in it, where a letter goes into a thread."""

AT_ONCE = 100
"""The most letters looked at in one round; the next round is seconds away."""

EACH = 10
"""The most of them for one receiver, so that a flood for one leaves room for the others."""


@dataclass(frozen=True, slots=True)
class ToChannel:
    """Said for all to see in the Slack *channel*."""

    channel: str


@dataclass(frozen=True, slots=True)
class ToPerson:
    """Said to the Slack *user* in private."""

    user: str


@dataclass(frozen=True, slots=True)
class ToThread:
    """Said in the thread of the message *ts* in the Slack *channel*."""

    channel: str
    ts: str


@dataclass(frozen=True, slots=True)
class InThread:
    """Said in the thread of the note *key* that *to* reads, once that note stands in Slack."""

    key: str
    to: ToChannel | ToPerson


@dataclass(frozen=True, slots=True)
class Letter:
    """A *message* and whom it is for. *key* is its own name: of two alike one is said."""

    key: str
    to: ToChannel | ToPerson | ToThread | InThread
    message: Message


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A letter that nobody has sent yet, with the *tries* already made."""

    id: int
    letter: Letter
    at: datetime
    tries: int
    not_before: datetime
    thread: Posted | None = None
    """Where the note stands in whose thread it is said."""

    @property
    def receiver(self) -> str:
        """Return the channel or the person, for the pace."""
        to = self.letter.to.to if isinstance(self.letter.to, InThread) else self.letter.to
        return to.user if isinstance(to, ToPerson) else to.channel


def put(connection: sa.Connection, letters: Iterable[Letter], at: datetime) -> None:
    """Write *letters* in the transaction of what they tell of; known keys are left alone.

    Slack knows nobody who speaks on a terminal: what is for them alone is left out.
    """
    for letter in letters:
        if isinstance(letter.to, ToPerson) and account_of(letter.to.user) is not None:
            continue
        values = {
            **receiver_columns(letter.to.to if isinstance(letter.to, InThread) else letter.to),
            "key": letter.key,
            "thread": letter.to.key if isinstance(letter.to, InThread) else None,
            "text": letter.message.text,
            "blocks": [dict(block) for block in letter.message.blocks],
            "at": at,
            "tries": 0,
            "not_before": at,
        }
        connection.execute(insert_or_leave(connection, outbox), values)


def receiver_columns(to: ToChannel | ToPerson | ToThread) -> dict[str, Any]:
    """Return *to* as the columns ``receiver`` and ``in_person``."""
    match to:
        case ToThread(channel, ts):
            return {"receiver": f"{channel}{THREAD}{ts}", "in_person": False}
        case ToPerson(user):
            return {"receiver": user, "in_person": True}
        case ToChannel(channel):
            return {"receiver": channel, "in_person": False}
        case _:
            assert_never(to)


def _receiver_of(row: Any) -> ToChannel | ToPerson | ToThread:
    channel, _, ts = row.receiver.partition(THREAD)
    return ToThread(channel, ts) if ts else receiver_of(row)


def receiver_of(row: Any) -> ToChannel | ToPerson:
    """Return whom the columns of *row* name."""
    return ToPerson(row.receiver) if row.in_person else ToChannel(row.receiver)


class Outbox:
    """Empties the box into Slack. One for the process; ``send`` is for its tick."""

    def __init__(
        self,
        database: Database,
        slack: Slack,
        clock: Clock,
        pace: Pace | None = None,
        duty: Duty | None = None,
    ) -> None:
        self._database, self._slack, self._clock = database, slack, clock
        self._pace, self._duty = pace or Pace(clock), duty
        self._closing = threading.Event()

    def close(self) -> None:
        """Begin no further letter; the next start says it, or another replica."""
        self._closing.set()
        if self._duty is not None:
            self._duty.leave()

    def send(self) -> None:
        """Say what is due, oldest first, until Slack does not answer.

        What one receiver is told stays in order: behind a letter that waits, the later ones wait.

        Raises:
            Unavailable: our own database is away.
        """
        stuck: set[ToChannel | ToPerson | ToThread | InThread] = set()
        unsettled = self._unsettled()
        if unsettled and self._duty is not None and not self._duty.is_ours():
            return
        for one in unsettled:
            if self._closing.is_set():
                return
            due = one.not_before <= self._clock.now() and one.letter.to not in stuck
            if not due or not self._pace.take_post(one.receiver) or not self._take(one):
                stuck.add(one.letter.to)
            elif not self._named(one):
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
        """Return what is to be said, oldest first; no reply whose note does not stand yet."""
        theirs = (outbox.c.receiver, outbox.c.in_person)
        place = sa.func.row_number().over(partition_by=theirs, order_by=outbox.c.id)
        waiting = (
            sa.select(outbox, notes.c.channel, notes.c.ts, place.label("place"))
            .outerjoin(notes, _ITS_NOTE)
            .where(
                outbox.c.settled_at.is_(None),
                outbox.c.thread.is_(None)
                | notes.c.ts.is_not(None)
                | (outbox.c.at < self._clock.now() - NEWS),
            )
            .subquery()
        )
        query = sa.select(waiting).where(waiting.c.place <= EACH)
        query = query.order_by(waiting.c.id).limit(AT_ONCE)
        with self._database.read() as connection:
            return [_waiting(row) for row in connection.execute(query)]

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

    def _named(self, one: _Waiting) -> bool:
        with structlog.contextvars.bound_contextvars(letter=one.letter.key):
            return self._say(one)

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
            if asked is not None:
                self._pace.close_posts(asked)
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
    letter, since = one.letter, one.at if one.tries > 0 else None
    match letter.to:
        case ToPerson() | ToChannel():
            say(slack, letter.to, letter.message, letter.key, since)
        case ToThread(channel, ts):
            _reply(slack, Posted(channel, ts), letter, since)
        case InThread():
            assert one.thread is not None, "only what has a note is looked at"
            _reply(slack, one.thread, letter, since)
        case _:
            assert_never(letter.to)


def _reply(slack: Slack, root: Posted, letter: Letter, since: datetime | None) -> None:
    if since is None or not slack.find(root.channel, letter.key, since, thread=root.ts):
        slack.post(root.channel, letter.message, key=letter.key, thread=root.ts)


def say(
    slack: Slack, to: ToChannel | ToPerson, message: Message, key: str, since: datetime | None
) -> Posted:
    """Say *message* to whom it is for, and return where it stands.

    With *since*, a message of the same *key* said after it is found and not said again.
    """
    match to:
        case ToPerson(user):
            return slack.direct(user, message, key=key, since=since)
        case ToChannel(channel):
            found = slack.find(channel, key, since) if since is not None else None
            return found or slack.post(channel, message, key=key)
        case _:
            assert_never(to)


_ITS_NOTE = sa.and_(
    notes.c.key == outbox.c.thread,
    notes.c.receiver == outbox.c.receiver,
    notes.c.in_person == outbox.c.in_person,
)


def _waiting(row: Any) -> _Waiting:
    to = _receiver_of(row) if row.thread is None else InThread(row.thread, receiver_of(row))
    letter = Letter(row.key, to, Message(row.text, tuple(row.blocks)))
    thread = Posted(row.channel, row.ts) if row.ts is not None else None
    return _Waiting(row.id, letter, row.at, row.tries, row.not_before, thread)
