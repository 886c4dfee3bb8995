"""What outside text may be in a pull request: text, and nothing that calls, links or closes."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.messages.markdown import JOINT, inert, markdown
from bot.messages.pull_request import title
from bot.messages.spans import Bold, Code, Link, Person, Text, line


@pytest.mark.parametrize(
    ("text", "never"),
    [
        ("thanks @bob-lee and @acme/sre", r"@\w"),
        ("fixes #12, closes acme/api#3", r"#\d"),
        ("resolves GH-7, gh-8", r"(?i)gh-\d"),
        ("fixes https://github.com/acme/api/issues/1", r"https://\w"),
        ("see www.evil.example", r"www\.\w"),
        ("mail a@b.example", r"@\w"),
    ],
    ids=["mentions", "issues", "issues by letters", "addresses", "bare addresses", "mail"],
)
@pytest.mark.parametrize("span", [Text, Bold, Code, Person], ids=lambda span: span.__name__)
def test_outside_text_calls_nobody(text, never, span):
    """Not as Markdown, and not in a merge's message either, where nothing is rendered."""
    shown = markdown(line(span(text)))
    assert not re.search(never, shown), shown
    assert not re.search(never, title(text)), title(text)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("<img src=x> & <!-- x -->", "&lt;img src=x&gt; &amp; &lt;\\!-- x --&gt;"),
        ("[a](http)", "\\[a\\]\\(http\\)"),
        ("`x` **b** _i_ ~s~ | t", "\\`x\\` \\*\\*b\\*\\* \\_i\\_ \\~s\\~ \\| t"),
        ("이준호: 로그인", "이준호: 로그인"),
    ],
    ids=["HTML", "a link", "marks", "Korean"],
)
def test_outside_text_is_no_markup(text, shown):
    assert shown == markdown(line(Text(text)))


def test_code_cannot_end_early():
    assert "`a'b`" == markdown(line(Code("a`b")))


@pytest.mark.parametrize(
    "url", ["javascript:x", "https://x/>)<script>", "https://x\n# y", "https://x/" + "y" * 4000]
)
def test_an_odd_address_is_only_its_words(url):
    assert "here" == markdown(line(Link(url, "here")))


def test_an_address_is_a_link():
    assert "[a1b2](<https://github.com/a/b>)" == markdown(
        line(Link("https://github.com/a/b", "a1b2"))
    )


@given(st.text(max_size=200))
def test_nothing_is_lost_but_what_is_invisible(text):
    assert text.replace(JOINT, "") == inert(text).replace(JOINT, "")
