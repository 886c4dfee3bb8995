"""The registry: the token dance, what an Accept header hides, what a refusal does not tell."""

import re
from collections.abc import Iterator
from datetime import timedelta

import httpx
import pytest

from sandbox.registry import DOCKER_LIST, DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST, Registry
from sandbox.wire import Fault
from tests.sandbox.github_ground import Still

NAME = "acme/api"
EVERY = f"{OCI_INDEX}, {OCI_MANIFEST}, {DOCKER_LIST}, {DOCKER_MANIFEST}"
URL = f"/v2/{NAME}/manifests"


@pytest.fixture
def clock() -> Still:
    return Still()


@pytest.fixture
def fake(clock: Still) -> Iterator[Registry]:
    started = Registry(clock)
    started.start()
    started.push(NAME, "v1")
    yield started
    started.stop()


@pytest.fixture
def plain(fake: Registry) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=fake.url, headers={"Accept": EVERY}, timeout=10) as opened:
        yield opened


def challenge(response: httpx.Response) -> dict[str, str]:
    assert response.status_code == 401
    scheme, _, words = response.headers["WWW-Authenticate"].partition(" ")
    assert scheme == "Bearer"
    return dict(re.findall(r'(\w+)="([^"]*)"', words))


def token(
    plain: httpx.Client, name: str = NAME, auth: tuple[str, str] | None = None
) -> dict[str, str]:
    """Return the header that the dance ends with."""
    words = challenge(plain.get(f"/v2/{name}/manifests/v1"))
    scope = f"repository:{name}:pull"
    assert words["scope"] == scope
    given = plain.get(
        words["realm"], params={"service": words["service"], "scope": scope}, auth=auth
    )
    assert given.status_code == 200
    body = given.json()
    return {"Authorization": f"Bearer {body.get('token') or body['access_token']}"}


def test_the_dance_ends_with_the_digest(fake: Registry, plain: httpx.Client):
    digest = fake.push(NAME, "v2")
    found = plain.head(f"{URL}/v2", headers=token(plain))
    assert (found.status_code, found.content) == (200, b"")
    assert found.headers["Docker-Content-Digest"] == digest
    assert found.headers["Content-Type"] == OCI_INDEX


def test_an_image_is_there_under_its_digest_too(fake: Registry, plain: httpx.Client):
    digest = fake.push(NAME, "v2")
    fake.untag(NAME, "v2")
    headers = token(plain)
    assert plain.get(f"{URL}/{digest}", headers=headers).status_code == 200
    assert plain.get(f"{URL}/v2", headers=headers).status_code == 404


def test_a_tag_that_is_not_there_is_404(plain: httpx.Client):
    missing = plain.get(f"{URL}/none", headers=token(plain))
    assert missing.status_code == 404
    assert missing.json()["errors"][0]["code"] == "MANIFEST_UNKNOWN"


@pytest.mark.parametrize("kind", [OCI_INDEX, OCI_MANIFEST, DOCKER_LIST, DOCKER_MANIFEST])
@pytest.mark.parametrize(
    ("accept", "status"),
    [
        pytest.param(EVERY, 200, id="all four"),
        pytest.param("{kind}", 200, id="its own"),
        pytest.param("application/json", 404, id="another"),
        pytest.param("*/*", 404, id="anything"),
    ],
)
def test_an_image_exists_only_for_who_accepts_its_type(
    fake: Registry, plain: httpx.Client, kind: str, accept: str, status: int
):
    fake.push(NAME, "typed", media_type=kind)
    headers = token(plain) | {"Accept": accept.format(kind=kind)}
    assert plain.head(f"{URL}/typed", headers=headers).status_code == status


def test_an_unknown_repository_is_404_after_a_good_token(plain: httpx.Client):
    missing = plain.head("/v2/acme/none/manifests/v1", headers=token(plain, "acme/none"))
    assert missing.status_code == 404


def test_a_token_is_for_one_repository(fake: Registry, plain: httpx.Client):
    fake.push("acme/web", "v1")
    refused = plain.get("/v2/acme/web/manifests/v1", headers=token(plain))
    assert challenge(refused)["error"] == "insufficient_scope"


