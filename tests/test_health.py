"""What ``/healthz`` and ``/readyz`` say while something is broken: lost, not ready, or neither."""

import threading
import time

import httpx
import pytest

from bot.domain.errors import Unavailable
from bot.operations.replicas.heartbeat import HUNG, LATE
from tests.scenarios.story import told_in


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    with told_in(tmp_path_factory.mktemp("health"), speed=60, socket_mode=True) as story:
        yield story


@pytest.fixture(autouse=True)
def well_again(told):
    """Every fault is mended by the test that made it."""
    yield
    assert told.world.until(lambda: (200, {}) == page(told, "readyz"), 30), page(told, "readyz")
    assert (200, {}) == page(told, "healthz")


def page(told, name):
    """Return the status of the page, and the troubles that it tells of."""
    answer = httpx.get(f"{told.inside.url}/{name}")
    return answer.status_code, answer.json().get("troubles", {})


@pytest.fixture
def engine(told):
    return told.inside.shipmate.engine


@pytest.fixture
def stopped_loop(engine):
    """Hold the engine's own loop, and let it go at the end."""
    held, go_on = threading.Event(), threading.Event()

    def hold():
        held.set()
        go_on.wait(60)

    engine._heartbeat._loop.call_soon_threadsafe(hold)
    assert held.wait(10)
    yield
    go_on.set()


def after(monkeypatch, engine, seconds):
    """Let *seconds* pass for whoever listens to the heart."""
    monkeypatch.setattr(engine._heartbeat, "_now", lambda: time.monotonic() + seconds)


@pytest.mark.usefixtures("stopped_loop")
def test_a_loop_that_hangs_makes_us_unready_and_then_unhealthy(told, engine, monkeypatch):
    after(monkeypatch, engine, LATE / 2)
    assert (200, {}) == page(told, "healthz")
    assert (200, {}) == page(told, "readyz")
    after(monkeypatch, engine, LATE + 1)
    assert (200, {}) == page(told, "healthz")
    assert page(told, "readyz")[0] == 503
    after(monkeypatch, engine, HUNG + 1)
    status, troubles = page(told, "healthz")
    assert 503 == status
    assert "its loop has not answered" in troubles["engine"]


def test_a_thread_of_the_engine_that_died_makes_us_unhealthy(told, engine, monkeypatch):
    dead = threading.Thread(target=str, name="Thread-5 (queue_thread)")
    assert {"queue_thread", "run_notification_listener"} <= {
        one.name.partition("(")[2].rstrip(")") for one in engine._heartbeat._threads
    }
    with monkeypatch.context() as patched:
        patched.setattr(engine._heartbeat, "_threads", (dead,))
        said = {"engine": "its thread Thread-5 (queue_thread) has ended"}
        assert (503, said) == page(told, "healthz")
        assert (503, said) == page(told, "readyz")


@pytest.mark.parametrize("part", ["messages", "deliveries", "intake", "ticks", "stream of main"])
def test_a_thread_of_ours_that_died_makes_us_unhealthy(told, part, monkeypatch):
    shipmate = told.inside.shipmate
    holder, name = {
        "messages": (shipmate.unasked.updater, "_thread"),
        "deliveries": (shipmate.unasked.hearing.inbox, "_thread"),
        "intake": (shipmate.intake, "_beginner"),
        "ticks": (shipmate.scheduler, "_thread"),
        "stream of main": (shipmate.streams["main"], "_thread"),
    }[part]
    with monkeypatch.context() as patched:
        patched.setattr(holder, name, threading.Thread(target=str))
        assert (503, {part: "its thread has ended"}) == page(told, "healthz")


def test_a_database_that_is_away_makes_us_unready_and_not_unhealthy(told, monkeypatch):
    """A new process could not reach it either."""

    def away():
        raise Unavailable("database", "read the database", "OperationalError")

    with monkeypatch.context() as patched:
        patched.setattr(told.inside.shipmate.database, "ping", away)
        status, troubles = page(told, "readyz")
        assert 503 == status
        assert "database could not read the database: OperationalError" == troubles["database"]
        assert (200, {}) == page(told, "healthz")


def test_a_socket_that_is_down_makes_us_unready(told, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr(told.inside.shipmate._socket.client, "is_connected", lambda: False)
        seen = page(told, "readyz")
    assert (503, {"slack": "the Socket Mode connection is down"}) == seen


def test_who_does_not_know_who_we_are_is_not_ready(told, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr(told.inside.shipmate.ourselves, "identity", None)
        seen = page(told, "readyz")
    assert (503, {"slack": "Slack has not told us yet who we are"}) == seen


@pytest.mark.parametrize(
    ("name", "value"),
    [("unknown", "GitHub does not answer"), ("problems", ("There is no team sre.",))],
)
def test_teams_that_nobody_found_make_us_unready(told, name, value, monkeypatch):
    check = told.inside.shipmate.rights.check
    with monkeypatch.context() as patched:
        patched.setattr(check, name, value)
        status, troubles = page(told, "readyz")
    assert 503 == status
    assert troubles["teams"] in {"GitHub does not answer", "There is no team sre."}


def test_before_the_start_we_are_healthy_and_not_ready(told, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr(told.inside.shipmate, "started", False)
        assert (503, {"engine": "it has not started"}) == page(told, "readyz")
        assert (200, {}) == page(told, "healthz")


def test_who_is_told_to_stop_is_not_ready_at_once(told):
    shipmate = told.inside.shipmate
    shipmate.leave()
    assert (503, {"stop": "it is stopping"}) == page(told, "readyz")
    assert (200, {}) == page(told, "healthz")
    shipmate._stopping.clear()
