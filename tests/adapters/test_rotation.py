"""Tokens are changed while the bot runs: the real adapters, over the wire, go on with the new one.

Each story is the same: a system revokes the old secret, the file holds a new one, and the next call
goes well. Where the file still holds the old one, the refusal is told.
"""

from contextlib import ExitStack
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import SecretStr

from bot.adapters.argocd import ArgoCD, Timeouts
from bot.adapters.argocd_stream import Pace, Stream
from bot.adapters.github import AppKey, GitHub, Token
from bot.adapters.registry import Registry
from bot.adapters.registry_auth import Host, Login
from bot.adapters.slack import Slack
from bot.clock import Clock
from bot.domain.catalog import Instance
from bot.domain.errors import Unauthorized
from bot.domain.facts import ImageFound
from bot.secret_files import FileSecret, UnusableError
from sandbox.github import GitHub as PretendGitHub
from sandbox.registry import Registry as PretendRegistry
from sandbox.wire import Fault
from tests.adapters.github_world import HandClock, pem, public_pem
from tests.sandbox.argocd_ground import ground
from tests.sandbox.github_ground import new_keys
from tests.sandbox.slack_bot import BOT_TOKEN, slack_with

SOON = Pace(first_byte=30.0, silence=30.0, reconnect=timedelta(seconds=0.02))


@pytest.fixture
def file(tmp_path):
    return tmp_path / "secret"


@pytest.fixture
def cleanup():
    with ExitStack() as stack:
        yield stack


def following(file, value):
    """Write *value* and return the secret that follows it, without ever looking by itself."""
    file.write_text(value)

    def read():
        if text := file.read_text():
            return text
        raise UnusableError("it is empty")

    return FileSecret(value, "SECRET", file, read, steady=lambda: 0.0)


def refusals(heard):
    """Return the reasons of those answers that did not take our login, in order."""
    return [one.refused for one in heard if one.refused]


# Slack


@pytest.fixture
def slack(cleanup):
    pretend = slack_with()
    cleanup.callback(pretend.stop)
    return pretend


def test_slack_goes_on_with_the_new_bot_token(slack, file):
    heard = []
    ours = Slack(
        following(file, BOT_TOKEN), slack.api_url, timedelta(seconds=5), on_answer=heard.append
    )
    ours.whoami()
    slack.tokens.bot = "xoxb-new"
    file.write_text("xoxb-new")
    assert ours.person("U0ALICE").id == "U0ALICE"
    assert "Bearer xoxb-new" == slack.calls[-1].headers["Authorization"]


@pytest.mark.parametrize("word", ["token_revoked", "token_expired", "account_inactive"])
def test_slack_refuses_a_token_and_the_file_has_no_other(slack, file, word):
    heard = []
    ours = Slack(
        following(file, BOT_TOKEN), slack.api_url, timedelta(seconds=5), on_answer=heard.append
    )
    slack.tokens.bad = word
    with pytest.raises(Unauthorized, match=word):
        ours.whoami()
    slack.tokens.bad = None
    ours.whoami()
    assert [word] == refusals(heard)
    assert "" == heard[-1].refused


def test_slack_is_not_asked_a_third_time(slack, file):
    ours = Slack(following(file, BOT_TOKEN), slack.api_url, timedelta(seconds=5))
    slack.tokens.bot = "xoxb-newer"
    file.write_text("xoxb-new")
    with pytest.raises(Unauthorized, match="invalid_auth"):
        ours.whoami()
    assert 2 == len(slack.calls)


# GitHub


@pytest.fixture(scope="module")
def github(tmp_path_factory):
    fake = PretendGitHub(tmp_path_factory.mktemp("github"), HandClock())
    fake.start()
    fake.create_repository("acme/api", {"README": b"hi"})
    yield fake
    fake.stop()


def door(fake, credentials, heard, cleanup):
    clock = HandClock()
    made = GitHub(
        credentials, fake.api_url, timeout=5, clock=clock, wall=clock, on_answer=heard.append
    )
    cleanup.callback(made.close)
    return made


def name(door):
    """Ask GitHub for something; each time anew."""
    door.forget("acme/api")
    return door.canonical("acme/api")


def test_github_goes_on_with_the_new_token(github, file, cleanup):
    heard = []
    github.add_token("ghp_old", "shipmate")
    ours = door(github, Token(following(file, "ghp_old")), heard, cleanup)
    assert "acme/api" == name(ours)
    github.revoke("ghp_old")
    github.add_token("ghp_new", "shipmate")
    file.write_text("ghp_new")
    assert "acme/api" == name(ours)
    assert [] == refusals(heard)


def test_github_refuses_a_token_and_the_file_has_no_other(github, file, cleanup):
    heard = []
    github.add_token("ghp_one", "shipmate")
    ours = door(github, Token(following(file, "ghp_one")), heard, cleanup)
    github.revoke("ghp_one")
    with pytest.raises(Unauthorized):
        name(ours)
    assert ["Bad credentials"] == refusals(heard)


def test_an_app_goes_on_with_its_new_key_when_its_token_is_refused(github, file, cleanup):
    """The key was deleted on the App's page and its tokens were revoked with it."""
    heard = []
    github.add_app(43, public_pem(), 8, {"contents": "write"})
    ours = door(github, AppKey("43", following(file, pem()), 8), heard, cleanup)
    assert "acme/api" == name(ours)
    private, public = new_keys()
    github.state.access.apps[43].key = public
    github.revoke()
    with pytest.raises(Unauthorized, match="no token for the App's installation"):
        name(ours)
    assert 1 == len(refusals(heard))
    file.write_text(private)
    assert "acme/api" == name(ours)
    assert "" == heard[-1].refused


