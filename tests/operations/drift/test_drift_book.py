from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.catalog import Application
from bot.domain.drift.items import Behind, DriftKind, Item, MovingTag, Stale, Unreadable, Unwell
from bot.domain.drift.reporting import Replied, Reply
from bot.operations.books.act_book import Act, ActBook, Deed
from bot.operations.drift.drift_book import DriftBook
from tests.builders import NOON

MINUTE = timedelta(minutes=1)
UNWELL = Item("prod", "core-prod", ("core",), Unwell("Degraded"))
MOVING = Item("prod", "web", ("web",), MovingTag("latest", in_git=True))
STALE = Item("prod", "web-prod", ("web",), Stale(NOON))
AWAY = Item("prod", "Argo CD main", ("core",), Unreadable("no answer"))
PROD = ("prod",)


@pytest.fixture
def book(database):
    return DriftBook(database)


def keys(book, where=PROD):
    return sorted(row.item.key for row in book.standing(where))


def only(book):
    (row,) = book.standing(PROD)
    return row


def test_it_stands_since_it_was_first_seen(book):
    book.record([UNWELL], PROD, NOON)
    book.record([UNWELL], PROD, NOON + MINUTE)
    assert (NOON, UNWELL) == (only(book).since, only(book).item)


def test_the_outside_may_know_of_an_earlier_time(book):
    book.record([replace(UNWELL, known_since=NOON - MINUTE)], PROD, NOON)
    assert NOON - MINUTE == only(book).since
    book.record([replace(UNWELL, known_since=NOON + MINUTE)], PROD, NOON + 2 * MINUTE)
    assert NOON - MINUTE == only(book).since


def test_what_is_seen_no_more_is_over_and_comes_back_as_another(book):
    book.record([UNWELL, MOVING], PROD, NOON)
    first = {row.item.key: row.id for row in book.standing(PROD)}
    book.record([MOVING], PROD, NOON + MINUTE)
    assert [MOVING.key] == keys(book)
    book.record([UNWELL, MOVING], PROD, NOON + 2 * MINUTE)
    again = {row.item.key: row for row in book.standing(PROD)}
    assert first[UNWELL.key] != again[UNWELL.key].id
    assert NOON + 2 * MINUTE == again[UNWELL.key].since
    assert book.find(first[UNWELL.key])[1] is False


def test_what_an_unreadable_system_hides_is_not_over(book):
    book.record([UNWELL, MOVING], PROD, NOON)
    book.record([AWAY], PROD, NOON + MINUTE)
    assert sorted([UNWELL.key, AWAY.key]) == keys(book)


def test_what_can_be_read_again_is_over_although_something_else_cannot(book):
    other = replace(AWAY, subject="core", what=Unreadable("no tag"))
    book.record([AWAY, other], PROD, NOON)
    book.record([other], PROD, NOON + MINUTE)
    assert [other.key] == keys(book)


def test_a_look_that_cannot_see_a_kind_does_not_end_it(book):
    book.record([STALE, MOVING], PROD, NOON)
    book.record([], PROD, NOON + MINUTE, unseen=[DriftKind.STALE])
    assert [STALE.key] == keys(book)


def test_a_look_at_one_environment_ends_nothing_elsewhere(book):
    stage = replace(UNWELL, environment="stage")
    book.record([UNWELL, stage], ("prod", "stage"), NOON)
    book.record([], ("stage",), NOON + MINUTE)
    assert [UNWELL.key] == keys(book, ("prod", "stage"))


def test_what_it_looks_like_now_is_shown(book):
    book.record([UNWELL], PROD, NOON)
    book.record([replace(UNWELL, what=Unwell("Missing"))], PROD, NOON + MINUTE)
    assert ("Missing", NOON) == (only(book).item.what.state, only(book).since)


