"""Who may call: App tokens with an end, permissions enforced, 401 after revocation."""

import threading
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import httpx
import jwt
import pytest
from github import Auth, BadCredentialsException, GithubException

from sandbox.github import GitHub
from tests.sandbox.github_ground import REPO, TOKEN, client, http, keys, world

APP, INSTALLATION = 12, 34
GRANTED = {"contents": "write", "metadata": "read", "members": "read"}
TOKENS = f"/app/installations/{INSTALLATION}/access_tokens"


@pytest.fixture
def fake(tmp_path: Path) -> Iterator[GitHub]:
    with world(tmp_path) as started:
        started.add_app(APP, keys()[1], INSTALLATION, GRANTED)
        yield started


def signed(**claims: int | str) -> str:
    now = int(time.time())
    return jwt.encode(
        {"iat": now - 30, "exp": now + 300, "iss": str(APP)} | claims, keys()[0], "RS256"
    )


def mint(fake: GitHub, body: object = None, token: str | None = None) -> httpx.Response:
    with http(fake, token or signed()) as plain:
        return plain.post(TOKENS, json=body)


def app_auth(permissions: dict[str, str] | None = None) -> Auth.AppInstallationAuth:
    return Auth.AppAuth(APP, keys()[0]).get_installation_auth(INSTALLATION, permissions)


def test_pygithub_gets_a_token_once_and_reads_with_it(fake: GitHub):
    hub = client(fake, app_auth({"contents": "write"}))
    for _ in range(3):
        assert hub.get_repo(REPO).get_commit("main").complete().sha == fake.head(REPO)
    assert fake.count("installation_token") == 1


def test_a_token_lives_one_hour_and_names_its_permissions(fake: GitHub):
    made = mint(fake, {"permissions": {"contents": "read"}})
    shown = made.json()
    assert made.status_code == 201
    assert shown["token"].startswith(f"ghs_{APP}_")
    assert len(shown["token"]) > 200, "nobody may count on 40 characters"
    assert (shown["permissions"], shown["repository_selection"]) == ({"contents": "read"}, "all")
    left = datetime.fromisoformat(shown["expires_at"]) - fake.state.wall.now()
    assert 3590 < left.total_seconds() <= 3600


def test_no_permissions_named_means_all_that_were_granted(fake: GitHub):
    assert mint(fake, {"permissions": {}}).json()["permissions"] == GRANTED


def test_more_than_was_granted_is_422(fake: GitHub):
    refused = mint(fake, {"permissions": {"contents": "write", "checks": "read"}})
    assert refused.status_code == 422
    assert "not granted" in refused.json()["message"]


@pytest.mark.parametrize(
    "token",
    [
        pytest.param(lambda: "nonsense", id="no JWT"),
        pytest.param(lambda: signed(exp=int(time.time()) - 5), id="expired"),
        pytest.param(lambda: signed(exp=int(time.time()) + 3600), id="lives too long"),
        pytest.param(lambda: signed(iss="99"), id="unknown App"),
        pytest.param(
            lambda: jwt.encode({"iat": 1, "exp": 2**31, "iss": "12"}, "k" * 32, "HS256"),
            id="signed by another key",
        ),
    ],
)
def test_a_jwt_that_does_not_hold_is_401(fake: GitHub, token):
    assert mint(fake, token=token()).status_code == 401


def test_an_unknown_installation_is_404(fake: GitHub):
    with http(fake, signed()) as plain:
        assert plain.post("/app/installations/99/access_tokens").status_code == 404


def test_a_suspended_installation_gets_no_token_and_keeps_none(fake: GitHub):
    token = mint(fake).json()["token"]
    fake.suspend(INSTALLATION)
    assert mint(fake).status_code == 403
    with http(fake, token) as plain:
        assert plain.get(f"/repos/{REPO}").status_code == 401


@pytest.mark.parametrize("end", ["revoke", "expire"])
def test_a_token_that_ended_is_bad_credentials(fake: GitHub, end: str):
    getattr(fake, end)(TOKEN)
    with http(fake) as plain:
        response = plain.get(f"/repos/{REPO}")
    assert (response.status_code, response.json()["message"]) == (401, "Bad credentials")


def test_pygithub_does_not_renew_a_revoked_token(fake: GitHub):
    hub = client(fake, app_auth())
    hub.get_repo(REPO).complete()
    fake.revoke()
    with pytest.raises(BadCredentialsException):
        hub.get_repo(REPO).complete()
    assert client(fake, app_auth()).get_repo(REPO).complete().full_name == REPO


def test_what_a_token_may_not_do_is_403(fake: GitHub):
    token = mint(fake, {"permissions": {"contents": "read"}}).json()["token"]
    with http(fake, token) as plain:
        refused = plain.post(f"/repos/{REPO}/git/refs", json={})
    assert refused.status_code == 403
    assert refused.json()["message"] == "Resource not accessible by integration"


def test_a_permission_taken_away_counts_at_once(fake: GitHub):
    token = mint(fake).json()["token"]
    with http(fake, token) as plain:
        assert plain.get("/orgs/acme/teams").status_code == 200
        fake.grant(INSTALLATION, {"contents": "write"})
        assert plain.get("/orgs/acme/teams").status_code == 403


def test_a_repository_that_a_token_does_not_see_is_404(fake: GitHub):
    fake.create_repository("acme/secret", {"a": "1"})
    fake.add_token("ghp_one", "bo", repositories=[REPO])
    with http(fake, "ghp_one") as plain:
        assert plain.get(f"/repos/{REPO}").status_code == 200
        assert plain.get("/repos/acme/secret").status_code == 404


def test_a_token_may_be_for_one_repository(fake: GitHub):
    fake.create_repository("acme/secret", {"a": "1"})
    shown = mint(fake, {"repositories": ["gitops"]}).json()
    assert shown["repository_selection"] == "selected"
    with http(fake, shown["token"]) as plain:
        assert plain.get("/repos/acme/secret").status_code == 404
    assert mint(fake, {"repositories": ["none"]}).status_code == 422


def test_a_stranger_sees_no_private_repository(fake: GitHub):
    with http(fake, None) as plain:
        assert plain.get(f"/repos/{REPO}").status_code == 404


def test_a_repository_tells_what_the_caller_may(fake: GitHub):
    fake.add_token("ghp_reader", "bo", {"contents": "read"})
    with http(fake, "ghp_reader") as plain:
        assert plain.get(f"/repos/{REPO}").json()["permissions"] == {
            "admin": False,
            "push": False,
            "pull": True,
        }


def test_the_app_tells_its_slug(fake: GitHub):
    with http(fake, signed()) as plain:
        assert plain.get("/app").json()["slug"] == "shipmate"


def test_an_installation_has_no_user(fake: GitHub):
    hub = client(fake, app_auth())
    with pytest.raises(GithubException) as refused:
        assert hub.get_user().login
    assert refused.value.status == 403


def test_threads_without_a_lock_may_ask_for_several_tokens(fake: GitHub):
    """The fake does not hide it: each request it gets makes a token."""
    threads = [threading.Thread(target=mint, args=(fake,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({token.value for token in fake.tokens() if token.installation}) == 4


def test_no_secret_is_in_a_repr(fake: GitHub):
    token = mint(fake).json()["token"]
    assert token not in repr(fake.tokens())
