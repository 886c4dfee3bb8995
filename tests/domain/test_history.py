"""The cursor of a page of history: read back, and believed in nothing."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.history import (
    PAGE,
    Cursor,
    Key,
    Kind,
    Noted,
    Wanted,
    key_of,
    page_of,
    read_cursor,
)
from tests.builders import NOON, catalog

CATALOG = catalog()
KEY = Key(NOON.replace(microsecond=123_456), Kind.OPERATION, 12)
SINCE = datetime(2026, 11, 1, tzinfo=UTC)

moments = st.datetimes(
    datetime(1990, 1, 1),
    datetime(2200, 1, 1),
    timezones=st.just(UTC),
)


@pytest.mark.parametrize(
    "cursor",
    [
        Cursor(Wanted(), KEY),
        Cursor(Wanted("core"), KEY, newer=True),
        Cursor(Wanted("core", "stage"), Key(NOON, Kind.ACT, 1)),
        Cursor(Wanted("core", "stage", SINCE, frozenset({"U0ALICE"})), KEY),
        Cursor(Wanted(None, None, SINCE), KEY),
    ],
)
def test_a_cursor_is_read_back(cursor):
    assert cursor == read_cursor(str(cursor), CATALOG)


@given(moments, st.sampled_from(Kind), st.integers(0, 10**9), st.booleans())
def test_every_key_is_read_back_to_the_microsecond(at, kind, number, newer):
    cursor = Cursor(Wanted("core", "stage"), Key(at, kind, number), newer)
    assert cursor == read_cursor(str(cursor), CATALOG)
    assert len(str(cursor)) < 300


GOOD = str(Cursor(Wanted("core", "stage", SINCE, frozenset({"U0ALICE"})), KEY))


@pytest.mark.parametrize(
    "text",
    ["", "D-12", "core|stage", "core|stage|D-1", GOOD + "x", GOOD[1:], "=" + GOOD[1:],
     GOOD.replace("core", "gone"), GOOD.replace("stage", "mars"), GOOD.replace("U0ALICE", "<@U1>"),
     ">9999999999999.0000001" + "1|core|stage||", ">1.1|||", GOOD + "9" * 400],
)  # fmt: skip
def test_what_is_no_cursor_or_names_what_is_gone(text):
    assert read_cursor(text, CATALOG) is None


@given(st.text(max_size=60))
def test_no_text_breaks_the_reading(text):
    found = read_cursor(text, CATALOG)
    assert found is None or isinstance(found, Cursor)


def acts(count):
    """Return so many acts, newest first."""
    at = [NOON - timedelta(minutes=one) for one in range(count)]
    return tuple(
        Noted(count - one, at[one], "U0ALICE", "locked", "core/stage") for one in range(count)
    )


def test_a_first_page_has_nothing_newer():
    found = acts(PAGE + 1)
    page = page_of(found, Wanted(), None)
    assert found[:PAGE] == page.told
    assert page.first
    assert (None, Cursor(Wanted(), key_of(found[PAGE - 1]))) == (page.newer, page.older)


def test_a_last_page_has_nothing_older():
    found, cursor = acts(3), Cursor(Wanted(), KEY)
    page = page_of(found, Wanted(), cursor)
    assert Cursor(Wanted(), key_of(found[0]), newer=True) == page.newer
    assert page.older is None
    assert not page.first


@pytest.mark.parametrize("more", [True, False])
def test_on_the_way_back_the_older_ones_are_there_and_newer_ones_perhaps(more):
    found = acts(PAGE + more)
    page = page_of(found, Wanted(), Cursor(Wanted(), KEY, newer=True))
    assert found[-PAGE:] == page.told
    assert Cursor(Wanted(), key_of(found[-1])) == page.older
    assert more is (page.newer is not None)
    assert more is not page.first


def test_a_page_that_is_empty_leads_nowhere():
    for cursor in (None, Cursor(Wanted(), KEY), Cursor(Wanted(), KEY, newer=True)):
        page = page_of((), Wanted(), cursor)
        assert ((), None, None) == (page.told, page.older, page.newer)
