"""Rate limits: primary and secondary, 403 and 429, with and without Retry-After."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from github import GithubException, RateLimitExceededException

from sandbox.github import GitHub, mutates
from tests.sandbox.github_ground import REPO, Still, ask, http, pygithub, world

HOME = f"/repos/{REPO}"


@pytest.fixture
def clock() -> Still:
    return Still()


@pytest.fixture
def fake(tmp_path: Path, clock: Still) -> Iterator[GitHub]:
    with world(tmp_path, clock) as started:
        yield started


@pytest.fixture
def plain(fake: GitHub) -> Iterator[httpx.Client]:
    with http(fake) as opened:
        yield opened


def test_every_answer_tells_what_is_left(plain: httpx.Client, clock: Still):
    headers = plain.get(HOME).headers
    reset = str(int((clock.now() + timedelta(hours=1)).timestamp()))
    named = {
        name: headers[f"x-ratelimit-{name}"] for name in ("limit", "used", "remaining", "reset")
    }
    assert named == {"limit": "5000", "used": "1", "remaining": "4999", "reset": reset}
    assert headers["x-ratelimit-resource"] == "core"


def test_an_empty_bucket_is_403_until_it_is_filled_again(
    fake: GitHub, plain: httpx.Client, clock: Still
):
    fake.rate_limit(remaining=1, resets=timedelta(minutes=5))
    assert plain.get(HOME).status_code == 200
    refused = plain.get(HOME)
    assert refused.status_code == 403
    assert refused.json()["message"].startswith("API rate limit exceeded for user ID ")
    assert refused.headers["x-ratelimit-remaining"] == "0"
    assert refused.headers["x-ratelimit-reset"] == str(int(clock.now().timestamp()) + 300)
    clock.advance(minutes=5)
    assert plain.get(HOME).status_code == 200


def test_the_buckets_are_separate(fake: GitHub, plain: httpx.Client):
    fake.rate_limit("core")
    assert plain.get(HOME).status_code == 403
    assert "errors" not in ask(plain, "{viewer{login}}")


def test_asking_for_the_limits_is_free(fake: GitHub, plain: httpx.Client):
    fake.rate_limit("core")
    shown = plain.get("/rate_limit").json()["resources"]
    assert (shown["core"]["remaining"], shown["graphql"]["remaining"]) == (0, 5000)
    assert pygithub(fake).get_rate_limit().resources.core.remaining == 0


@pytest.mark.parametrize("status", [403, 429])
@pytest.mark.parametrize("wait", [None, 7])
def test_the_secondary_limit(fake: GitHub, plain: httpx.Client, status: int, wait: int | None):
    fake.secondary_limit(status=status, retry_after=wait)
    refused = plain.get(HOME)
    assert refused.status_code == status
    assert refused.json()["message"].startswith("You have exceeded a secondary rate limit")
    assert refused.headers.get("Retry-After") == (None if wait is None else str(wait))
    assert plain.get(HOME).status_code == 200


def test_pygithub_tells_a_403_limit_by_its_text_and_a_429_not(fake: GitHub):
    fake.secondary_limit(status=403)
    with pytest.raises(RateLimitExceededException):
        pygithub(fake).get_repo(REPO).complete()
    fake.secondary_limit(status=429)
    with pytest.raises(GithubException) as refused:
        pygithub(fake).get_repo(REPO).complete()
    assert type(refused.value) is GithubException
    assert refused.value.status == 429


def test_the_secondary_limit_can_hit_writes_alone(fake: GitHub, plain: httpx.Client):
    fake.secondary_limit(when=mutates)
    assert "errors" not in ask(plain, "{viewer{login}}")
    query = 'mutation{createRef(input:{repositoryId:"R_1",name:"x",oid:"y"}){clientMutationId}}'
    response = plain.post(f"{fake.url}/api/graphql", json={"query": query})
    assert response.status_code == 403


def test_content_can_be_created_only_so_often_in_a_minute(
    fake: GitHub, plain: httpx.Client, clock: Still
):
    fake.content_limit(2)
    blobs = f"{HOME}/git/blobs"
    assert [plain.post(blobs, json={"content": "x"}).status_code for _ in range(3)] == [
        201,
        201,
        403,
    ]
    assert plain.get(HOME).status_code == 200, "reading creates nothing"
    query = 'mutation{createRef(input:{repositoryId:"R_1",name:"x",oid:"y"}){clientMutationId}}'
    refused = plain.post(f"{fake.url}/api/graphql", json={"query": query})
    assert (refused.status_code, refused.headers["Retry-After"]) == (403, "60")
    clock.advance(minutes=1)
    assert plain.post(blobs, json={"content": "x"}).status_code == 201


def test_limits_can_be_lifted(fake: GitHub, plain: httpx.Client):
    fake.rate_limit("core")
    fake.secondary_limit(times=None)
    fake.lift_limits()
    assert plain.get(HOME).status_code == 200
