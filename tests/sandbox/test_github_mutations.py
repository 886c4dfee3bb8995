"""What GraphQL writes: createCommitOnBranch is atomic, race-true, and says so as HTTP 200."""

import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from github import GithubException

from sandbox.github import GitHub, mutates, reads
from sandbox.wire import Fault, answer
from tests.sandbox.github_ground import COMMIT, REPO, ask, change, http, keys, pygithub, world

FILE = "apps/api/values.yaml"


@pytest.fixture
def fake(tmp_path: Path) -> Iterator[GitHub]:
    with world(tmp_path) as started:
        yield started


@pytest.fixture
def plain(fake: GitHub) -> Iterator[httpx.Client]:
    with http(fake) as opened:
        yield opened


def test_several_files_make_one_commit(fake: GitHub, plain: httpx.Client):
    head = fake.head(REPO)
    words = change(head, {FILE: "new\n", "apps/web/values.yaml": "new\n", "run.sh": None})
    made = ask(plain, COMMIT, input=words)["data"]["createCommitOnBranch"]
    commit = fake.log(REPO)[0]
    assert made["commit"]["oid"] == commit.sha
    assert (made["clientMutationId"], made["ref"]["name"]) == ("op-1", "main")
    assert (commit.parents, commit.message) == ((head,), "deploy api v2\n\nDeploy-Op: op-1")
    assert fake.file(REPO, "main", FILE) == b"new\n"
    with pytest.raises(KeyError):
        fake.file(REPO, "main", "run.sh")


def test_a_moved_head_is_stale_data(fake: GitHub, plain: httpx.Client):
    old = fake.head(REPO)
    new = fake.push(REPO, "main", {"other": "file"})
    found = ask(plain, COMMIT, input=change(old, {FILE: "new\n"}))
    (error,) = found["errors"]
    assert found["data"] == {"createCommitOnBranch": None}
    assert (error["type"], error["path"]) == ("STALE_DATA", ["createCommitOnBranch"])
    assert error["message"] == (
        f'Expected branch to point to "{old}" but it did not.  Pull and try again.'
    )
    assert fake.head(REPO) == new


def test_pygithub_shows_the_type_of_the_error_in_its_data(fake: GitHub):
    fake.push(REPO, "main", {"other": "file"})
    words = change("0" * 40, {FILE: "new\n"})
    with pytest.raises(GithubException) as refused:
        pygithub(fake).requester.graphql_named_mutation(
            "createCommitOnBranch", words, "commit{oid}"
        )
    assert (refused.value.status, refused.value.message) == (400, None)
    assert refused.value.data["errors"][0]["type"] == "STALE_DATA"


@pytest.mark.parametrize(
    ("ruleset", "kind", "text"),
    [
        pytest.param(
            False,
            "BRANCH_PROTECTION_RULE_VIOLATION",
            "Changes must be made through a pull request",
            id="classic",
        ),
        pytest.param(True, "FORBIDDEN", "Repository rule violations found", id="ruleset"),
    ],
)
def test_a_protected_branch_is_refused(
    fake: GitHub, plain: httpx.Client, ruleset: bool, kind: str, text: str
):
    head = fake.head(REPO)
    fake.protect(REPO, ruleset=ruleset)
    (error,) = ask(plain, COMMIT, input=change(head, {FILE: "new\n"}))["errors"]
    assert error["type"] == kind
    assert text in error["message"]
    assert fake.head(REPO) == head


def test_a_file_loses_its_executable_bit(fake: GitHub, plain: httpx.Client):
    ask(plain, COMMIT, input=change(fake.head(REPO), {"run.sh": "#!/bin/sh\n"}))
    assert fake.mode(REPO, "main", "run.sh") == "100644"


def test_the_branch_must_exist(fake: GitHub, plain: httpx.Client):
    words = change(fake.head(REPO), {FILE: "new\n"}, branch="none")
    assert ask(plain, COMMIT, input=words)["errors"][0]["type"] == "NOT_FOUND"


