"""What failed is watched, announced, and taken back once, however often and by however many."""

from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from bot.adapters.github.commits import Commit
from bot.domain.approving.approval_rule import ApprovalRule
from bot.domain.environment_policy import AutoRollback, EnvironmentPolicy
from bot.domain.errors import Unavailable
from bot.domain.facts import RunsNow
from bot.domain.observation import Health
from bot.domain.operations import Kind, Phase, Progress, Stage, TakesBack, Written
from bot.domain.problems import Problem, Reason
from bot.domain.rights import Itself
from bot.domain.rollback.auto_rollback import (
    STOOD,
    Announced,
    Leave,
    Requested,
    Stopped,
    Watched,
    WhyNot,
)
from bot.domain.rollback.going_back import Past, Told
from bot.domain.stops.locks import Lock
from bot.domain.unknown import Unknown
from bot.operations.books.back_book import BackBook
from bot.operations.by_itself.watch import UNREAD_FOR, BackWatch
from bot.operations.gathering.gathered import Aim, Gathered
from bot.operations.sql.tables import outbox
from bot.operations.store import Store
from tests import databases
from tests.builders import NOON, catalog, environment, plan, request, target
from tests.domain.argocd_views import seen
from tests.domain.policies import facts, target_facts
from tests.operations.people import BOB, at_once

AFTER, GRACE = timedelta(minutes=3), timedelta(minutes=1)
RULES = EnvironmentPolicy("stage", auto_rollback=AutoRollback(AFTER, GRACE))
TARGET = target()
OLD, NEW = "core-stage-ba01", "core-stage-a1b2c3d4"
COMMITTED, FAILED_AT = NOON + timedelta(minutes=1), NOON + timedelta(minutes=2)
GOOD = Past(OLD, "b" * 40, "D-1", NOON, Told.OURS, verified=True)
ILL = Problem(Reason.DEGRADED, {"app": "astrago", "resource": "Deployment/core"})
BROKEN = Progress("core", "astrago", "", Stage.FAILED, "Synced", "Degraded", ILL)
LOCK = Lock(BOB, frozenset({"core/stage"}), "I look at it", NOON)


class Gatherer:
    """Returns the facts of a bad version at a target, changed as a test wants."""

    def __init__(self, clock, policy):
        self.clock, self.policy, self.asked, self.health = clock, policy, [], Health.DEGRADED
        self.target, self.aim, self.away, self.silent = {}, GOOD, None, False

    async def gather(self, wish):
        self.asked.append(wish)
        if self.silent:
            raise Unavailable("GitHub", "say anything")
        of_core = {
            "environment": "stage",
            "homes": ("stage",),
            "tag": OLD,
            "in_git": NEW,
            "runs": RunsNow((NEW,), "Degraded", "Synced"),
            "ran_here": True,
            **self.target,
        }
        found = facts(
            target_facts(**of_core),
            at=self.clock.now(),
            who=Itself(wish.takes_back.operation),
            memberships={},
            environments=("stage",),
            policy=self.policy,
        )
        commit = Commit("b" * 40, "Old", "Kim", "", None)
        return Gathered(
            facts=found,
            aims={"core": Aim(OLD, commit, None, self.aim)} if self.aim else {},
            snapshot=None,
            observations={TARGET.application: seen(health=self.health)},
            between={},
            trouble=None,
            away=self.away,
            read_at=self.clock.now(),
        )


class Clock:
    def __init__(self):
        self.at = FAILED_AT

    def now(self):
        return self.at


