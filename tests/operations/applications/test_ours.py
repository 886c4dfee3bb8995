"""What is ours, and which applications are: by the store, the open items, the configuration."""

from datetime import timedelta

import pytest

from bot.adapters.github.commits import Ahead
from bot.adapters.github.commits import Relation as Lies
from bot.domain.catalog import Application
from bot.domain.operations import Phase, Written
from bot.domain.rollback.emergency import Ending, OpenItem
from bot.operations.applications.our_doing import SWITCHED, OurDoing
from bot.operations.applications.served import Serving
from bot.operations.books.open_items import OpenItemBook
from bot.operations.store import Store
from tests import databases
from tests.builders import NOON, SHA, catalog, environment, plan, request, target
from tests.domain.argocd_views import running, seen
from tests.operations.applications.ground import OLD, SECOND, Time, several

APP = "s0-stage"
NEWER = "b" * 40


class Commits:
    """Knows that NEWER contains SHA, and counts."""

    def __init__(self):
        self.asked = 0

    def relation(self, repo, base, head):
        self.asked += 1
        return Ahead(Lies.AHEAD if (base, head) == (SHA, NEWER) else Lies.BEHIND)


class Ground:
    def __init__(self, folder):
        self.clock, self.commits = Time(), Commits()
        self.database = databases.opened(folder)
        self.store = Store(self.database)
        self.items = OpenItemBook(self.database, lambda: None)
        self.doing = OurDoing(self.database, self.store, self.commits, self.clock)
        (self.served,) = Serving(several(1)).every("main")

    def begins(self, *phases, **changes):
        """Let an operation of ours pass through *phases*; return its id."""
        wish = request(services=("s0",), **changes)
        made, _ = self.store.receive(wish, str(changes), self.clock.now())
        for phase in (Phase.CHECKING, Phase.QUEUED, *phases):
            values = {}
            if phase is Phase.FOLLOWING:
                written = Written(SHA, "https://x", self.clock.now())
                values = {"plan": plan(), "written": written}
            assert self.store.move(made.id, phase, self.clock.now(), phase.value, changes=values)
        return made.id

    def ours(self, **changes):
        now = self.clock.now() + SECOND
        state = {"operation_state": running(started_at=now, revisions=(OLD,))}
        return self.doing.on(
            self.served, seen(namespace="argocd", name=APP, **{**state, **changes})
        )

    def item(self, operation):
        made = OpenItem(
            number=0,
            operation=operation,
            instance="main",
            namespace="argocd",
            app=APP,
            environment="stage",
            services={"s0": "1"},
            saved={"automated": {}},
            owner="U0ALICE",
            since=NOON,
            deadline=NOON + timedelta(days=1),
        )
        return self.items.save(made)


@pytest.fixture
def world(tmp_path):
    made = Ground(tmp_path)
    yield made
    made.database.close()


def test_nothing_is_ours_where_nothing_of_ours_happens(world):
    assert ((), False, 0) == (world.ours().operations, world.ours().auto_sync, world.commits.asked)


def test_an_operation_that_follows_its_commit_is_on_it(world):
    operation = world.begins(Phase.COMMITTING, Phase.FOLLOWING)
    ours = world.ours(revisions=(SHA,))
    assert ours.on_it
    assert operation == ours.brought((SHA,))


def test_newer_commits_that_contain_ours_are_asked_for_once(world):
    world.begins(Phase.COMMITTING, Phase.FOLLOWING)
    for _ in range(5):
        (one,) = world.ours(revisions=(NEWER,)).operations
    assert one.has((NEWER,))
    assert not one.has((OLD,))
    assert 2 == world.commits.asked


def test_while_a_commit_is_being_written_nobody_knows(world):
    world.begins(Phase.COMMITTING)
    assert world.ours() is None


@pytest.mark.parametrize(
    "phases", [(), (Phase.COMMITTING, Phase.MERGING), (Phase.CANCELLED,)], ids=str
)
def test_what_has_not_written_anything_is_not_on_it(world, phases):
    world.begins(*phases)
    assert () == world.ours().operations


def test_what_ended_a_day_ago_is_not_looked_at(world):
    world.begins(Phase.COMMITTING, Phase.FOLLOWING, Phase.FAILED)
    assert [True] == [one.failed for one in world.ours().operations]
    world.clock.passes(timedelta(hours=25))
    assert () == world.ours().operations


def test_auto_sync_is_ours_while_an_item_stands_and_a_moment_after(world):
    operation = world.begins(Phase.COMMITTING, Phase.FOLLOWING, Phase.FAILED)
    item = world.item(operation)
    assert world.ours().auto_sync
    world.items.end(item, Ending.RESUMED, "U0ALICE", world.clock.now())
    assert world.ours().auto_sync
    world.clock.passes(SWITCHED + SECOND)
    assert not world.ours().auto_sync


def test_a_rollback_by_argocd_switches_what_it_is_on(world):
    world.begins(Phase.COMMITTING, by_argocd=True)
    assert world.ours().auto_sync


# which are served


def test_equal_names_of_several_argocds_are_told_apart():
    here = target("s0", application=Application("main", "web"))
    there = target("s1", application=Application("eu", "web"))
    serving = Serving(catalog([here, there]))
    assert ["s1"] == [one.targets[0].service for one in serving.called("eu", "argocd", "web")]
    assert ["s0"] == [one.targets[0].service for one in serving.every("main")]
    assert () == serving.called("us", "argocd", "web")


def test_of_several_environments_the_last_one_is_told():
    app = Application("main", "web")
    targets = [target("web", name, application=app) for name in ("stage", "prod")]
    places = [environment("stage"), environment("prod", production=True)]
    serving = Serving(catalog(targets, places))
    (served,) = serving.every("main")
    subject = serving.subject(served, None, (), "https://x")
    assert ("prod", True, ("web",)) == (subject.environment, subject.production, subject.services)
