"""Posts each note once, at Slack's pace; from then on the updater keeps it equal to its state.

One replica at a time posts; who takes a note has it for ``HELD``. If a poster dies on the way, the
next one looks for the message in Slack before posting it again.
"""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
import structlog

from bot.adapters.slack import Posted, Slack
from bot.clock import Clock
from bot.domain.errors import BotError, Garbled, Unauthorized, Unavailable
from bot.domain.message import Message
from bot.domain.patience import next_try
from bot.operations.notes.note import Note, NoteKind
from bot.operations.notes.note_book import note_of
from bot.operations.replicas.duty import Duty
from bot.operations.saying.outbox import AT_ONCE, EACH, HELD, NEWS, ToPerson, say
from bot.operations.saying.pace import Pace
from bot.operations.saying.updater import digest
from bot.operations.sql.database import Database
from bot.operations.sql.tables import notes

log = structlog.get_logger(__name__)

Renderers = Mapping[NoteKind, Callable[[Mapping[str, Any], datetime], Message]]
"""What draws each kind of note, from its state and now."""

KEPT = timedelta(days=90)
"""How long an ended note keeps a late repetition of its news from being posted anew."""

POSTS = "slack notes"
"""The duty of whoever posts."""


@dataclass(frozen=True, slots=True)
class _New:
    """A note that does not stand in Slack yet, with the *tries* to post it already made."""

    id: int
    note: Note
    at: datetime
    changed_at: datetime
    version: int
    tries: int


class NotePoster:
    """Posts new notes. One for the process; ``post`` is for its tick."""

    def __init__(
        self,
        database: Database,
        slack: Slack,
        renderers: Renderers,
        pace: Pace,
        duty: Duty,
        clock: Clock,
    ) -> None:
        self._database, self._slack, self._renderers = database, slack, renderers
        self._pace, self._duty, self._clock = pace, duty, clock
        self._closing = threading.Event()

    def close(self) -> None:
        """Begin no further post; the next start does, or another replica."""
        self._closing.set()
        self._duty.leave()

    def post(self) -> None:
        """Post what is due, ends first and then the oldest, until Slack does not answer.

        Raises:
            Unavailable: our own database is away.
        """
        new = self._new()
        if not new or not self._duty.is_ours():
            return
        for one in new:
            if self._closing.is_set():
                return
            to = one.note.to
            receiver = to.user if isinstance(to, ToPerson) else to.channel
            if not self._pace.take_post(receiver) or not self._take(one):
                continue
            with structlog.contextvars.bound_contextvars(note=one.note.key):
                said = self._say(one)
            if not said:
                return  # the rest may be heard in the next round

    def sweep(self) -> None:
        """Forget what ended and was shown long ago.

        Raises:
            Unavailable: our own database is away.
        """
        old = (notes.c.ended, notes.c.changed_at < self._clock.now() - KEPT)
        shown = notes.c.shown_version >= notes.c.version
        with self._database.write() as connection:
            connection.execute(sa.delete(notes).where(*old, shown))

    def _new(self) -> list[_New]:
        turn = (notes.c.ended.desc(), notes.c.id)
        theirs = (notes.c.receiver, notes.c.in_person)
        place = sa.func.row_number().over(partition_by=theirs, order_by=turn)
        new = (
            sa.select(notes, place.label("place"))
            .where(
                notes.c.shown_version < notes.c.version,
                notes.c.ts.is_(None),
                notes.c.not_before <= self._clock.now(),
            )
            .subquery()
        )
        query = sa.select(new).where(new.c.place <= EACH)
        query = query.order_by(new.c.ended.desc(), new.c.id).limit(AT_ONCE)
        with self._database.read() as connection:
            return [_new(row) for row in connection.execute(query)]

    def _take(self, one: _New) -> bool:
        """Take the note for ourselves; False where another poster was quicker."""
        # Calls take their time on the wall, however fast the clock runs in a rehearsal.
        held = {
            "tries": one.tries + 1,
            "not_before": self._clock.now() + HELD * self._clock.speed,
        }
        mine = sa.update(notes).where(
            notes.c.id == one.id, notes.c.tries == one.tries, notes.c.ts.is_(None)
        )
        with self._database.write() as connection:
            return connection.execute(mine.values(held)).rowcount == 1

    def _say(self, one: _New) -> bool:
        """Post it; return whether it is settled: it stands, or is not to."""
        note, now = one.note, self._clock.now()
        if note.ended and now - one.changed_at > NEWS:
            log.warning("not posted: it is no news any more", note=note.key)
            return self._settle(one)
        try:
            message = self._renderers[note.kind](note.state, now)
        except Exception:
            # The others must not wait behind what cannot be drawn.
            log.exception("a note could not be drawn", note=note.key)
            self._put_off(one, next_try(one.tries + 1))
            return True
        try:
            since = one.at if one.tries > 0 else None
            posted = say(self._slack, note.to, message, note.key, since)
        except (Unavailable, Garbled, Unauthorized) as away:
            log.warning("a note waits for Slack", note=note.key, error=str(away))
            asked = away.retry_after if isinstance(away, Unavailable) else None
            if asked is not None:
                self._pace.close_posts(asked)
            self._put_off(one, next_try(one.tries + 1, asked))
            return False
        except BotError as refused:
            log.warning("Slack takes no such note", note=note.key, error=str(refused))
            return self._settle(one)
        # What an earlier run posted may show an older state: it is brought up to date at once.
        shown, version = (None, 0) if one.tries > 0 else (digest(message), one.version)
        return self._stands(one, posted, shown, version)

    def _stands(self, one: _New, at: Posted, shown: str | None, version: int) -> bool:
        place = {"channel": at.channel, "ts": at.ts, "shown": shown, "shown_version": version}
        # Where another poster was held up until ours was taken for lost, the first one counts.
        mine = sa.update(notes).where(notes.c.id == one.id, notes.c.ts.is_(None))
        with self._database.write() as connection:
            connection.execute(mine.values(place))
        return True

    def _settle(self, one: _New) -> bool:
        """Leave it as it is until its state changes."""
        again = {"tries": 0, "not_before": self._clock.now()}
        self._change(one, {"shown_version": one.version, **again})
        return True

    def _put_off(self, one: _New, pause: timedelta) -> None:
        self._change(one, {"not_before": self._clock.now() + pause})

    def _change(self, one: _New, values: dict[str, Any]) -> None:
        # Whoever has taken it after us decides now.
        ours = (notes.c.id == one.id, notes.c.tries == one.tries + 1)
        with self._database.write() as connection:
            connection.execute(sa.update(notes).where(*ours).values(values))


def _new(row: Any) -> _New:
    return _New(row.id, note_of(row), row.at, row.changed_at, row.version, row.tries)
