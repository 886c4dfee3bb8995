"""Moving a Rollout over a real client and real books: what stops it, and what it leaves behind."""

from datetime import timedelta

import pytest

from bot.clock import Clock
from bot.domain.approving.approvals import Override
from bot.domain.catalog import Application
from bot.domain.facts import Hold
from bot.domain.operations import Change, Kind, Phase
from bot.domain.problems import Problem, Reason
from bot.domain.rollout import Move, reference_of
from bot.domain.stops.freezes import AdHocFreeze
from bot.operations.books import move_book
from bot.operations.books.act_book import ActBook
from bot.operations.books.approval_book import ApprovalBook
from bot.operations.books.freeze_book import FreezeBook
from bot.operations.books.hold_book import HoldBook
from bot.operations.books.lock_book import LockBook
from bot.operations.books.move_book import MoveBook
from bot.operations.books.open_items import OpenItemBook
from bot.operations.gathering.facts import Books
from bot.operations.rollouts import Moved, RolloutDesk
from bot.operations.store import Store
from bot.operations.waking.changes import Changes
from tests import databases
from tests.adapters.test_argocd import client
from tests.builders import catalog, environment, plan, request, target
from tests.operations.people import ALICE, BOB, CAROL, at_once
from tests.sandbox.argocd_ground import ground
from tests.sandbox.test_argocd_rollouts import CANARY, deployed, paused

CATALOG = catalog(
    targets=[
        target("web", "prod", image="ghcr.io/acme/web", application=Application("main", "shop"))
    ],
    environments=[environment("prod")],
)
WHO = {one.slack: one for one in (ALICE, BOB, CAROL)}


class World:
    """A paused canary of web in prod, and everything that may stop it."""

    def __init__(self, argocd_ground, database):
        self.ground, self.argocd = argocd_ground, client(argocd_ground.argocd)
        self.clock = Clock()
        self.store, self.holds = Store(database), HoldBook(database)
        self.freezes, self.locks = FreezeBook(database), LockBook(database)
        self.acts = ActBook(database)
        self.approvals = ApprovalBook(database, self.store.changed)
        items = OpenItemBook(database, self.store.changed)
        self.desk = RolloutDesk(
            CATALOG,
            {"main": self.argocd},
            lambda user, *_: WHO[user],
            Books(self.store, self.locks, self.freezes, self.holds, items),
            self.approvals,
            MoveBook(database),
            self.acts,
            Changes(),
            self.clock,
        )
        deployed(argocd_ground, CANARY)
        paused(argocd_ground, 1)
        (self.rollout,) = self.desk.show("web", "prod").rollouts
        self.seen = reference_of("web", "prod", self.rollout)

    def move(self, move, by="U0ALICE"):
        return self.desk.move(move, self.seen, by, f"click-{move}-{by}")

    def freeze(self):
        now = self.clock.now()
        self.freezes.freeze(AdHocFreeze("prod", BOB, "audit", now - timedelta(hours=1)), "f1")

    def follows(self, **changes):
        """Let an operation of ours follow the Rollout; return its id."""
        wish = request(services=("web",), environment="prod", version="2", **changes)
        operation, _ = self.store.receive(wish, "asked", self.clock.now())
        if wish.override:
            override = Override(CAROL, self.clock.now(), "the shop is down")
            self.approvals.record(operation.id, override)
        made = plan(changes=(Change("web", "f", "1", "2", "b" * 40),))
        for phase in (Phase.CHECKING, Phase.QUEUED, Phase.COMMITTING, Phase.FOLLOWING):
            now = self.clock.now()
            self.store.move(operation.id, phase, now, phase.value, changes={"plan": made})
        return operation.id

    def posts(self):
        return sum(one.method == "POST" for one in self.ground.argocd.calls)


@pytest.fixture
def world(tmp_path):
    database = databases.opened(tmp_path)
    with ground() as started:
        yield World(started, database)
    database.close()


@pytest.mark.parametrize("move", [Move.PROMOTE, Move.PROMOTE_FULLY])
def test_a_freeze_stops_what_goes_onward_and_is_written_down(world, move):
    world.freeze()
    found = world.move(move)
    assert (Reason.FROZEN, "audit") == (found.reason, found.facts["detail"])
    assert 0 == world.posts()
    (act, *_) = world.acts.latest("prod")
    assert ("U0ALICE", f"rollout {move.value}", "frozen") == (
        act.by,
        act.detail["wish"],
        act.detail["reason"],
    )


@pytest.mark.parametrize("move", [Move.ABORT, Move.RESTART])
def test_a_freeze_does_not_stop_going_back_or_staying(world, move):
    world.freeze()
    assert isinstance(world.move(move), Moved)


def test_a_held_version_does_not_go_on(world):
    now = world.clock.now()
    world.holds.hold({"web/prod": Hold("2", BOB, "leaks", now)}, "h1")
    assert Reason.HELD is world.move(Move.PROMOTE).reason
    assert isinstance(world.move(Move.ABORT), Moved)


def test_the_rollout_of_a_rollback_goes_on_in_a_freeze(world):
    number = world.follows(kind=Kind.ROLLBACK)
    world.freeze()
    assert isinstance(world.move(Move.PROMOTE), Moved)
    last = world.store.timeline(number)[-1]
    assert ("U0ALICE", "resume", "2") == (last.by, last.detail["move"], last.detail["step"])


def test_a_deploy_that_broke_the_glass_may_be_ended_in_the_freeze(world):
    world.follows(override=True)
    world.freeze()
    assert isinstance(world.move(Move.PROMOTE), Moved)


def test_a_deploy_by_the_rules_waits_for_the_end_of_the_freeze(world):
    world.follows()
    world.freeze()
    assert Reason.FROZEN is world.move(Move.PROMOTE).reason


def test_a_restart_that_is_repeated_by_another_replica_is_one(world, monkeypatch):
    monkeypatch.setattr(move_book, "EFFECT", timedelta())
    assert isinstance(world.move(Move.RESTART), Moved)
    assert Reason.ROLLOUT_TAKEN is world.move(Move.RESTART).reason
    assert 1 == world.posts()


def test_of_many_clicks_at_once_argo_cd_hears_one(world):
    users = ["U0ALICE", "U0BOB", "U0CAROL"]
    answers = at_once(*((lambda user=user: world.move(Move.PROMOTE, user)) for user in users))
    assert 1 == sum(isinstance(one, Moved) for one in answers)
    assert 1 == world.posts()
    told = [one for one in answers if isinstance(one, Problem)]
    assert all("by" in one.facts for one in told), told
    assert {Reason.ROLLOUT_TAKEN, Reason.ROLLOUT_MOVED} >= {one.reason for one in told}


def test_a_service_without_a_home_there_is_told_so(world):
    assert Reason.NOT_IN_ENVIRONMENT is world.desk.show("web", "mars").reason
