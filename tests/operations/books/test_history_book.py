from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Engine, event

from bot.domain.approving.approvals import Override
from bot.domain.history import Kind, Noted, Told, Wanted, key_of
from bot.domain.operations import Phase
from bot.domain.rights import Actor, GitHubUser
from bot.operations.books.act_book import Act, ActBook, Deed
from bot.operations.books.approval_book import ApprovalBook
from bot.operations.books.history_book import HistoryBook
from bot.operations.store import Store
from tests.builders import NOON, request

MINUTE = timedelta(minutes=1)
BOB = Actor("U0BOB", GitHubUser(2, "bob"))


class Past:
    """Things that happened in one database, a minute apart unless said otherwise."""

    def __init__(self, database):
        self.store, self.acts = Store(database), ActBook(database)
        self.approvals = ApprovalBook(database, self.store.changed)
        self.book, self.now, self.count = HistoryBook(database), NOON, 0

    def asks(self, **changes):
        self.count += 1
        wish = request(version=f"v{self.count}.0.0", **changes)
        made, _ = self.store.receive(wish, f"command:{self.count}", self.now)
        self.now += MINUTE
        return made.id

    def does(self, what=Deed.LOCKED, subject="core/stage", by="U0ALICE", **changes):
        self.count += 1
        where = changes.pop("environment", subject.rpartition("/")[2] or None)
        act = Act(f"act:{self.count}", self.now, by, what, subject, where, **changes)
        assert self.acts.note(act)
        self.now += MINUTE
        return act.mark

    def names(self, wanted=Wanted(), key=None, limit=100):  # noqa: B008  # frozen
        return [name(one) for one in self.book.below(wanted, key, limit)]


def name(item):
    return item.what if isinstance(item, Noted) else item.operation.id


@pytest.fixture
def past(database):
    return Past(database)


def test_operations_and_acts_stand_in_one_line_newest_first(past):
    first = past.asks()
    past.does(Deed.LOCKED)
    second = past.asks()
    past.does(Deed.FROZEN, "stage", environment="stage")
    assert ["frozen", second, "locked", first] == past.names()


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        pytest.param(
            Wanted("core"), ["unlinked", "frozen", "refused", "D-2", "locked", "D-1"], id="service"
        ),
        pytest.param(Wanted("batch"), ["frozen", "D-3", "refused"], id="with what is for all"),
        pytest.param(
            Wanted(environment="stage"),
            ["frozen", "refused", "D-2", "locked", "D-1"],
            id="environment",
        ),
        pytest.param(Wanted("core", "prod"), [], id="nothing there"),
        pytest.param(Wanted(by=frozenset({"U0BOB"})), ["locked", "D-1"], id="decided or done"),
        pytest.param(Wanted(by=frozenset({"U0CAROL"})), ["D-2"], id="asked"),
        pytest.param(
            Wanted(since=NOON + 4 * MINUTE), ["unlinked", "frozen", "D-3", "refused"], id="since"
        ),
        pytest.param(Wanted("core", "stage", NOON, frozenset({"U0CAROL"})), ["D-2"], id="all"),
    ],
)
def test_it_can_be_asked_for_a_part(past, wanted, expected):
    override = past.asks(override=True)
    past.approvals.record(override, Override(BOB, past.now, "down"))
    past.does(Deed.LOCKED, by="U0BOB")
    past.asks(requester="U0CAROL")
    past.now = NOON + 4 * MINUTE
    past.does(Deed.REFUSED, "core,batch/stage", detail={"wish": "lock"})
    past.asks(services=("batch",), environment="dev")
    past.does(Deed.FROZEN, "stage", environment="stage")
    past.does(Deed.UNLINKED, "U0ALICE", environment=None, services=("core",))
    assert expected == past.names(wanted)


