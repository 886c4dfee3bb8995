"""The cursor of a page of history: read back, and believed in nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.history import Cursor, read_cursor
from tests.builders import catalog

CATALOG = catalog()


@pytest.mark.parametrize(
    "cursor",
    [Cursor(None, None, "D-12"), Cursor("core", None, "D-1"), Cursor("core", "stage", "D-9")],
)
def test_a_cursor_is_read_back(cursor):
    assert cursor == read_cursor(str(cursor), CATALOG)


@pytest.mark.parametrize(
    "text",
    ["", "D-12", "core|stage", "core|stage|D-0", "core|stage|12", "gone|stage|D-1",
     "core|mars|D-1", "core|stage|D-1|x", "core|stage|D-" + "9" * 400],
)  # fmt: skip
def test_what_is_no_cursor_or_names_what_is_gone(text):
    assert read_cursor(text, CATALOG) is None


@given(st.text(max_size=60))
def test_no_text_breaks_the_reading(text):
    found = read_cursor(text, CATALOG)
    assert found is None or isinstance(found, Cursor)
