"""What stands in the database, counted without reading what is over."""

import re
from datetime import timedelta

import pytest
import sqlalchemy as sa

from bot.domain.errors import Unavailable
from bot.operations.drift.tables import items
from bot.operations.looking.tallies import AWAY, Tallies
from bot.operations.sql.database import Database
from bot.operations.sql.tables import cards, deliveries, open_items, operations
from tests.builders import NOON

UNDER_WAY, OVER = 20, 2_000

ASKED = {
    "under_way": lambda tallies: tallies.under_way(),
    "to_say": lambda tallies: tallies.to_say(),
    "to_hear": lambda tallies: tallies.to_hear(),
    "standing": lambda tallies: tallies.standing(NOON),
    "drifting": lambda tallies: tallies.drifting(),
    "oldest_waiting": lambda tallies: tallies.oldest_waiting(),
}


def operation(number, phase, *, version=3):
    at = NOON + timedelta(seconds=number)
    return {
        "number": number,
        "key": f"k{number}",
        "asked": f"a{number}",
        "flow": 2,
        "kind": "deploy",
        "environment": "prod",
        "request": {},
        "phase": phase,
        "progress": [],
        "entered": {},
        "requested_at": at,
        "ended_at": at if phase == "live" else None,
        "version": version,
    }


def card(number, *, settled):
    shown = 3 if settled else 2
    return {"number": number, "ts": "1.2", "shown_version": shown, "settled": settled}


def delivery(number, *, set_aside=False, waits=False):
    return {
        "source": "github",
        "delivery": str(number),
        "event": "push",
        "body": "",
        "received_at": NOON,
        "tries": 1,
        "failures": 0,
        "not_before": NOON,
        "settled_at": None if waits else NOON,
        "set_aside": set_aside,
    }


def drift(key, *, over=False):
    ended = NOON if over else None
    place = key.split("/")[1]
    row = {"key": key, "environment": place, "item": {}, "since": NOON, "seen_at": NOON}
    return {**row, "ended_at": ended}


def fill(database, over=OVER):
    """Write a long history, and a little that stands."""
    waiting = range(over, over + UNDER_WAY)
    done = [operation(number, "live") for number in range(1, over)]
    stands = [operation(number, "awaiting") for number in waiting]
    with database.write() as connection:
        connection.execute(sa.insert(operations), done + stands)
        shown = [card(number, settled=True) for number in range(1, over)]
        behind = [card(number, settled=False) for number in waiting]
        connection.execute(sa.insert(cards), shown + behind)
        heard = [delivery(number) for number in range(over)]
        aside = [delivery("x", set_aside=True), delivery("y", waits=True)]
        connection.execute(sa.insert(deliveries), heard + aside)
        drifted = [drift(f"behind/prod/{number}", over=True) for number in range(over)]
        drifts = ["behind/prod/core", "behind/prod/batch", "unwell/stage/core"]
        connection.execute(sa.insert(items), drifted + [drift(one) for one in drifts])


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    """A SQLite database with a long history."""
    database = Database(f"sqlite:///{tmp_path_factory.mktemp('tallies') / 'shipmate.db'}")
    database.migrate()
    fill(database)
    yield database
    database.close()


def test_what_stands_is_counted_and_what_is_over_is_not(filled):
    tallies = Tallies(filled)
    assert tallies.under_way()["awaiting"] == UNDER_WAY
    assert tallies.under_way()["following"] == 0
    assert tallies.to_say() == {"card": UNDER_WAY, "note": 0, "letter": 0}
    assert tallies.to_hear() == {"waiting": 1, "set_aside": 1}
    assert tallies.oldest_waiting() == NOON + timedelta(seconds=OVER)
    assert tallies.drifting() == {("prod", "behind"): 2, ("stage", "unwell"): 1}


@pytest.mark.parametrize("ask", ASKED.values(), ids=ASKED.keys())
def test_no_query_reads_a_table_from_end_to_end(filled, ask):
    """A scan of a partial index is one of what stands; a scan of a table is one of the history."""
    asked = []
    hear = lambda _conn, _cursor, said, with_, *_: asked.append((said, with_))  # noqa: E731
    sa.event.listen(filled._engine, "before_cursor_execute", hear)
    ask(Tallies(filled))
    sa.event.remove(filled._engine, "before_cursor_execute", hear)
    with filled.read() as connection:
        plans = [
            row.detail
            for said, with_ in asked
            for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {said}", with_)
        ]
    assert plans
    partial = {"uq_locks_standing", "uq_holds_standing", "uq_open_items_standing"}
    partial |= {"uq_drift_items_standing", "ix_notes_behind", "ix_cards_unsettled"}
    partial |= {"ix_deliveries_set_aside"}
    for line in plans:
        if line.startswith("SCAN") and "CONSTANT" not in line:
            index = re.search(r"INDEX (\w+)", line)
            assert index, line
            assert index[1] in partial, line


def test_auto_sync_that_is_off_too_long_is_told_from_that_which_may_be(database):
    """On both databases: an item of each, and what nobody wrote down is zero."""
    assert Tallies(database).standing(NOON) == {
        "lock": 0,
        "hold": 0,
        "auto_sync_off": 0,
        "auto_sync_overdue": 0,
    }
    fill(database, 3)
    with database.write() as connection:
        for number, hours in ((1, -1), (2, 1)):
            values = {"number": number, "subject": str(number), "deadline": hours}
            connection.execute(sa.insert(open_items), open_item(**values))
    found = Tallies(database).standing(NOON)
    assert (found["auto_sync_off"], found["auto_sync_overdue"]) == (2, 1)
    assert Tallies(database).drifting()["prod", "behind"] == 2
    assert Tallies(database).to_hear() == {"waiting": 1, "set_aside": 1}
    assert Tallies(database).to_say()["card"] == UNDER_WAY


def test_a_database_that_is_away_is_asked_once_and_not_for_each_number(filled, monkeypatch):
    """Each question would wait, and Prometheus does not wait for all of them."""
    time, asked = [100.0], []

    def read():
        asked.append(time[0])
        raise Unavailable("database", "read the database")

    tallies = Tallies(filled, lambda: time[0])
    with monkeypatch.context() as patched:
        patched.setattr(filled, "read", read)
        for ask in ASKED.values():
            with pytest.raises(Unavailable):
                ask(tallies)
    assert [100.0] == asked
    time[0] += AWAY
    assert {"waiting": 1, "set_aside": 1} == tallies.to_hear()


def open_item(number, subject, deadline):
    return {
        "number": number,
        "subject": subject,
        "instance": "main",
        "namespace": "argocd",
        "app": "core",
        "environment": "prod",
        "services": {},
        "saved": {},
        "owner": "U0ALICE",
        "since": NOON,
        "deadline": NOON + timedelta(hours=deadline),
        "state": "off",
    }
