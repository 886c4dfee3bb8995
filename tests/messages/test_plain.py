"""What Slack would show stands on a terminal as plain lines, and its commands as they are typed."""

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.message import Message
from bot.messages.plain import plain, printable, typed
from bot.messages.replies import reply
from bot.messages.spans import Bold, Code, Link, Person, line, mrkdwn, quoted

TYPED = [
    ("/deploy core a1b2c3d4 stage", "shipmate deploy core a1b2c3d4 stage"),
    ("/ship status <service>", "shipmate status <service>"),
    ("/rollback core prod #2", "shipmate rollback core prod '#2'"),
    (
        "/deploy core v1 prod override because it's broken",
        "shipmate deploy core v1 prod override because 'it'\"'\"'s broken'",
    ),
    ("/ship lock core prod because <reason>", "shipmate lock core prod because <reason>"),
    ("/deploying", "/deploying"),
    ("core-stage-a1b2c3d4", "core-stage-a1b2c3d4"),
    ("/deploy a; rm -rf $HOME prod", "shipmate deploy 'a;' rm -rf '$HOME' prod"),
]


@pytest.mark.parametrize(("command", "expected"), TYPED, ids=[one for one, _ in TYPED])
def test_a_command_of_slack_is_shown_as_it_is_typed_in_a_shell(command, expected):
    assert expected == typed(command)


@given(st.text(st.characters(blacklist_categories=["Cs"]), min_size=1))
def test_whatever_is_copied_gives_the_shell_nothing_but_words(reason):
    command = typed("/deploy core v1 prod because " + reason.replace("\n", " ").strip())
    if command.startswith("shipmate"):
        assert ["shipmate", "deploy"] == shlex.split(command)[:2]


@given(st.text())
def test_nothing_moves_the_terminal(text):
    assert all(one.isprintable() for one in printable(text))


def test_lines_links_people_and_what_is_to_be_copied():
    said = reply(
        line(Bold("Next: "), "see ", Link("https://x.example/1", "its card"), " ", Person("U0BOB")),
        line(Code("/ship status"), " & ", quoted("<b>\x1b[2J")),
        copy=["/deploy core v1 prod"],
    )
    assert (
        "Next: see its card (https://x.example/1) @U0BOB",
        "shipmate status & <b> [2J",
        "    shipmate deploy core v1 prod",
    ) == plain(said)


def test_a_message_of_text_alone_is_no_markup():
    text = mrkdwn(line("a < b ", Person("U0BOB")), 100)
    assert ("a < b U0BOB",) == plain(Message(text))