def test_a_deleted_path_must_exist(fake: GitHub, plain: httpx.Client):
    words = change(fake.head(REPO), {"none.txt": None})
    (error,) = ask(plain, COMMIT, input=words)["errors"]
    assert "A path was requested for deletion which does not exist" in error["message"]


def test_a_token_that_may_only_read_cannot_commit(fake: GitHub):
    fake.add_token("ghp_reader", "bo", {"contents": "read"})
    head = fake.head(REPO)
    with http(fake, "ghp_reader") as plain:
        (error,) = ask(plain, COMMIT, input=change(head, {FILE: "new\n"}))["errors"]
    assert error["type"] == "FORBIDDEN"
    assert fake.head(REPO) == head


def test_an_app_commits_as_its_bot_and_github_signs(fake: GitHub):
    installation = fake.add_app(1, keys()[1], 7, {"contents": "write"})
    token = fake.state.access.issue(
        installation, {"contents": "write"}, None, fake.state.wall.now()
    )
    with http(fake, token.value) as plain:
        ask(plain, COMMIT, input=change(fake.head(REPO), {FILE: "new\n"}))
        shown = plain.get(f"/repos/{REPO}/commits/main").json()
    bot = installation.app.bot
    assert shown["commit"]["author"]["name"] == "shipmate[bot]"
    address = f"{bot.id}+shipmate[bot]@users.noreply.github.com"
    assert shown["commit"]["author"]["email"] == address
    assert shown["commit"]["committer"]["name"] == "GitHub"
    assert shown["commit"]["verification"]["verified"] is True
    assert (shown["author"]["login"], shown["author"]["type"]) == ("shipmate[bot]", "Bot")


EDIT = """query($p:String!){repository(owner:"acme",name:"gitops"){
 ref(qualifiedName:"refs/heads/main"){target{oid ... on Commit{
  file(path:$p){object{... on Blob{text}}} history(first:100){nodes{messageBody}}}}}}}"""


def append(plain: httpx.Client, line: str) -> int:
    """Append a line to one shared file by the loop of the fact sheet; return the tries."""
    for tries in range(1, 1000):
        try:
            target = ask(plain, EDIT, p="shared.txt")["data"]["repository"]["ref"]["target"]
            if any(line in one["messageBody"] for one in target["history"]["nodes"]):
                return tries
            text = target["file"]["object"]["text"] + f"{line}\n"
            words = change(target["oid"], {"shared.txt": text})
            words["message"]["body"] = f"Deploy-Op: {line}"
            if "errors" not in ask(plain, COMMIT, input=words):
                return tries
        except (httpx.TransportError, AssertionError):
            continue  # unsure: look again before writing again
    raise AssertionError("never got through")


def test_8_threads_with_24_edits_make_exactly_24_commits(fake: GitHub, plain: httpx.Client):
    fake.push(REPO, "main", {"shared.txt": ""})
    before = len(fake.log(REPO))
    lines = [f"edit-{number:02}" for number in range(24)]
    with ThreadPoolExecutor(8) as pool:
        tries = list(pool.map(lambda line: append(plain, line), lines))
    assert sorted(fake.file(REPO, "main", "shared.txt").decode().split()) == lines
    log = fake.log(REPO)
    assert len(log) - before == 24
    assert all(len(commit.parents) == 1 for commit in log[:-1])
    assert sum(tries) > 24, "nobody ever lost a race: this proves nothing"


def test_edits_survive_a_stranger_who_pushes_with_git_itself(
    fake: GitHub, plain: httpx.Client, tmp_path: Path
):
    """Real git moves the branch below the fake; no commit of either side is lost."""
    fake.push(REPO, "main", {"shared.txt": ""})
    path = str(fake.path(REPO))
    with ThreadPoolExecutor(4) as pool:
        mine = [pool.submit(append, plain, f"edit-{number}") for number in range(8)]
        for number in range(8):
            _git_push(path, tmp_path / f"clone-{number}", number)
        assert all(one.result() for one in mine)
    messages = [commit.message for commit in fake.log(REPO)]
    assert len(fake.file(REPO, "main", "shared.txt").decode().split()) == 8
    assert sum(message.startswith("stranger") for message in messages) == 8


