"""Asked to stop, the process ends: in peace, or in the middle where something outside hangs."""

import os
import signal
import threading
from datetime import timedelta
from pathlib import Path

import pytest
import yaml

from bot import server

VALUES = Path(__file__).parents[1] / "deploy/chart/values.yaml"


class Bot:
    """Asks itself to stop as soon as it has started; *hangs* is how its stop may hang."""

    def __init__(self, hangs=None):
        self._hangs, self.stopped = hangs, False

    def start(self):
        os.kill(os.getpid(), signal.SIGTERM)

    def leave(self):
        pass

    def stop(self):
        if self._hangs is not None:
            assert self._hangs.wait(20)
        self.stopped = True


class Door:
    """A listener that answers nobody."""

    def start(self):
        pass

    def close(self):
        pass


@pytest.fixture(autouse=True)
def alone(monkeypatch):
    """Listen nowhere, and leave the signals of this process as they were."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    monkeypatch.setattr(server, "_bound", lambda *_: None)
    monkeypatch.setattr(server, "Listener", lambda _server: Door())
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def test_it_stops_in_peace_and_nobody_ends_it_later(monkeypatch):
    ends = []
    monkeypatch.setattr(os, "_exit", ends.append)
    bot = Bot()
    server.run(bot, "127.0.0.1", 0)
    assert bot.stopped
    for one in threading.enumerate():
        if isinstance(one, threading.Timer):
            one.join(server.LONGEST_STOP.total_seconds() / 2)
            assert not one.is_alive(), "the clock of the stop goes on"
    assert [] == ends


def test_what_hangs_does_not_hold_it_longer_than_the_cluster_waits(monkeypatch):
    hanging, ends = threading.Event(), []
    monkeypatch.setattr(server, "LONGEST_STOP", timedelta(seconds=0.05))

    def end(code):
        ends.append(code)
        hanging.set()  # in truth nothing runs after it

    monkeypatch.setattr(os, "_exit", end)
    server.run(Bot(hanging), "127.0.0.1", 0)
    assert [1] == ends


def test_it_fits_what_the_chart_grants():
    values = yaml.safe_load(VALUES.read_text("utf-8"))
    ours = server.LONGEST_STOP.total_seconds() + values["drainSeconds"]
    assert ours < values["terminationGracePeriodSeconds"]
