"""One look for all that is waited for."""

import asyncio
import threading

import pytest

from bot.operations.waking import endings
from bot.operations.waking.endings import Endings


class Ended:
    """What has ended, and what each look asked about."""

    def __init__(self):
        self.ended, self.asked, self.fails = set(), [], 0

    def over(self, ids):
        self.asked.append(frozenset(ids))
        if self.fails:
            self.fails -= 1
            raise RuntimeError("the database is away")
        return self.ended & set(ids)


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(endings, "PAUSE", 0.01)
    monkeypatch.setattr(endings, "AFTER_ERROR", 0.01)


@pytest.fixture
def ended():
    return Ended()


@pytest.fixture
def waiting(ended):
    made = Endings(ended.over)
    yield made
    made.close()


def test_a_thousand_who_wait_are_asked_about_together(waiting, ended):
    names = {f"w-{number}" for number in range(1000)}
    ended.ended = names

    async def everybody():
        await asyncio.gather(*(waiting.wait(name) for name in names))

    asyncio.run(asyncio.wait_for(everybody(), 30))

    assert frozenset(names) in ended.asked
    assert len(ended.asked) <= 3


def test_who_waits_for_another_goes_on_waiting(waiting, ended):
    ended.ended = {"w-1"}

    async def both():
        other = asyncio.ensure_future(waiting.wait("w-2"))
        await waiting.wait("w-1")
        assert not other.done()
        ended.ended.add("w-2")
        await other

    asyncio.run(asyncio.wait_for(both(), 30))


def test_a_look_that_fails_is_made_again(waiting, ended):
    ended.ended, ended.fails = {"w-1"}, 2
    asyncio.run(asyncio.wait_for(waiting.wait("w-1"), 30))
    assert 3 == len(ended.asked)


def test_nobody_looks_while_nobody_waits(waiting, ended):
    ended.ended = {"w-1"}
    asyncio.run(asyncio.wait_for(waiting.wait("w-1"), 30))
    for thread in threading.enumerate():
        if thread.name == "endings":
            thread.join(30)
    assert 1 == len(ended.asked)
    asyncio.run(asyncio.wait_for(waiting.wait("w-1"), 30))
    assert 2 == len(ended.asked)


def test_who_is_cancelled_is_forgotten(waiting, ended):
    async def gives_up():
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(waiting.wait("w-1"), 0.001)
        ended.ended = {"w-2"}
        await waiting.wait("w-2")

    asyncio.run(asyncio.wait_for(gives_up(), 30))
    assert frozenset({"w-2"}) == ended.asked[-1]
