"""What happens, and in which order, when this process is told to stop."""

import os
import signal

import pytest

from bot import server


class Bot:
    """Notes what it is asked for; told to stop right after its start, as a cluster may do."""

    def __init__(self, number):
        self.asked, self._number = [], number

    def start(self):
        self.asked.append("start")
        os.kill(os.getpid(), self._number)

    def leave(self):
        self.asked.append("leave")

    def stop(self):
        self.asked.append("stop")

    # the door

    def run(self):
        pass

    def close(self):
        self.asked.append("close the door")


@pytest.fixture(autouse=True)
def _signals_as_before():
    before = {one: signal.getsignal(one) for one in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_is_not_ready_before_its_door_closes(monkeypatch, number):
    bot = Bot(number)
    monkeypatch.setattr(server, "_bound", lambda *_: bot)
    server.run(bot, "127.0.0.1", 0)
    assert ["start", "leave", "close the door", "stop"] == bot.asked
