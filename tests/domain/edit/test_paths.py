"""Paths, as people write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.edit.errors import EditCode, Refusal
from bot.domain.edit.paths import Each, Index, Name, Where, parse_path
from bot.domain.edit.walk import path_of


@pytest.mark.parametrize(
    ("path", "steps"),
    [
        ("a.b", (Name("a"), Name("b"))),
        ('a."x.y".c', (Name("a"), Name("x.y"), Name("c"))),
        ("a.'it''s'", (Name("a"), Name("it's"))),
        (r"a.b\.c", (Name("a"), Name("b.c"))),
        ("a[0][1].b", (Name("a"), Index(0), Index(1), Name("b"))),
        ("a[].b", (Name("a"), Each(), Name("b"))),
        ("p[name=image.tag].value", (Name("p"), Where(("name",), "image.tag"), Name("value"))),
        ('[metadata."a.b/c"="x]"]', (Where(("metadata", "a.b/c"), "x]"),)),
        ("images.0.newTag", (Name("images"), Name("0"), Name("newTag"))),
    ],
)
def test_parse(path, steps):
    assert steps == parse_path(path)
    assert steps == parse_path(path_of(steps))


@pytest.mark.parametrize(
    "path", ["", ".a", "a..b", "a.", "a[", "a]", "a[b", "a[=b]", 'a"b', "a[1.5]"]
)
def test_what_is_no_path_is_refused(path):
    with pytest.raises(Refusal) as caught:
        parse_path(path)

    assert caught.value.code is EditCode.BAD_VALUE


STEPS = (
    st.builds(Name, st.text())
    | st.builds(Index, st.integers(0, 999))
    | st.builds(Where, st.lists(st.text(), min_size=1, max_size=3).map(tuple), st.text())
    | st.just(Each())
)


@given(st.lists(STEPS, min_size=1).map(tuple))
def test_a_path_that_we_tell_leads_to_the_same_place(steps):
    assert steps == parse_path(path_of(steps))
