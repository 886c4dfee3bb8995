import threading
from datetime import timedelta

import pytest

from bot.domain.drift.cron import Cron
from bot.domain.drift.items import Told
from bot.operations.drift.report_book import HELD, ReportBook
from bot.operations.notes import Note, NoteBook, NoteKind, put_note
from bot.operations.saying.outbox import ToChannel
from bot.operations.sql.database import Database
from tests.builders import NOON

HOUR = timedelta(hours=1)
HOURLY = Cron.parse("0 * * * *", "UTC")
TOLD = (Told("unwell/prod/core-prod", ("core",)),)


def nothing(_connection):
    return None


@pytest.fixture
def book(database):
    return ReportBook(database)


def due(book, now):
    return HOURLY.latest(book.begin("daily", now), now)


def test_nothing_is_due_at_the_first_start(book):
    assert NOON == book.begin("daily", NOON)
    assert due(book, NOON + HOUR / 2) is None
    assert NOON + HOUR == due(book, NOON + HOUR)


def test_what_was_missed_while_we_were_away_is_one_report(book):
    book.begin("daily", NOON)
    back = NOON + 9 * HOUR + HOUR / 2
    moment = due(book, back)
    assert NOON + 9 * HOUR == moment
    taken = book.take("daily", moment, back)
    assert book.finish(taken, TOLD, back, nothing)
    assert due(book, back) is None
    assert book.take("daily", moment, back) is None


def test_who_dies_over_it_is_followed_by_another(book):
    book.begin("daily", NOON)
    moment = NOON + HOUR
    dead = book.take("daily", moment, moment)
    assert book.take("daily", moment, moment + HELD / 2) is None
    after = moment + HELD
    assert moment == HOURLY.latest(book.begin("daily", after), after)
    second = book.take("daily", moment, after)
    assert book.finish(second, TOLD, after, nothing)
    said = []
    assert not book.finish(dead, TOLD, after, said.append)
    assert [] == said


def test_what_was_told_last_is_remembered_and_null_where_nothing_ever_was(book):
    book.begin("daily", NOON)
    assert book.told("daily") is None
    taken = book.take("daily", NOON + HOUR, NOON + HOUR)
    book.finish(taken, TOLD, NOON + HOUR, nothing)
    assert TOLD == book.told("daily")
    again = book.take("daily", NOON + 2 * HOUR, NOON + 2 * HOUR)
    book.finish(again, None, NOON + 2 * HOUR, nothing)
    assert TOLD == book.told("daily")


def test_a_report_that_cannot_be_written_is_due_still(book):
    book.begin("daily", NOON)
    taken = book.take("daily", NOON + HOUR, NOON + HOUR)

    def fails(_connection):
        raise LookupError("the note cannot be written")

    with pytest.raises(LookupError):
        book.finish(taken, TOLD, NOON + HOUR, fails)
    assert book.told("daily") is None
    assert book.take("daily", NOON + HOUR, NOON + HOUR + HELD) is not None


def test_of_any_number_of_replicas_one_reports(database, address):
    # SQLite is for one process, so its replicas are threads on one database.
    shared = address.startswith("sqlite")
    replicas = [database if shared else Database(address) for _ in range(6)]
    ReportBook(database).begin("daily", NOON)
    gate, moments = threading.Barrier(len(replicas)), [NOON + n * HOUR for n in range(1, 4)]

    def replica(mine):
        book = ReportBook(mine)
        for moment in moments:
            gate.wait()
            taken = book.take("daily", moment, moment)
            if taken is not None:
                note = Note(f"drift:daily:{moment}", ToChannel("C0"), NoteKind.DRIFT, {})
                book.finish(taken, (), moment, lambda c, n=note, at=moment: put_note(c, n, at))

    threads = [threading.Thread(target=replica, args=[one]) for one in replicas]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    found = [NoteBook(database).read(f"drift:daily:{moment}") for moment in moments]
    assert [1, 1, 1] == [len(notes) for notes in found]
    for one in replicas:
        if one is not database:
            one.close()
