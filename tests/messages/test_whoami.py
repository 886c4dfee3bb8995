"""What people are told of themselves: who, why, what they may, and what they can do."""

from datetime import UTC, datetime

import pytest

from bot.domain.belief import Belief, Held
from bot.domain.rights import (
    Action,
    GitHubUser,
    Identified,
    Membership,
    Standing,
    Unidentified,
    WhyNot,
)
from bot.domain.unknown import Unknown
from bot.messages.whoami import whoami
from tests.messages.limits import assert_slack_takes
from tests.messages.reading import read

ALICE = Identified(GitHubUser(101, "alice"), "map")
SINCE = datetime(2026, 11, 21, 12, tzinfo=UTC)
YES, PENDING = Membership(Standing.YES), Membership(Standing.PENDING)


def said(identity=ALICE, sources=("map", "link"), **more):
    message = whoami(Belief("U0ALICE", identity, sources, **more))
    assert_slack_takes(message)
    return read(message)


def test_somebody_who_is_known_reads_who_why_and_what_they_may():
    assert (
        """\
You are `alice` on GitHub, the account number 101.
The bot knows it from `people.map` in `shipmate.yaml`, since 2026-11-21 12:00 UTC.
The same account is also that of @U0ALICE2: you count as one person.
*What you may do*
• *stage*: deploy, lock
• *prod*: deploy (only *core* and *batch*), approve
You have it by *sre*.
You are invited to *release*: accept it on GitHub, then it counts.""".splitlines()
        == said(
            since=SINCE,
            others=("U0ALICE2",),
            memberships={"sre": YES, "release": PENDING},
            held=(
                Held("stage", Action.DEPLOY),
                Held("stage", Action.LOCK),
                Held("prod", Action.DEPLOY, ("core", "batch")),
                Held("prod", Action.APPROVE),
            ),
        ).splitlines()
    )


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("map", "`people.map`"),
        ("profile", "a field of your Slack profile that only admins fill in"),
        ("link", "your own link, which GitHub confirmed"),
    ],
)
def test_each_source_has_words(source, words):
    assert words in said(Identified(GitHubUser(101, "alice"), source))


def test_somebody_without_a_right_reads_who_can_give_one():
    text = said()
    assert "no right here: ask a platform engineer" in text
    assert "What you may do" not in text


def test_a_team_that_could_not_be_read_is_told_with_the_reason():
    unread = Membership(Standing.UNKNOWN, "GitHub answered 500")
    assert "not known whether you are in *sre*: GitHub answered 500" in said(
        memberships={"sre": unread}
    )


@pytest.mark.parametrize(
    ("may_link", "advice"),
    [
        pytest.param(True, "Send `/ship link` to connect it", id="they may link"),
        pytest.param(False, "is switched off here: ask a platform engineer", id="they may not"),
    ],
)
def test_somebody_unknown_reads_where_the_bot_looked_and_what_to_do(may_link, advice):
    text = said(Unidentified(WhyNot.NOT_LINKED), may_link=may_link)
    assert "does not know which GitHub account @U0ALICE has" in text
    assert "It looks, in this order, at `people.map` in `shipmate.yaml`, your own link" in text
    assert advice in text


def test_a_profile_that_anybody_can_fill_in_is_told_to_be_not_believed():
    text = said(Unidentified(WhyNot.NOT_LINKED), ("profile",), open_profile=True)
    assert "The profile field is not believed: anybody could type a login into it." in text


def test_what_is_unknown_is_told_with_the_reason():
    text = said(Unknown("GitHub could not read the teams: answered 500"))
    assert "answered 500" in text
    assert "you may do nothing that needs a right" in text


def test_hundreds_of_rights_still_fit_into_a_message():
    services = tuple(f"service-{number:03}" + "x" * 40 for number in range(400))
    held = tuple(
        Held(f"environment-{number}-" + "y" * 40, action, services)
        for number in range(60)
        for action in Action
    )
    assert "and 5" in said(held=held, others=tuple(f"U0{n:05}" for n in range(500)))


@pytest.mark.parametrize("text", ["<!channel>", "<http://evil.example|safe>", "`*_~" * 200])
def test_outside_words_are_never_markup(text):
    for identity in (
        Identified(GitHubUser(1, text), text),
        Unidentified(WhyNot.NO_SUCH_ACCOUNT, text),
        Unknown(text),
    ):
        message = whoami(
            Belief("U0ALICE", identity, (text,), {text: YES}, (Held(text, Action.LOCK, (text,)),))
        )
        assert_slack_takes(message)
        assert "<!channel>" not in message.text
        assert "<http" not in message.text
