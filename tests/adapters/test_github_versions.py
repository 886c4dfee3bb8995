"""A commit and its checks come for one request where nothing is in doubt, and not at all else."""

from datetime import timedelta

import pytest

from bot.adapters.github.checks import Checks
from bot.adapters.github.commits import Commits
from bot.adapters.github.versions import CheckedCommit, Versions
from bot.domain.errors import Unavailable
from sandbox.wire import Fault, answer
from tests.adapters.github_world import World

CODE = "acme/code"


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    with World(tmp_path_factory.mktemp("github"), {"a": b"1"}) as world:
        world.fake.create_repository(CODE, {"a": b"1"}, message="First")
        world.fake.add_user("alice", number=7, email="alice@example.com")
        yield world


@pytest.fixture
def sha(world):
    world.clock.move(timedelta(minutes=1))
    change = {"a": str(world.clock.now())}
    alice = ("Alice", "alice@example.com")
    made = world.fake.push(CODE, "main", change, message=" Fix (#7)\n\nwhy", author=alice)
    world.fake.report_check(CODE, made, "build")
    world.fake.report_status(CODE, made, "lint", "pending")
    world.fake.calls.clear()
    yield made
    world.fake.disarm()


@pytest.mark.parametrize("digits", [7, 12, 40])
def test_it_tells_what_the_two_others_tell_for_one_request(world, sha, digits):
    door, version = world.door(), sha[:digits].upper()
    found = Versions(door).checked(CODE, version)

    assert ["graphql"] == world.routes()
    commit = Commits(door).resolve(CODE, version)
    assert CheckedCommit(commit, Checks(door).rollup(CODE, sha)) == found


def test_nothing_reported_is_none(world, sha):
    bare = world.fake.push(CODE, "main", {"a": f"bare {sha}"})
    assert Versions(world.door()).checked(CODE, bare).rollup is None


def test_an_author_whom_github_does_not_know_has_no_login(world, sha):
    theirs = world.fake.push(CODE, "main", {"a": f"x {sha}"}, author=("Zoe", "zoe@example.com"))
    commit = Versions(world.door()).checked(CODE, theirs).commit
    assert ("Zoe", None) == (commit.author, commit.login)


@pytest.mark.parametrize("version", ["main", "v1.2.3", "abcdef", "", "a1b2c3d:secret", "../x"])
def test_what_is_no_sha_is_not_asked_for(world, sha, version):
    assert sha
    assert Versions(world.door()).checked(CODE, version) is None
    assert [] == world.routes()


def test_a_branch_called_so_leaves_it_to_the_others(world, sha):
    first = world.git("--git-dir", str(world.fake.path(CODE)), "rev-list", "main").split()[-1]
    world.fake.create_branch(CODE, sha[:7], first)

    assert Versions(world.door()).checked(CODE, sha[:7]) is None
    world.fake.delete_branch(CODE, sha[:7])


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(Fault(answer=lambda: answer({"message": "Not Found"}, 404)), id="no GraphQL"),
        pytest.param(Fault(answer=lambda: answer({"data": {"odd": 1}})), id="garbled"),
        pytest.param(
            Fault(
                answer=lambda: answer(
                    {"data": None, "errors": [{"type": "FORBIDDEN", "message": "no checks"}]}
                )
            ),
            id="our login may not read checks",
        ),
        pytest.param(
            Fault(answer=lambda: answer({"data": {"repository": {"object": None}}})), id="nothing"
        ),
    ],
)
def test_any_doubt_leaves_it_to_the_others(world, sha, fault):
    world.fake.arm("graphql", fault)
    assert Versions(world.door()).checked(CODE, sha) is None


def test_more_checks_than_fit_a_page_leave_it_to_the_others(world, sha):
    for number in range(101):
        world.fake.report_check(CODE, sha, f"check {number}")
    assert Versions(world.door()).checked(CODE, sha) is None


def test_an_outage_is_an_outage(world, sha):
    world.fake.arm("graphql", Fault(answer=lambda: answer({}, 502)), times=None)
    with pytest.raises(Unavailable):
        Versions(world.door()).checked(CODE, sha)
