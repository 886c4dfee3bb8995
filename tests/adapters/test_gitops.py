"""Reading and committing a GitOps branch on a pretended GitHub over real Git repositories."""

from datetime import timedelta

import pytest

from bot.adapters.gitops import GitOps
from bot.domain.errors import (
    BotError,
    BranchMissing,
    BranchProtected,
    Conflict,
    Forbidden,
    NotFound,
    Rejected,
    Unavailable,
)
from sandbox.github import Wording, mutates
from sandbox.wire import Fault, answer
from tests.adapters.github_world import World, at_once

OLD, NEW = b"image:\n  tag: one # keep\n", b"image:\n  tag: two # keep\n"
FILE, SCRIPT, OTHER = "apps/api/values.yaml", "apps/api/render.sh", "apps/web/values.yaml"
FILES = {FILE: OLD, OTHER: b"tag: a\n", SCRIPT: b"#!/bin/sh\necho one\n"}
KEY = "0197-key"
TRAILER = f"Shipmate-Operation: {KEY}"
WRITES = ["git_create_tree", "git_create_commit", "git_update_ref"]


@pytest.fixture
def world(tmp_path):
    with World(tmp_path, FILES, executable=[SCRIPT]) as world:
        yield world


@pytest.fixture
def old_server(world):
    """Give the same world, on a server without GraphQL."""
    world.fake.arm("graphql", says(404, "Not Found"), times=None)
    return world


@pytest.fixture(params=["GraphQL", "Git's objects"])
def either(request, world):
    """Give the world once with GraphQL and once without."""
    if request.param != "GraphQL":
        request.getfixturevalue("old_server")
    return world


def read(world, *files):
    return world.gitops.read(world.repo, "main", files or (FILE,))


def commit(world, snapshot, files=None, key=KEY, gitops=None):
    body = f"Why not\n\nShipmate-Operation: {key}"
    return (gitops or world.gitops).commit(
        snapshot, files or {FILE: NEW}, "deploy api two", body, key
    )


def says(status, text):
    return Fault(answer=lambda: answer({"message": text}, status))


# the good way


def test_a_change_costs_two_requests(world):
    snapshot = read(world)
    before = world.routes()

    made = commit(world, snapshot)

    assert ["graphql"] == before
    assert ["graphql", "graphql"] == world.routes()
    assert (made.sha, NEW) == (world.head(), world.text(FILE))
    assert f"deploy api two\n\nWhy not\n\n{TRAILER}" == world.newest().message.rstrip()
    assert (snapshot.head,) == world.newest().parents
    assert made.sha in made.url


def test_any_number_of_files_is_one_commit_and_two_requests(world):
    files = [f"apps/s{n}/values.yaml" for n in range(40)]
    world.push(dict.fromkeys(files, OLD))
    before = world.head()

    commit(world, read(world, *files), dict.fromkeys(files, NEW))

    assert 2 == len(world.routes())
    assert (before,) == world.newest().parents
    assert {NEW} == {world.text(file) for file in files}


def test_only_the_files_that_differ_are_written(world):
    commit(world, read(world, FILE, OTHER), {FILE: NEW, OTHER: b"tag: a\n"})

    assert [FILE] == world.changed()


def test_both_ways_read_the_same(world, request):
    absent = "no/such/file.yaml"
    by_graphql = read(world, FILE, SCRIPT, absent)
    request.getfixturevalue("old_server")
    by_objects = read(world, FILE, SCRIPT, absent)

    assert by_graphql == by_objects
    assert (0o100644, 0o100755, None) == (
        by_graphql.files[FILE].mode,
        by_graphql.files[SCRIPT].mode,
        by_graphql.files[absent],
    )


def test_both_ways_commit_the_same(either):
    world = either
    snapshot = read(world, FILE, "new.yaml")

    made = commit(world, snapshot, {FILE: NEW, "new.yaml": b"a: 1\n"})

    assert made.sha == world.head()
    assert (NEW, b"a: 1\n") == (world.text(FILE), world.text("new.yaml"))
    assert f"deploy api two\n\nWhy not\n\n{TRAILER}" == world.newest().message.rstrip()
    assert (snapshot.head,) == world.newest().parents
    assert {"100644"} == {world.mode(FILE), world.mode("new.yaml")}


def test_an_executable_file_stays_executable(world):
    snapshot = read(world, FILE, SCRIPT)

    commit(world, snapshot, {FILE: NEW, SCRIPT: b"#!/bin/sh\necho two\n"})

    assert ("100644", "100755") == (world.mode(FILE), world.mode(SCRIPT))
    assert ["graphql", *WRITES] == world.routes()


