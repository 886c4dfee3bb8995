"""Who speaks on the terminal is told from everybody in Slack by how they are called."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.rights import ITSELF, GitHubUser
from bot.domain.terminal import account_of, speaker


@given(st.integers(1, 10**18 - 1))
def test_a_speaker_leads_back_to_the_account(number):
    assert number == account_of(speaker(GitHubUser(number, "any")))


@pytest.mark.parametrize(
    "other",
    ["U0ALICE", "W0ALICE", ITSELF, "", "github:", "github:0", "github:01", "github:-1", "github:1 ",
     "github:1\n", "GitHub:1", "xgithub:1", "github:alice", "github:١", "github:" + "9" * 30],
)  # fmt: skip
def test_nobody_else_is_one(other):
    assert account_of(other) is None


@given(st.from_regex(r"[UW][A-Z0-9]{2,}", fullmatch=True))
def test_no_slack_user_is_one(user):
    assert account_of(user) is None
