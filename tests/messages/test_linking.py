"""What people read while they link: Slack takes it, and outside words are never markup."""

from datetime import timedelta

import pytest

from bot.domain.rights import GitHubUser
from bot.messages import linking
from bot.messages.linking import Failure
from tests.messages.limits import assert_slack_takes
from tests.messages.reading import read

HOSTILE = "<!channel> <http://evil.example|safe> `*_" + "x" * 40_000
SPAN = timedelta(minutes=15)


def every(text="alice"):
    user = GitHubUser(9_000_000_101, text)
    return [
        linking.asking(),
        linking.looking(),
        linking.forgetting(),
        linking.type_this(text, "https://github.com/login/device", SPAN),
        linking.off(configured=True),
        linking.off(configured=False),
        linking.too_many(),
        linking.failed(text),
        *map(linking.ended, Failure),
        linking.is_it_you("o" * 43, user, SPAN),
        linking.linked(user, (), believed=True),
        linking.linked(user, ("U0BOB", text), believed=False),
        linking.also_linked("U0BOB", user),
        linking.declined(),
        linking.not_yours(),
        linking.over(),
        linking.expired(),
        linking.unlinked(user),
        linking.unlinked(None),
    ]


@pytest.mark.parametrize("text", ["alice", HOSTILE], ids=["plain", "hostile"])
def test_slack_takes_each_of_them(text):
    for message in every(text):
        assert_slack_takes(message)
        assert "<!channel>" not in message.text
        assert "<http://evil" not in message.text


def test_the_code_comes_with_its_page_its_time_and_a_warning():
    said = read(linking.type_this("ABCD-1234", "https://github.com/login/device", SPAN))
    assert "ABCD-1234" in said
    assert "https://github.com/login/device" in said
    assert "good for 15 min" in said
    assert "give it to nobody" in said
