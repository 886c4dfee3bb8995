"""What GitHub could not tell us while we were away comes all the same, each once."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from structlog.testing import capture_logs
from werkzeug.wrappers import Request, Response

from bot.adapters.github import GitHub, hook_deliveries
from bot.adapters.github.credentials import AppItself
from bot.adapters.github.hook_deliveries import Attempt, HookDeliveries
from bot.operations.deliveries import missed_deliveries
from bot.operations.deliveries.inbox import Inbox
from bot.operations.deliveries.missed_deliveries import MOST_TRIES, PAUSE, MissedDeliveries
from bot.operations.identity.forgetting import Forgetting
from handlers.github_events import GitHubEvents, Ours
from sandbox.wire import Fault, Wire, answer
from tests.adapters.github_world import World, app_key

SECRET = "shh"
EVENTS = frozenset({"push", "membership"})
PUSH = {"ref": "refs/heads/main", "repository": {"full_name": "acme/api"}}


class Us(Wire):
    """Our server, which may be away."""

    def __init__(self) -> None:
        super().__init__("us")
        self.events: GitHubEvents | None = None
        self.away: int | None = None
        self.route("hook", ["POST"], "/hook", self._hook)

    def _hook(self, request: Request) -> Response:
        if self.away is not None:
            return answer({}, self.away)
        names = ("X-GitHub-Event", "X-GitHub-Delivery", "X-Hub-Signature-256")
        event, delivery, signature = (request.headers[name] for name in names)
        return answer({}, self.events.hear(event, delivery, signature, request.get_data()))


@pytest.fixture(scope="module")
def world(tmp_path_factory) -> Iterator[World]:
    with World(tmp_path_factory.mktemp("github"), {"a": b"1"}, by_app=True) as world:
        yield world


@pytest.fixture(scope="module")
def us(world) -> Iterator[Us]:
    us = Us()
    us.start()
    world.fake.subscribe(f"{us.url}/hook", SECRET)
    yield us
    us.stop()


class Replica:
    """One process: it hears, and asks for what was missed."""

    def __init__(self, world, database):
        self.heard = []
        self.inbox = Inbox(database, {"github": lambda one: self.heard.append(one.id)}, world.clock)
        door = GitHub(AppItself(app_key()), world.fake.api_url, timeout=5, clock=world.clock)
        self.hook = HookDeliveries(door)
        self.missed = MissedDeliveries(database, self.hook, self.inbox, EVENTS, world.clock)
        self.events = GitHubEvents(
            lambda: (SECRET,),
            Ours("acme", frozenset({"acme"}), frozenset({"acme/api"}), lambda _: False, 7),
            EVENTS,
            self.inbox.take_in,
            Forgetting(self.inbox, None, world.clock).hear,
            world.clock,
        )

    def close(self):
        self.hook.close()
        self.inbox.close()


@pytest.fixture
def replica(world, us, database):
    world.clock.move(timedelta(days=4))  # what other tests left is forgotten
    world.fake.calls.clear()
    replica = Replica(world, database)
    us.events, us.away = replica.events, None
    yield replica
    replica.close()


def told(world, us, away, payload=PUSH, event="push"):
    """Let GitHub tell us something at a moment when we answer *away*; return its GUID."""
    us.away = away
    done = world.fake.deliver(event, payload)
    us.away = None
    return done.guid


def asked(world):
    """Return how often GitHub was asked to deliver something once more."""
    return sum(call.path.endswith("/attempts") for call in world.fake.calls)


def test_what_came_while_we_were_away_comes_after_all(world, us, replica):
    missed = [told(world, us, status) for status in (502, 404, 401, 500)]
    told(world, us, None)
    replica.missed.look()
    replica.inbox.work()
    replica.missed.look()
    replica.inbox.work()
    assert (4, 5) == (asked(world), len(replica.heard))
    assert set(missed) < set(replica.heard)


@pytest.mark.parametrize(
    ("away", "payload", "event"),
    [
        pytest.param(502, PUSH, "star", id="an event nobody listens to"),
        pytest.param(400, PUSH, "push", id="what we cannot read"),
        pytest.param(403, PUSH, "push", id="what is not ours"),
        pytest.param(413, PUSH, "push", id="what is too large"),
        pytest.param(None, PUSH, "push", id="what we took in"),
    ],
)
def test_what_would_be_no_other_the_second_time_is_not_asked_for(
    world, us, replica, away, payload, event
):
    told(world, us, away, payload, event)
    replica.missed.look()
    assert 0 == asked(world)


def test_what_fails_again_is_asked_for_some_times_in_growing_pauses(world, us, replica):
    told(world, us, 502)
    us.away = 502
    waited, counts = [0, 0.9, 1, 4.9, 5, 20.9, 21, 84.9, 85, 200], []
    for before, now in zip([0, *waited], waited, strict=False):
        world.clock.move((now - before) * PAUSE)
        replica.missed.look()
        counts.append(asked(world))
    assert [1, 1, 2, 2, 3, 3, 4, 4, 4, 4] == counts
    assert MOST_TRIES == counts[-1]


def test_of_two_replicas_one_asks(world, us, replica, database):
    other = Replica(world, database)
    told(world, us, 502)
    us.away = 502
    replica.missed.look()
    other.missed.look()
    other.close()
    assert 1 == asked(world)


def test_a_long_list_is_read_whole_and_worked_off_in_rounds(world, us, replica, monkeypatch):
    monkeypatch.setattr(hook_deliveries, "PAGE", 3)
    monkeypatch.setattr(missed_deliveries, "AT_ONCE", 4)
    number = 7
    missed = {told(world, us, 502) for _ in range(number)}
    for expected in (4, number, number):
        replica.missed.look()
        assert expected == asked(world)
    replica.inbox.work()
    assert missed == set(replica.heard)


class Everything:
    """A hook of a server that tells of all attempts, whatever it is asked for."""

    def __init__(self, attempts):
        self.attempts, self.asked = attempts, []

    def failed(self, since):
        return iter(self.attempts)

    def again(self, attempt):
        self.asked.append(attempt.id)


def test_a_server_that_tells_of_all_attempts_is_not_asked_for_what_arrived(
    database, replica, world
):
    now = world.clock.now()
    tries = [(4, "late", 200), (3, "late", 502), (2, "lost", 0), (1, "fine", 202)]
    hook = Everything(
        [Attempt(number, name, "push", now, status) for number, name, status in tries]
    )
    MissedDeliveries(database, hook, replica.inbox, EVENTS, world.clock).look()
    assert [2] == hook.asked


def test_what_is_not_due_is_written_down_no_more(database, replica, world, monkeypatch):
    """A round in which nothing is due takes the one transaction that forgets."""
    now, written = world.clock.now(), []
    hook = Everything([Attempt(n, f"lost {n}", "push", now, 502) for n in range(5)])
    missed = MissedDeliveries(database, hook, replica.inbox, EVENTS, world.clock)
    missed.look()
    write = database.write
    monkeypatch.setattr(database, "write", lambda: written.append(1) or write())
    monkeypatch.setattr(missed_deliveries, "OF_ONE_QUERY", 2)
    missed.look()
    assert (5, 1) == (len(hook.asked), len(written))


def test_while_github_is_away_it_is_said_once(world, us, replica):
    told(world, us, 502)
    with capture_logs() as logs:
        for _ in range(3):
            fault = Fault(answer=lambda: answer({"message": "no"}, 404))
            world.fake.arm("deliveries", fault)
            replica.missed.look()
    assert ["warning"] == [one["log_level"] for one in logs]
    replica.missed.look()
    assert 1 == asked(world)
