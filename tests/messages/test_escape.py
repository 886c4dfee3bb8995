import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.messages.blocks import TEXT
from bot.messages.escape import clean, escaped, escaped_within
from bot.messages.spans import Code, Link, Person, Text, line, listed, mrkdwn, rich
from bot.messages.templates import fill
from tests.messages.limits import assert_own_markup_only


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", "plain"),
        ("  two\n lines\t ", "two lines"),
        ("a\u202eb\u200bc\u2066d\ufeff", "abcd"),
        ("bell\x07 escape\x1b[31m", "bell escape [31m"),
        ("한글 그대로", "한글 그대로"),
        ("half\ud800", "half"),
        ("x" * 30, "x" * 19 + "…"),
        ("", ""),
    ],
    ids=["plain", "lines", "invisible", "control", "korean", "surrogate", "long", "empty"],
)
def test_clean(text, expected):
    assert expected == clean(text, 20)


@given(st.text(), st.integers(2, 50))
def test_clean_is_one_short_line_and_settled(text, limit):
    shown = clean(text, limit)
    assert len(shown) <= limit
    assert "\n" not in shown
    assert shown == clean(shown, limit)


def test_ampersands_are_escaped_first():
    assert "&amp;lt;!channel&amp;gt; &lt;b&gt;" == escaped("&lt;!channel&gt; <b>")


@given(st.text(alphabet="<>&ab"), st.integers(0, 30))
def test_an_entity_is_never_cut_in_two(text, room):
    shown = escaped_within(text, room)
    assert len(shown) <= room
    assert_own_markup_only(shown)


@pytest.mark.parametrize(
    ("span", "expected"),
    [
        (Text("<!here>"), "&lt;!here&gt;"),
        (Code("a`b"), "`a'b`"),
        (Person("U0ALICE"), "<@U0ALICE>"),
        (Person("U1> <!channel"), "U1&gt; &lt;!channel"),
        (Link("https://x", "a & b"), "a &amp; b"),
    ],
    ids=["text", "code", "person", "no person", "link"],
)
def test_a_span_in_mrkdwn(span, expected):
    assert expected == mrkdwn(line(span), TEXT)


@pytest.mark.parametrize("url", ["javascript:alert(1)", "", "https://" + "x" * 3_000, "//x"])
def test_what_is_no_web_address_is_no_link(url):
    assert [{"type": "text", "text": "words"}] == rich(line(Link(url, "words")))


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["a"], "a"),
        (["a", "b"], "a and b"),
        (["a", "b", "c"], "a, b and c"),
        (["a", "b", "c", "d"], "a, b, c and 1 more"),
        ([], ""),
    ],
)
def test_a_list_reads(names, expected):
    assert expected == mrkdwn(listed(map(Text, names), most=3), TEXT)


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("Tag {tag}[ of {app}].", "Tag `v1`."),
        ("[Ask {allowed}|Nobody may].", "Nobody may."),
        ("Copy `/ship {tag}` now.", "Copy `/ship v1` now."),
        ("No {nothing}.", "No (unknown)."),
    ],
)
def test_a_template_is_filled(template, expected):
    assert expected == mrkdwn(fill(template, {"tag": "v1", "app": " "}), TEXT)


def test_a_fact_is_no_template():
    facts = {"tag": "{app} [x|y] `z`", "app": "core"}
    assert "Tag `{app} [x|y] 'z'`." == mrkdwn(fill("Tag {tag}.", facts), TEXT)
