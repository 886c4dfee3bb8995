from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest
import sqlalchemy as sa

from bot.domain.stops.locks import Lock
from bot.operations.books.act_book import ActBook, Deed
from bot.operations.books.lock_book import Held, LockBook, Released, Taken
from bot.operations.sql.tables import locks
from tests.operations.people import ALICE, BOB, CAROL, NOON, at_once

HOUR = timedelta(hours=1)
LOCK = Lock(ALICE, frozenset({"core/prod"}), "load test <now> & \u2603", NOON, NOON + HOUR)


@pytest.fixture
def book(database):
    return LockBook(database)


@pytest.fixture
def deeds(database):
    return lambda: [act.what for act in reversed(ActBook(database).latest())]


def by(owner, **changes):
    return replace(LOCK, owner=owner, **changes)


def owners(found):
    return [(one.target, one.lock.owner) for one in found]


def test_a_lock_comes_back_as_it_was_taken(book):
    taken = book.take(LOCK, "c:1")
    assert taken == Taken(book.standing(NOON, "prod"))
    assert [LOCK] == [one.lock for one in taken.locks]


def test_the_same_delivery_twice_takes_one_lock(book, deeds):
    assert book.take(LOCK, "c:1") == book.take(LOCK, "c:1")
    assert [Deed.LOCKED] == deeds()


def test_a_delivery_that_comes_again_after_the_release_takes_nothing(book):
    book.take(LOCK, "c:1")
    book.release(LOCK.targets, ALICE, "c:2", NOON)
    book.take(LOCK, "c:1")
    assert () == book.standing(NOON)


def test_what_another_holds_is_told_and_not_taken(book, deeds):
    theirs = book.take(LOCK, "c:1").locks
    assert Held(theirs) == book.take(by(BOB), "c:2")
    assert theirs == book.standing(NOON)
    assert [Deed.LOCKED] == deeds()


def test_of_several_targets_all_are_taken_or_none(book):
    book.take(LOCK, "c:1")
    both = by(BOB, targets=frozenset({"batch/prod", "core/prod"}))
    assert [("core/prod", ALICE)] == owners(book.take(both, "c:2").locks)
    assert [("core/prod", ALICE)] == owners(book.standing(NOON))
    book.release(LOCK.targets, ALICE, "c:3", NOON)
    assert [("batch/prod", BOB), ("core/prod", BOB)] == owners(book.take(both, "c:4").locks)


def test_the_owner_is_the_account_and_not_the_slack_user(book):
    """A second Slack user of the same person holds the same lock."""
    book.take(LOCK, "c:1")
    other = replace(ALICE, slack="U0ALICE2")
    renewed = book.take(by(other, until=None), "c:2")
    assert () == renewed.former
    assert [None] == [one.lock.until for one in book.standing(NOON)]
    assert len(book.release(LOCK.targets, ALICE, "c:3", NOON).locks) == 1


def test_a_lock_of_everything_stands_beside_a_lock_of_one(book):
    book.take(LOCK, "c:1")
    book.take(by(BOB, targets=frozenset({"*/prod"})), "c:2")
    assert [("core/prod", ALICE), ("*/prod", BOB)] == owners(book.standing(NOON, "prod"))
    assert () == book.standing(NOON, "stage")


def test_stealing_names_the_former_holder_each_time_it_is_asked(book, deeds):
    former = book.take(LOCK, "c:1").locks
    stolen = book.steal(by(BOB), "c:2")
    assert former == stolen.former
    assert "U0ALICE" == stolen.former[0].lock.owner.slack
    assert stolen == book.steal(by(BOB), "c:2")
    assert [("core/prod", BOB)] == owners(book.standing(NOON))
    assert [Deed.LOCKED, Deed.STOLEN] == deeds()


def test_stealing_what_nobody_holds_is_taking_it(book, deeds):
    assert () == book.steal(LOCK, "c:1").former
    assert [Deed.LOCKED] == deeds()


def test_only_the_owner_gives_it_back(book):
    taken = book.take(LOCK, "c:1").locks
    assert Held(taken) == book.release(LOCK.targets, BOB, "c:2", NOON)
    assert Released(taken) == book.release(LOCK.targets, ALICE, "c:3", NOON)
    assert Released(taken) == book.release(LOCK.targets, ALICE, "c:3", NOON)
    assert Released(()) == book.release(LOCK.targets, ALICE, "c:4", NOON)
    assert () == book.standing(NOON)


def test_whoever_may_takes_the_lock_of_another_away(book, database):
    taken = book.take(LOCK, "c:1").locks
    assert Released(taken) == book.release_of_others(LOCK.targets, BOB, "c:2", NOON)
    act = ActBook(database).latest("prod")[0]
    assert (Deed.UNLOCKED, "U0BOB", "core/prod", "U0ALICE") == (
        act.what,
        act.by,
        act.subject,
        act.detail["owner"],
    )


