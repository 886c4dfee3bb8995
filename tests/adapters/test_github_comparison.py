"""What lies between two commits is told with its people, its pull requests and its files."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.adapters.github.commits import Relation
from bot.adapters.github.comparison import (
    Author,
    Between,
    Comparison,
    Comparisons,
    co_authors,
    pull_number,
)
from bot.domain.errors import Ambiguous, Garbled, Unavailable
from sandbox.wire import Fault, answer
from tests.adapters.github_world import World

CODE = "acme/code"
ALICE = ("Alice", "alice@example.com")


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    with World(tmp_path_factory.mktemp("github"), {"a": b"1"}) as world:
        world.fake.create_repository(CODE, {"a": b"1", "b": b"1"}, message="First")
        world.fake.add_user("alice", number=7, email="alice@example.com")
        yield world


@pytest.fixture
def compare(world):
    yield Comparisons(world.door()).between
    world.fake.disarm()


@pytest.fixture
def push(world):
    """Give a function that commits to the code and returns the SHA."""

    def push(message="Fix", *, file="a", author=ALICE, branch="main"):
        world.clock.move(timedelta(minutes=1))
        change = {file: str(world.clock.now())}
        return world.fake.push(CODE, branch, change, message=message, author=author)

    return push


def test_commits_come_with_authors_titles_and_pull_requests_for_one_request(world, compare, push):
    base = push()
    one = push("Let people in (#12)\n\nCo-authored-by: Bob <88+bob@users.noreply.github.com>")
    two = push("Merge pull request #13 from acme/fix\n\nThe fix", file="b", author=("Zoe", "z@x"))
    world.fake.calls.clear()

    found = compare(CODE, base, two)

    alice = Author("Alice", "alice", 7)
    assert (
        Comparison(
            Relation.AHEAD,
            ahead_by=2,
            commits=(
                Between(one, "Let people in (#12)", (alice, Author("Bob", "bob", 88)), 12),
                Between(two, "Merge pull request #13 from acme/fix", (Author("Zoe"),), 13),
            ),
            files=("a", "b"),
        )
        == found
    )
    assert {7, 88} == found.author_ids
    assert ["compare"] == world.routes()


def test_an_older_head_is_behind_and_lists_nothing(compare, push):
    old, _, new = push(), push(), push()

    assert Comparison(Relation.BEHIND, behind_by=2) == compare(CODE, new, old)


def test_two_branches_have_diverged(world, compare, push):
    world.fake.create_branch(CODE, "develop")
    here, there = push(), push(file="b", branch="develop")

    found = compare(CODE, here, there)

    assert (Relation.DIVERGED, 1, 1) == (found.relation, found.ahead_by, found.behind_by)


def test_a_commit_compared_with_itself_asks_nobody(world, compare, push):
    sha = push()
    world.fake.calls.clear()

    assert Comparison(Relation.IDENTICAL) == compare(CODE, sha, sha)
    assert [] == world.routes()


def test_a_commit_that_is_not_there_has_no_known_relation(compare, push):
    assert Comparison(Relation.UNKNOWN) == compare(CODE, push(), "d" * 40)


@pytest.mark.parametrize("ref", ["main", "a1b2c3d", "a" * 39 + "/", "", "../../user"])
def test_the_head_is_a_full_sha(compare, push, ref):
    with pytest.raises(ValueError, match="not a full SHA"):
        compare(CODE, push(), ref)


@pytest.mark.parametrize("digits", [7, 8, 39])
def test_the_base_may_be_the_beginning_of_a_sha(world, compare, push, digits):
    base, head = push(), push()
    world.fake.calls.clear()

    assert Comparison(Relation.IDENTICAL) == compare(CODE, head[:digits], head)
    assert [] == world.routes()
    assert (Relation.AHEAD, 1) == (
        (found := compare(CODE, base[:digits].upper(), head)).relation,
        found.ahead_by,
    )


def test_the_base_may_be_a_tag(world, compare, push):
    base, head = push(), push()
    world.fake.tag(CODE, "v1.2.3", base, "Release")

    assert (Relation.AHEAD, 1) == (
        (found := compare(CODE, "v1.2.3", head)).relation,
        found.ahead_by,
    )


def test_a_branch_that_looks_like_the_sha_is_not_compared_in_its_place(world, compare, push):
    old, new, head = push(), push(), push()
    world.fake.create_branch(CODE, new[:7], old)

    with pytest.raises(Ambiguous, match="called like the commit"):
        compare(CODE, new[:7], head)


@pytest.mark.parametrize("base", ["", "../../user", "a..b", "-x", "a b", "x" * 300])
def test_what_is_no_name_is_not_even_asked_for(world, compare, push, base):
    head = push()
    world.fake.calls.clear()

    assert Comparison(Relation.UNKNOWN) == compare(CODE, base, head)
    assert [] == world.routes()


def test_more_commits_than_are_listed_are_said_to_be_more(compare, push):
    base = push()
    heads = [push() for _ in range(251)]

    found = [compare(CODE, base, head) for head in heads[-2:]]

    assert [(250, 250, False), (251, 250, True)] == [
        (one.ahead_by, len(one.commits), one.truncated) for one in found
    ]


FILE = {"filename": "apps/b.yaml"}


@pytest.mark.parametrize(
    ("relation", "files", "expected"),
    [
        pytest.param("ahead", [], True, id="nothing changed"),
        pytest.param("ahead", [FILE], True, id="another file"),
        pytest.param("ahead", [{"filename": "apps/a.yaml"}], False, id="this file"),
        pytest.param(
            "ahead",
            [{"filename": "apps/c.yaml", "previous_filename": "apps/a.yaml"}],
            False,
            id="this file was renamed",
        ),
        pytest.param(
            "ahead",
            [{"filename": "apps/a.yaml", "previous_filename": "apps/c.yaml"}],
            False,
            id="another file took its name",
        ),
        pytest.param("ahead", [FILE] * 299, True, id="all files are listed"),
        pytest.param("ahead", [FILE] * 300, False, id="there may be more files"),
        pytest.param("behind", [], False, id="the branch went back"),
        pytest.param("diverged", [FILE], False, id="the branch was rewritten"),
        pytest.param("identical", [], True, id="the same tree of commits"),
    ],
)
def test_a_file_is_untouched_only_when_that_is_certain(
    world, compare, push, relation, files, expected
):
    base = push()
    body = {"status": relation, "ahead_by": 1, "behind_by": 0, "total_commits": 0}
    body |= {"commits": [], "files": files, "base_commit": {"sha": base}}
    world.fake.arm("compare", Fault(answer=lambda: answer(body)))

    assert expected == compare(CODE, base, "d" * 40).leaves_alone(["apps/a.yaml"])


def test_unrelated_commits_leave_nothing_certain():
    assert not Comparison(Relation.UNKNOWN).leaves_alone(["a"])


@pytest.mark.parametrize(
    ("body", "error"),
    [
        pytest.param({"status": "sideways"}, Garbled, id="a new relation"),
        pytest.param({"base_commit": None}, Garbled, id="of an unknown base"),
        pytest.param({}, Garbled, id="empty"),
        pytest.param([], Garbled, id="a list"),
    ],
)
def test_an_answer_of_another_shape_is_not_believed(world, compare, push, body, error):
    whole = {"status": "ahead", "ahead_by": 0, "behind_by": 0, "total_commits": 0}
    base = push()
    shown = (whole | {"commits": [], "base_commit": {"sha": base}} | body) if body else body
    world.fake.arm("compare", Fault(answer=lambda: answer(shown)))

    with pytest.raises(error):
        compare(CODE, base, "d" * 40)


def test_an_outage_is_no_relation(world, compare, push):
    world.fake.arm("compare", Fault(answer=lambda: answer({}, 500)), times=None)

    with pytest.raises(Unavailable):
        compare(CODE, push(), "d" * 40)


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("Fix the thing (#123)", 123),
        ("  Fix the thing (#123) \n\nmore (#9)", 123),
        ("Merge pull request #123 from acme/branch\n\nTitle", 123),
        ('Revert "Fix (#12)" (#15)', 15),
        ('Revert "Fix (#12)"', None),
        ("Fix #123", None),
        ("Fix (#123) again", None),
        ("Fix\n\n(#123)", None),
        ("Merge branch 'main' into x", None),
        ("Fix (#0123456789012)", None),
        ("", None),
    ],
)
def test_the_pull_request_is_read_where_github_writes_it(message, expected):
    assert expected == pull_number(message)


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        pytest.param("Fix", (), id="none"),
        pytest.param("Fix\n\nCo-authored-by: Bob <b@x.org>", (Author("Bob"),), id="an address"),
        pytest.param(
            "Fix\n\nCO-AUTHORED-BY:  Bob B  <88+bob-b@users.noreply.github.com>  \r\n",
            (Author("Bob B", "bob-b", 88),),
            id="id and login",
        ),
        pytest.param(
            "Fix\n\nCo-authored-by: <bob@users.noreply.github.com>",
            (Author("bob", "bob"),),
            id="an old address without id",
        ),
        pytest.param(
            "Fix\n\nCo-authored-by: A <a@x>\nCo-authored-by: B <b@x>",
            (Author("A"), Author("B")),
            id="two",
        ),
        pytest.param("Fix\n\nSigned-off-by: Bob <b@x.org>", (), id="another trailer"),
        pytest.param("Fix\n\nCo-authored-by: Bob", (), id="no address"),
    ],
)
def test_people_who_took_part_are_read_from_the_message(message, expected):
    assert expected == co_authors(message)


@given(st.text())
def test_any_message_can_be_read(message):
    assert pull_number(message) is None or pull_number(message) >= 0
    assert all(author.id is None or author.login for author in co_authors(message))


def test_a_long_message_is_read_in_no_time():
    """Forty kilobytes of blanks cost a pattern that looks back seconds."""
    assert () == co_authors("Co-authored-by:" + " " * 40_000 + "x")
    assert pull_number("(#" * 20_000) is None
