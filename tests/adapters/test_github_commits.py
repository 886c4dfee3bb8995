"""A version is the commit it names, and never a guess."""

from datetime import timedelta

import pytest

from bot.adapters.github import Ahead, Commit, CommitName, Commits, Relation
from bot.adapters.github.commits import NOT_IN_NAMES
from bot.domain.errors import Ambiguous, BotError, Garbled, NotFound, Unavailable
from sandbox.wire import Fault, answer
from tests.adapters.github_world import World

CODE = "acme/code"


@pytest.fixture
def world(tmp_path):
    with World(tmp_path, {"readme": b"1"}) as world:
        world.fake.create_repository(CODE, {"a": b"1"}, message="First\n\nand more")
        world.fake.add_user("alice", email="alice@example.com")
        yield world


@pytest.fixture
def commits(world):
    return Commits(world.door())


@pytest.fixture
def push(world):
    """Give a function that commits to the code and returns the SHA."""

    def push(message="Fix the thing\n\nbecause", branch="main"):
        world.clock.move(timedelta(minutes=1))
        author = ("Alice", "alice@example.com")
        change = {"a": str(world.clock.now())}
        return world.fake.push(CODE, branch, change, message=message, author=author)

    return push


@pytest.mark.parametrize("digits", [7, 8, 12, 40])
def test_a_short_or_full_sha_is_its_commit_at_the_cost_of_one_request(world, commits, push, digits):
    sha = push()

    alice = world.fake.state.accounts.get("alice")
    expected = Commit(
        sha,
        "Fix the thing",
        "Alice",
        CommitName.SHA,
        sha[:digits],
        "alice",
        author_id=alice.id,
        at=world.clock.now().replace(microsecond=0),
    )
    assert expected == commits.resolve(CODE, sha[:digits])
    assert ["commit"] == world.routes()


def test_a_sha_may_be_typed_in_capitals(commits, push):
    sha = push()

    assert sha == commits.resolve(CODE, sha[:10].upper()).sha


def test_an_author_whom_github_does_not_know_has_no_login(world, commits):
    found = commits.resolve(CODE, world.fake.head(CODE))

    assert ("Somebody Else", None, "First") == (found.author, found.login, found.title)


@pytest.mark.parametrize("message", [None, "a release"], ids=["light", "annotated"])
def test_a_tag_is_the_commit_it_stands_on(world, commits, push, message):
    sha = push()
    world.fake.tag(CODE, "v1.2.3", sha, message)

    found = commits.resolve(CODE, "v1.2.3")

    assert (sha, CommitName.TAG, "v1.2.3") == (found.sha, found.kind, found.name)


@pytest.mark.parametrize("branch", ["develop", "feature/login", "fix#7", "100%", "하나"])
def test_a_branch_is_its_head_now(world, commits, push, branch):
    world.fake.create_branch(CODE, branch)
    sha = push(branch=branch)

    found = commits.resolve(CODE, branch)

    assert (sha, CommitName.BRANCH, branch) == (found.sha, found.kind, found.name)


def test_a_tag_that_looks_like_a_sha_is_a_tag(world, commits, push):
    sha = push()
    world.fake.tag(CODE, "20260131", sha)

    found = commits.resolve(CODE, "20260131")

    assert (sha, CommitName.TAG) == (found.sha, found.kind)


@pytest.mark.parametrize(
    "hide",
    [
        pytest.param(lambda fake, name, at: fake.create_branch(CODE, name, at), id="branch"),
        pytest.param(lambda fake, name, at: fake.tag(CODE, name, at), id="tag"),
    ],
)
def test_nobody_hides_a_commit_behind_a_name_like_its_digits(world, commits, push, hide):
    """Git looks for names before it looks for digits: who may push could put theirs in between."""
    wanted = _lettered(push)
    hide(world.fake, wanted[:8], push())

    with pytest.raises(Ambiguous, match="is called like the digits of a commit"):
        commits.resolve(CODE, wanted[:8])
    assert wanted == commits.resolve(CODE, wanted).sha
    assert wanted == commits.resolve(CODE, wanted[:12]).sha


def test_a_branch_of_digits_alone_is_no_version_either(world, commits, push):
    world.fake.create_branch(CODE, "1234567", push())

    with pytest.raises(Ambiguous):
        commits.resolve(CODE, "1234567")


def _lettered(push):
    """Return a commit whose first eight digits are not all decimal, as one in forty has."""
    return next(sha for sha in iter(push, None) if not sha[:8].isdecimal())


def test_a_tag_and_a_branch_of_one_name_on_one_commit_are_no_question(world, commits, push):
    sha = push()
    world.fake.create_branch(CODE, "release")
    world.fake.tag(CODE, "release", sha)

    assert (sha, CommitName.TAG) == (
        commits.resolve(CODE, "release").sha,
        commits.resolve(CODE, "release").kind,
    )


def test_a_tag_and_a_branch_of_one_name_on_two_commits_are_ambiguous(world, commits, push):
    world.fake.tag(CODE, "release", world.fake.head(CODE))
    push()
    world.fake.create_branch(CODE, "release")

    with pytest.raises(Ambiguous, match="a tag and a branch of acme/code are both called release"):
        commits.resolve(CODE, "release")
    assert commits.has(CODE, "release")


@pytest.mark.parametrize(
    "version",
    [
        pytest.param("deadbeef", id="short sha"),
        pytest.param("d" * 40, id="full sha"),
        pytest.param("v9.9.9", id="tag"),
        pytest.param("nope/nope", id="branch"),
    ],
)
def test_what_is_not_there_is_told_by_its_name(commits, version):
    with pytest.raises(
        NotFound, match=f"no commit, tag or branch of acme/code is called {version}"
    ):
        commits.resolve(CODE, version)
    assert not commits.has(CODE, version)


