"""What was told long ago and is over is forgotten; what stands keeps its whole note."""

from datetime import timedelta

import sqlalchemy as sa

from bot.operations.applications.application_book import KEPT, ApplicationBook
from bot.operations.notes import Note, NoteKind, put_note
from bot.operations.saying.alerts import Alerts
from bot.operations.saying.outbox import ToChannel
from bot.operations.sql.tables import application_stories as stories
from bot.operations.sql.tables import notes
from tests.builders import NOON

DAY = timedelta(days=1)


def put(database, subject, note, age, *, stands):
    values = {
        "subject": subject,
        "topic": "health",
        "note": note,
        "channel": "C0CI",
        "opened_at": NOON - age,
        "changed_at": NOON - age,
        "shared": False,
        "stands": stands,
        "story": {},
    }
    with database.write() as connection:
        connection.execute(sa.insert(stories).values(**values))


def test_old_stories_that_are_over_go_unless_their_note_tells_of_one_that_stands(database):
    old = KEPT + DAY
    put(database, "over", "alone", old, stands=False)
    put(database, "lately over", "another", KEPT - DAY, stands=False)
    put(database, "stands", "standing", old, stands=True)
    put(database, "over among others", "crowd", old, stands=False)
    put(database, "stands among others", "crowd", old, stands=True)
    put(database, "over with others", "old crowd", old, stands=False)
    ApplicationBook(database, Alerts().put).sweep(NOON)
    with database.read() as connection:
        left = set(connection.execute(sa.select(stories.c.subject)).scalars())
    assert {"lately over", "stands", "over among others", "stands among others"} == left


def test_a_note_of_routine_goes_with_the_last_story_that_it_told(database):
    old = KEPT + DAY
    put(database, "over", "routine", old, stands=False)
    put(database, "stands", "told still", old, stands=True)
    with database.write() as connection:
        for key in ("routine", "told still"):
            note = Note(key, ToChannel("C0CI"), NoteKind.APPLICATION, {})
            put_note(connection, note, NOON - old)
        drift = Note("drift:daily", ToChannel("C0CI"), NoteKind.DRIFT, {})
        put_note(connection, drift, NOON - old)
    ApplicationBook(database, Alerts().put).sweep(NOON)
    with database.read() as connection:
        left = set(connection.execute(sa.select(notes.c.key)).scalars())
    assert {"told still", "drift:daily"} == left