def test_an_executable_file_that_is_only_read_does_not_slow_the_others(world):
    commit(world, read(world, FILE, SCRIPT))

    assert ["graphql", "graphql"] == world.routes()
    assert "100755" == world.mode(SCRIPT)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"\xef\xbb\xbftag: one\r\n", id="byte order mark and CRLF"),
        pytest.param("tag: 하나 # 유지\n".encode(), id="Korean"),
        pytest.param(b"", id="empty"),
        pytest.param(b"\x00\xff binary", id="binary"),
        pytest.param(b"a: " + b"x" * 600_000, id="longer than GraphQL shows"),
    ],
)
def test_every_byte_comes_and_goes_as_it_is(either, content):
    world = either
    world.push({FILE: content})

    snapshot = read(world)
    commit(world, snapshot, {FILE: content + b"\xff"})

    assert content == snapshot.files[FILE].text
    assert content + b"\xff" == world.text(FILE)


def test_a_branch_with_a_slash_is_read_and_written(either):
    world = either
    world.fake.create_branch(world.repo, "env/prod")

    snapshot = world.gitops.read(world.repo, "env/prod", [FILE])
    made = commit(world, snapshot)

    assert made.sha == world.head("env/prod")
    assert OLD == world.text(FILE)


# what is not there


def test_a_missing_branch_is_told_apart_from_a_missing_repository(either):
    world = either
    with pytest.raises(BranchMissing, match="has no branch nope"):
        world.gitops.read(world.repo, "nope", [FILE])

    with pytest.raises(NotFound) as caught:
        world.gitops.read("acme/nope", "main", [FILE])
    assert type(caught.value) is NotFound


def test_a_directory_is_no_file(either):
    with pytest.raises(Rejected, match="apps/api is a directory"):
        read(either, "apps/api")


def test_a_path_through_a_file_leads_nowhere(either):
    assert {f"{FILE}/deeper.yaml": None} == read(either, f"{FILE}/deeper.yaml").files


# races


def test_a_branch_that_moved_refuses_the_commit(either):
    world = either
    snapshot = read(world)
    stranger = world.push({OTHER: b"tag: b\n"})

    with pytest.raises(Conflict):
        commit(world, snapshot)

    assert (stranger, OLD) == (world.head(), world.text(FILE))


def test_a_branch_deleted_meanwhile_is_no_success(either):
    world = either
    world.fake.create_branch(world.repo, "short")
    snapshot = world.gitops.read(world.repo, "short", [FILE])
    world.fake.delete_branch(world.repo, "short")

    with pytest.raises(BotError):
        commit(world, snapshot)


@pytest.mark.parametrize("ruleset", [False, True], ids=["protected", "ruleset"])
def test_a_branch_that_takes_no_commits_says_so(either, ruleset):
    world = either
    world.fake.protect(world.repo, ruleset=ruleset)

    with pytest.raises(BranchProtected):
        commit(world, read(world))
    assert OLD == world.text(FILE)


def append(world, key, gitops=None):
    """Add the line *key* to the file as an operation does: look, find or write, look again."""
    gitops = gitops or world.gitops
    for _ in range(100):
        snapshot = gitops.read(world.repo, "main", [FILE])
        if sha := snapshot.commit_with(f"Shipmate-Operation: {key}"):
            return sha
        files = {FILE: snapshot.files[FILE].text + f"{key}: 1\n".encode()}
        try:
            return commit(world, snapshot, files, key, gitops).sha
        except (Conflict, Unavailable):
            continue
    raise AssertionError("a hundred tries were not enough")


def test_writers_at_once_lose_nothing(world):
    before = world.count_commits()

    at_once(8, lambda n: [append(world, f"k{n}-{turn}") for turn in range(3)])

    lines = world.text(FILE).decode().splitlines()
    assert {f"k{n}-{turn}: 1" for n in range(8) for turn in range(3)} == set(lines[2:])
    assert before + 24 == world.count_commits()


def test_a_stranger_who_pushes_between_does_not_stop_us(world):
    before = world.count_commits()

    def one(n):
        if n == 0:
            return [world.push({OTHER: f"tag: {turn}\n".encode()}) for turn in range(5)]
        return append(world, f"k{n}")

    at_once(4, one)

    assert before + 5 + 3 == world.count_commits()
    assert b"tag: 4\n" == world.text(OTHER)
    assert {"k1: 1", "k2: 1", "k3: 1"} == set(world.text(FILE).decode().splitlines()[2:])


# lost answers


LOST = [
    pytest.param(Fault(answer=lambda: answer({}, 502), after_effect=True), True, id="502 after"),
    pytest.param(Fault(answer=lambda: answer({}, 502)), False, id="502 before"),
    pytest.param(Fault(drop="after"), True, id="cut after"),
    pytest.param(Fault(drop="before"), False, id="cut before"),
    pytest.param(Fault(delay=1.5), True, id="late"),
]


@pytest.mark.parametrize(("fault", "done"), LOST)
def test_a_lost_answer_is_unsure_and_the_commit_is_found_again(world, fault, done):
    snapshot, gitops = read(world), GitOps(world.door(timeout=1))
    world.fake.arm("graphql", fault)

    with pytest.raises(Unavailable):
        commit(world, snapshot, gitops=gitops)
    assert world.fake.until(lambda: (world.head() != snapshot.head) == done)

    found = read(world).commit_with(TRAILER)
    assert (found == world.head()) if done else (found is None)


