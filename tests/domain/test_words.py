"""What people type in Slack becomes plain words, whatever client or clipboard it came through."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.words import LONGEST_TEXT, Mentioned, TooLong, bare, escaped, prose, words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("core a1b2c3d4 stage", ("core", "a1b2c3d4", "stage"), id="plain"),
        pytest.param("", (), id="nothing"),
        pytest.param(" \t\n ", (), id="blanks only"),
        pytest.param("core\u00a0a1\u202fdev\u3000now", ("core", "a1", "dev", "now"), id="no-break"),
        pytest.param("“core” ‘a1’", ("core", "a1"), id="curly quotes"),
        pytest.param('"core a1" dev', ("core", "a1", "dev"), id="quotes group nothing"),
        pytest.param("don’t", ("don't",), id="an apostrophe stays"),
        pytest.param("“core a1", ("core", "a1"), id="a quote that is not closed"),
        pytest.param("co\u200bre\ufeff a1\u2060", ("core", "a1"), id="zero width"),
        pytest.param("\u202ecore\u202c", ("core",), id="right to left"),
        pytest.param("\u200b \u200b", (), id="invisible only"),
        pytest.param("user–service", ("user-service",), id="en dash"),
        pytest.param("user\u2011service", ("user-service",), id="no-break hyphen"),
        pytest.param("—dry", ("--dry",), id="em dash"),
        pytest.param("core，batch、web", ("core,batch,web",), id="full-width commas"),
        pytest.param("*core* _a1_ ~x~ `dev`", ("core", "a1", "x", "dev"), id="pasted markup"),
        pytest.param("*core a1*", ("core", "a1"), id="markup over several words"),
        pytest.param("```core a1```", ("core", "a1"), id="a code block"),
        pytest.param("a_b c*d", ("a_b", "c*d"), id="markup inside a word stays"),
        pytest.param("* core *", ("core",), id="markup alone is no word"),
        pytest.param("<http://web.io|web.io> a1", ("web.io", "a1"), id="a link that Slack made"),
        pytest.param("<https://x.io/a?b=1&amp;c>", ("https://x.io/a?b=1&c",), id="no label"),
        pytest.param("core,<http://web.io|web.io>,x", ("core,web.io,x",), id="a link in a list"),
        pytest.param("<https://x.io|fix the login>", ("fix", "the", "login"), id="label of words"),
        pytest.param("<mailto:a@b.io|a@b.io>", ("a@b.io",), id="mail"),
        pytest.param("&lt;b&gt; a&amp;b", ("<b>", "a&b"), id="entities"),
        pytest.param("&amp;lt;", ("&lt;",), id="entities are decoded once"),
        pytest.param("&lt;@U1&gt;", ("<@U1>",), id="a typed mention is text"),
        pytest.param("<!here> <!date^1^{date}|today>", ("@here", "today"), id="special"),
        pytest.param("a < b", ("a", "<", "b"), id="a bare bracket"),
        pytest.param("<version> <", ("<version>", "<"), id="no entity of Slack's"),
    ],
)
def test_words_are_what_was_meant(text, expected):
    assert expected == words(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("<@U1ABC>", ("U1ABC",), id="person"),
        pytest.param("<@W1|alice>", ("W1",), id="person with a name"),
        pytest.param("<#C1|general> <#C2|>", ("C1", "C2"), id="channels"),
        pytest.param("<!subteam^S1|@sre>", ("S1",), id="group"),
        pytest.param("*<@U1>*", ("U1",), id="in bold"),
        pytest.param("<@U1><@U2>", ("U1", "U2"), id="side by side"),
    ],
)
def test_mentions_are_ids_that_nobody_can_forge(text, expected):
    found = words(text)
    assert expected == found
    assert all(isinstance(word, Mentioned) for word in found)


@pytest.mark.parametrize("text", ["U1ABC", "&lt;@U1ABC&gt;", "@U1ABC", "<https://x.io|U1ABC>"])
def test_typed_text_is_never_a_mention(text):
    found = words(text)
    assert not isinstance(found, TooLong)
    assert not any(isinstance(word, Mentioned) for word in found)


def test_a_mention_stands_apart_from_what_adjoins_it():
    assert ("U1", ":", "deploy", "core", "U2") == words("<@U1>: deploy core<@U2>")


def test_a_text_of_ten_thousand_characters_is_not_read():
    assert TooLong(10_000) == words("x" * 10_000)
    assert ("x" * LONGEST_TEXT,) == words("x" * LONGEST_TEXT)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(" it’s   broken\n— really ", "it’s broken — really", id="their own signs"),
        pytest.param("“fix the login”", "fix the login", id="quotes around all of it"),
        pytest.param("<@U1|alice> and <@U2> asked", "@alice and @U2 asked", id="people"),
        pytest.param("see <https://x.io/1|PROJ-1>", "see PROJ-1", id="a link"),
        pytest.param("a &lt; b &amp; c", "a < b & c", id="entities"),
        pytest.param("a\u202eb\x00c", "abc", id="signs that deceive"),
        pytest.param("<!subteam^S1|@sre> <!here>", "@sre @here", id="groups"),
    ],
)
def test_a_reason_is_quoted_as_it_was_meant(text, expected):
    assert expected == prose(text)


def test_bare_takes_markup_off_and_leaves_mentions():
    assert "core" == bare("*`core`*")
    assert isinstance(bare(Mentioned("U1")), Mentioned)


@given(st.text(max_size=200))
def test_no_word_is_empty_or_holds_a_blank(text):
    assert all(word.split() == [word] for word in words(text))


@given(st.text(max_size=200))
def test_escaped_text_names_nobody(text):
    assert not any(isinstance(word, Mentioned) for word in words(escaped(text)))


@given(st.lists(st.from_regex(r"[a-z0-9<>&@|!#]{1,8}", fullmatch=True)))
def test_typed_words_come_through_slack_unchanged(typed):
    assert tuple(typed) == words(escaped(" ".join(typed)))