class Ground:
    def __init__(self, database, rules=RULES):
        self.database, self.clock, self.begun = database, Clock(), []
        self.catalog = catalog([TARGET], [environment(rules=rules)])
        self.store = Store(database)
        self.book = BackBook(database, self.store.changed)
        self.gatherer = Gatherer(self.clock, rules)
        self.watch = self.process()
        self.stood = {"core": "Healthy"}

    def process(self):
        """Return the watch of a process that starts now."""
        return BackWatch(
            self.store, self.catalog, self.gatherer, self.book, self.begun.append, self.clock
        )

    def failed(self, wish=None, *, problem=ILL, shown=True):
        """Let an operation fail; return its id. Its card is *shown*."""
        number = self.store.receive(wish or request(), f"asked-{len(self.ids())}", NOON)[0].id
        self.store.note(number, STOOD, STOOD, COMMITTED, self.stood)
        written = Written("c" * 40, "", COMMITTED)
        broken = replace(BROKEN, problem=problem)
        changes = {"plan": plan(), "written": written, "progress": (broken,), "problem": problem}
        for phase in (Phase.CHECKING, Phase.QUEUED, Phase.COMMITTING, Phase.FOLLOWING):
            self.store.move(number, phase, COMMITTED, phase.value)
        self.store.move(number, Phase.FAILED, FAILED_AT, "failed", changes=changes)
        if shown:
            self.shows(number)
        return number

    def ids(self):
        return [one.id for one in self.store.latest()]

    def shows(self, number):
        """Let Slack have taken the card as it is now."""
        begun = self.store.cards.begin(number)
        version = self.store.versioned(number).version
        card = replace(begun, channel="C0DEPLOY", ts="1.0", shown="x", shown_version=version)
        self.store.cards.save(card, begun)

    def after(self, span, watch=None):
        self.clock.at = FAILED_AT + span
        (watch or self.watch).look()

    def announced(self, number):
        self.after(AFTER)
        self.shows(number)
        self.watch.look()
        assert isinstance(self.book.standing(number), Announced)

    def letters(self):
        with self.database.read() as connection:
            return connection.execute(sa.select(outbox).order_by(outbox.c.id)).all()

    def taken_back(self, number):
        """Return the operation that takes it back, and assert that there is one."""
        (found,) = [one for one in self.store.latest() if one.request.takes_back is not None]
        assert Requested(found.id) == self.book.standing(number)
        return found


@pytest.fixture
def ground(database):
    return Ground(database)


@pytest.fixture
def lone(tmp_path):
    """Return a ground on SQLite alone: what is judged does not depend on the database."""
    database = databases.opened(tmp_path)
    yield Ground(database)
    database.close()


def test_it_is_watched_then_announced_then_asked_for(ground):
    number = ground.failed()
    ground.watch.look()
    assert Watched(FAILED_AT + AFTER) == ground.book.standing(number)
    assert [] == ground.letters()

    ground.announced(number)
    expected = Announced(FAILED_AT + AFTER + GRACE, FAILED_AT, {"core": OLD})
    assert expected == ground.book.standing(number)
    assert ["C0DEPLOY/1.0", "U0ALICE"] == [one.receiver for one in ground.letters()]

    ground.after(AFTER + GRACE)
    back = ground.taken_back(number)
    wish = back.request
    assert [back] == ground.begun
    assert (Kind.ROLLBACK, ("core",), "stage", "") == (
        wish.kind,
        wish.services,
        wish.environment,
        wish.version,
    )
    assert ("shipmate", "U0ALICE", {"core": OLD}) == (
        wish.requester,
        wish.person,
        wish.takes_back.to,
    )
    assert f"{number} failed: The new version of astrago does not come up" in wish.reason
    assert 3 == len(ground.letters())


def test_as_long_as_its_time_has_not_come_nobody_is_asked_anew(lone):
    lone.failed()
    lone.watch.look()
    for minutes in (1, 2):
        lone.after(timedelta(minutes=minutes))
    assert 1 == len(lone.gatherer.asked)


def test_what_went_wrong_in_the_meantime_is_seen_after_the_grace(lone):
    """Everything is read anew, for exactly what was announced."""
    number = lone.failed()
    lone.announced(number)
    lone.gatherer.health = Health.HEALTHY
    lone.after(AFTER + GRACE)
    assert Leave(WhyNot.RECOVERED, "core") == lone.book.standing(number)
    assert {"core": OLD} == lone.gatherer.asked[-1].takes_back.to
    assert [number] == lone.ids()
    assert "has come up meanwhile" in lone.letters()[-1].text