@pytest.mark.parametrize(("fault", "done"), LOST)
def test_the_same_operation_never_commits_twice(world, fault, done):
    """A late write, overtaken by its own repetition, names a head that is no longer one."""
    before = world.count_commits()
    world.fake.arm("graphql", fault, when=mutates)
    read(world)  # The fake takes its time over its first query, more than the timeout below.

    sha = append(world, "once", GitOps(world.door(timeout=1)))

    sent = 1 if done and not fault.delay else 2
    assert world.fake.until(lambda: world.mutations() == sent)
    assert before + 1 == world.count_commits()
    assert (sha, 1) == (world.head(), world.text(FILE).count(b"once"))


@pytest.mark.parametrize("route", WRITES)
@pytest.mark.parametrize(("fault", "done"), LOST[:4])
def test_nor_does_it_by_git_s_objects(old_server, route, fault, done):
    world = old_server
    before = world.count_commits()
    world.fake.arm(route, fault)

    sha = append(world, "once")

    assert before + 1 == world.count_commits()
    assert (sha, 1) == (world.head(), world.text(FILE).count(b"once"))


def test_a_commit_far_behind_the_head_is_found_by_its_trailer(either):
    world = either
    made = commit(world, read(world))
    for n in range(130):
        world.push({OTHER: f"tag: {n}\n".encode()})
    long_ago = world.clock.now() - timedelta(hours=1)

    assert read(world).commit_with(TRAILER) is None
    found = world.gitops.find(world.repo, "main", TRAILER, long_ago)
    assert (made.sha, made.url) == (found.sha, found.url)


def test_commits_from_before_are_not_looked_at(either):
    world = either
    commit(world, read(world))
    world.clock.move(timedelta(hours=1))

    assert world.gitops.find(world.repo, "main", TRAILER, world.clock.now()) is None
    assert world.gitops.find(world.repo, "main", "Shipmate-Operation: x", world.born) is None


# limits


@pytest.mark.parametrize("wording", Wording)
def test_an_hour_that_is_spent_says_when_the_next_begins(world, wording):
    world.fake.rate_limit("graphql", resets=timedelta(minutes=20), wording=wording)

    with pytest.raises(Unavailable) as caught:
        read(world)

    assert timedelta(minutes=19) < caught.value.retry_after <= timedelta(minutes=20)
    assert 1 == len(world.routes())


@pytest.mark.parametrize("status", [403, 429])
@pytest.mark.parametrize(
    ("asked", "expected"), [(None, timedelta(minutes=1)), (90, timedelta(seconds=90))]
)
def test_a_secondary_limit_says_how_long_to_stay_away(world, status, asked, expected):
    snapshot = read(world)
    world.fake.secondary_limit(status=status, retry_after=asked)

    with pytest.raises(Unavailable) as caught:
        commit(world, snapshot)

    assert (expected, OLD) == (caught.value.retry_after, world.text(FILE))


# renames


def test_a_renamed_repository_is_read_and_written_under_its_old_name(either):
    world = either
    world.rename("acme/deployments")

    snapshot = read(world)
    made = commit(world, snapshot)

    assert ("acme/deployments", made.sha) == (snapshot.repo, world.head())


def test_a_rename_between_read_and_commit_is_a_conflict_that_a_new_look_heals(either):
    world = either
    snapshot = read(world)
    world.rename("acme/deployments")

    with pytest.raises(Conflict, match="is called acme/deployments now"):
        commit(world, snapshot)
    made = commit(world, read(world))

    assert made.sha == world.head()


@pytest.mark.parametrize("route", WRITES)
def test_a_write_answered_by_an_address_elsewhere_is_no_success(old_server, route):
    snapshot = read(old_server)
    moved = Fault(answer=lambda: answer({}, 307, {"Location": "/elsewhere"}))
    old_server.fake.arm(route, moved)

    with pytest.raises(BotError):
        commit(old_server, snapshot)
    assert OLD == old_server.text(FILE)


# logins


def test_an_app_whose_token_is_revoked_in_mid_life_goes_on(tmp_path):
    with World(tmp_path, FILES, by_app=True) as world:
        snapshot = read(world)
        world.fake.revoke()

        made = commit(world, snapshot)

        assert made.sha == world.head()
        assert 2 == world.routes().count("installation_token")


@pytest.mark.parametrize("by", ["GraphQL", "Git's objects"])
def test_a_token_that_may_only_read_is_told_so(tmp_path, by):
    with World(tmp_path, FILES, executable=[SCRIPT], permissions={"contents": "read"}) as world:
        file = FILE if by == "GraphQL" else SCRIPT
        snapshot = read(world, file)

        with pytest.raises(Forbidden, match="Resource not accessible"):
            commit(world, snapshot, {file: NEW})
