"""Files one by one over REST: the sha of the blob is the only guard."""

import base64
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from sandbox.github import GitHub
from tests.sandbox.github_ground import FILES, REPO, http, pygithub, world

FILE = "apps/api/values.yaml"
URL = f"/repos/{REPO}/contents"
NEW = base64.b64encode(b"new\n").decode()


@pytest.fixture
def fake(tmp_path: Path) -> Iterator[GitHub]:
    with world(tmp_path) as started:
        yield started


@pytest.fixture
def plain(fake: GitHub) -> Iterator[httpx.Client]:
    with http(fake) as opened:
        yield opened


def test_a_file_is_read_and_written_by_pygithub(fake: GitHub):
    repository = pygithub(fake).get_repo(REPO)
    file = repository.get_contents(FILE, ref="main")
    assert file.decoded_content.decode() == FILES[FILE]
    done = repository.update_file(FILE, "edit", "new\n", file.sha, branch="main")
    assert fake.head(REPO) == done["commit"].sha
    assert fake.file(REPO, "main", FILE) == b"new\n"


def test_a_folder_is_a_list(plain: httpx.Client):
    listed = plain.get(f"{URL}/apps").json()
    assert [(one["path"], one["type"]) for one in listed] == [
        ("apps/api", "dir"),
        ("apps/web", "dir"),
    ]


@pytest.mark.parametrize(
    ("words", "status", "text"),
    [
        pytest.param({}, 422, '"sha" wasn\'t supplied.', id="no sha"),
        pytest.param({"sha": "0" * 40}, 409, f"{FILE} does not match {'0' * 40}", id="old sha"),
        pytest.param({"branch": "none"}, 404, "Branch none not found", id="no branch"),
        pytest.param({"content": "%"}, 422, "content is not valid Base64", id="not base64"),
    ],
)
def test_a_write_that_does_not_fit_is_refused(
    fake: GitHub, plain: httpx.Client, words: dict[str, str], status: int, text: str
):
    head = fake.head(REPO)
    response = plain.put(f"{URL}/{FILE}", json={"message": "m", "content": NEW} | words)
    assert response.status_code == status
    assert text in response.json()["message"]
    assert fake.head(REPO) == head


def test_an_unknown_path_with_a_sha_is_made_and_the_sha_ignored(plain: httpx.Client):
    words = {"message": "m", "content": NEW, "sha": "0" * 40}
    assert plain.put(f"{URL}/fresh.txt", json=words).status_code == 201


def test_the_contents_api_keeps_the_mode(fake: GitHub, plain: httpx.Client):
    sha = plain.get(f"{URL}/run.sh").json()["sha"]
    written = plain.put(f"{URL}/run.sh", json={"message": "m", "content": NEW, "sha": sha})
    assert (written.status_code, fake.mode(REPO, "main", "run.sh")) == (200, "100755")


def test_a_file_above_a_megabyte_comes_without_content(fake: GitHub, plain: httpx.Client):
    fake.push(REPO, "main", {"big": b"x" * (1024 * 1024 + 1)})
    found = plain.get(f"{URL}/big").json()
    assert (found["encoding"], found["content"]) == ("none", "")
    raw = {"Accept": "application/vnd.github.raw+json"}
    assert len(plain.get(f"{URL}/big", headers=raw).content) == 1024 * 1024 + 1


@pytest.mark.parametrize(
    ("url", "text"),
    [
        pytest.param(f"{URL}/none.txt", "Not Found", id="no file"),
        pytest.param(f"{URL}/{FILE}?ref=none", "No commit found for the ref none", id="no ref"),
    ],
)
def test_what_is_not_there_is_404(plain: httpx.Client, url: str, text: str):
    response = plain.get(url)
    assert (response.status_code, response.json()["message"]) == (404, text)


def test_a_protected_branch_is_409(fake: GitHub, plain: httpx.Client):
    fake.protect(REPO)
    response = plain.put(f"{URL}/new.txt", json={"message": "m", "content": NEW})
    assert response.status_code == 409
    assert "Changes must be made through a pull request" in response.json()["message"]


def test_a_file_is_deleted_by_its_sha(fake: GitHub):
    repository = pygithub(fake).get_repo(REPO)
    file = repository.get_contents(FILE)
    repository.delete_file(FILE, "remove", file.sha)
    with pytest.raises(KeyError):
        fake.file(REPO, "main", FILE)