def test_a_lock_holds_until_its_last_moment_and_not_in_the_next(book):
    book.take(LOCK, "c:1")
    assert 1 == len(book.standing(NOON + HOUR - timedelta(microseconds=1)))
    assert () == book.standing(NOON + HOUR)


def test_an_expired_lock_keeps_nobody_out(book, deeds):
    book.take(LOCK, "c:1")
    taken = book.take(by(BOB, since=NOON + HOUR, until=None), "c:2")
    assert ([("core/prod", BOB)], ()) == (owners(taken.locks), taken.former)
    assert [Deed.LOCKED, Deed.LOCK_EXPIRED, Deed.LOCKED] == deeds()


def test_expired_locks_are_ended_once(book, deeds):
    book.take(LOCK, "c:1")
    book.take(by(BOB, targets=frozenset({"batch/prod"}), until=None), "c:2")
    assert () == book.end_expired(NOON)
    assert [("core/prod", ALICE)] == owners(book.end_expired(NOON + HOUR))
    assert () == book.end_expired(NOON + HOUR)
    assert [Deed.LOCKED, Deed.LOCKED, Deed.LOCK_EXPIRED] == deeds()


def test_a_lock_that_only_warns_says_so(book):
    book.take(by(ALICE, warn_only=True), "c:1")
    assert [True] == [one.lock.warn_only for one in book.standing(NOON)]


def test_the_owner_of_an_old_lock_is_reminded_now_and_then(book):
    (one,) = book.take(by(ALICE, until=None), "c:1").locks
    assert () == book.remind(NOON + HOUR - timedelta(seconds=1), HOUR)
    assert (one,) == book.remind(NOON + HOUR, HOUR)
    assert () == book.remind(NOON + HOUR, HOUR)
    assert () == book.remind(NOON + 2 * HOUR - timedelta(seconds=1), HOUR)
    assert (one,) == book.remind(NOON + 2 * HOUR, HOUR)


def test_a_lock_whose_time_is_over_is_not_reminded_of(book):
    book.take(LOCK, "c:1")
    assert () == book.remind(NOON + HOUR, HOUR)


def test_many_who_remind_at_the_same_instant_remind_once(book):
    book.take(by(ALICE, until=None), "c:1")
    results = at_once(*(partial(book.remind, NOON + HOUR, HOUR) for _ in range(6)))
    assert 1 == sum(map(len, results))


@pytest.mark.parametrize("taking", ["take", "steal"])
def test_of_many_at_the_same_instant_exactly_one_holds_it(book, taking):
    people = [replace(BOB, github=replace(BOB.github, id=number)) for number in range(8)]
    do = getattr(book, taking)
    results = at_once(*(partial(do, by(who), f"c:{n}") for n, who in enumerate(people)))
    (standing,) = book.standing(NOON)
    if taking == "take":
        (won,) = [one for one in results if isinstance(one, Taken)]
        assert (standing,) == won.locks
        assert 7 == sum(one == Held((standing,)) for one in results)
    else:
        # A chain: each but the first took it from one other, and the last one has it.
        robbed = [one.lock.owner.github.id for result in results for one in result.former]
        assert sorted({*range(8)} - {standing.lock.owner.github.id}) == sorted(robbed)


def test_two_who_take_the_same_targets_in_other_orders_do_not_wait_for_each_other(book):
    ab, ba = frozenset({"a/prod", "b/prod"}), frozenset({"b/prod", "a/prod"})
    results = at_once(
        partial(book.take, by(ALICE, targets=ab), "c:1"),
        partial(book.take, by(BOB, targets=ba), "c:2"),
        partial(book.take, by(CAROL, targets=frozenset({"b/prod"})), "c:3"),
    )
    holders = {one.lock.owner for one in book.standing(NOON)}
    assert 1 == len(holders) == sum(isinstance(one, Taken) for one in results)


def test_the_same_delivery_at_the_same_instant_is_one_lock(book):
    results = at_once(*(partial(book.take, LOCK, "c:1") for _ in range(6)))
    assert 1 == len(set(results)) == len(book.standing(NOON))


def test_the_table_itself_refuses_a_second_standing_lock(book, database):
    book.take(LOCK, "c:1")
    with database.read() as connection:
        row = dict(connection.execute(sa.select(locks)).mappings().one())
    second = sa.insert(locks).values({**row, "id": 99, "asked": "c:2"})
    with database.write() as connection, pytest.raises(sa.exc.IntegrityError):
        connection.execute(second)