NOW = [
    pytest.param({"target": {"locks": (LOCK,)}}, WhyNot.RULES, id="a lock"),
    pytest.param({"target": {"in_git": OLD}}, WhyNot.OVERTAKEN, id="Git says something else"),
    pytest.param({"aim": replace(GOOD, tag="core-stage-x")}, WhyNot.UNVERIFIED, id="another tag"),
    pytest.param({"health": Health.HEALTHY}, WhyNot.RECOVERED, id="well again"),
]


@pytest.mark.parametrize(("world", "why"), NOW)
@pytest.mark.parametrize("when", ["before it is announced", "in the grace"])
def test_it_stays(lone, world, why, when):
    number = lone.failed()
    if when == "in the grace":
        lone.announced(number)
    for name, value in world.items():
        setattr(lone.gatherer, name, value)
    lone.after(AFTER + GRACE)
    assert why is lone.book.standing(number).why
    assert [number] == lone.ids()


UNREADABLE = [
    pytest.param({"silent": True}, id="all is silent"),
    pytest.param({"away": Unavailable("GitHub", "say")}, id="GitHub does not answer"),
    pytest.param({"target": {"in_git": Unknown("?")}}, id="what Git says"),
    pytest.param({"target": {"locks": Unknown("?")}}, id="the locks"),
    pytest.param({"target": {"image": Unknown("?")}}, id="the image"),
    pytest.param({"health": Health.UNKNOWN}, id="the health"),
    pytest.param({"aim": None, "target": {"tag": Unknown("?")}}, id="the history"),
]


@pytest.mark.parametrize("world", UNREADABLE)
def test_what_cannot_be_read_is_tried_again_and_then_stays(lone, world):
    number = lone.failed()
    lone.watch.look()
    for name, value in world.items():
        setattr(lone.gatherer, name, value)
    lone.after(AFTER)
    assert isinstance(lone.book.standing(number), Watched)
    lone.after(AFTER + UNREAD_FOR)
    if not lone.gatherer.silent:  # else the next look may be luckier, until it is too late
        assert WhyNot.UNKNOWN is lone.book.standing(number).why
    assert [number] == lone.ids()


def test_a_system_that_answers_again_in_time_is_heard(lone):
    number = lone.failed()
    lone.gatherer.target = {"image": Unknown("?")}
    lone.after(AFTER)
    lone.gatherer.target = {}
    lone.after(AFTER + UNREAD_FOR - timedelta(seconds=1))
    assert isinstance(lone.book.standing(number), Announced)


def test_nobody_looked_at_what_was_there_before(lone):
    lone.stood = {}
    number = lone.failed()
    lone.after(AFTER)
    lone.after(AFTER + UNREAD_FOR)
    assert WhyNot.UNKNOWN is lone.book.standing(number).why


def test_what_is_hopeless_is_said_at_once_and_nobody_is_asked(lone):
    number = lone.failed(problem=Problem(Reason.APP_MISSING, {}))
    lone.watch.look()
    assert WhyNot.NOT_THE_VERSION is lone.book.standing(number).why
    assert [] == lone.gatherer.asked


def test_where_it_is_not_configured_nothing_is_written(database):
    ground = Ground(database, EnvironmentPolicy("stage"))
    number = ground.failed()
    ground.after(AFTER)
    assert ground.book.standing(number) is None
    assert [] == ground.gatherer.asked


def test_what_was_announced_ends_when_it_is_configured_no_more(lone):
    number = lone.failed()
    lone.announced(number)
    lone.catalog = catalog([TARGET], [environment(rules=EnvironmentPolicy("stage"))])
    lone.after(AFTER + GRACE, lone.process())
    assert WhyNot.NOT_CONFIGURED is lone.book.standing(number).why


# whoever may stop it must be able to


def test_it_waits_until_its_card_shows_the_button_for_the_whole_grace(lone):
    number = lone.failed()
    lone.after(AFTER)
    lone.after(AFTER + 3 * GRACE)
    assert isinstance(lone.book.standing(number), Announced), "Slack was away"

    lone.shows(number)
    lone.watch.look()
    lone.after(AFTER + 4 * GRACE - timedelta(seconds=1))
    assert isinstance(lone.book.standing(number), Announced)
    lone.after(AFTER + 4 * GRACE)
    lone.taken_back(number)


