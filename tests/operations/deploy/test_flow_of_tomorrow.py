"""While old and new replicas run together, an old one may draw what only a new one can do."""

import threading
from types import SimpleNamespace

import pytest
import structlog

from bot.clock import Clock
from bot.domain.operations import Kind
from bot.operations.deploy.flow import FLOWS, DeployFlow
from bot.operations.engine import Engine
from bot.operations.outcome import Next, Outcome
from bot.operations.sql.database import Database
from bot.operations.store import FLOW

TOMORROW = max(FLOWS) + 1


class Seen:
    """What was logged or done, from any thread."""

    def __init__(self):
        self.lines, self._news = [], threading.Condition()

    def add(self, line):
        with self._news:
            self.lines.append(line)
            self._news.notify_all()

    def wait(self, line):
        with self._news:
            assert self._news.wait_for(lambda: line in self.lines, 30), self.lines


@pytest.fixture
def seen():
    seen, before = Seen(), structlog.get_config()["processors"]

    def note(_logger, _method, event):
        seen.add(event["event"])
        raise structlog.DropEvent

    structlog.configure(processors=[note])
    yield seen
    structlog.configure(processors=before)


@pytest.mark.parametrize(
    ("name", "args"),
    [
        pytest.param(Kind.DEPLOY.value, (), id="the operation"),
        pytest.param("hold", (["core/stage"], 0, {}), id="what holds its target"),
        pytest.param("announce", (), id="its first card"),
    ],
)
def test_a_flow_of_tomorrow_is_left_as_it_is_for_who_knows_it(database_url, seen, name, args):
    database = Database(database_url)
    old = Engine(database, "one", Clock())
    DeployFlow(old, SimpleNamespace(around=None))
    old.launch()
    old.start(name, "D-1", "D-1", TOMORROW, *args)
    seen.wait("left for a newer Shipmate")
    old.close()

    new = Engine(database, "one", Clock())

    async def of_tomorrow(operation, flow, *_):
        await new.step("work", lambda: seen.add(f"{operation} by {flow}") or Outcome(Next.GO))

    new.register(name, of_tomorrow)
    new.launch()
    seen.wait(f"D-1 by {TOMORROW}")
    new.close()
    database.close()


def test_what_is_begun_today_is_known_today():
    assert FLOW in FLOWS
