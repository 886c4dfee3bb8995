from datetime import date, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.commands.nouns import At, For, Unlock
from bot.domain.commands.nouns import Lock as Wish
from bot.domain.problems import Problem, Reason
from bot.domain.stops.locking import HeldByOthers, Locked, NothingLocked, Refused, Unlocked
from bot.domain.stops.until import BadEnd, WrongEnd
from bot.messages.stops import locking
from tests.messages.limits import assert_slack_takes
from tests.messages.reading import read
from tests.messages.standing import ALICE, BOB, HOUR, NOON, lock

ENDLESS = lock("*", until=None, reason="audit")
WISH = Wish(("batch", "core"), "prod", For(2 * HOUR), "hotfix")


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        pytest.param(
            Locked((lock("batch"), lock())),
            "Locked *batch* and *core* in *prod* until 2026-11-21 13:00 UTC.\n"
            "To end it:\n"
            "    /ship unlock batch,core prod",
            id="locked",
        ),
        pytest.param(
            Locked((ENDLESS,)),
            "Locked *all* in *prod* until somebody unlocks it; you are reminded of it every day.\n"
            "To end it:\n"
            "    /ship unlock all prod",
            id="locked without an end",
        ),
        pytest.param(
            Locked((lock(warn_only=True),)),
            "Locked *core* in *prod* until 2026-11-21 13:00 UTC.\n"
            "It only warns: nobody is kept from deploying.\n"
            "To end it:\n"
            "    /ship unlock core prod",
            id="a lock that only warns",
        ),
        pytest.param(
            Locked((lock(owner=BOB),), former=(lock(),)),
            "Locked *core* in *prod* until 2026-11-21 13:00 UTC.\n"
            "Taken from @U0ALICE, who is told in person.\n"
            "To end it:\n"
            "    /ship unlock core prod",
            id="stolen",
        ),
        pytest.param(
            Locked((lock(owner=BOB),), beside=(ENDLESS,)),
            "Locked *core* in *prod* until 2026-11-21 13:00 UTC.\n"
            "Beside it, @U0ALICE holds the lock on *all* in *prod* since 2026-11-21 12:00 UTC:"
            " audit.\n"
            "To end it:\n"
            "    /ship unlock core prod",
            id="beside a lock on everything",
        ),
        pytest.param(
            HeldByOthers((lock(),), WISH),
            "@U0ALICE holds the lock on *core* in *prod* since 2026-11-21 12:00 UTC, until"
            " 2026-11-21 13:00 UTC: load test.\n"
            "Nothing was locked. Ask them to unlock it, or take it from them:\n"
            "    /ship lock batch,core prod for 120m steal because hotfix",
            id="held",
        ),
        pytest.param(
            BadEnd(WrongEnd.PAST, "2026-11-20"),
            "`2026-11-20` has passed already. Nothing was changed.\n"
            "Send it again with another end, or leave the end away for none.",
            id="an end in the past",
        ),
        pytest.param(
            BadEnd(WrongEnd.FAR, "2099-01-01"),
            "`2099-01-01` is too far away: 366 days is the longest. Nothing was changed.\n"
            "Send it again with another end, or leave the end away for none.",
            id="an end too far away",
        ),
    ],
)
def test_what_became_of_a_wish_for_a_lock(answer, expected):
    message = locking.lock_answer(answer)
    assert expected == read(message)
    assert_slack_takes(message)


def test_without_the_right_people_learn_who_could():
    facts = {
        "user": "U0EVE",
        "action": "lock",
        "service": "core",
        "environment": "prod",
        "teams": "sre",
    }
    said = read(locking.lock_answer(Refused(Problem(Reason.NOT_PERMITTED, facts))))
    assert "@U0EVE may not lock *core* in *prod*" in said
    assert "*sre*" in said