def test_without_a_card_nothing_is_announced_and_it_ends_some_day(lone):
    number = lone.failed(shown=False)
    lone.after(AFTER)
    assert lone.book.standing(number) is None
    lone.after(AFTER + timedelta(hours=1, seconds=1))
    assert Leave(WhyNot.LONG_AGO) == lone.book.standing(number)


def test_after_a_start_people_have_the_whole_grace_again(lone):
    number = lone.failed()
    lone.announced(number)
    newborn = lone.process()
    lone.after(AFTER + 5 * GRACE, newborn)
    assert isinstance(lone.book.standing(number), Announced), "nobody could click meanwhile"
    lone.after(AFTER + 6 * GRACE, newborn)
    lone.taken_back(number)


def test_after_a_long_absence_it_stays(lone):
    number = lone.failed()
    lone.announced(number)
    lone.after(timedelta(hours=3), lone.process())
    assert Leave(WhyNot.LONG_AGO) == lone.book.standing(number)
    assert [number] == lone.ids()


# once


def test_two_replicas_announce_and_ask_once(ground):
    number = ground.failed()
    replicas = [ground.process() for _ in range(3)]
    ground.clock.at += AFTER
    at_once(*(one.look for one in replicas))
    ground.shows(number)
    at_once(*(one.look for one in replicas))
    ground.clock.at += GRACE
    at_once(*(one.look for one in replicas))

    ground.taken_back(number)
    assert 1 == len(ground.begun)
    assert 3 == len(ground.letters())


def test_a_stop_and_the_request_at_the_same_instant_are_one_of_both(ground):
    for _ in range(8):
        number = ground.failed()
        ground.announced(number)
        ground.clock.at += GRACE
        before = len(ground.ids())
        stop = Stopped(BOB.slack, ground.clock.now())

        def stops(number=number, stop=stop):
            return ground.book.write(number, stop, ground.clock.now())

        at_once(ground.watch.look, stops)
        standing, made = ground.book.standing(number), len(ground.ids()) - before
        assert (type(standing), made) in {(Stopped, 0), (Requested, 1)}
        for one in ground.store.under_way():
            ground.store.move(one.id, Phase.CANCELLED, ground.clock.now(), "test")


def test_who_asked_for_the_same_first_is_not_joined(ground):
    number = ground.failed()
    ground.announced(number)
    wish = request(kind=Kind.ROLLBACK, version="", requester="U0BOB")
    gather = ground.gatherer.gather

    async def in_between(of):
        gathered = await gather(of)
        ground.store.receive(wish, "theirs", ground.clock.now())
        return gathered

    ground.gatherer.gather = in_between
    ground.clock.at += GRACE
    ground.watch.look()
    assert WhyNot.PEOPLE_AT_IT is ground.book.standing(number).why
    assert [] == ground.begun


def test_one_that_cannot_be_judged_does_not_keep_the_others_waiting(lone):
    first = lone.failed()
    gather = lone.gatherer.gather

    async def fails_for_the_first(of):
        if of.takes_back.operation == first:
            raise ZeroDivisionError
        return await gather(of)

    lone.gatherer.gather = fails_for_the_first
    second = lone.failed(request(services=("core",), version="other"))
    lone.watch.look()
    assert lone.book.standing(first) is None
    assert lone.book.standing(second) is not None


def test_where_rollbacks_are_approved_it_says_so_and_is_asked_for_all_the_same(database):
    rules = replace(RULES, rollback_approvals=ApprovalRule(2, frozenset({"sre"})))
    ground = Ground(database, rules)
    number = ground.failed()
    ground.announced(number)
    assert "2 members of sre must approve it" in ground.letters()[0].text
    ground.after(AFTER + GRACE)
    ground.taken_back(number)


# nobody else comes to be it


def test_a_request_in_the_bots_name_is_not_received(lone):
    number = lone.failed()
    for forged in (
        request(requester="shipmate"),
        request(kind=Kind.ROLLBACK, takes_back=TakesBack(number, "U0ALICE")),
    ):
        with pytest.raises(ValueError, match="nobody asked for"):
            lone.store.receive(forged, "theirs", NOON)
    assert [number] == lone.ids()
