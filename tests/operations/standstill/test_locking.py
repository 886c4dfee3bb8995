from datetime import date, time, timedelta

import pytest

from bot.domain.commands.nouns import At, For, Lock, Unlock
from bot.domain.problems import Reason
from bot.domain.stops.locking import HeldByOthers, Locked, NothingLocked, Refused, Unlocked
from bot.domain.stops.until import BadEnd, WrongEnd
from bot.messages.stops.locking import unlock_answer
from bot.operations.standstill.locking import REMIND
from tests.operations.people import ALICE, BOB, NOON
from tests.operations.standing_ground import HOUR, Ground

WISH = Lock(("core",), "prod", For(HOUR), "load test")
ALL = Lock((), "prod", None, "audit")


@pytest.fixture
def ground(database):
    return Ground(database)


def steal(**changes):
    return Lock(
        **({"services": ("core",), "environment": "prod", "until": None} | changes), steal=True
    )


@pytest.mark.parametrize("first", [False, True], ids=["died before", "found nothing, then died"])
def test_an_unlock_that_was_left_ends_no_lock_that_came_after_it(ground, first):
    """Another replica does it half a minute later; by then somebody else may have locked."""
    wish, asked_at = Unlock(("core",), "prod"), NOON
    if first:
        assert isinstance(ground.locking.unlock(wish, "U0ALICE", "c:1"), NothingLocked)
    ground.clock.at += timedelta(seconds=20)
    ground.locking.lock(WISH, "U0BOB", "c:2")
    ground.told()
    ground.clock.at += timedelta(seconds=10)

    answer = ground.locking.unlock(wish, "U0ALICE", "c:1", asked_at)

    (bobs,) = ground.lock_book.standing(ground.clock.now())
    assert BOB == bobs.lock.owner
    assert NothingLocked(wish, (bobs.lock,)) == answer
    said = unlock_answer(answer, "U0ALICE").text
    assert "Nobody holds a lock" not in said
    assert "after you had asked" in said
    assert [] == ground.told()


def test_a_steal_that_was_left_takes_what_stood_when_it_was_asked_for(ground):
    ground.locking.lock(WISH, "U0BOB", "c:1")
    ground.clock.at += timedelta(seconds=30)
    answer = ground.locking.lock(steal(reason="mine"), "U0ALICE", "c:2", NOON)
    assert isinstance(answer, Locked)


def test_an_unlock_that_was_left_ends_what_stood_when_it_was_asked_for(ground):
    ground.locking.lock(WISH, "U0BOB", "c:1")
    ground.clock.at += timedelta(seconds=30)
    answer = ground.locking.unlock(Unlock(("core",), "prod"), "U0ALICE", "c:2", NOON)
    assert isinstance(answer, Unlocked)


def test_a_lock_that_was_given_back_is_not_taken_again_by_its_repeat(ground):
    """Its first run was done, and its owner has unlocked since."""
    for wish in (WISH, steal(reason="mine")):
        ground.locking.lock(wish, "U0ALICE", wish.reason)
        ground.locking.unlock(Unlock(("core",), "prod"), "U0ALICE", f"un{wish.reason}")
        ground.locking.lock(Lock(("core",), "prod", None, "theirs"), "U0BOB", f"b{wish.reason}")

        ground.locking.lock(wish, "U0ALICE", wish.reason)

        (bobs,) = ground.lock_book.standing(ground.clock.now())
        assert BOB == bobs.lock.owner
        ground.locking.unlock(Unlock(("core",), "prod"), "U0BOB", f"bun{wish.reason}")


def test_a_lock_that_was_left_is_not_tomorrows(ground):
    """Half a minute too late, ``until 21:00`` would else be a day."""
    ground.clock.at = NOON + timedelta(seconds=20)  # it is 21:00 in Seoul
    wish = Lock(("core",), "prod", At(None, time(21)), "x")
    asked_at = NOON - timedelta(seconds=10)
    answer = ground.locking.lock(wish, "U0ALICE", "c:1", asked_at)
    assert BadEnd(WrongEnd.PAST, "2026-11-21 21:00") == answer
    assert () == ground.lock_book.standing(ground.clock.now())


def places(locks):
    return sorted(target for one in locks for target in one.targets)


def test_a_lock_is_the_askers_until_its_end_and_everybody_is_told_once(ground):
    answer = ground.locking.lock(WISH, "U0ALICE", "c:1")

    assert isinstance(answer, Locked)
    assert [(ALICE, NOON + HOUR)] == [(one.owner, one.until) for one in answer.locks]
    assert [("locked", "U0ALICE", "core/prod")] == ground.deeds()
    ((channel, text),) = ground.told()
    assert "C0PROD" == channel
    assert text.startswith("🔒 <@U0ALICE> locked core in prod until ")
    assert text.endswith(": load test.")
    assert [] == ground.told()


