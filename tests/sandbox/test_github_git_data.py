"""The Git database over REST: references move only forward, one at a time."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from sandbox.github import GitHub
from tests.sandbox.github_ground import NOON, REPO, http, world

GIT = f"/repos/{REPO}/git"


@pytest.fixture
def fake(tmp_path: Path) -> Iterator[GitHub]:
    with world(tmp_path) as started:
        yield started


@pytest.fixture
def plain(fake: GitHub) -> Iterator[httpx.Client]:
    with http(fake) as opened:
        yield opened


def build(plain: httpx.Client, head: str, path: str, text: str, mode: str = "100644") -> str:
    """Make a commit by the three calls of the fall-back, without moving anything."""
    entry = {"path": path, "mode": mode, "type": "blob", "content": text}
    tree = plain.post(f"{GIT}/trees", json={"base_tree": head, "tree": [entry]})
    assert tree.status_code == 201
    words = {"message": f"write {path}", "tree": tree.json()["sha"], "parents": [head]}
    commit = plain.post(f"{GIT}/commits", json=words)
    assert commit.status_code == 201
    return str(commit.json()["sha"])


def test_the_fall_back_keeps_the_executable_bit(fake: GitHub, plain: httpx.Client):
    sha = build(plain, fake.head(REPO), "run.sh", "#!/bin/sh\nls\n", mode="100755")
    response = plain.patch(f"{GIT}/refs/heads/main", json={"sha": sha, "force": False})
    assert response.status_code == 200
    assert response.json()["object"]["sha"] == sha
    assert fake.mode(REPO, "main", "run.sh") == "100755"
    assert fake.file(REPO, "main", "apps/web/values.yaml") == b"image:\n  tag: v1\n"


def test_a_moved_head_is_not_a_fast_forward(fake: GitHub, plain: httpx.Client):
    sha = build(plain, fake.head(REPO), "a", "1")
    stranger = fake.push(REPO, "main", {"b": "1"})
    response = plain.patch(f"{GIT}/refs/heads/main", json={"sha": sha})
    assert response.status_code == 422
    assert response.json()["message"] == "Update is not a fast forward"
    assert fake.head(REPO) == stranger


def test_force_moves_a_branch_anywhere(fake: GitHub, plain: httpx.Client):
    old = fake.head(REPO)
    fake.push(REPO, "main", {"b": "1"})
    response = plain.patch(f"{GIT}/refs/heads/main", json={"sha": old, "force": True})
    assert (response.status_code, fake.head(REPO)) == (200, old)


def test_a_branch_forced_back_to_an_ancestor_still_fast_forwards(fake: GitHub, plain: httpx.Client):
    """The hole of the Git database that createCommitOnBranch has not."""
    old = fake.head(REPO)
    new = fake.push(REPO, "main", {"b": "1"})
    sha = build(plain, new, "a", "1")
    fake.force(REPO, "main", old)
    assert plain.patch(f"{GIT}/refs/heads/main", json={"sha": sha}).status_code == 200


@pytest.mark.parametrize(
    ("ref", "sha", "text"),
    [
        pytest.param("refs/heads/main", "{head}", "Reference already exists", id="exists"),
        pytest.param("refs/heads/new", "0" * 40, "Object does not exist", id="no such object"),
        pytest.param("heads/new", "{head}", "Reference name must start with 'refs/'.", id="short"),
        pytest.param("refs/heads/a..b", "{head}", "Reference name is not valid", id="malformed"),
    ],
)
def test_a_reference_that_cannot_be_made_is_422(
    fake: GitHub, plain: httpx.Client, ref: str, sha: str, text: str
):
    words = {"ref": ref, "sha": sha.format(head=fake.head(REPO))}
    response = plain.post(f"{GIT}/refs", json=words)
    assert (response.status_code, response.json()["message"]) == (422, text)


def test_a_reference_is_made_read_and_removed(fake: GitHub, plain: httpx.Client):
    head = fake.head(REPO)
    made = plain.post(f"{GIT}/refs", json={"ref": "refs/heads/a/b", "sha": head})
    assert (made.status_code, made.json()["ref"]) == (201, "refs/heads/a/b")
    assert plain.get(f"{GIT}/ref/heads/a/b").json()["object"]["sha"] == head
    assert plain.get(f"{GIT}/ref/heads/a").status_code == 404
    matching = plain.get(f"{GIT}/matching-refs/heads/a").json()
    assert [one["ref"] for one in matching] == ["refs/heads/a/b"]
    assert plain.delete(f"{GIT}/refs/heads/a/b").status_code == 204
    assert plain.get(f"{GIT}/ref/heads/a/b").status_code == 404


def test_a_reference_that_is_not_there_cannot_be_moved(fake: GitHub, plain: httpx.Client):
    response = plain.patch(f"{GIT}/refs/heads/none", json={"sha": fake.head(REPO)})
    assert (response.status_code, response.json()["message"]) == (422, "Reference does not exist")


def test_a_commit_cannot_stand_on_what_is_not_there(fake: GitHub, plain: httpx.Client):
    tree = plain.get(f"{GIT}/trees/main").json()["sha"]
    lost = plain.post(f"{GIT}/commits", json={"message": "x", "tree": "0" * 40, "parents": []})
    assert (lost.status_code, lost.json()["message"]) == (422, "Tree SHA does not exist")
    orphan = plain.post(
        f"{GIT}/commits", json={"message": "x", "tree": tree, "parents": ["0" * 40]}
    )
    assert orphan.status_code == 422


def test_a_commit_may_name_its_author(plain: httpx.Client):
    tree = plain.get(f"{GIT}/trees/main").json()["sha"]
    author = {"name": "Bo", "email": "bo@example.com", "date": NOON.isoformat()}
    words = {"message": "x", "tree": tree, "parents": [], "author": author}
    made = plain.post(f"{GIT}/commits", json=words).json()
    assert made["author"] == {
        "name": "Bo",
        "email": "bo@example.com",
        "date": "2026-11-02T12:00:00Z",
    }
    assert made["verification"]["verified"] is False


def test_blobs_are_read_whole_and_raw(fake: GitHub, plain: httpx.Client):
    made = plain.post(f"{GIT}/blobs", json={"content": "aGkK", "encoding": "base64"}).json()
    found = plain.get(f"{GIT}/blobs/{made['sha']}").json()
    assert (found["content"], found["encoding"], found["size"]) == ("aGkK\n", "base64", 3)
    raw = {"Accept": "application/vnd.github.raw+json"}
    assert plain.get(f"{GIT}/blobs/{made['sha']}", headers=raw).content == b"hi\n"
    assert plain.get(f"{GIT}/blobs/{'0' * 40}").status_code == 404


def test_trees_are_listed_flat_or_whole(plain: httpx.Client):
    flat = plain.get(f"{GIT}/trees/main").json()["tree"]
    assert [(one["path"], one["mode"]) for one in flat] == [
        ("apps", "040000"),
        ("run.sh", "100755"),
    ]
    whole = plain.get(f"{GIT}/trees/main", params={"recursive": "1"}).json()["tree"]
    assert "apps/api/values.yaml" in [one["path"] for one in whole]


def test_a_tree_without_a_file_removes_it(fake: GitHub, plain: httpx.Client):
    gone = {"path": "run.sh", "mode": "100755", "type": "blob", "sha": None}
    words = {"base_tree": fake.head(REPO), "tree": [gone]}
    made = plain.post(f"{GIT}/trees", json=words).json()
    assert [one["path"] for one in made["tree"]] == ["apps"]


def test_of_many_parallel_updates_of_one_reference_exactly_one_wins(
    fake: GitHub, plain: httpx.Client
):
    for _ in range(10):
        head = fake.head(REPO)
        rivals = [build(plain, head, f"file-{number}", head) for number in range(8)]
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda sha: _patch(plain, sha), rivals))
        assert sorted(answers) == [200] + [422] * 7
        assert fake.head(REPO) == rivals[answers.index(200)]


def _patch(plain: httpx.Client, sha: str) -> int:
    return plain.patch(f"{GIT}/refs/heads/main", json={"sha": sha}).status_code


@pytest.mark.parametrize(
    ("ruleset", "text"),
    [
        pytest.param(False, "Changes must be made through a pull request.", id="classic"),
        pytest.param(True, "Repository rule violations found", id="ruleset"),
    ],
)
def test_a_protected_branch_is_not_moved(
    fake: GitHub, plain: httpx.Client, ruleset: bool, text: str
):
    sha = build(plain, fake.head(REPO), "a", "1")
    fake.protect(REPO, ruleset=ruleset)
    response = plain.patch(f"{GIT}/refs/heads/main", json={"sha": sha})
    assert response.status_code == 422
    assert text in response.json()["message"]
