from datetime import date, datetime, time, timedelta

import pytest

from bot.domain.commands.nouns import At, For, Freeze, Unfreeze
from bot.domain.stops.freezes import frozen
from bot.domain.stops.freezing import Lifted, Stopped
from bot.domain.stops.locking import Refused
from bot.domain.stops.until import BadEnd, WrongEnd
from bot.messages.stops.freezing import unfreeze_answer
from tests.operations.people import ALICE, NOON
from tests.operations.standing_ground import HOUR, WEEKEND, Ground

STAGE = Freeze("stage", None, "incident 42")


@pytest.fixture
def ground(database):
    return Ground(database)


def test_a_freeze_stops_the_line_at_once_and_everybody_is_told_once(ground):
    for _ in range(2):
        answer = ground.freezing.freeze(STAGE, "U0ALICE", "c:1")
        assert isinstance(answer, Stopped)
        assert (ALICE, None) == (answer.freeze.by, answer.freeze.until)

    assert frozen("stage", ground.freeze_book.standing(NOON), NOON) is not None
    assert [("frozen", "U0ALICE", "stage")] == ground.deeds()
    ((channel, text),) = ground.told()
    assert "C0DEPLOY" == channel
    assert text.startswith("🧊 <@U0ALICE> froze stage: incident 42.")
    assert "/ship unfreeze stage" in text


def test_an_unfreeze_that_was_left_lifts_no_freeze_that_came_after_it(ground):
    """Another replica does it half a minute later; by then an incident may have begun."""
    ground.clock.at = NOON + timedelta(seconds=20)
    ground.freezing.freeze(STAGE, "U0BOB", "c:2")
    ground.told()
    ground.clock.at += timedelta(seconds=10)

    answer = ground.freezing.unfreeze(Unfreeze("stage"), "U0ALICE", "c:1", NOON)

    (bobs,) = ground.freeze_book.standing(ground.clock.now(), "stage")
    assert Lifted("stage", (), None, (bobs,)) == answer
    said = unfreeze_answer(answer).text
    assert "Nobody has frozen" not in said
    assert "after you had asked" in said
    assert [] == ground.told()


def test_a_freeze_that_was_left_lasts_from_when_it_was_asked_for(ground):
    ground.clock.at = NOON + timedelta(seconds=30)
    answer = ground.freezing.freeze(Freeze("stage", For(HOUR), "x"), "U0ALICE", "c:1", NOON)
    assert NOON + HOUR == answer.freeze.until


def test_the_right_is_asked_for_every_service_there(ground):
    ground.freezing.freeze(Freeze("prod", None, "x"), "U0ALICE", "c:1")
    ground.freezing.unfreeze(Unfreeze("prod"), "U0BOB", "c:2")
    assert [
        ("U0ALICE", "freeze", ("batch", "core"), "prod"),
        ("U0BOB", "freeze", ("batch", "core"), "prod"),
    ] == ground.rights.asked


def test_without_the_right_nothing_is_frozen_or_lifted(ground):
    ground.freezing.freeze(STAGE, "U0ALICE", "c:1")
    ground.told()
    assert isinstance(ground.freezing.freeze(STAGE, "U0MALLORY", "c:2"), Refused)
    assert isinstance(ground.freezing.unfreeze(Unfreeze("stage"), "U0MALLORY", "c:3"), Refused)
    assert 1 == len(ground.freeze_book.standing(NOON))
    assert [
        ("frozen", "U0ALICE", "stage"),
        ("refused", "U0MALLORY", "*/stage"),
        ("refused", "U0MALLORY", "*/stage"),
    ] == ground.deeds()
    assert [] == ground.told()


def test_a_freeze_ends_on_the_clock_of_who_asked(ground):
    answer = ground.freezing.freeze(
        Freeze("stage", At(date(2026, 11, 22), time(9)), "x"), "U0ALICE", "c:1"
    )
    seoul = datetime.fromisoformat("2026-11-22T09:00+09:00")
    assert seoul == answer.freeze.until
    assert () == ground.freeze_book.standing(seoul)


def test_an_end_in_the_past_is_refused_and_nothing_freezes(ground):
    wish = Freeze("stage", At(date(2026, 11, 21), time(20)), "x")  # it is 21:00 in Seoul
    assert BadEnd(WrongEnd.PAST, "2026-11-21 20:00") == ground.freezing.freeze(
        wish, "U0ALICE", "c:1"
    )
    assert () == ground.freeze_book.standing(NOON)


def test_all_that_people_froze_is_lifted_once_and_named(ground):
    first = ground.freezing.freeze(STAGE, "U0ALICE", "c:1").freeze
    second = ground.freezing.freeze(Freeze("stage", For(HOUR), "me too"), "U0BOB", "c:2")
    assert (first,) == second.beside
    ground.told()

    for _ in range(2):
        answer = ground.freezing.unfreeze(Unfreeze("stage"), "U0BOB", "c:3")
        assert Lifted("stage", (first, second.freeze)) == answer

    assert () == ground.freeze_book.standing(NOON)
    said = "<@U0BOB> lifted the freeze of stage, frozen by <@U0ALICE> and <@U0BOB>."
    assert [("C0DEPLOY", said)] == ground.told()


def test_what_the_calendar_freezes_stays_and_is_said(ground):
    """NOON is a Saturday, and prod is frozen over the week end."""
    freeze = ground.freezing.freeze(Freeze("prod", None, "x"), "U0ALICE", "c:1").freeze
    ground.told()

    answer = ground.freezing.unfreeze(Unfreeze("prod"), "U0ALICE", "c:2")

    assert (freeze,) == answer.lifted
    assert (WEEKEND,) == answer.still.by
    assert datetime.fromisoformat("2026-11-23T00:00+09:00") == answer.still.until
    ((_, text),) = ground.told()
    assert "Still frozen until" in text
    assert "fri-sun from 17:00 Asia/Seoul" in text


def test_lifting_where_nobody_froze_changes_and_tells_nothing(ground):
    answer = ground.freezing.unfreeze(Unfreeze("prod"), "U0ALICE", "c:1")
    assert () == answer.lifted
    assert answer.still is not None
    assert [] == ground.told()
    assert [] == ground.deeds()
