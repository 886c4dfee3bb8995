"""One run: replicas begin, people act, replicas die, all becomes still, all is counted."""

import random
import threading
import time
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field

from bot.operations.sql.database import Database
from bot.operations.store import Store
from tests.chaos.count import Count, Takeovers
from tests.chaos.ground import ground, is_calm, let_one_wait
from tests.chaos.people import People
from tests.chaos.replicas import Replicas
from tests.durable import runner


@dataclass
class Told:
    """What is known after a run. *wrong* is empty after a good one."""

    wrong: list
    kills: int = 0
    seconds: float = 0.0
    acts: Counter = field(default_factory=Counter)
    again: int = 0
    ends: Counter = field(default_factory=Counter)
    commits: int = 0
    cards: int = 0
    posts: int = 0
    edits: int = 0
    syncs: int = 0
    reports: int = 0
    takeovers: Takeovers | None = None
    stops: list = field(default_factory=list)
    transcript: list = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Plan:
    """How much happens. *pace* and *kills* are seconds between two acts and two deaths.

    *grace* replaces the seconds that a replica must be missed for. *code* is the folder of the
    older Shipmate that all replicas begin with. *ahead* is called on the database once a third of
    the acts is done. *patience* is how many seconds everything may take to become still.
    """

    acts: int
    seed: int
    pace: float = 0.5
    kills: float = 1.0
    grace: str = ""
    code: object = None
    ahead: object = None
    patience: float = 600.0
    socket_mode: bool = False
    say: object = str  # is told how far it is


def run(folder, address, plan):
    """Run *plan* in *folder* on the PostgreSQL at *address*; return what is known then."""
    began = time.monotonic()
    with ExitStack() as stack:
        world = ground(folder)
        world.start()
        stack.callback(world.stop)
        world.slack.rate_limited = False
        assert world.until(lambda: is_calm(world), 60)
        let_one_wait(world)
        environment = world.environment(address, socket_mode=plan.socket_mode) | {
            runner.POINTS: "",
            runner.FOLDER: str(folder),
            runner.GRACE: plan.grace,
        }
        # One chance for each who draws: the order in which threads run changes nothing then.
        draws = [random.Random(f"{plan.seed} {who}") for who in ("replicas", "people")]
        replicas = Replicas(
            environment, world.clock, folder, draws[0], pace=plan.kills, code=plan.code
        )
        stack.callback(replicas.stop)
        database = Database(address)
        stack.callback(database.close)
        replicas.start()
        store = Store(database)
        people = People(world, store, database, replicas, draws[1], plan.pace)
        told = Told([])
        people.settle_in()
        replicas.begin_to_die()
        _act(plan, people, replicas, database, told)
        _become_still(plan, world, store, database, replicas, people)
        replicas.rest()
        _tell(told, Count(world, store, database), people, replicas)
        told.seconds = time.monotonic() - began
        return told


def _act(plan, people, replicas, database, told):
    """Let people do everything; on the way the schema moves ahead, and older code is replaced."""
    upgrades = {plan.acts * share // 4 for share in (1, 2, 3)} if plan.code else set()
    for number in range(plan.acts):
        if plan.ahead is not None and number == plan.acts // 3:
            plan.ahead(database)
        if number in upgrades and (span := replicas.renew()) is not None:
            told.stops.append(span)
        people.act(number)
        plan.say(f"{number + 1} of {plan.acts} done, {replicas.kills} kills")
    people.finish()


def _become_still(plan, world, store, database, replicas, people):
    """Wait until nothing is under way. The killing goes on for the first half of the patience."""
    end, rest = time.monotonic() + plan.patience, threading.Event()
    while time.monotonic() < end:
        if time.monotonic() > end - plan.patience / 2:
            replicas.rest()
        people.approve_what_waits()
        left = list(Count(world, store, database).open())
        if not left:
            return
        plan.say(f"{len(left)} things are open, {replicas.kills} kills: {left[0]}")
        rest.wait(1.0)


def _tell(told, count, people, replicas):
    told.wrong = [*replicas.faults, *count.wrong(people)]
    told.kills, told.acts, told.again = replicas.kills, people.done, people.again
    told.ends = Counter(f"{one.request.kind}: {one.phase}" for one in count.operations)
    told.commits = sum(len(shas) for shas in count.commits.values())
    told.cards = sum(one.key in count.keys for one in count.operations)
    told.posts, told.edits = count.posts()
    told.syncs, told.reports = sum(count.syncs.values()), count.reports()
    told.takeovers = Takeovers(replicas)
    told.transcript = [*people.heard, "", *count.everything_said()]
