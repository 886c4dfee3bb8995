"""What can be deployed is listed in one request, newest first, and nothing about it is invented."""

from datetime import timedelta

import pytest

from bot.adapters.github.recent import MOST_COMMITS, RecentCommits
from bot.domain.checks import Colour
from bot.domain.errors import Garbled, NotFound, Unavailable
from bot.domain.unknown import Unknown
from sandbox.wire import Fault, answer
from tests.adapters.github_world import NOON, World

CODE = "acme/code"


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    with World(tmp_path_factory.mktemp("github"), {"a": b"1"}) as world:
        world.fake.create_repository(CODE, {"a": b"1"})
        yield world


@pytest.fixture
def push(world):
    def push(message, author=("Kim", "kim@example.com")):
        world.clock.move(timedelta(minutes=1))
        files = {"a": str(world.clock.now())}
        return world.fake.push(CODE, "main", files, message=message, author=author)

    yield push
    world.fake.disarm()


def newest(world, repo=CODE):
    world.fake.calls.clear()
    found = RecentCommits(world.door()).newest(repo)
    assert ["graphql"] == world.routes()
    return found


def test_the_newest_commits_come_with_their_checks_and_authors(world, push):
    red = push("fix: <b>&\n\nlong story")
    green = push("feat: paging", author=("이준호", "lee@example.com"))
    silent = push("docs")
    world.fake.report_check(CODE, red, "ci", "completed", "failure")
    world.fake.report_check(CODE, green, "ci")

    found = newest(world).commits

    assert [silent, green, red] == [one.sha for one in found[:3]]
    assert [None, Colour.GREEN, Colour.RED] == [one.colour for one in found[:3]]
    assert ["Kim", "이준호", "Kim"] == [one.author for one in found[:3]]
    assert ["docs", "feat: paging", "fix: <b>&"] == [one.title for one in found[:3]]
    assert (world.clock.now(), NOON.tzinfo) == (found[0].at, found[0].at.tzinfo)
    assert [red, None] == [found[2].version, found[2].tag]


def test_an_author_with_an_account_is_called_by_it(world, push):
    world.fake.add_user("octo", email="octo@example.com")
    push("x", author=("Anybody", "octo@example.com"))
    assert "octo" == newest(world).commits[0].author


def test_no_more_than_asked_for(world, push):
    for number in range(MOST_COMMITS + 2):
        push(f"change {number}")
    assert MOST_COMMITS == len(newest(world).commits)


def test_git_tags_stand_for_their_commits_newest_first(world, push):
    older, newer = push("one"), push("two")
    world.fake.tag(CODE, "z-old", older)
    world.fake.tag(CODE, "a-new", newer, message="annotated")
    world.fake.report_status(CODE, newer, "ci", "pending")

    tags = newest(world).tags

    assert [("a-new", newer), ("z-old", older)] == [(one.version, one.sha) for one in tags[:2]]
    assert Colour.PENDING is tags[0].colour


def test_an_empty_repository_has_none(world):
    world.fake.create_repository("acme/empty", {}, branch="main")
    found = newest(world, "acme/empty")
    assert ((), ()) == (found.commits, found.tags)


def test_without_the_right_to_checks_they_are_unknown(tmp_path):
    with World(tmp_path, {"a": b"1"}, permissions={"contents": "write"}) as world:
        world.fake.create_repository(CODE, {"a": b"1"})
        found = RecentCommits(world.door()).newest(CODE)
        assert [Unknown("the bot may not read checks")] == [one.colour for one in found.commits]


def test_no_such_repository(world):
    with pytest.raises(NotFound):
        RecentCommits(world.door()).newest("acme/nothing")


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        pytest.param(({"message": "x"}, 502), Unavailable, id="away"),
        pytest.param(({"data": {"repository": {"name": "x"}}}, 200), Garbled, id="another shape"),
        pytest.param(({"data": None}, 200), Garbled, id="nothing"),
    ],
)
def test_an_answer_that_is_none(world, push, said, kind):
    world.fake.arm("graphql", Fault(answer=lambda: answer(*said)), times=None)
    with pytest.raises(kind):
        RecentCommits(world.door()).newest(CODE)
