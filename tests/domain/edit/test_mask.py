"""Covered templates leave every other character in its place."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.edit.errors import Refusal
from bot.domain.edit.mask import actions, cover, fill, holes


@pytest.mark.parametrize(
    ("text", "covered"),
    [
        pytest.param("{{- if .x }}\na: 1\n", "#xxxxxxxxxxx\na: 1\n", id="alone on its line"),
        pytest.param("a: {{ .x }}-b # c\n", "a: xxxxxxxx-b # c\n", id="within a line"),
        pytest.param("  {{ .x }}: b\n", "  xxxxxxxx: b\n", id="as a key"),
        pytest.param(
            "s: |\n  a\n{{ if .x }}\n  b\n", "s: |\n  a\n  #xxxxxxxx\n  b\n", id="as deep as below"
        ),
        pytest.param("{{ a\r\n  b }}\r\nc: 1\r\n", "#xxx\r\n#xxxxx\r\nc: 1\r\n", id="two lines"),
        pytest.param("a: {{ `\n}}` }}\n", "a: xxxx\n      \n", id="raw string over lines"),
        pytest.param('a: {{ "}}\\"" }}b\n', "a: xxxxxxxxxxxxb\n", id="string with braces"),
        pytest.param("{{/* }} {{ */}}\n", "#xxxxxxxxxxxxxx\n", id="comment with braces"),
        pytest.param("{{ if .a }}{{ .b }}\n", "#xxxxxxxxxxxxxxxxxx\n", id="two alone"),
    ],
)
def test_cover(text, covered):
    assert covered == cover(text, actions(text))


@pytest.mark.parametrize("text", ["a\n{{ b", 'a\n{{ "b }}', "a\n{{/* b }}", "a\n{{ `b }}"])
def test_an_action_without_end_is_refused_with_its_line(text):
    with pytest.raises(Refusal) as caught:
        actions(text)

    assert 2 == caught.value.line


@given(
    st.lists(st.sampled_from(["{{ x }}", "{{/* y */}}", "a", "\n", "\r\n", " ", "{{ `\n` }}", "é"]))
)
def test_length_and_line_breaks_stay(scraps):
    text = "".join(scraps)
    covered = cover(text, actions(text))

    assert len(text) == len(covered)
    assert [c for c in text if c in "\r\n"] == [c for c in covered if c in "\r\n"]
    assert "{{" not in covered


def test_holes_of_a_scalar():
    text = "${R}/a:{{ .t }}-$(X)"

    assert ["${R}", "{{ .t }}", "$(X)"] == [text[start:end] for start, end in holes(text)]
    assert "xxxx/a:xxxxxxxx-xxxx" == fill(text)