def _git_push(path: str, clone: Path, number: int) -> None:
    def git(*words: str) -> int:
        who = ["-c", "user.name=S", "-c", "user.email=s@example.com"]
        return subprocess.run(
            ["git", *who, *words], cwd=clone, check=False, capture_output=True
        ).returncode

    subprocess.run(["git", "clone", "-q", path, str(clone)], check=True, capture_output=True)
    (clone / f"stranger-{number}").write_text("hello\n")
    git("add", ".")
    git("commit", "-q", "-m", f"stranger {number}")
    while git("push", "-q", "origin", "main"):
        git("pull", "-q", "--rebase")


@pytest.mark.parametrize(
    ("fault", "applied"),
    [
        pytest.param(Fault(drop="after"), True, id="applied, then cut"),
        pytest.param(Fault(drop="before"), False, id="cut before"),
        pytest.param(Fault(answer=lambda: answer({}, 502)), False, id="502 before"),
        pytest.param(
            Fault(answer=lambda: answer({}, 502), after_effect=True), True, id="applied, then 502"
        ),
    ],
)
def test_a_write_can_go_wrong_before_and_after_its_effect(
    fake: GitHub, plain: httpx.Client, fault: Fault, applied: bool
):
    fake.push(REPO, "main", {"shared.txt": ""})
    head = fake.head(REPO)
    fake.arm("graphql", fault, when=mutates)
    with pytest.raises((httpx.TransportError, AssertionError)):
        ask(plain, COMMIT, input=change(head, {FILE: "new\n"}))
    assert (fake.head(REPO) != head) is applied


def test_the_loop_commits_once_though_the_answer_was_lost(fake: GitHub, plain: httpx.Client):
    fake.push(REPO, "main", {"shared.txt": ""})
    before = len(fake.log(REPO))
    fake.arm("graphql", Fault(drop="after"), when=mutates, times=2)
    fake.arm("graphql", Fault(drop="before"), when=reads, skip=1)
    append(plain, "edit")
    assert len(fake.log(REPO)) == before + 1
    assert fake.file(REPO, "main", "shared.txt") == b"edit\n"


def test_a_branch_commit_and_pull_request_make_pull_request_mode(fake: GitHub, plain: httpx.Client):
    head = fake.head(REPO)
    fake.protect(REPO)
    node = ask(plain, '{repository(owner:"acme",name:"gitops"){id}}')["data"]["repository"]["id"]
    ref = {"repositoryId": node, "name": "refs/heads/deploy/1", "oid": head}
    branch = "mutation($i:CreateRefInput!){createRef(input:$i){ref{name target{oid}}}}"
    made = ask(plain, branch, i=ref)["data"]["createRef"]["ref"]
    assert made == {"name": "deploy/1", "target": {"oid": head}}
    again = ask(plain, branch, i=ref)
    assert "already exists" in again["errors"][0]["message"]
    ask(plain, COMMIT, input=change(head, {FILE: "new\n"}, branch="deploy/1"))
    words = {"repositoryId": node, "baseRefName": "main", "headRefName": "deploy/1", "title": "Go"}
    opened = ask(
        plain,
        """mutation($i:CreatePullRequestInput!){createPullRequest(input:$i){
          pullRequest{id number url mergeable headRefOid}}}""",
        i=words,
    )["data"]["createPullRequest"]["pullRequest"]
    assert (opened["number"], opened["mergeable"]) == (1, "MERGEABLE")
    merged = ask(
        plain,
        """mutation($i:MergePullRequestInput!){mergePullRequest(input:$i){
          pullRequest{state mergeCommit{oid}}}}""",
        i={"pullRequestId": opened["id"], "expectedHeadOid": opened["headRefOid"]},
    )["data"]["mergePullRequest"]["pullRequest"]
    assert merged == {"state": "MERGED", "mergeCommit": {"oid": fake.head(REPO)}}
    assert fake.file(REPO, "main", FILE) == b"new\n"
