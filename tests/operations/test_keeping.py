"""What is older than configured goes, whole; what the rules still go by stays."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from bot.domain.history import Noted, Wanted
from bot.domain.operations import Phase
from bot.operations.books.act_book import Act, ActBook, Deed
from bot.operations.books.history_book import HistoryBook
from bot.operations.ci.tables import ci_mutes
from bot.operations.drift.tables import items, replies
from bot.operations.keeping import Keeping
from bot.operations.sql.tables import holds, timeline
from bot.operations.store import Store
from tests.builders import NOON, request
from tests.operations.standing_ground import Standing

DAY = timedelta(days=1)
KEEP = 100 * DAY


class Old:
    def __init__(self, database):
        self.database, self.store, self.acts = database, Store(database), ActBook(database)
        self.book, self.clock = HistoryBook(database), Standing()
        self.count = 0

    def operation(self, age, phase=Phase.LIVE, **changes):
        self.count += 1
        at = NOON - age * DAY
        wish = request(version=f"v{self.count}.0.0", **changes)
        made, _ = self.store.receive(wish, f"command:{self.count}", at)
        steps = (Phase.CHECKING, Phase.QUEUED, Phase.COMMITTING, Phase.FOLLOWING, Phase.LIVE)
        for one in steps if phase is Phase.LIVE else (Phase.CHECKING, phase):
            assert self.store.move(made.id, one, at, one.value)
        self.store.cards.begin(made.id)
        return made.id

    def act(self, age):
        mark = f"act:{age}"
        at = NOON - age * DAY
        self.acts.note(Act(mark, at, "U0ALICE", Deed.LOCKED, "core/stage", "stage"))
        return mark

    def forgets(self, keep=KEEP):
        Keeping(self.database, keep, self.clock).forget()

    def left(self):
        found = self.book.below(Wanted(), None, 100)
        return [one.what if isinstance(one, Noted) else one.operation.id for one in found]


@pytest.fixture
def old(database):
    return Old(database)


def test_without_a_configured_time_everything_stays(old):
    old.operation(4000, Phase.REFUSED)
    old.act(4000)
    old.forgets(keep=None)
    assert ["locked", "D-1"] == sorted(old.left(), reverse=True)


def test_what_is_older_goes_whole_and_how_much_it_was_is_written_down(old):
    for age in (300, 200, 99):
        old.operation(age)
        old.act(age)
    old.forgets()
    old.forgets()  # and that is all there was to tell
    assert sorted(["forgot", "D-3", "locked"]) == sorted(old.left())
    (told,) = [one for one in old.acts.latest() if one.what is Deed.FORGOT]
    assert {"operations": "2", "acts": "2"}.items() <= told.detail.items()
    assert ("shipmate", NOON) == (told.by, told.at)
    with old.database.read() as connection:
        left = connection.execute(sa.select(timeline.c.number).distinct()).scalars().all()
    assert [3] == left


def test_the_last_that_went_live_at_a_target_stays_however_old(old):
    old.operation(400)
    last = old.operation(300)
    other = old.operation(300, environment="prod")
    old.operation(290, Phase.REFUSED)
    old.forgets()
    assert {"forgot", last, other} == set(old.left())
    assert old.store.past.last_live("core", "stage") is None, "it had no plan"


def test_what_goes_on_and_what_a_hold_rests_on_stays(old):
    running = old.operation(300, Phase.QUEUED)
    held = old.operation(300, Phase.REFUSED, services=("batch",))
    with old.database.write() as connection:
        row = {"target": "core/stage", "environment": "stage", "tag": "t", "asked": "x",
               "slack": "U0ALICE", "github_id": 1, "login": "alice", "reason": "bad",
               "since": NOON - 300 * DAY, "operation": held}  # fmt: skip
        connection.execute(sa.insert(holds), row)
    old.forgets()
    assert {running, held} == set(old.left())


def test_more_than_fits_one_transaction_goes_too(old, monkeypatch):
    monkeypatch.setattr("bot.operations.keeping.AT_ONCE", 2)
    for _ in range(5):
        old.operation(300, Phase.REFUSED)
    old.forgets()
    assert ["forgot"] == old.left()


def test_what_people_said_to_drift_and_to_failing_workflows_goes_too(old):
    ages = {"over long ago": 200, "over": 50, "stands": None}
    with old.database.write() as connection:
        for number, (name, age) in enumerate(ages.items(), 1):
            ended = None if age is None else NOON - age * DAY
            long_ago = NOON - 300 * DAY
            item = {"key": name, "environment": "stage", "item": {}, "since": long_ago,
                    "seen_at": long_ago, "ended_at": ended}  # fmt: skip
            connection.execute(sa.insert(items), item)
            said = {"item": number, "reply": "acknowledged", "by": "U0ALICE", "reason": name,
                    "at": long_ago}  # fmt: skip
            connection.execute(sa.insert(replies), said)
            mute = {"repository": "acme/core", "origin": "actions", "workflow": "1", "by": name,
                    "at": long_ago, "until": NOON, "ended_at": ended}  # fmt: skip
            connection.execute(sa.insert(ci_mutes), mute)
    old.forgets()
    with old.database.read() as connection:
        left = [
            connection.execute(sa.select(column).order_by(column)).scalars().all()
            for column in (items.c.key, replies.c.reason, ci_mutes.c.by)
        ]
    assert [["over", "stands"]] * 3 == left
    (told,) = [one for one in old.acts.latest() if one.what is Deed.FORGOT]
    assert {"drift_items": "1", "ci_mutes": "1"}.items() <= told.detail.items()