def test_the_right_is_asked_for_each_service(ground):
    ground.locking.lock(WISH, "U0ALICE", "c:1")
    ground.locking.lock(ALL, "U0ALICE", "c:2")
    ground.locking.unlock(Unlock((), "prod"), "U0ALICE", "c:3")

    assert [
        ("U0ALICE", "lock", ("core",), "prod"),
        ("U0ALICE", "lock", ("batch", "core"), "prod"),
        ("U0ALICE", "lock", ("batch", "core"), "prod"),
    ] == ground.rights.asked


def test_who_may_lock_one_service_may_not_lock_all(ground):
    ground.rights.only["U0BOB"] = {"core"}

    assert isinstance(ground.locking.lock(ALL, "U0BOB", "c:1"), Refused)
    assert isinstance(ground.locking.lock(WISH, "U0BOB", "c:2"), Locked)


@pytest.mark.parametrize("wish", [WISH, ALL, steal(reason="mine")], ids=["lock", "all", "steal"])
def test_without_the_right_nothing_happens_but_the_refusal_is_kept(ground, wish):
    ground.locking.lock(WISH, "U0ALICE", "c:0")
    ground.told()

    for _ in range(2):
        answer = ground.locking.lock(wish, "U0MALLORY", "c:1")
        assert isinstance(answer, Refused)
        assert Reason.NOT_PERMITTED is answer.problem.reason

    assert [ALICE] == [one.lock.owner for one in ground.lock_book.standing(NOON)]
    assert ["locked", "refused"] == [deed for deed, _, _ in ground.deeds()]
    act = ground.acts.latest("prod")[0]
    assert ("U0MALLORY", "lock", "not_permitted") == (
        act.by,
        act.detail["wish"],
        act.detail["reason"],
    )
    assert [] == ground.told()


def test_without_the_right_nobody_unlocks(ground):
    ground.locking.lock(WISH, "U0ALICE", "c:1")

    answer = ground.locking.unlock(Unlock(("core",), "prod"), "U0MALLORY", "c:2")

    assert isinstance(answer, Refused)
    assert 1 == len(ground.lock_book.standing(NOON))
    assert ("refused", "U0MALLORY", "core/prod") == ground.deeds()[-1]


def test_a_held_lock_is_not_taken_and_the_answer_says_whose_it_is(ground):
    mine = ground.locking.lock(WISH, "U0ALICE", "c:1")
    ground.told()
    wish = Lock(("batch", "core"), "prod", None, "hotfix")

    answer = ground.locking.lock(wish, "U0BOB", "c:2")

    assert HeldByOthers(mine.locks, wish) == answer
    assert ["core/prod"] == places(one.lock for one in ground.lock_book.standing(NOON))
    assert ("refused", "U0BOB", "batch,core/prod") == ground.deeds()[-1]
    assert {"wish": "lock", "reason": "held", "by": "U0ALICE"} == ground.acts.latest()[0].detail
    assert [] == ground.told()


def test_a_stolen_lock_is_told_to_everybody_and_to_its_former_holder(ground):
    mine = ground.locking.lock(WISH, "U0ALICE", "c:1")
    ground.told()

    for _ in range(2):
        answer = ground.locking.lock(steal(reason="prod is down"), "U0BOB", "c:2")
        assert (mine.locks, BOB) == (answer.former, answer.locks[0].owner)

    (everybody, alice) = ground.told()
    assert ("C0PROD", "U0ALICE") == (everybody[0], alice[0])
    assert "<@U0BOB> locked core in prod, taken from <@U0ALICE>: prod is down." in everybody[1]
    assert "<@U0BOB> took your lock on core in prod: prod is down." in alice[1]
    assert "/ship lock core prod steal because" in alice[1]
    assert [] == ground.told()


def test_stealing_ones_own_lock_tells_nobody_in_person(ground):
    ground.locking.lock(WISH, "U0ALICE", "c:1")
    ground.locking.lock(steal(reason="longer"), "U0ALICE", "c:2")
    assert ["C0PROD", "C0PROD"] == [whom for whom, _ in ground.told()]


def test_ones_own_lock_is_given_back(ground):
    ground.locking.lock(Lock(("batch", "core"), "prod", None, "x"), "U0ALICE", "c:1")
    ground.told()

    answer = ground.locking.unlock(Unlock(("batch", "core"), "prod"), "U0ALICE", "c:2")

    assert isinstance(answer, Unlocked)
    assert () == ground.lock_book.standing(NOON)
    assert [("C0PROD", "🔓 <@U0ALICE> unlocked batch and core in prod.")] == ground.told()


def test_anothers_lock_is_ended_by_who_may_and_its_holder_is_told(ground):
    ground.locking.lock(WISH, "U0ALICE", "c:1")
    ground.told()

    for _ in range(2):
        assert isinstance(
            ground.locking.unlock(Unlock(("core",), "prod"), "U0BOB", "c:2"), Unlocked
        )

    (everybody, alice) = ground.told()
    assert ("C0PROD", "🔓 <@U0BOB> unlocked core in prod, held by <@U0ALICE>.") == everybody
    assert "U0ALICE" == alice[0]
    assert "<@U0BOB> ended your lock on core in prod: load test." in alice[1]


