"""Commits over REST: resolving what people type, comparing, conditional reads, renamed homes."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from github import GithubException

from sandbox.github import GitHub
from tests.sandbox.github_ground import REPO, Still, http, pygithub, world

COMMITS = f"/repos/{REPO}/commits"


@pytest.fixture
def fake(tmp_path: Path) -> Iterator[GitHub]:
    with world(tmp_path) as started:
        yield started


@pytest.fixture
def plain(fake: GitHub) -> Iterator[httpx.Client]:
    with http(fake) as opened:
        yield opened


SHA = {"Accept": "application/vnd.github.sha"}


@pytest.mark.parametrize(
    "word",
    [
        pytest.param("main", id="branch"),
        pytest.param("heads/main", id="branch with its kind"),
        pytest.param("feature/x", id="branch with a slash"),
        pytest.param("v1", id="tag"),
        pytest.param("v2", id="annotated tag"),
        pytest.param("HEAD", id="HEAD"),
        pytest.param("{sha}", id="full sha"),
        pytest.param("{sha:.7}", id="short sha"),
    ],
)
def test_what_names_a_commit_resolves_to_40_digits(fake: GitHub, plain: httpx.Client, word: str):
    sha = fake.head(REPO)
    fake.create_branch(REPO, "feature/x")
    fake.tag(REPO, "v1", sha)
    fake.tag(REPO, "v2", sha, message="annotated")
    response = plain.get(f"{COMMITS}/{word.format(sha=sha)}", headers=SHA)
    assert (response.status_code, response.text) == (200, sha)


def test_what_names_no_commit_is_422(plain: httpx.Client):
    response = plain.get(f"{COMMITS}/nonsense", headers=SHA)
    assert response.status_code == 422
    assert response.json()["message"] == "No commit found for SHA: nonsense"


def test_a_short_sha_of_two_commits_is_422(fake: GitHub, plain: httpx.Client):
    """The status is unverified on github.com; the fact sheet says 422 or 404."""
    seen = {fake.head(REPO)[:4]}
    for number in range(3000):
        prefix = fake.push(REPO, "main", {"n": str(number)})[:4]
        if prefix in seen:
            break
        seen.add(prefix)
    assert plain.get(f"{COMMITS}/{prefix}", headers=SHA).status_code == 422


def test_an_empty_repository_is_409(fake: GitHub, plain: httpx.Client):
    fake.create_repository("acme/empty", {})
    response = plain.get("/repos/acme/empty/commits/main", headers=SHA)
    assert (response.status_code, response.json()["message"]) == (409, "Git Repository is empty.")


def test_an_unknown_repository_is_404(plain: httpx.Client):
    response = plain.get("/repos/acme/nothing/commits/main")
    assert (response.status_code, response.json()["message"]) == (404, "Not Found")


def test_a_commit_shows_its_files_and_its_person(fake: GitHub):
    fake.add_user("eve", number=42, email="eve@example.com")
    fake.push(REPO, "main", {"run.sh": "#!/bin/sh\nls\n"}, author=("Eve", "eve@example.com"))
    commit = pygithub(fake).get_repo(REPO).get_commit("main").complete()
    (file,) = commit.files
    assert (file.filename, file.status, file.additions, file.deletions) == (
        "run.sh",
        "modified",
        1,
        1,
    )
    assert (commit.author.login, commit.author.id) == ("eve", 42)


def test_lists_come_in_pages(fake: GitHub, plain: httpx.Client):
    for number in range(5):
        fake.push(REPO, "main", {"n": str(number)}, message=f"change {number}")
    first = plain.get(COMMITS, params={"per_page": 2})
    assert [one["commit"]["message"] for one in first.json()] == ["change 4", "change 3"]
    second = plain.get(first.links["next"]["url"])
    assert [one["commit"]["message"] for one in second.json()] == ["change 2", "change 1"]
    assert "page=3" in first.links["last"]["url"]


def test_lists_can_be_of_one_path(fake: GitHub):
    fake.push(REPO, "main", {"a": "1"}, message="touch a")
    fake.push(REPO, "main", {"b": "1"}, message="touch b")
    found = pygithub(fake).get_repo(REPO).get_commits(path="a")
    assert [one.commit.message for one in found] == ["touch a"]


@pytest.mark.parametrize(
    ("base", "head", "status"),
    [
        pytest.param("old", "main", "ahead", id="ahead"),
        pytest.param("main", "old", "behind", id="behind"),
        pytest.param("main", "main", "identical", id="identical"),
        pytest.param("main", "side", "diverged", id="diverged"),
    ],
)
def test_compare_tells_how_two_commits_stand(fake: GitHub, base: str, head: str, status: str):
    fake.create_branch(REPO, "old")
    fake.create_branch(REPO, "side")
    fake.push(REPO, "main", {"a": "1"}, message="first")
    fake.push(REPO, "main", {"a": "2"}, message="second")
    fake.push(REPO, "side", {"b": "1"}, message="aside")
    found = pygithub(fake).get_repo(REPO).compare(base, head)
    assert found.status == status
    if status == "ahead":
        assert [one.commit.message for one in found.commits] == ["first", "second"]


def test_compare_gives_250_commits_unpaged_and_300_files(fake: GitHub, plain: httpx.Client):
    fake.create_branch(REPO, "old")
    for number in range(255):
        fake.push(REPO, "main", {f"many/{number}-{half}": "x" for half in "ab"})
    found = plain.get(f"/repos/{REPO}/compare/old...main").json()
    assert (found["total_commits"], len(found["commits"]), len(found["files"])) == (255, 250, 300)
    paged = plain.get(f"/repos/{REPO}/compare/old...main", params={"page": 3, "per_page": 100})
    assert (len(paged.json()["commits"]), paged.json()["files"]) == (55, [])


def test_compare_with_what_is_not_there_is_404(plain: httpx.Client):
    assert plain.get(f"/repos/{REPO}/compare/main...nothing").status_code == 404


def test_a_second_read_with_the_etag_is_304_and_costs_nothing(fake: GitHub, plain: httpx.Client):
    first = plain.get(COMMITS)
    again = plain.get(COMMITS, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["x-ratelimit-used"] == first.headers["x-ratelimit-used"]
    fake.push(REPO, "main", {"x": "1"})
    assert plain.get(COMMITS, headers={"If-None-Match": first.headers["ETag"]}).status_code == 200


def test_the_query_is_part_of_what_an_etag_is_of(plain: httpx.Client):
    tag = plain.get(COMMITS, params={"per_page": 1}).headers["ETag"]
    other = plain.get(COMMITS, params={"per_page": 2}, headers={"If-None-Match": tag})
    assert other.status_code == 200


def test_pygithub_understands_the_304(fake: GitHub):
    requester = pygithub(fake).requester
    headers, _ = requester.requestJsonAndCheck("GET", COMMITS)
    _, data = requester.requestJsonAndCheck(
        "GET", COMMITS, headers={"If-None-Match": headers["etag"]}
    )
    assert data is None


def test_a_renamed_repository_is_301_for_reads_without_the_query(fake: GitHub, plain: httpx.Client):
    fake.create_branch(REPO, "prod")
    fake.push(REPO, "prod", {"where": "prod"})
    fake.push(REPO, "main", {"where": "main"})
    fake.rename(REPO, "acme/deployment")
    moved = plain.get(f"/repos/{REPO}/contents/where", params={"ref": "prod"})
    assert moved.status_code == 301
    assert "?" not in moved.headers["Location"]
    raw = {"Accept": "application/vnd.github.raw+json"}
    assert plain.get(moved.headers["Location"], headers=raw).text == "main"
    renamed = pygithub(fake).get_repo(REPO).complete()
    assert renamed.full_name == "acme/deployment"


def test_a_renamed_repository_is_307_for_writes_and_nothing_is_written(fake: GitHub):
    head = fake.head(REPO)
    fake.rename(REPO, "acme/deployment")
    with http(fake) as plain:
        response = plain.post(f"/repos/{REPO}/git/refs", json={"ref": "refs/heads/x", "sha": head})
    assert response.status_code == 307
    assert pygithub(fake).get_repo(REPO).create_git_ref("refs/heads/x", head).ref is None
    with pytest.raises(KeyError):
        fake.head("acme/deployment", "x")


def test_a_branch_that_is_not_there_is_404(fake: GitHub):
    with pytest.raises(GithubException) as refused:
        pygithub(fake).get_repo(REPO).get_branch("nothing").complete()
    assert (refused.value.status, refused.value.data["message"]) == (404, "Branch not found")


def test_times_are_utc_to_the_second(tmp_path: Path):
    clock = Still()
    with world(tmp_path / "other", clock) as fake, http(fake) as plain:
        date = plain.get(f"{COMMITS}/main").json()["commit"]["author"]["date"]
    assert date == "2026-11-02T12:00:00Z"
