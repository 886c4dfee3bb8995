"""What one value was over time is read in one request, and nothing about it is invented."""

from datetime import timedelta

import pytest

from bot.adapters.github.file_history import COMMITS, FileHistory, ValueHistory
from bot.domain.errors import BranchMissing, Garbled, NotFound, Unavailable
from bot.domain.locations import Key, Location
from sandbox.wire import Fault, answer
from tests.adapters.github_world import NOON, World

REPO, FILE = "acme/values", "env/prod.yaml"
WHERE = Location(REPO, "main", FILE, Key("core.tag"))


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    with World(tmp_path_factory.mktemp("github"), {"a": b"1"}) as world:
        yield world


@pytest.fixture
def git(world):
    """A file's history of its own, told by ``push``: each call is one commit, a minute later."""
    made = Story(world)
    yield made
    world.fake.disarm()


class Story:
    count = 0

    def __init__(self, world):
        Story.count += 1
        self.world, self.repo = world, f"{REPO}{Story.count}"
        self.where = Location(self.repo, "main", FILE, WHERE.at)
        world.fake.create_repository(self.repo, {"README": b"x"})

    def push(self, text, path=FILE, author=("Kim", "kim@example.com")):
        """Commit *text* (None: no such file any more) and return the commit's SHA."""
        self.world.clock.move(timedelta(minutes=1))
        return self.world.fake.push(self.repo, "main", {path: text}, message="x", author=author)

    def has(self, core, batch="1", **how):
        return self.push(f"core: {{tag: {core}}} # the core\nbatch: {{tag: {batch}}}\n", **how)

    def read(self):
        self.world.fake.calls.clear()
        found = FileHistory(self.world.door()).values(self.where)
        assert ["graphql"] == self.world.routes()
        return found

    def values(self):
        return [(one.tag, one.commit) for one in self.read().values]


def test_each_value_comes_with_the_commit_that_brought_it_newest_first(git):
    one = git.has("v1", author=("이준호", "lee@example.com"))
    git.has("v1", batch="2")
    git.push("unrelated", path="other.yaml")
    two = git.has("v2")
    git.has("v2", batch="3")
    back = git.has("v1", batch="3")

    found = git.read()

    assert [("v1", back), ("v2", two), ("v1", one)] == [(v.tag, v.commit) for v in found.values]
    assert ["Kim", "Kim", "이준호"] == [value.author for value in found.values]
    assert (git.world.clock.now(), NOON.tzinfo) == (found.values[0].at, found.values[0].at.tzinfo)
    assert (0, True) == (found.unread, found.whole)


def test_an_author_with_an_account_is_called_by_it(git):
    git.world.fake.add_user("updater", email="bot@example.com")
    git.has("v1", author=("Image Updater", "bot@example.com"))
    assert ["updater"] == [value.author for value in git.read().values]


def test_a_file_that_was_away_had_no_value(git):
    first = git.has("v1")
    gone = git.push(None)
    again = git.has("v2")
    assert [("v2", again), (None, gone), ("v1", first)] == git.values()


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("core: {tag: \x00}", id="binary"),
        pytest.param("core: [", id="no YAML"),
        pytest.param("batch: {tag: 1}", id="no such place"),
        pytest.param("core: {tag: v9}\n" + "# long\n" * 100_000, id="cut"),
    ],
)
def test_what_cannot_be_read_is_left_out_and_counted(git, text):
    first = git.has("v1")
    git.push(text)
    last = git.has("v2")
    found = git.read()
    assert [("v2", last), ("v1", first)] == [(v.tag, v.commit) for v in found.values]
    assert 1 == found.unread


def test_no_more_is_read_than_a_page_and_that_is_told(git):
    for number in range(COMMITS + 3):
        git.has(f"v{number}")
    found = git.read()
    assert [f"v{n}" for n in range(COMMITS + 2, 2, -1)] == [one.tag for one in found.values]
    assert not found.whole


def test_a_file_that_never_was_has_no_past(git):
    assert ValueHistory(()) == git.read()


def test_no_such_branch_or_repository(git):
    files = FileHistory(git.world.door())
    with pytest.raises(BranchMissing):
        files.values(Location(git.repo, "prod", FILE, WHERE.at))
    with pytest.raises(NotFound):
        files.values(Location("acme/nothing", "main", FILE, WHERE.at))
    with pytest.raises(NotFound):
        files.at(Location("acme/nothing", "main", FILE, WHERE.at), ["a" * 40])


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        pytest.param(({"message": "x"}, 502), Unavailable, id="away"),
        pytest.param(({"data": {"repository": {"name": "x"}}}, 200), Garbled, id="another shape"),
        pytest.param(({"data": None}, 200), Garbled, id="nothing"),
    ],
)
def test_an_answer_that_is_none(git, said, kind):
    git.world.fake.arm("graphql", Fault(answer=lambda: answer(*said)), times=None)
    files = FileHistory(git.world.door())
    with pytest.raises(kind):
        files.values(git.where)
    with pytest.raises(kind):
        files.at(git.where, ["a" * 40])


def test_a_value_as_it_stood_in_some_commits_is_one_request(git):
    one, two, none, odd = git.has("v1"), git.has("v2"), git.push(None), git.push("core: [")
    git.world.fake.calls.clear()
    found = FileHistory(git.world.door()).at(git.where, [two, one, "f" * 40, none, odd, two])
    assert {two: "v2", one: "v1"} == found
    assert ["graphql"] == git.world.routes()
