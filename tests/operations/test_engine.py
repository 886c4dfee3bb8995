"""The engine's promises that everything else leans on, on both databases."""

import asyncio
import threading
from datetime import timedelta

import pytest

from bot.clock import Clock
from bot.domain.errors import Unavailable
from bot.operations.engine import Engine, in_turn
from bot.operations.outcome import Next, Outcome
from bot.operations.sql.database import DATABASE, Database


@pytest.fixture
def clock():
    return Clock(speed=100)


@pytest.fixture
def engine(database_url, clock):
    opened = Database(database_url)
    made = Engine(opened, "one", clock)
    yield made
    made.close()
    opened.close()


class Ran:
    """Collects what ran, in order, from any thread."""

    def __init__(self, goal):
        self.lines, self._goal, self._done = [], goal, threading.Event()
        self._lock = threading.Lock()

    def add(self, line):
        with self._lock:
            self.lines.append(line)
            if len(self.lines) >= self._goal:
                self._done.set()

    def wait(self):
        assert self._done.wait(30), self.lines


def test_starting_twice_runs_once(engine):
    ran = Ran(1)

    async def work(word):
        await engine.step("say", lambda: ran.add(word) or Outcome(Next.GO))

    engine.register("work", work)
    engine.launch()
    engine.start("work", "w-1", "hello")
    ran.wait()
    engine.start("work", "w-1", "hello")
    engine.start("work", "w-2", "again")
    while len(ran.lines) < 2:
        ran.wait()
    assert ["hello", "again"] == ran.lines


def test_one_at_a_time_in_a_partition(engine):
    ran, inside, most = Ran(6), [0], [0]

    async def hold(number):
        inside[0] += 1
        most[0] = max(most[0], inside[0])
        await asyncio.sleep(0.01)
        inside[0] -= 1
        ran.add(number)

    async def parent(number):
        await engine.take_turn("core/stage", "hold", f"hold-{number}", number)

    engine.register("hold", hold)
    engine.register("parent", parent)
    engine.launch()
    for number in range(6):
        engine.start("parent", f"parent-{number}", number)
    ran.wait()
    assert 1 == most[0]
    assert list(range(6)) == sorted(ran.lines)


def test_a_message_cuts_a_wait_short(engine):
    ran = Ran(1)

    async def sleeper():
        await engine.rest(timedelta(days=30))
        ran.add("awake")

    engine.register("sleeper", sleeper)
    engine.launch()
    engine.start("sleeper", "s-1")
    engine.wake("s-1")
    ran.wait()
    assert ["awake"] == ran.lines


def test_the_engine_tells_what_has_ended_badly_too(engine):
    async def fails():
        raise RuntimeError("a fault")

    engine.register("fails", fails)
    engine.launch()
    assert not engine.over(["f-1"])
    engine.start("fails", "f-1")
    done = threading.Event()
    for _ in range(300):
        if engine.over(["f-1"]):
            break
        done.wait(0.1)
    assert {"f-1"} == engine.over(["f-1", "never"])


def test_waking_nobody_is_no_error(engine):
    engine.launch()
    engine.wake("nobody")


def test_while_our_database_is_away_a_step_waits_and_then_goes_on(engine, monkeypatch):
    monkeypatch.setattr("bot.operations.engine.DATABASE_PAUSE", 0.01)
    ran, tries = Ran(1), [0]

    def flaky():
        tries[0] += 1
        if tries[0] < 3:
            raise Unavailable(DATABASE, "write the database")
        return Outcome(Next.GO, carry={"tries": tries[0]})

    async def work():
        ran.add((await engine.step("flaky", flaky)).carry["tries"])

    engine.register("work", work)
    engine.launch()
    engine.start("work", "w-1")
    ran.wait()
    assert [3] == ran.lines


def test_everybody_has_a_turn():
    some = in_turn(lambda: list(range(45)), 20)
    turns = [some() for _ in range(3)]
    assert [20, 20, 20] == [len(turn) for turn in turns]
    assert set(range(45)) == set().union(*turns)


def test_of_few_all_have_a_turn_each_time():
    some = in_turn(lambda: [1, 2], 20)
    assert [[1, 2], [1, 2]] == [sorted(some()), sorted(some())]
    assert [] == in_turn(list, 20)()


def test_whoever_is_woken_goes_on_without_a_look(engine, monkeypatch):
    """On SQLite a look asks for few of those who wait; here it asks for none."""
    monkeypatch.setattr("bot.operations.engine.FEW", 0)
    ran, waits = Ran(1), threading.Event()

    async def sleeper():
        await engine.step("first", lambda: waits.set() or Outcome(Next.GO))
        await engine.rest(timedelta(days=30))
        ran.add("awake")

    engine.register("sleeper", sleeper)
    engine.launch()
    engine.start("sleeper", "s-1")
    assert waits.wait(30)
    engine.wake("s-1")
    ran.wait()
    assert ["awake"] == ran.lines
