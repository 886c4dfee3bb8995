"""What is held and comes back by somebody else's commit is noticed, and told once."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.adapters.github.file_history import FileHistory
from bot.domain.facts import Hold
from bot.domain.locations import Key, Location
from bot.domain.stops.holds import WHOLE
from bot.operations.books.act_book import ActBook, Deed
from bot.operations.books.hold_book import HoldBook
from bot.operations.saying.outbox import Outbox
from bot.operations.standstill.hold_watch import HoldWatch
from bot.operations.store import Store
from sandbox.wire import Fault
from tests.adapters.github_world import World
from tests.builders import catalog, environment, target
from tests.operations.people import ALICE, BOB
from tests.operations.standing_ground import Said

MINUTE = timedelta(minutes=1)
UPDATER = ("argocd-image-updater", "updater@example.com")


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    with World(tmp_path_factory.mktemp("github"), {"a": b"1"}) as world:
        yield world


class Ground:
    """Core and batch in prod, whose tags stand in one file; core in stage in another."""

    def __init__(self, folder, world, database):
        self.world, self.clock = world, world.clock
        self.repo = f"acme/gitops{folder.name}"
        self.tags = {"core": "good", "batch": "good"}
        world.fake.create_repository(self.repo, {"README": b"x"})
        self.push(core="bad")
        targets = [self.at("core", "prod"), self.at("batch", "prod"), self.at("core", "stage")]
        places = [environment("stage", channel="C0STAGE"), environment("prod", channel="C0PROD")]
        self.book = HoldBook(database)
        self.acts = ActBook(database)
        self.watch = HoldWatch(
            catalog(targets, places),
            Store(database),
            self.book,
            world.gitops,
            FileHistory(world.door()),
            world.clock,
        )
        self.slack = Said()
        self.outbox = Outbox(database, self.slack, world.clock)

    def at(self, service, env):
        where = Location(self.repo, "main", f"{env}.yaml", Key(f"{service}.tag"))
        return replace(target(service, env), location=where)

    def push(self, author=UPDATER, **tags):
        self.clock.move(MINUTE)
        self.tags |= tags
        text = "".join(f"{name}: {{tag: {tag}}}\n" for name, tag in self.tags.items())
        sha = self.world.fake.push(self.repo, "main", {"prod.yaml": text}, author=author)
        self.clock.move(MINUTE)
        return sha

    def holds(self, tag="bad", name="core/prod", **changes):
        hold = Hold(tag, ALICE, "leaks", self.clock.now(), **changes)
        (kept,) = self.book.hold({name: hold}, f"c:{name}:{tag}")
        self.clock.move(MINUTE)
        return kept.held

    def looks(self):
        """Look once; return what was told for it, and how many requests it took."""
        self.world.fake.calls.clear()
        self.watch.look()
        requests = len(self.world.fake.calls)
        before = len(self.slack.said)
        self.outbox.send()
        return self.slack.said[before:], requests


@pytest.fixture
def ground(tmp_path, world, database):
    yield Ground(tmp_path, world, database)
    world.fake.disarm()


def test_where_nothing_is_held_nobody_is_asked(ground):
    assert ([], 0) == ground.looks()
    ground.holds(WHOLE)
    ground.holds("bad", "core/gone")
    assert ([], 0) == ground.looks()


def test_a_held_tag_that_stays_away_costs_one_request_for_all_of_them(ground):
    ground.push(core="good")
    ground.holds()
    ground.holds("worse")
    ground.holds("bad", "batch/prod")
    ground.holds("bad", "core/stage")
    assert ([], 1) == ground.looks()


def test_a_commit_that_brings_it_back_is_told_with_its_author_and_what_to_do(ground):
    ground.push(core="good")
    ground.holds(operation="D-7")
    sha = ground.push(core="bad")
    ground.push(batch="better")

    (((channel, text),), requests) = ground.looks()

    assert ("C0PROD", 2) == (channel, requests)
    assert "`bad` stands in Git again for core in prod" in text
    assert sha[:8] in text
    assert "`argocd-image-updater`" in text
    assert "rolled back by `D-7`" in text
    assert "/rollback core prod because" in text
    assert "/ship release core prod bad" in text


def test_each_commit_is_told_once_and_the_next_one_anew(ground):
    ground.push(core="good")
    ground.holds()
    ground.push(core="bad")
    assert 1 == len(ground.looks()[0])
    assert 0 == len(ground.looks()[0])
    ground.push(core="good")
    ground.push(core="bad")
    assert 1 == len(ground.looks()[0])
    back = [act for act in ground.acts.latest() if act.what is Deed.CAME_BACK]
    assert 2 == len(back)
    assert {"core/prod"} == {act.subject for act in back}


def test_what_stood_there_before_it_was_held_did_not_come_back(ground):
    ground.holds()
    assert [] == ground.looks()[0]


def test_what_was_released_may_come_back(ground):
    ground.push(core="good")
    ground.holds()
    ground.book.release(["core/prod"], None, BOB, "c:9", ground.clock.now())
    ground.push(core="bad")
    assert ([], 0) == ground.looks()


def test_a_file_that_is_away_or_no_yaml_brings_nothing_back(ground):
    ground.holds()
    ground.world.fake.push(ground.repo, "main", {"prod.yaml": "core: ["})
    assert [] == ground.looks()[0]
    ground.world.fake.push(ground.repo, "main", {"prod.yaml": None})
    assert [] == ground.looks()[0]


def test_while_git_is_away_nothing_is_said_and_the_next_look_says_it(ground):
    ground.push(core="good")
    ground.holds()
    ground.push(core="bad")
    ground.world.fake.arm("graphql", Fault(drop="before"), times=1)
    assert [] == ground.looks()[0]
    assert 1 == len(ground.looks()[0])
