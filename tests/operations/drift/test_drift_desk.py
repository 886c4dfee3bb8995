"""A sync by a click brings out a whole application: everybody it concerns is asked about."""

from types import SimpleNamespace

import pytest

from bot.domain.catalog import Application
from bot.domain.drift.items import Item, OutOfSync
from bot.domain.drift.reporting import Row
from bot.domain.drift.syncing import Bar, Barred
from bot.domain.observation import Sync, Windows
from bot.domain.problems import Problem, Reason
from bot.domain.rights import Action
from bot.domain.stops.locks import Lock
from bot.operations.drift.drift_desk import Done, DriftDesk
from tests.builders import NOON, catalog
from tests.domain.drift.ground import home, places, seen
from tests.operations.people import ALICE, BOB
from tests.operations.standing_ground import Standing

SHARED = Application("main", "umbrella")


def shared(service, place):
    return home(service, place, application=SHARED)


class World:
    """A desk over one application that brings out *targets*, and a row of the first of them."""

    def __init__(self, targets, forbidden=(), locks=()):
        self.asked, self.refused, self.synced = [], [], []
        self.forbidden, first = frozenset(forbidden), targets[0]
        what = OutOfSync(("Deployment/x",), 1)
        item = Item(first.environment, first.service, (first.service,), what, SHARED)
        self.row = Row(7, item, NOON)
        observed = seen(first, sync=Sync.OUT_OF_SYNC, auto_sync=False)
        argocd = SimpleNamespace(
            look=lambda _: observed,
            windows=lambda _: Windows(manual=True, automatic=True),
            sync=lambda application, _key: self.synced.append(application),
        )
        nothing = SimpleNamespace(standing=lambda *_: ())
        standing = [SimpleNamespace(lock=one) for one in locks]
        books = SimpleNamespace(
            locks=SimpleNamespace(standing=lambda _at, place: _of(standing, place)),
            freezes=nothing,
            holds=nothing,
        )
        self.desk = DriftDesk(
            catalog(targets, places(rules=None)),
            {"main": argocd},
            SimpleNamespace(read=lambda *_: SimpleNamespace(files={})),
            SimpleNamespace(under_way=lambda: ()),
            books,
            SimpleNamespace(standing_on=lambda _: ()),
            SimpleNamespace(find=lambda _: (self.row, True), claim=lambda *_: True),
            SimpleNamespace(note=self.refused.append),
            self.may,
            lambda _row: None,
            Standing(),
        )

    def may(self, user, action, services, environment):
        assert Action.DEPLOY is action
        self.asked.append((tuple(services), environment))
        if self.forbidden & {f"{one}/{environment}" for one in services}:
            return Problem(Reason.NOT_PERMITTED, {"user": user})
        return BOB


def _of(standing, place):
    return [one for one in standing if any(t.endswith(f"/{place}") for t in one.lock.targets)]


BOTH = [shared("core", "prod"), shared("web", "prod")]
PLACES = [shared("core", "stage"), shared("core", "prod")]


@pytest.mark.parametrize(
    ("targets", "forbidden"),
    [
        pytest.param(BOTH, "web/prod", id="of another service"),
        pytest.param(PLACES, "core/prod", id="of another environment"),
    ],
)
@pytest.mark.parametrize("click", ["sync", "difference"])
def test_who_may_not_deploy_a_part_of_it_may_not_sync_or_see_it(targets, forbidden, click):
    world = World(targets, [forbidden])
    answer = getattr(world.desk, click)(7, "U0BOB", "click")
    assert Reason.NOT_PERMITTED is answer.reason
    assert 1 == len(world.refused)
    assert [] == world.synced


def test_who_may_deploy_all_of_it_may():
    world = World(BOTH)
    assert isinstance(world.desk.sync(7, "U0BOB", "click"), Done)
    assert [(("core", "web"), "prod")] == world.asked
    assert [SHARED] == world.synced


def test_a_lock_in_the_other_environment_that_it_brings_out_stops_it():
    lock = Lock(ALICE, frozenset({"core/prod"}), "we migrate", NOON)
    world = World(PLACES, locks=[lock])
    answer = world.desk.sync(7, "U0BOB", "click")
    assert isinstance(answer, Barred)
    assert Bar.LOCKED is answer.bar
    assert [] == world.synced