def test_what_was_decided_comes_with_it_and_the_timeline_where_all_is_read(past):
    number = past.asks(override=True)
    past.approvals.record(number, Override(BOB, past.now, "down"))
    past.store.move(number, Phase.CHECKING, past.now, "checking")
    (told,) = past.book.below(Wanted(), None, 10)
    assert ["down"] == [one.reason for one in told.decided]
    (whole,) = past.book.whole(Wanted())
    assert ["received", "override", "checking"] == [one.what for one in whole.timeline]
    assert ["U0ALICE", "U0BOB", "shipmate"] == [one.by for one in whole.timeline]


@pytest.mark.parametrize("size", [1, 3, 7])
def test_pages_in_both_directions_show_everything_once_and_in_order(past, size):
    """Also where much happened at the very same moment."""
    for number in range(20):
        past.asks()
        if number % 3:
            past.now -= MINUTE
        past.does()
        if number % 2:
            past.now -= MINUTE
    whole = list(past.book.whole(Wanted()))
    keys = [key_of(one) for one in whole]
    assert 40 == len(set(keys))
    assert sorted(keys, reverse=True) == keys
    down, key = [], None
    while page := past.book.below(Wanted(), key, size):
        down += [key_of(one) for one in page]
        key = down[-1]
    assert keys == down
    up, key = [], keys[-1]
    while page := past.book.above(Wanted(), key, size):
        up = [key_of(one) for one in page] + up
        key = up[0]
    assert keys[:-1] == up


def test_what_happens_while_somebody_turns_pages_moves_nothing(past):
    for _ in range(4):
        past.asks()
    first = past.book.below(Wanted(), None, 2)
    past.does()
    assert ["D-2", "D-1"] == past.names(key=key_of(first[-1]))
    assert ["locked"] == [name(one) for one in past.book.above(Wanted(), key_of(first[0]), 5)]


def test_a_key_names_its_kind_and_number(past):
    past.asks()
    past.does()
    act, operation = past.book.below(Wanted(), None, 2)
    assert (Kind.ACT, act.number) == (key_of(act).kind, key_of(act).number)
    assert (Kind.OPERATION, 1) == (key_of(operation).kind, key_of(operation).number)
    assert isinstance(operation, Told)


def test_a_stranger_who_goes_on_and_on_does_not_fill_the_book(past):
    for number in range(100):
        act = Act(f"refused:{number}", NOON, "U0MALLORY", Deed.REFUSED, "core/prod", "prod")
        past.acts.note(act)
    mallory = Wanted(by=frozenset({"U0MALLORY"}))
    assert 30 == len(past.names(mallory))
    later = replace(act, mark="refused:later", at=NOON + timedelta(hours=2))
    assert past.acts.note(later), "and not for ever"
    assert past.acts.note(replace(act, mark="x", by="U0BOB")), "and not for others"
    assert past.acts.note(replace(act, mark="y", what=Deed.LOCKED))


def plans(database, reads):
    """Return how SQLite goes about each query of *reads*."""
    asked = []

    def hear(_connection, _cursor, statement, parameters, *_):
        asked.append((statement, parameters))

    event.listen(Engine, "before_cursor_execute", hear)
    try:
        reads()
    finally:
        event.remove(Engine, "before_cursor_execute", hear)
    with database.read() as connection:
        return [
            [row.detail for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {one}", given)]
            for one, given in asked
            if one.startswith("SELECT")
        ]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_no_page_and_no_look_for_stale_cards_reads_a_whole_table(past, database):
    past.asks()
    past.does()
    (_, last) = past.book.below(Wanted(), None, 5)
    ways = plans(
        database,
        lambda: (
            past.book.below(Wanted(), None, 5),
            past.book.above(Wanted(environment="stage"), key_of(last), 5),
            past.book.below(Wanted("core", None, NOON, frozenset({"U0BOB"})), key_of(last), 5),
            past.store.cards.behind(),
        ),
    )
    assert len(ways) >= 9
    scans = [
        step for way in ways for step in way if step.startswith("SCAN") and "INDEX" not in step
    ]
    assert [] == scans