def test_a_commit_of_another_repository_is_not_there(world, commits, push):
    sha = push()

    assert (True, False) == (commits.has(CODE, sha), commits.has(world.repo, sha))


def test_fewer_than_seven_digits_are_no_sha(commits, push):
    sha = push()

    with pytest.raises(NotFound):
        commits.resolve(CODE, sha[:6])


def test_an_empty_repository_has_no_commit(world, commits):
    world.fake.create_repository("acme/empty", {})

    for version in ("main", "a1b2c3d"):
        with pytest.raises(NotFound):
            commits.resolve("acme/empty", version)


def test_a_repository_that_is_not_there_has_no_commit(commits):
    with pytest.raises(NotFound):
        commits.resolve("acme/nope", "main")


@pytest.mark.parametrize(
    "version",
    [
        "",
        " ",
        "a b",
        "../../../user",
        "main..dev",
        "main~1",
        "main^",
        "HEAD@{1}",
        "a:b",
        "what?",
        "[a]",
        "/main",
        "main/",
        "main.",
        "-f",
        ".hidden",
        "a/.hidden",
        "a//b",
        "main.lock",
        "back\\slash",
        "line\nbreak",
        "x" * 10_000,
    ],
)
def test_what_can_be_no_name_is_not_even_asked_for(world, commits, version):
    with pytest.raises(NotFound):
        commits.resolve(CODE, version)
    assert [] == world.routes()


@pytest.mark.parametrize("name", ["main", "v1.2.3", "release-1", "a/b/c", "fix#7", "@", "하나"])
def test_what_git_takes_as_a_name_is_asked_for(name):
    assert NOT_IN_NAMES.search(name) is None


# answers that cannot be right


def shown(sha, **more):
    commit = {"message": "m", "author": {"name": "A"}}
    return {"sha": sha, "commit": commit, "author": None} | more


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(shown("a1b2c3d"), id="a short sha"),
        pytest.param(shown(None), id="no sha"),
        pytest.param(shown("a" * 40, commit=None), id="no commit"),
        pytest.param(shown("a" * 40, author={"id": 1}), id="an author without a login"),
        pytest.param([], id="a list"),
    ],
)
def test_an_answer_of_the_wrong_shape_is_distrusted(world, commits, body):
    world.fake.arm("commit", Fault(answer=lambda: answer(body)), times=None)

    with pytest.raises(Garbled):
        commits.resolve(CODE, "a1b2c3d")


def test_an_author_may_be_an_empty_object(world, commits):
    sha = "a1b2c3d" + "0" * 33
    world.fake.arm("commit", Fault(answer=lambda: answer(shown(sha, author={}))))

    assert commits.resolve(CODE, "a1b2c3d").login is None


def test_another_commit_than_the_sha_asked_for_is_not_taken(world, commits):
    wrong = Fault(answer=lambda: answer(shown("b" * 40)))
    world.fake.arm("commit", wrong)

    with pytest.raises(NotFound):
        commits.resolve(CODE, "a1b2c3d")


def test_an_outage_is_not_taken_for_an_absence(world, commits):
    world.fake.arm("commit", Fault(answer=lambda: answer({}, 500)), times=None)

    with pytest.raises(Unavailable):
        commits.has(CODE, "a1b2c3d")


# how two commits relate


def test_how_one_commit_lies_to_another(world, commits, push):
    first = push()
    second = push()
    world.fake.create_branch(CODE, "side", first)
    side = push(branch="side")

    assert Ahead(Relation.AHEAD, 1, 0) == commits.relation(CODE, first, second)
    assert Ahead(Relation.BEHIND, 0, 1) == commits.relation(CODE, second, first)
    assert Ahead(Relation.DIVERGED, 1, 1) == commits.relation(CODE, second, side)
    assert Ahead(Relation.IDENTICAL) == commits.relation(CODE, first, first)
    assert Ahead(Relation.UNKNOWN) == commits.relation(CODE, first, "d" * 40)
    assert 4 == len(world.routes())


def test_an_unknown_word_for_a_relation_is_garbled(world, commits):
    body = {"status": "sideways", "ahead_by": 0, "behind_by": 0}
    world.fake.arm("compare", Fault(answer=lambda: answer(body)))

    with pytest.raises(Garbled):
        commits.relation(CODE, "a" * 40, "b" * 40)


def test_versions_are_found_under_a_repository_s_old_name(world, commits, push):
    sha = push()
    world.fake.tag(CODE, "v1", sha)
    world.fake.rename(CODE, "acme/source")

    assert sha == commits.resolve(CODE, sha[:8]).sha
    assert sha == commits.resolve(CODE, "v1").sha
    assert Relation.IDENTICAL == commits.relation(CODE, sha, sha).relation


@pytest.mark.parametrize("version", ["a1b2c3d", "main", "v1"])
@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(Fault(drop="before"), id="cut"),
        pytest.param(Fault(answer=lambda: answer({"message": "no"}, 403)), id="forbidden"),
        pytest.param(Fault(answer=lambda: answer({"message": "slow"}, 429)), id="limit"),
    ],
)
def test_whatever_goes_wrong_is_one_of_our_errors(world, commits, version, fault):
    world.fake.arm("*", fault, times=None)

    with pytest.raises(BotError):
        commits.resolve(CODE, version)
