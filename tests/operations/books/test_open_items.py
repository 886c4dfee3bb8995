"""Auto-sync that is off stands in the book until it is on again, and is reminded of."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from bot.domain.catalog import Application
from bot.domain.rollback.emergency import Ending, ItemState, OpenItem
from bot.messages.rollback.emergency import reminder
from bot.operations.books.act_book import ActBook, Deed
from bot.operations.books.open_items import OpenItemBook
from bot.operations.saying.outbox import Letter, ToPerson
from bot.operations.sql.tables import outbox
from bot.operations.store import Store
from tests.builders import NOON, request

SAVED = {"automated": {"selfHeal": True}, "retry": {"limit": 3}}
EVERY = timedelta(hours=2)


class Ground:
    def __init__(self, database):
        self.database, self.store, self.changes = database, Store(database), 0
        self.book = OpenItemBook(database, self.change)

    def change(self):
        self.changes += 1

    def item(self, number=1, app="astrago", **changes):
        """Save an item of a new operation."""
        wish = request(version=f"v{number}")
        operation, _ = self.store.receive(wish, f"asked-{number}", NOON)
        made = OpenItem(
            number=0,
            operation=operation.id,
            instance="main",
            namespace="argocd",
            app=app,
            environment="stage",
            services={"core": "core-stage-1"},
            saved=SAVED,
            owner="U0ALICE",
            since=NOON,
            deadline=NOON + timedelta(days=1),
            **changes,
        )
        return self.book.save(made)

    def letters(self):
        with self.database.read() as connection:
            return list(connection.execute(sa.select(outbox.c.key)).scalars())

    def reminds(self, at):
        def tell(item):
            key = f"{item.number}:{at.isoformat()}"
            return [Letter(key, ToPerson(item.owner), reminder(item, at))]

        before = len(self.letters())
        self.book.remind(at, EVERY, tell)
        return len(self.letters()) - before


@pytest.fixture
def ground(database):
    return Ground(database)


def test_what_was_is_kept_verbatim_and_written_once(ground):
    item = ground.item()
    assert (SAVED, ItemState.SAVED) == (item.saved, item.state)
    assert item == ground.book.save(item)
    assert (item,) == ground.book.standing("stage")
    assert () == ground.book.standing("prod")
    assert item == ground.book.of(item.operation)


def test_of_an_application_one_stands_and_it_is_the_first(ground):
    first = ground.item(1)
    assert first == ground.item(2), "what was before the first switch is what is restored"
    other = ground.item(3, app="other")
    assert (first, other) == ground.book.standing()
    assert (first,) == ground.book.standing_on([Application("main", "astrago")])
    assert () == ground.book.standing_on([Application("main", "astrago", "elsewhere")])


def test_it_ends_once_and_the_card_and_the_acts_say_so(ground):
    item = ground.item()
    version = ground.store.versioned(item.operation).version
    ground.book.switched(item, NOON)
    assert ItemState.OFF is ground.book.of(item.operation).state
    assert ground.book.end(item, Ending.RESUMED, "U0BOB", NOON)
    assert not ground.book.end(item, Ending.FOUND_ON, "shipmate", NOON)

    ended = ground.book.of(item.operation)
    assert (False, Ending.RESUMED, "U0BOB") == (ended.stands, ended.ending, ended.ended_by)
    assert () == ground.book.standing()
    assert version + 2 == ground.store.versioned(item.operation).version
    assert 2 == ground.changes
    deeds = [one.what for one in ActBook(ground.database).latest()]
    assert [Deed.AUTO_SYNC_ON, Deed.AUTO_SYNC_OFF] == deeds


def test_who_asked_is_reminded_until_it_is_on(ground):
    item = ground.item()
    assert 0 == ground.reminds(NOON + EVERY), "nothing was switched yet"
    ground.book.switched(item, NOON)
    assert 0 == ground.reminds(NOON + EVERY - timedelta(minutes=1))
    assert 1 == ground.reminds(NOON + EVERY)
    assert 0 == ground.reminds(NOON + EVERY + timedelta(minutes=5))
    assert 1 == ground.reminds(NOON + 2 * EVERY)
    ground.book.end(item, Ending.RESUMED, "U0BOB", NOON)
    assert 0 == ground.reminds(NOON + 9 * EVERY)