def test_unlocking_what_nobody_holds_names_what_stands_there(ground):
    everything = ground.locking.lock(ALL, "U0ALICE", "c:1")
    ground.told()
    wish = Unlock(("core",), "prod")
    assert NothingLocked(wish, everything.locks) == ground.locking.unlock(wish, "U0ALICE", "c:2")
    assert 1 == len(ground.lock_book.standing(NOON))
    assert [] == ground.told()


def test_a_lock_on_everything_beside_ones_own_is_pointed_out(ground):
    everything = ground.locking.lock(ALL, "U0ALICE", "c:1")
    answer = ground.locking.lock(WISH, "U0BOB", "c:2")
    assert everything.locks == answer.beside
    assert () == ground.locking.lock(Lock(("core",), "stage", None, "x"), "U0BOB", "c:3").beside


def test_a_lock_that_only_warns_is_kept_as_one(ground):
    answer = ground.locking.lock(Lock(("core",), "prod", None, "careful", warn=True), "U0BOB", "c")
    assert [True] == [one.warn_only for one in answer.locks]
    assert "a lock that only warns" in ground.told()[0][1]


def test_an_end_on_the_clock_is_on_that_of_who_asked(ground):
    wish = Lock(("core",), "prod", At(None, time(22)), "x")  # NOON is 21:00 in Seoul
    answer = ground.locking.lock(wish, "U0ALICE", "c:1")
    assert [NOON + HOUR] == [one.until for one in answer.locks]
    assert ["U0ALICE"] == ground.zones


def test_slack_is_not_asked_for_a_zone_that_decides_nothing(ground):
    ground.locking.lock(WISH, "U0ALICE", "c:1")
    ground.locking.lock(ALL, "U0ALICE", "c:2")
    assert [] == ground.zones


def test_an_end_in_the_past_is_refused(ground):
    wish = Lock(("core",), "prod", At(date(2026, 11, 20)), "x")
    assert BadEnd(WrongEnd.PAST, "2026-11-20") == ground.locking.lock(wish, "U0ALICE", "c:1")
    assert () == ground.lock_book.standing(NOON)
    assert [("refused", "U0ALICE", "core/prod")] == ground.deeds()


def test_a_lock_whose_time_is_over_is_told_once_by_whichever_replica(ground, database):
    ground.locking.lock(Lock(("batch", "core"), "prod", For(HOUR), "x"), "U0ALICE", "c:1")
    ground.told()
    other = Ground(database, ground.slack)
    ground.passes(HOUR)
    other.passes(HOUR)

    ground.locking.end_expired()
    other.locking.end_expired()

    (everybody, alice) = ground.told()
    assert "C0PROD" == everybody[0]
    assert "The time of the lock on batch and core in prod is over" in everybody[1]
    assert "U0ALICE" == alice[0]
    assert "/ship lock batch,core prod because" in alice[1]
    assert [] == other.told()


def test_whoever_takes_a_lock_whose_time_is_over_lets_its_owner_know(ground):
    ground.locking.lock(WISH, "U0ALICE", "c:1")
    ground.told()
    ground.passes(HOUR)
    ground.locking.lock(WISH, "U0BOB", "c:2")
    ground.locking.end_expired()
    assert ["C0PROD", "U0ALICE", "C0PROD"] == [whom for whom, _ in ground.told()]


def test_old_locks_are_reminded_of_every_day(ground, database):
    ground.locking.lock(ALL, "U0ALICE", "c:1")
    ground.locking.lock(WISH, "U0BOB", "c:2")  # this one ends by itself long before
    ground.told()
    other = Ground(database, ground.slack)
    reminders = []
    for _ in range(4):
        for one in (ground, other):
            one.passes(REMIND / 2)
            one.locking.end_expired()
            one.locking.remind()
        reminders.append([text for whom, text in ground.told() if whom == "U0ALICE"])

    assert [0, 1, 0, 1] == [len(found) for found in reminders]
    assert "You have held the lock on all in prod for 24 h 0 min: audit." in reminders[1][0]
    assert "/ship unlock all prod" in reminders[1][0]


def test_an_environment_that_left_the_configuration_has_no_channel_to_tell(ground):
    ground.locking.lock(WISH, "U0ALICE", "c:1")
    ground.told()
    ground.catalog.environments.pop("prod")
    ground.passes(HOUR)
    ground.locking.end_expired()
    assert ["U0ALICE"] == [whom for whom, _ in ground.told()]


def test_a_reason_that_looks_like_markup_stays_text(ground):
    wish = Lock(("core",), "prod", None, "<!channel> <https://evil.example|safe> & more")
    ground.locking.lock(wish, "U0ALICE", "c:1")
    ((_, text),) = ground.told()
    assert "&lt;!channel&gt; &lt;https://evil.example|safe&gt; &amp; more" in text