def test_a_new_key_of_an_app_is_used_before_the_old_token_ends(github, file, cleanup):
    github.add_app(44, public_pem(), 9, {"contents": "write"})
    secret = following(file, pem())
    ours = door(github, AppKey("44", secret, 9), [], cleanup)
    name(ours)
    made = len(github.tokens())
    private, github.state.access.apps[44].key = new_keys()
    file.write_text(private)
    assert secret.look_again()
    assert "acme/api" == name(ours)
    assert made + 1 == len(github.tokens())


@pytest.mark.parametrize(
    ("off", "said"),
    [(-95, "our clock is 9[4-6] s ahead of GitHub's"), (700, "our clock is (699|700) s behind")],
)
def test_a_refusal_by_a_wrong_clock_says_so(github, cleanup, monkeypatch, off, said):
    """GitHub itself only says that it cannot decode the token."""
    github.add_app(45, new_keys()[1], 10, {"contents": "write"})
    ours = door(github, AppKey("45", SecretStr(pem()), 10), [], cleanup)
    monkeypatch.setattr(github, "clock_off", timedelta(seconds=off))
    with pytest.raises(Unauthorized, match=said):
        name(ours)


def test_when_a_personal_token_ends_is_known_after_any_answer(github, file, cleanup):
    github.add_token("ghp_ends", "shipmate")
    ours = door(github, Token(following(file, "ghp_ends")), [], cleanup)
    said = {"GitHub-Authentication-Token-Expiration": "2026-12-01 09:30:00 +0900"}

    def mangle(response):
        response.headers.update(said)
        return response

    assert (None, "acme/api") == (ours.token_ends, name(ours))
    github.arm("repository", Fault(mangle=mangle))
    name(ours)
    assert datetime(2026, 12, 1, 0, 30, tzinfo=UTC) == ours.token_ends


# Argo CD


@pytest.fixture(scope="module")
def argo():
    with ground() as made:
        yield made


def argocd(argo, secret, heard, cleanup):
    made = ArgoCD(
        Instance("main", argo.argocd.url),
        secret,
        clock=Clock(),
        timeouts=Timeouts(2.0, 5.0, 1.0),
        on_answer=heard.append,
    )
    cleanup.callback(made.close)
    return made


def test_argocd_goes_on_with_the_new_token(argo, file, cleanup):
    heard, old = [], argo.argocd.issue_token()
    ours = argocd(argo, following(file, old), heard, cleanup)
    ours.applications()
    argo.argocd.revoke_token(old)
    file.write_text(argo.argocd.issue_token())
    ours.applications()
    assert [] == refusals(heard)


def test_argocd_refuses_a_token_and_the_file_has_no_other(argo, file, cleanup):
    heard, old = [], argo.argocd.issue_token()
    ours = argocd(argo, following(file, old), heard, cleanup)
    argo.argocd.revoke_token(old)
    with pytest.raises(Unauthorized):
        ours.applications()
    assert ["it does not take our token (401)"] == refusals(heard)


def test_how_long_a_token_lasts_is_told_of_the_new_one(argo, file, cleanup):
    old = argo.argocd.issue_token(lasts=timedelta(days=1))
    secret = following(file, old)
    ours = argocd(argo, secret, [], cleanup)
    assert ours.token_ends is not None
    file.write_text(argo.argocd.issue_token())
    assert secret.look_again()
    assert ours.token_ends is None


def test_a_stream_that_was_refused_opens_at_once_with_the_new_token(argo, file, cleanup):
    """By itself it would come back after a minute."""
    old = argo.argocd.issue_token()
    argo.argocd.revoke_token(old)
    secret = following(file, old)
    stream = Stream(argocd(argo, secret, [], cleanup), lambda *_: None, clock=Clock(), pace=SOON)
    secret.follow(stream.renew)
    stream.start()
    cleanup.callback(stream.stop)
    assert argo.argocd.until(lambda: stream.state.refused, 10)
    file.write_text(argo.argocd.issue_token())
    assert secret.look_again()
    assert argo.argocd.until(lambda: argo.argocd.open_streams() == 1, 10)


# registries


@pytest.fixture(scope="module")
def registry():
    fake = PretendRegistry(HandClock())
    fake.start()
    fake.push("acme/api", "v1")
    yield fake
    fake.stop()


def test_a_registry_is_asked_with_the_new_password(registry, file, cleanup):
    place = registry.url.removeprefix("http://")
    registry.add_user("puller", "old-password")
    host = Host(Login("puller", following(file, "old-password")), frozenset())
    clock = HandClock()
    ours = Registry({place: host}, clock=clock, connect=1, read=5)
    cleanup.callback(ours.close)
    assert isinstance(ours.image(f"{place}/acme/api:v1"), ImageFound)
    registry.add_user("puller", "new-password")
    clock.move(timedelta(hours=2))  # the token of the old login has ended
    file.write_text("new-password")
    assert isinstance(ours.image(f"{place}/acme/api:v1"), ImageFound)


def test_a_password_that_stands_in_no_file_is_tried_once(registry, cleanup):
    place = registry.url.removeprefix("http://")
    host = Host(Login("puller", SecretStr("wrong")), frozenset())
    ours = Registry({place: host}, clock=HandClock(), connect=1, read=5)
    cleanup.callback(ours.close)
    before = len(registry.calls)
    assert not isinstance(ours.image(f"{place}/acme/api:v1"), ImageFound)
    assert before + 2 == len(registry.calls)
