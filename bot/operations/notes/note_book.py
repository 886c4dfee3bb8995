"""The notes in one database: what they say, and where in Slack they stand."""

import hashlib
import json
from datetime import datetime
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from bot.adapters.slack import Posted
from bot.operations.notes.note import Note, NoteKind
from bot.operations.saying.outbox import ToChannel, ToPerson, receiver_columns, receiver_of
from bot.operations.sql.database import Database
from bot.operations.sql.tables import notes


def put_note(connection: sa.Connection, note: Note, at: datetime) -> None:
    """Write *note* in the transaction of what it tells of.

    A new one is going to be posted, a known one says the new state from now on, and an equal one
    changes nothing.
    """
    values = {
        **receiver_columns(note.to),
        "key": note.key,
        "kind": note.kind.value,
        "state": dict(note.state),
        "digest": _digest(note),
        "ended": note.ended,
        "at": at,
        "changed_at": at,
        "version": 1,
        "shown_version": 0,
        "tries": 0,
        "not_before": at,
    }
    connection.execute(_upsert(connection.dialect.name), values)


def take_notes(connection: sa.Connection, key: str) -> tuple[Note, ...]:
    """Return the notes of this key; nobody else changes them until the transaction ends."""
    query = sa.select(notes).where(notes.c.key == key).order_by(notes.c.id).with_for_update()
    return tuple(note_of(row) for row in connection.execute(query))


class NoteBook:
    """Reads what was put in. Every method is for any thread."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def read(self, key: str) -> tuple[Note, ...]:
        """Return the notes of this key, one for each receiver, oldest first.

        Raises:
            Unavailable: our own database is away.
        """
        return self._notes(notes.c.key == key)

    def standing(self, kind: NoteKind) -> tuple[Note, ...]:
        """Return the notes of *kind* that have not ended, oldest first.

        Raises:
            Unavailable: our own database is away.
        """
        return self._notes(notes.c.kind == kind.value, notes.c.ended.is_(False))

    def place(self, key: str, to: ToChannel | ToPerson) -> Posted | None:
        """Return where in Slack the note stands, or None while it does not.

        Raises:
            Unavailable: our own database is away.
        """
        receiver = receiver_columns(to)
        query = sa.select(notes.c.channel, notes.c.ts).where(
            notes.c.key == key,
            notes.c.receiver == receiver["receiver"],
            notes.c.in_person.is_(receiver["in_person"]),
        )
        with self._database.read() as connection:
            row = connection.execute(query).one_or_none()
        return Posted(row.channel, row.ts) if row is not None and row.ts is not None else None

    def _notes(self, *conditions: sa.ColumnElement[bool]) -> tuple[Note, ...]:
        query = sa.select(notes).where(*conditions).order_by(notes.c.id)
        with self._database.read() as connection:
            return tuple(note_of(row) for row in connection.execute(query))


def note_of(row: Any) -> Note:
    """Return the note in *row*."""
    return Note(row.key, receiver_of(row), NoteKind(row.kind), row.state, row.ended)


def _digest(note: Note) -> str:
    """Return what tells two states of a note apart."""
    whole = json.dumps([note.kind, dict(note.state), note.ended], sort_keys=True)
    return hashlib.sha256(whole.encode()).hexdigest()


@cache
def _upsert(dialect: str) -> Any:
    insert = sqlite.insert(notes) if dialect == "sqlite" else postgresql.insert(notes)
    new = insert.excluded
    return insert.on_conflict_do_update(
        index_elements=[notes.c.key, notes.c.receiver, notes.c.in_person],
        set_={
            "kind": new.kind,
            "state": new.state,
            "digest": new.digest,
            "ended": new.ended,
            "changed_at": new.changed_at,
            "version": notes.c.version + 1,
        },
        where=notes.c.digest != new.digest,
    )