def test_the_newest_word_counts_and_goes_with_its_item(book):
    book.record([UNWELL], PROD, NOON)
    number = only(book).id
    snoozed = Replied(Reply.SNOOZED, "U0BOB", NOON, NOON + MINUTE)
    acknowledged = Replied(Reply.ACKNOWLEDGED, "U0ALICE", NOON, NOON + 2 * MINUTE, "known")
    for mark, word in (("1", snoozed), ("2", acknowledged)):
        act = Act(mark, NOON, word.by, Deed.DRIFT_SNOOZED, "core/prod", "prod")
        assert book.reply(number, word, act)
        assert not book.reply(number, word, act)
    assert acknowledged == only(book).replied
    book.record([], PROD, NOON + MINUTE)
    book.record([UNWELL], PROD, NOON + 2 * MINUTE)
    assert only(book).replied is None


def test_who_ever_synced_by_itself_is_remembered(book):
    core, web = Application("main", "core"), Application("main", "web", namespace="team")
    book.note_auto_sync([core], NOON)
    book.note_auto_sync([core], NOON + MINUTE)
    assert {core} == book.had_auto_sync([core, web])


def test_thousands_of_items_are_written_at_once(book):
    behind = Behind("stage", "a", "b", "acme/x", "a" * 40, "b" * 40)
    many = [Item("prod", f"s{n}", (f"s{n}",), behind) for n in range(1_500)]
    book.record(many, PROD, NOON)
    assert 1_500 == len(book.standing(PROD))


def test_no_item_has_such_an_id(book):
    assert book.find(99) is None


def test_a_look_that_ends_late_leaves_what_a_newer_one_saw(book):
    """It began at noon and ends after another one, which began a minute later."""
    missing, away = replace(UNWELL, what=Unwell("Missing")), replace(MOVING, subject="gone")
    book.record([UNWELL, STALE, away], PROD, NOON - MINUTE)
    book.record([missing, STALE, MOVING], PROD, NOON + MINUTE)
    newer = book.standing(PROD)
    book.record([UNWELL, away], PROD, NOON)
    assert newer == book.standing(PROD)
    book.record([UNWELL], PROD, NOON + 2 * MINUTE)
    assert UNWELL == only(book).item


@pytest.mark.parametrize(
    ("after", "state", "first"),
    [
        pytest.param(timedelta(seconds=1), "", False, id="right after it"),
        pytest.param(2 * MINUTE - timedelta(seconds=1), "", False, id="just within"),
        pytest.param(2 * MINUTE, "", True, id="when the time is over"),
        pytest.param(timedelta(seconds=1), "x", True, id="at another state"),
    ],
)
def test_of_two_claims_within_the_time_one_is_the_first(book, after, state, first):
    book.record([UNWELL], PROD, NOON)
    before = NOON + MINUTE + timedelta(seconds=59)

    def claims(at, state):
        return claim(book, at, state, f"click:{at}")

    assert claims(before, "")
    assert first is claims(before + after, state)


@pytest.mark.parametrize(
    ("state", "goes_on"),
    [
        pytest.param("", True, id="it died before asking"),
        pytest.param("x", False, id="Argo CD has done it since"),
    ],
)
def test_a_click_that_is_repeated_syncs_once(book, database, state, goes_on):
    book.record([UNWELL], PROD, NOON)
    assert claim(book, NOON, "", "click:1")
    assert goes_on is claim(book, NOON + 3 * MINUTE, state, "click:1")
    marks = [one.mark for one in ActBook(database).latest()]
    assert 1 == sum(one.endswith(f"click:1:{only(book).id}") for one in marks)


def claim(book, at, state, asked):
    number, replied = only(book).id, Replied(Reply.SYNCED, "U0BOB", at)
    same = f"drift-sync:{number}:{state}:"
    act = Act(f"{same}{asked}:{number}", at, "U0BOB", Deed.DRIFT_SYNC, "core/prod", "prod")
    return book.claim(number, replied, act, same, 2 * MINUTE)
