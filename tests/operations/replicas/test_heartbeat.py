"""Whether the engine's loop stands still, told from one that is busy."""

import asyncio
import threading
from contextlib import contextmanager

import pytest

from bot.operations.replicas.heartbeat import EVERY, HUNG, LATE, Heartbeat


class Loop:
    """A loop whose time and callbacks are in our hands; *slow* is how late it does everything."""

    def __init__(self, slow=0.0):
        self.slow, self.time, self._due, self._call = slow, 0.0, 0.0, None

    def call_soon_threadsafe(self, callback):
        self.call_later(0.0, callback)

    def call_later(self, delay, callback):
        self._due, self._call = self.time + delay + self.slow, callback

    def run(self, until, *, hangs=False):
        while self.time < until:
            self.time += 0.5
            if not hangs and self.time >= self._due:
                self._call()


def beating(loop):
    return Heartbeat(loop, (), lambda: loop.time)


@contextmanager
def living():
    """Lend a thread that lives as long as the block."""
    end = threading.Event()
    thread = threading.Thread(target=end.wait, name="worker")
    thread.start()
    yield thread
    end.set()
    thread.join()


def test_a_loop_that_answers_is_well_for_ever():
    loop = Loop()
    heart = beating(loop)
    for hour in range(1, 4):
        loop.run(hour * 3600)
        assert "" == heart.trouble(LATE)


@pytest.mark.parametrize("slow", [1.0, 5.0, LATE - EVERY])
def test_a_busy_loop_never_counts_as_one_that_hangs(slow):
    loop = Loop(slow)
    heart = beating(loop)
    for second in range(600):
        loop.run(second)
        assert "" == heart.trouble(HUNG)
        assert "" == heart.trouble(LATE + EVERY)


def test_a_loop_that_stands_still_is_noticed_and_forgiven_when_it_goes_on():
    loop = Loop()
    heart = beating(loop)
    loop.run(100)
    loop.run(100 + LATE + 2, hangs=True)
    assert "" == heart.trouble(HUNG)
    assert "its loop has not answered for 12 s" == heart.trouble(LATE)
    loop.run(100 + HUNG + 2, hangs=True)
    assert "its loop has not answered for 32 s" == heart.trouble(HUNG)
    loop.run(100 + HUNG + 4)
    assert "" == heart.trouble(LATE)


def test_a_thread_that_has_ended_is_told_by_its_name():
    loop = Loop()
    with living() as thread:
        heart = Heartbeat(loop, [thread], lambda: loop.time)
        assert "" == heart.trouble()
    assert "its thread worker has ended" == heart.trouble()


def test_it_beats_in_a_real_loop():
    beaten = threading.Event()

    class Watched(Heartbeat):
        def _beat(self):
            super()._beat()
            beaten.set()

    async def run():
        Watched(asyncio.get_running_loop(), ())
        return await asyncio.to_thread(beaten.wait, 5)

    assert asyncio.run(run())
