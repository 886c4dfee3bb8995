"""Pull requests over REST: opened, found again, merged for real."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from sandbox.github import GitHub
from tests.sandbox.github_ground import REPO, ask, http, pygithub, world

PULLS = f"/repos/{REPO}/pulls"
WORDS = {"title": "Deploy api v2", "body": "why", "head": "deploy", "base": "main"}


@pytest.fixture
def fake(tmp_path: Path) -> Iterator[GitHub]:
    with world(tmp_path) as started:
        started.create_branch(REPO, "deploy")
        started.push(REPO, "deploy", {"apps/api/values.yaml": "new\n"}, message="bump")
        yield started


@pytest.fixture
def plain(fake: GitHub) -> Iterator[httpx.Client]:
    with http(fake) as opened:
        yield opened


def test_a_pull_request_is_opened_and_merged_by_pygithub(fake: GitHub):
    repository = pygithub(fake).get_repo(REPO)
    base, head = fake.head(REPO), fake.head(REPO, "deploy")
    pull = repository.create_pull(**WORDS)
    assert (pull.number, pull.state, pull.mergeable) == (1, "open", True)
    done = pull.merge(sha=head)
    assert (done.merged, done.sha) == (True, fake.head(REPO))
    assert fake.log(REPO)[0].parents == (base, head)
    assert fake.log(REPO)[0].message.startswith("Merge pull request #1 from acme/deploy")
    assert repository.get_pull(1).complete().merged
    fsck = ["git", "fsck", "--strict"]
    assert subprocess.run(fsck, cwd=fake.path(REPO), check=False).returncode == 0


def test_a_squash_is_one_commit_on_the_base(fake: GitHub, plain: httpx.Client):
    base = fake.head(REPO)
    plain.post(PULLS, json=WORDS)
    plain.put(f"{PULLS}/1/merge", json={"merge_method": "squash"})
    first = fake.log(REPO)[0]
    assert (first.parents, first.message) == ((base,), "Deploy api v2 (#1)\n\nwhy")


def test_a_merge_keeps_what_both_sides_did(fake: GitHub, plain: httpx.Client):
    plain.post(PULLS, json=WORDS)
    fake.push(REPO, "main", {"beside": "kept\n"})
    assert plain.put(f"{PULLS}/1/merge").status_code == 200
    assert fake.file(REPO, "main", "beside") == b"kept\n"
    assert fake.file(REPO, "main", "apps/api/values.yaml") == b"new\n"


def test_a_moved_head_is_409(fake: GitHub, plain: httpx.Client):
    head = fake.head(REPO, "deploy")
    plain.post(PULLS, json=WORDS)
    fake.push(REPO, "deploy", {"more": "1"})
    refused = plain.put(f"{PULLS}/1/merge", json={"sha": head})
    assert refused.status_code == 409
    assert refused.json()["message"].startswith("Head branch was modified")


def test_a_conflict_is_405(fake: GitHub, plain: httpx.Client):
    plain.post(PULLS, json=WORDS)
    fake.push(REPO, "main", {"apps/api/values.yaml": "another\n"})
    assert plain.get(f"{PULLS}/1").json()["mergeable"] is False
    refused = plain.put(f"{PULLS}/1/merge")
    assert (refused.status_code, refused.json()["message"]) == (
        405,
        "Pull Request is not mergeable",
    )


@pytest.mark.parametrize(
    ("words", "text"),
    [
        pytest.param({}, "A pull request already exists for acme:deploy.", id="a second one"),
        pytest.param({"head": "old"}, "No commits between main and old", id="nothing new"),
    ],
)
def test_a_pull_request_that_cannot_be_is_422(
    fake: GitHub, plain: httpx.Client, words: dict[str, str], text: str
):
    fake.create_branch(REPO, "old")
    plain.post(PULLS, json=WORDS)
    refused = plain.post(PULLS, json=WORDS | words)
    assert refused.status_code == 422
    assert refused.json()["message"] == "Validation Failed"
    assert refused.json()["errors"][0]["message"] == text


def test_a_missing_branch_is_named(plain: httpx.Client):
    refused = plain.post(PULLS, json=WORDS | {"head": "none"})
    assert refused.json()["errors"] == [
        {"resource": "PullRequest", "field": "head", "code": "invalid"}
    ]


def test_pull_requests_are_found_by_state_and_branch(plain: httpx.Client):
    plain.post(PULLS, json=WORDS)
    assert len(plain.get(PULLS, params={"head": "acme:deploy"}).json()) == 1
    assert plain.get(PULLS, params={"head": "acme:other"}).json() == []
    plain.patch(f"{PULLS}/1", json={"state": "closed"})
    assert plain.get(PULLS).json() == []
    assert len(plain.get(PULLS, params={"state": "all"}).json()) == 1
    assert plain.get(f"{PULLS}/1/merge").status_code == 404


def test_a_protected_branch_takes_pull_requests(fake: GitHub, plain: httpx.Client):
    fake.protect(REPO)
    plain.post(PULLS, json=WORDS)
    assert plain.put(f"{PULLS}/1/merge").status_code == 200


def test_a_commit_knows_its_pull_request(fake: GitHub, plain: httpx.Client):
    fake.open_pull(REPO, "deploy", by="eve", title="By Eve")
    sha = plain.put(f"{PULLS}/1/merge", json={"merge_method": "squash"}).json()["sha"]
    query = """query($oid:GitObjectID!){repository(owner:"acme",name:"gitops"){object(oid:$oid){
      ... on Commit{associatedPullRequests(first:1){nodes{number title author{login}}}}}}}"""
    found = ask(plain, query, oid=sha)["data"]["repository"]["object"]["associatedPullRequests"]
    assert found["nodes"] == [{"number": 1, "title": "By Eve", "author": {"login": "eve"}}]
    assert plain.get(f"/repos/{REPO}/commits/{sha}/pulls").json()[0]["number"] == 1
    assert plain.get(f"/repos/{REPO}/commits/{fake.log(REPO)[-1].sha}/pulls").json() == []


CLOSER = """{repository(owner:"acme",name:"gitops"){squashMergeAllowed rebaseMergeAllowed
 pullRequests(headRefName:"deploy",baseRefName:"main",first:5,
 orderBy:{field:CREATED_AT,direction:DESC}){nodes{number state headRefOid isCrossRepository
 mergeCommit{oid} mergedBy{login} timelineItems(last:1,itemTypes:[CLOSED_EVENT]){nodes{
 ... on ClosedEvent{actor{login}}}}}}}}"""


def test_graphql_finds_pull_requests_by_their_branches_and_says_who_ended_them(
    fake: GitHub, plain: httpx.Client
):
    fake.open_pull(REPO, "deploy", by="alice")
    fake.close_pull(REPO, 1, by="bob")
    fake.open_pull(REPO, "deploy", by="alice")
    sha = fake.merge_pull(REPO, 2, by="carol")

    repository = ask(plain, CLOSER)["data"]["repository"]

    merged, closed = repository["pullRequests"]["nodes"]
    assert (True, False) == (repository["squashMergeAllowed"], repository["rebaseMergeAllowed"])
    assert (2, "MERGED", sha, "carol") == (
        merged["number"],
        merged["state"],
        merged["mergeCommit"]["oid"],
        merged["mergedBy"]["login"],
    )
    assert (1, "CLOSED", None, None) == (
        closed["number"],
        closed["state"],
        closed["mergeCommit"],
        closed["mergedBy"],
    )
    (event,) = closed["timelineItems"]["nodes"]
    assert "bob" == event["actor"]["login"]


def test_what_was_merged_is_not_opened_again(fake: GitHub, plain: httpx.Client):
    plain.post(PULLS, json=WORDS)
    fake.merge_pull(REPO, 1, by="carol")
    assert plain.patch(f"{PULLS}/1", json={"state": "closed"}).json()["merged"] is True
    assert 422 == plain.patch(f"{PULLS}/1", json={"state": "open"}).status_code


def test_a_closed_one_may_be_opened_again_while_its_branch_stands(
    fake: GitHub, plain: httpx.Client
):
    plain.post(PULLS, json=WORDS)
    assert "closed" == plain.patch(f"{PULLS}/1", json={"state": "closed"}).json()["state"]
    assert "open" == plain.patch(f"{PULLS}/1", json={"state": "open"}).json()["state"]
    plain.patch(f"{PULLS}/1", json={"state": "closed"})
    fake.delete_branch(REPO, "deploy")
    assert 422 == plain.patch(f"{PULLS}/1", json={"state": "open"}).status_code


def test_a_repository_says_which_merges_it_allows(fake: GitHub, plain: httpx.Client):
    fake.repository(REPO).merge_methods = {"merge"}
    plain.post(PULLS, json=WORDS)
    refused = plain.put(f"{PULLS}/1/merge", json={"merge_method": "squash"})
    assert 405 == refused.status_code
    assert "Squash merges are not allowed" in refused.json()["message"]
