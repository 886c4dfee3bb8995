"""A version that is held stays held, once, until somebody releases it."""

from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest
import sqlalchemy as sa

from bot.domain.facts import Hold
from bot.domain.message import Message
from bot.domain.stops.holds import WHOLE
from bot.operations.books.act_book import ActBook, Deed
from bot.operations.books.hold_book import HoldBook
from bot.operations.saying.outbox import Letter, ToChannel
from bot.operations.sql.tables import holds, outbox
from tests.operations.people import ALICE, BOB, NOON, at_once

HOUR = timedelta(hours=1)
HOLD = Hold("core-prod-bad", ALICE, "leaks <memory> & ☃", NOON, "D-7")
HERE = "core/prod"


@pytest.fixture
def book(database):
    return HoldBook(database)


@pytest.fixture
def deeds(database):
    return lambda: [(a.what, a.by, a.subject) for a in reversed(ActBook(database).latest())]


def stands(book, **where):
    return [(one.target, one.hold.tag) for one in book.standing(**where)]


def test_a_hold_comes_back_as_it_was_begun(book, deeds):
    (kept,) = book.hold({HERE: HOLD}, "rollback:D-7")
    assert (True, "core/prod", HOLD) == (kept.new, kept.held.target, kept.held.hold)
    assert (kept.held,) == book.standing("prod") == book.standing() == book.standing(targets=[HERE])
    assert () == book.standing("stage") == book.standing(targets=["core/stage"])
    assert [(Deed.HELD, "U0ALICE", "core/prod")] == deeds()


def test_the_same_delivery_twice_is_one_hold_and_one_act(book, deeds):
    first, second = (book.hold({HERE: HOLD}, "c:1")[0] for _ in range(2))
    assert (first.held, False) == (second.held, second.new)
    assert 1 == len(deeds())


def test_what_is_held_already_stays_as_it_is(book, deeds):
    (theirs,) = book.hold({HERE: HOLD}, "c:1")
    (kept,) = book.hold({HERE: replace(HOLD, by=BOB, reason="me too")}, "c:2")
    assert (theirs.held, False) == (kept.held, kept.new)
    assert 1 == len(deeds())


def test_a_delivery_that_comes_again_after_the_release_holds_nothing(book):
    (first,) = book.hold({HERE: HOLD}, "rollback:D-7")
    book.release([HERE], HOLD.tag, BOB, "c:2", NOON)
    assert (first.held, False) == (
        book.hold({HERE: HOLD}, "rollback:D-7")[0].held,
        book.hold({HERE: HOLD}, "rollback:D-7")[0].new,
    )
    assert () == book.standing()
    assert book.hold({HERE: HOLD}, "rollback:D-9")[0].new


def test_each_tag_and_the_whole_target_are_held_for_themselves(book):
    book.hold({"core/prod": HOLD, "batch/prod": HOLD}, "c:1")
    book.hold({HERE: replace(HOLD, tag="core-prod-worse")}, "c:2")
    book.hold({HERE: replace(HOLD, tag=WHOLE, operation=None)}, "c:3")
    assert [
        ("batch/prod", "core-prod-bad"),
        ("core/prod", "core-prod-bad"),
        ("core/prod", "core-prod-worse"),
        ("core/prod", "*"),
    ] == stands(book)
    book.release([HERE], "core-prod-bad", BOB, "c:4", NOON)
    assert [("core/prod", "core-prod-worse"), ("core/prod", "*")] == stands(book, targets=[HERE])
    assert 2 == len(book.release([HERE], None, BOB, "c:5", NOON))
    assert [("batch/prod", "core-prod-bad")] == stands(book)


def test_a_release_names_what_it_ended_each_time_it_is_asked(book, database):
    (kept,) = book.hold({HERE: HOLD}, "c:1")
    for _ in range(2):
        assert (kept.held,) == book.release([HERE], None, BOB, "c:2", NOON + HOUR)
    assert () == book.release([HERE], None, BOB, "c:3", NOON + HOUR)
    act = ActBook(database).latest("prod")[0]
    assert (Deed.RELEASED, "U0BOB", {"tag": "core-prod-bad", "owner": "U0ALICE"}) == (
        act.what,
        act.by,
        act.detail,
    )


def test_ones_own_is_what_the_same_account_began(book):
    book.hold({HERE: HOLD}, "c:1")
    book.hold({HERE: replace(HOLD, tag=WHOLE, by=BOB)}, "c:2")
    other_slack_user = replace(ALICE, slack="U0ALICE2")
    ended = book.release_own([HERE], None, other_slack_user, "c:3", NOON)
    assert ["core-prod-bad"] == [one.hold.tag for one in ended]
    assert [("core/prod", "*")] == stands(book)


def test_what_is_told_is_told_with_the_deed_and_once(book, database):
    def tell(held):
        return [Letter(f"hold:{one.number}", ToChannel("C"), Message("x", ())) for one in held]

    for _ in range(2):
        book.hold({HERE: HOLD}, "c:1", tell)
    book.hold({HERE: replace(HOLD, by=BOB)}, "c:2", lambda _: pytest.fail("nothing is new"))
    with database.read() as connection:
        assert 1 == connection.execute(sa.select(sa.func.count()).select_from(outbox)).scalar_one()


def test_who_holds_at_the_same_instant_holds_once(book, deeds):
    kept = at_once(*(partial(book.hold, {HERE: HOLD}, f"c:{n}") for n in range(8)))
    assert 1 == sum(one.new for (one,) in kept)
    assert 1 == len({one.held.number for (one,) in kept})
    assert 1 == len(deeds())


def test_a_hold_and_its_release_at_the_same_instant_leave_no_half(book):
    book.hold({HERE: HOLD}, "c:0")
    again = partial(book.hold, {HERE: HOLD}, "c:1")
    at_once(again, partial(book.release, [HERE], None, BOB, "c:2", NOON), again)
    assert len(book.standing()) <= 1


def test_the_table_itself_keeps_a_second_one_out(book, database):
    book.hold({HERE: HOLD}, "c:1")
    with database.read() as connection:
        row = connection.execute(sa.select(holds)).one()._mapping
    again = {name: value for name, value in row.items() if name != "id"} | {"asked": "c:2"}
    with pytest.raises(sa.exc.IntegrityError), database.write() as connection:
        connection.execute(sa.insert(holds), again)


def test_a_comeback_is_noted_once_for_each_commit_and_not_after_the_release(book, deeds):
    (kept,) = book.hold({HERE: HOLD}, "c:1")
    note = partial(book.note_comeback, kept.held, author="bot", at=NOON, letters=())
    assert [True, False, True] == [note("a" * 40), note("a" * 40), note("b" * 40)]
    book.release([HERE], None, BOB, "c:2", NOON)
    assert not note("c" * 40)
    assert 2 == sum(what is Deed.CAME_BACK for what, _, _ in deeds())