@pytest.mark.parametrize(
    ("wish", "expected"),
    [
        pytest.param(
            Wish((), "prod", None, "x", warn=True), "all prod steal warn because x", id="all, warn"
        ),
        pytest.param(
            Wish(("core",), "prod", At(None, time(18)), "x"),
            "core prod until 18:00 steal because x",
            id="time",
        ),
        pytest.param(
            Wish(("core",), "prod", At(date(2026, 12, 1)), "x"),
            "core prod until 2026-12-01 steal because x",
            id="day",
        ),
        pytest.param(
            Wish(("core",), "prod", At(date(2026, 12, 1), time(9, 5)), "x"),
            "core prod until 2026-12-01T09:05 steal because x",
            id="both",
        ),
    ],
)
def test_the_line_that_steals_says_all_that_was_asked(wish, expected):
    said = read(locking.lock_answer(HeldByOthers((lock(),), wish)))
    assert said.endswith(f"\n    /ship lock {expected}")


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        pytest.param(Unlocked((lock(),)), "Unlocked *core* in *prod*.", id="one's own"),
        pytest.param(
            Unlocked((lock(owner=BOB),)),
            "Unlocked *core* in *prod*.\n@U0BOB held it, and is told.",
            id="another's",
        ),
        pytest.param(
            NothingLocked(Unlock(("core",), "prod")),
            "Nobody holds a lock on *core* in *prod*. Nothing was changed.",
            id="nothing",
        ),
        pytest.param(
            NothingLocked(Unlock((), "prod"), (lock("batch"), lock())),
            "Nobody holds a lock on *all* in *prod*. Nothing was changed.\n"
            "@U0ALICE holds the lock on *batch* and *core* in *prod* since 2026-11-21 12:00 UTC,"
            " until 2026-11-21 13:00 UTC: load test.\n"
            "    /ship unlock batch,core prod",
            id="nothing of that, but something else",
        ),
    ],
)
def test_what_became_of_a_wish_to_unlock(answer, expected):
    message = locking.unlock_answer(answer, "U0ALICE")
    assert expected == read(message)
    assert_slack_takes(message)


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        pytest.param(
            locking.announced([lock()], []),
            "🔒 @U0ALICE locked *core* in *prod* until 2026-11-21 13:00 UTC: load test.",
            id="taken",
        ),
        pytest.param(
            locking.announced([lock(owner=BOB)], [lock()]),
            "🔒 @U0BOB locked *core* in *prod* until 2026-11-21 13:00 UTC, taken from @U0ALICE:"
            " load test.",
            id="stolen",
        ),
        pytest.param(
            locking.announced([lock(warn_only=True, until=None)], []),
            "🔒 @U0ALICE put a lock that only warns on *core* in *prod*: load test.",
            id="warns",
        ),
        pytest.param(
            locking.announced_end([lock()], BOB),
            "🔓 @U0BOB unlocked *core* in *prod*, held by @U0ALICE.",
            id="ended by another",
        ),
        pytest.param(
            locking.announced_end([lock()], ALICE),
            "🔓 @U0ALICE unlocked *core* in *prod*.",
            id="ended by its owner",
        ),
        pytest.param(
            locking.announced_over([lock()]),
            "🔓 The time of the lock on *core* in *prod* is over; @U0ALICE had it.",
            id="over",
        ),
        pytest.param(
            locking.taken_from_you([lock()], lock(owner=BOB, reason="prod is down")),
            "@U0BOB took your lock on *core* in *prod*: prod is down.\n"
            "Talk to them; if it has to be yours again, send"
            " `/ship lock core prod steal because …`.",
            id="in person: taken",
        ),
        pytest.param(
            locking.ended_for_you([lock()], BOB),
            "@U0BOB ended your lock on *core* in *prod*: load test.\n"
            "If you still need it, send `/ship lock core prod because …`.",
            id="in person: ended",
        ),
        pytest.param(
            locking.over_for_you([lock()]),
            "The time of your lock on *core* in *prod* is over: load test.\n"
            "If you still need it, send `/ship lock core prod because …`.",
            id="in person: over",
        ),
        pytest.param(
            locking.reminded([ENDLESS], NOON + timedelta(days=1)),
            "You have held the lock on *all* in *prod* for 24 h 0 min: audit. It has no end.\n"
            "If you no longer need it, send `/ship unlock all prod`.",
            id="in person: reminded",
        ),
    ],
)
def test_what_others_read(message, expected):
    assert expected == read(message)
    assert_slack_takes(message)


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=400), st.text(min_size=1, max_size=80), st.integers(1, 60))
def test_slack_takes_whatever_the_reason_and_however_many_the_services(reason, service, count):
    hostile = f"<!channel> <http://evil|safe> {reason}{'x' * 40_000}"
    locks = tuple(lock(f"{service}{n}", reason=hostile) for n in range(count))
    wish = Wish(tuple(f"{service}{n}" for n in range(count)), "prod", None, hostile)
    for message in (
        locking.lock_answer(Locked(locks, locks, locks)),
        locking.lock_answer(HeldByOthers(locks, wish)),
        locking.unlock_answer(NothingLocked(Unlock((), "prod"), locks), "U0BOB"),
        locking.announced(locks, locks),
        locking.taken_from_you(locks, locks[0]),
        locking.over_for_you(locks),
        locking.reminded(locks, NOON),
    ):
        assert_slack_takes(message)


def test_slack_takes_the_answer_when_many_hold_something():
    locks = tuple(lock(f"s{n}", reason=f"{n}" + "y" * 400) for n in range(60))
    assert_slack_takes(locking.lock_answer(Locked(locks[:1], (), locks)))
    assert_slack_takes(locking.lock_answer(HeldByOthers(locks, WISH)))
    assert_slack_takes(locking.unlock_answer(NothingLocked(Unlock((), "prod"), locks), "U0BOB"))
