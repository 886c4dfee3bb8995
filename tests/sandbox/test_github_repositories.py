"""The repositories are real ones: git reads what the fake wrote and the other way round."""

import os
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from sandbox.github import GitHub
from tests.sandbox.github_ground import FILES, NOON, REPO, Still, http, world


@pytest.fixture
def clock() -> Still:
    return Still()


@pytest.fixture
def fake(tmp_path: Path, clock: Still) -> Iterator[GitHub]:
    with world(tmp_path / "github", clock) as started:
        yield started


def git(*words: str, cwd: Path) -> str:
    mine = {
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_AUTHOR_NAME": "Git",
        "GIT_AUTHOR_EMAIL": "git@example.com",
        "GIT_COMMITTER_NAME": "Git",
        "GIT_COMMITTER_EMAIL": "git@example.com",
    }
    done = subprocess.run(
        ["git", *words], cwd=cwd, capture_output=True, text=True, check=True, env=os.environ | mine
    )
    return done.stdout


def test_git_finds_nothing_wrong_with_what_the_fake_wrote(fake: GitHub):
    fake.push(REPO, "main", {"a/b/c.txt": "deep", "a.txt": "beside", "a-b": "sorted"})
    fake.tag(REPO, "v1", fake.head(REPO), message="the first")
    assert git("fsck", "--full", "--strict", cwd=fake.path(REPO)) == ""


def test_a_clone_has_the_files_and_their_modes(fake: GitHub, tmp_path: Path):
    git("clone", "--quiet", str(fake.path(REPO)), "copy", cwd=tmp_path)
    found = {path: (tmp_path / "copy" / path).read_text() for path in FILES}
    assert found == FILES
    assert os.access(tmp_path / "copy" / "run.sh", os.X_OK)
    assert not os.access(tmp_path / "copy" / "apps/api/values.yaml", os.X_OK)


def test_what_real_git_pushes_and_packs_is_served(fake: GitHub, tmp_path: Path):
    git("clone", "--quiet", str(fake.path(REPO)), "copy", cwd=tmp_path)
    copy = tmp_path / "copy"
    (copy / "new.txt").write_text("from git\n")
    git("add", "new.txt", cwd=copy)
    git("commit", "--quiet", "-m", "by git itself", cwd=copy)
    git("push", "--quiet", cwd=copy)
    git("gc", "--quiet", cwd=fake.path(REPO))
    assert fake.file(REPO, "main", "new.txt") == b"from git\n"
    assert [c.message.strip() for c in fake.log(REPO)] == ["by git itself", "Initial commit"]


@pytest.mark.parametrize(
    "depth", [pytest.param([], id="whole"), pytest.param(["--depth", "1"], id="shallow")]
)
def test_somebodys_own_clone_can_be_taken_in(fake: GitHub, tmp_path: Path, depth: list[str]):
    head = fake.push(REPO, "main", {"x": "1"}, message="second")
    origin = fake.path(REPO).as_uri()
    git("clone", "--quiet", *depth, origin, "copy", cwd=tmp_path)
    assert fake.adopt("me/mine", tmp_path / "copy") == head
    fake.push("me/mine", "main", {"y": "1"}, message="third")
    log = [commit.message for commit in fake.log("me/mine")]
    assert log == (["third", "second"] if depth else ["third", "second", "Initial commit"])
    assert git("log", "-1", "--format=%s", cwd=tmp_path / "copy").strip() == "second"


def test_a_strangers_push_keeps_the_other_files_and_the_mode(fake: GitHub):
    before = fake.head(REPO)
    when = NOON + timedelta(hours=1)
    sha = fake.push(REPO, "main", {"run.sh": "#!/bin/sh\n"}, author=("Eve", "e@x.io"), when=when)
    first = fake.log(REPO)[0]
    assert (first.sha, first.parents, first.author.name) == (sha, (before,), "Eve")
    assert first.author.at == when
    assert fake.mode(REPO, "main", "run.sh") == "100755"
    assert fake.file(REPO, "main", "apps/api/values.yaml") == FILES["apps/api/values.yaml"].encode()


def test_a_folder_goes_with_its_last_file(fake: GitHub):
    fake.push(REPO, "main", {"apps/web/values.yaml": None})
    listed = git("ls-tree", "-r", "-t", "--name-only", "main", cwd=fake.path(REPO)).split()
    assert listed == ["apps", "apps/api", "apps/api/values.yaml", "run.sh"]


def test_a_branch_moves_only_from_where_it_was(fake: GitHub):
    repository = fake.repository(REPO)
    old = fake.head(REPO)
    new = fake.push(REPO, "main", {"x": "1"})
    assert not repository.move("refs/heads/main", old, old)
    assert fake.head(REPO) == new


def test_reads_can_lag_for_some_calls(fake: GitHub):
    old = fake.head(REPO)
    fake.stale(REPO, calls=2)
    new = fake.push(REPO, "main", {"x": "1"})
    with http(fake) as plain:
        seen = [plain.get(f"/repos/{REPO}/commits/main").json()["sha"] for _ in range(3)]
    assert seen == [old, old, new]


def test_reads_can_lag_for_some_time(fake: GitHub, clock: Still):
    old = fake.head(REPO)
    fake.stale(REPO, seconds=5)
    new = fake.push(REPO, "main", {"x": "1"})
    with http(fake) as plain:
        first = plain.get(f"/repos/{REPO}/commits/main").json()["sha"]
        clock.advance(seconds=5)
        second = plain.get(f"/repos/{REPO}/commits/main").json()["sha"]
    assert (first, second) == (old, new)


def test_a_branch_can_be_forced_back(fake: GitHub):
    old = fake.head(REPO)
    fake.push(REPO, "main", {"x": "1"})
    fake.force(REPO, "main", old)
    assert fake.head(REPO) == old


def test_an_unknown_route_is_githubs_404_and_remembered(fake: GitHub):
    with http(fake) as plain:
        response = plain.get(f"/repos/{REPO}/zen")
    assert response.status_code == 404
    assert response.json()["message"] == "Not Found"
    assert fake.strange == [f"github: GET /api/v3/repos/{REPO}/zen?"]
