"""Whose token it is that counts: never the bot's, nor a variable that could be."""

import pytest
from pydantic import SecretStr

from bot.adapters.github.own_login import GH_READS, kept_by_gh
from bot.terminal.ends import End, Ended
from bot.terminal.identity import token_of, without_theirs

API = "https://api.github.com"
BOTS = {"GITHUB_TOKEN": "ghp_bot"}


def kept(token):
    return lambda _host, _environment: SecretStr(token) if token else None


CHOSEN = [
    ({"SHIPMATE_AS": "ghp_me", "GH_TOKEN": "ghp_gh"}, "ghp_kept", "ghp_me"),
    ({"GH_TOKEN": "ghp_gh"}, "ghp_kept", "ghp_gh"),
    ({"GH_TOKEN": "ghp_bot"}, "ghp_kept", "ghp_kept"),
    ({}, "ghp_kept", "ghp_kept"),
    ({}, "ghp_bot", None),
    ({}, None, None),
    ({"SHIPMATE_AS": "ghp_bot"}, "ghp_kept", None),
    ({"SHIPMATE_AS": " "}, None, None),
]


@pytest.mark.parametrize(("environment", "keeps", "expected"), CHOSEN, ids=str)
def test_a_persons_token_is_never_the_bots(environment, keeps, expected):
    asked = {**BOTS, **environment}
    if expected is not None:
        assert expected == token_of(asked, API, kept(keeps)).get_secret_value()
        return
    with pytest.raises(Ended) as ended:
        token_of(asked, API, kept(keeps))
    assert End.USAGE is ended.value.end
    assert "SHIPMATE_AS" in str(ended.value.said)
    assert "ghp_" not in str(ended.value.said)


BESIDE_AN_APP = [
    ({"GITHUB_TOKEN": "ghp_me"}, "ghp_me"),
    ({"GITHUB_TOKEN": "ghp_me", "GH_TOKEN": "ghp_gh"}, "ghp_gh"),
    ({"GITHUB_TOKEN": "ghp_me", "SHIPMATE_AS": "ghp_as"}, "ghp_as"),
    ({}, "ghp_kept"),
]


@pytest.mark.parametrize(("environment", "expected"), BESIDE_AN_APP, ids=str)
def test_beside_an_app_the_github_token_is_a_persons(environment, expected):
    """A bot that is an App refuses to start with a token beside it, so it cannot be the bot's."""
    asked = {"GITHUB_APP_ID": "12345", **environment}
    assert expected == token_of(asked, API, kept("ghp_kept")).get_secret_value()
    assert "GITHUB_TOKEN" not in without_theirs(asked)
    assert BOTS == without_theirs(BOTS)


def test_the_bots_token_in_a_file_is_known_as_such(tmp_path):
    (tmp_path / "token").write_text("ghp_bot\n")
    environment = {"GITHUB_TOKEN_FILE": str(tmp_path / "token"), "GH_TOKEN": "ghp_bot"}
    with pytest.raises(Ended):
        token_of(environment, API, kept(None))


def test_gh_is_asked_for_the_host_and_without_what_it_would_believe_instead(tmp_path):
    gh = tmp_path / "gh"
    gh.write_text('#!/bin/sh\n[ "$1 $2 $3" = "auth token --hostname" ] && echo "of-$4-$GH_TOKEN"\n')
    gh.chmod(0o755)
    environment = {"PATH": f"{tmp_path}:/bin:/usr/bin", **dict.fromkeys(GH_READS, "ghp_bot")}
    assert "of-github.com-" == kept_by_gh("github.com", environment).get_secret_value()
    assert kept_by_gh("github.com", {"PATH": str(tmp_path / "none")}) is None