def test_a_token_ends(fake: Registry, plain: httpx.Client, clock: Still):
    headers = token(plain)
    clock.advance(seconds=300)
    assert challenge(plain.get(f"{URL}/v1", headers=headers))["error"] == "invalid_token"
    headers = token(plain)
    fake.revoke_tokens()
    assert plain.get(f"{URL}/v1", headers=headers).status_code == 401


@pytest.mark.parametrize("named", ["token", "access_token"])
def test_a_token_has_one_of_two_names_and_may_not_say_how_long_it_lives(
    fake: Registry, plain: httpx.Client, clock: Still, named: str
):
    fake.say_tokens(named, expires_in=None)
    given = plain.get("/token", params={"scope": f"repository:{NAME}:pull"}).json()
    assert list(given) == [named]
    headers = {"Authorization": f"Bearer {given[named]}"}
    clock.at += timedelta(seconds=59)
    assert plain.get(f"{URL}/v1", headers=headers).status_code == 200
    clock.at += timedelta(seconds=1)
    assert plain.get(f"{URL}/v1", headers=headers).status_code == 401


def test_a_private_repository_wants_an_account(fake: Registry, plain: httpx.Client):
    fake.add_user("bot", "secret")
    fake.restrict(NAME, ["bot"])
    assert plain.get(f"{URL}/v1", headers=token(plain)).status_code == 401
    assert plain.get(f"{URL}/v1", headers=token(plain, auth=("bot", "secret"))).status_code == 200


@pytest.mark.parametrize(
    "auth",
    [pytest.param(("bot", "wrong"), id="password"), pytest.param(("who", "secret"), id="account")],
)
def test_a_wrong_account_gets_no_token(fake: Registry, plain: httpx.Client, auth: tuple[str, str]):
    fake.add_user("bot", "secret")
    assert plain.get("/token", params={"scope": "x"}, auth=auth).status_code == 401


def test_a_bearer_is_no_basic(fake: Registry, plain: httpx.Client):
    """ghcr.io takes ``user:token`` as Basic, not the token as Bearer."""
    refused = plain.get("/token", headers={"Authorization": "Bearer ghp_x"})
    assert refused.status_code == 401


@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize("name", [NAME, "acme/none"])
def test_a_hidden_repository_is_not_told_from_a_missing_one(
    fake: Registry, plain: httpx.Client, status: int, name: str
):
    fake.restrict(NAME)
    fake.hide(status)
    scope = {"scope": f"repository:{name}:pull"}
    given = plain.get("/token", params=scope)
    if status == 403:
        assert (given.status_code, given.json()["errors"][0]["code"]) == (403, "DENIED")
    else:
        headers = {"Authorization": f"Bearer {given.json()['token']}"}
        assert plain.get(f"/v2/{name}/manifests/v1", headers=headers).status_code == 401


@pytest.mark.parametrize("wait", [None, 30])
def test_too_many_requests(fake: Registry, plain: httpx.Client, wait: int | None):
    fake.rate_limit(retry_after=wait)
    refused = plain.head(f"{URL}/v1")
    assert refused.status_code == 429
    assert refused.headers.get("Retry-After") == (None if wait is None else str(wait))
    assert plain.head(f"{URL}/v1").status_code == 401


def test_tags_come_in_pages(fake: Registry, plain: httpx.Client):
    for number in range(2, 6):
        fake.push(NAME, f"v{number}")
    headers = token(plain)
    url, found = f"/v2/{NAME}/tags/list?n=2", []
    while url:
        response = plain.get(url, headers=headers)
        found.append(response.json()["tags"])
        url = response.links.get("next", {}).get("url", "")
    assert found == [["v1", "v2"], ["v3", "v4"], ["v5"]]


def test_faults_are_armed_by_route(fake: Registry, plain: httpx.Client):
    fake.arm("manifest", Fault(drop="before"))
    with pytest.raises(httpx.TransportError):
        plain.head(f"{URL}/v1")
    assert plain.head(f"{URL}/v1").status_code == 401


def test_the_registry_pings(plain: httpx.Client):
    assert challenge(plain.get("/v2/"))["service"] == "registry.fake"
    assert plain.get("/v2/", headers=token(plain)).status_code == 200


def test_an_unknown_route_is_remembered(fake: Registry, plain: httpx.Client):
    assert plain.get("/v1/search").status_code == 404
    assert fake.strange == ["registry: GET /v1/search?"]
