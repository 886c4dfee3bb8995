"""Very many files of one branch are read in few queries, all at one commit."""

import pytest

from bot.adapters.github import many_files
from bot.adapters.github.many_files import ManyFiles
from bot.domain.errors import BotError, BranchMissing, NotFound, Rejected
from tests.adapters.github_world import World

REPO = "acme/gitops"
MANY = {f"apps/s{n:03}/kustomization.yaml": f"newTag: v{n}\n".encode() for n in range(450)}


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    files = {**MANY, "bin": b"\xff\x00\x01", "odd.yaml": "a: \u00e9\r\n".encode("latin-1")}
    with World(tmp_path_factory.mktemp("many"), files) as world:
        yield world


@pytest.fixture
def files(world):
    world.fake.calls.clear()
    return ManyFiles(world.door())


def test_hundreds_of_files_take_a_request_for_each_two_hundred(world, files):
    found = files.read(REPO, "main", [*MANY, "apps/nobody.yaml"])
    assert ["graphql"] * 4 == world.routes()
    assert world.head() == found.head
    assert MANY == {path: found.files[path].text for path in MANY}
    assert found.files["apps/nobody.yaml"] is None


def test_where_nothing_moved_only_the_head_is_asked_for(world, files):
    first = files.read(REPO, "main", MANY)
    world.fake.calls.clear()
    assert first is files.read(REPO, "main", MANY, first)
    assert ["graphql"] == world.routes()
    more = files.read(REPO, "main", [*MANY, "bin"], first)
    assert b"\xff\x00\x01" == more.files["bin"].text


def test_a_moved_head_is_read_anew(world, files):
    first = files.read(REPO, "main", MANY)
    path = "apps/s007/kustomization.yaml"
    world.push({path: b"newTag: moved\n"})
    second = files.read(REPO, "main", MANY, first)
    assert b"newTag: moved\n" == second.files[path].text
    assert first.head != second.head
    world.push({path: MANY[path]})


def test_what_graphql_cannot_show_is_fetched_and_one_bad_file_spoils_no_other(world, files):
    found = files.read(REPO, "main", ["bin", "odd.yaml", "apps", *list(MANY)[:2]])
    assert b"\xff\x00\x01" == found.files["bin"].text
    assert "a: \u00e9\r\n".encode("latin-1") == found.files["odd.yaml"].text
    assert isinstance(found.files["apps"], Rejected)
    assert MANY[next(iter(MANY))] == found.files[next(iter(MANY))].text


def test_who_changed_what_last_is_one_request_for_many_places(world, files, monkeypatch):
    monkeypatch.setattr(many_files, "PATHS_AT_ONCE", 2)
    path = "apps/s003/kustomization.yaml"
    sha = world.fake.push(
        REPO, "main", {path: b"newTag: v9\n"}, message="x", author=("홍길동", "g@example.com")
    )
    found = files.last_changes(REPO, world.head(), [path, "apps/s003", "apps/nobody"])
    assert 2 == len(world.routes())
    assert {path, "apps/s003"} == set(found)
    assert (sha, "홍길동") == (found["apps/s003"].sha, found["apps/s003"].author)
    assert found[path].url.endswith(sha)
    world.push({path: MANY[path]})


@pytest.mark.parametrize(
    ("repo", "branch", "error"),
    [(REPO, "nowhere", BranchMissing), ("acme/nothing", "main", NotFound)],
)
def test_what_is_not_there(files, repo, branch, error):
    with pytest.raises(error):
        files.read(repo, branch, ["a"])


def test_a_server_without_graphql_is_read_the_long_way(world, files):
    from sandbox.wire import Fault, answer

    world.fake.arm("graphql", Fault(answer=lambda: answer({"message": "Not Found"}, 404)), times=9)
    try:
        found = files.read(REPO, "main", list(MANY)[:2])
    finally:
        world.fake.disarm()
    assert not isinstance(found.files[next(iter(MANY))], BotError)
    assert MANY[next(iter(MANY))] == found.files[next(iter(MANY))].text
