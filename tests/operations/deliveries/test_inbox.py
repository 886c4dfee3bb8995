"""Whatever was taken in is worked off once, and nothing that fails keeps the rest back."""

import threading
from datetime import timedelta

import pytest
import sqlalchemy as sa
import structlog
from structlog.testing import capture_logs

from bot.domain.errors import Rejected, Unavailable
from bot.operations.deliveries.inbox import (
    BODY_KEPT,
    HELD,
    KEPT,
    MOST_FAILURES,
    NEWS,
    Delivery,
    Inbox,
)
from tests.operations.people import NOON, at_once
from tests.operations.standing_ground import Standing

MINUTE = timedelta(minutes=1)
AWAY = Unavailable("GitHub", "read a job")


@pytest.fixture
def clock():
    return Standing()


class Heard:
    """Hears deliveries; fails with *faults* first."""

    def __init__(self):
        self.of, self.faults, self.during = [], [], None

    def __call__(self, delivery):
        if self.during:
            self.during(delivery)
        if self.faults:
            raise self.faults.pop(0)
        self.of.append(delivery.id)


@pytest.fixture
def heard():
    return Heard()


@pytest.fixture
def inbox(database, heard, clock):
    opened = Inbox(database, {"github": heard}, clock)
    yield opened
    opened.close()


def delivery(name="a", body=None, at=NOON, event="push"):
    return Delivery("github", name, event, body or {"ref": "main"}, at)


def test_whatever_is_logged_on_behalf_of_a_delivery_names_it(inbox, heard):
    heard.during = lambda _: structlog.get_logger().info("looked")
    inbox.take_in(delivery("a"))
    with capture_logs(processors=(structlog.contextvars.merge_contextvars,)) as lines:
        inbox.work()
    (line,) = [one for one in lines if one["event"] == "looked"]
    assert ("github", "a", "push") == (line["source"], line["delivery"], line["hook"])


def test_what_comes_in_is_worked_off_once(inbox, heard):
    assert inbox.take_in(delivery("a"))
    assert inbox.take_in(delivery("b"))
    inbox.work()
    inbox.work()
    assert ["a", "b"] == sorted(heard.of)


def test_the_same_delivery_twenty_times_is_worked_off_once(inbox, heard):
    assert [True] * 10 == [inbox.take_in(delivery()) for _ in range(10)]
    inbox.work()
    assert [False] * 10 == [inbox.take_in(delivery()) for _ in range(10)]
    inbox.work()
    assert ["a"] == heard.of


def test_two_replicas_work_it_off_once(database, inbox, heard, clock):
    other = Inbox(database, {"github": heard}, clock)
    names = [f"{number:02}" for number in range(30)]
    at_once(
        lambda: [inbox.take_in(delivery(name)) for name in names],
        lambda: [other.take_in(delivery(name)) for name in names],
    )
    at_once(inbox.work, other.work)
    other.close()
    assert names == sorted(heard.of)


def test_what_comes_in_is_worked_off_at_once(inbox, heard):
    came = threading.Event()
    heard.during = lambda _: came.set()
    inbox.start()
    inbox.take_in(delivery())
    assert came.wait(10)


def test_after_a_stop_nothing_is_begun_and_the_next_start_goes_on(database, inbox, heard, clock):
    inbox.take_in(delivery())
    inbox.stop()
    inbox.work()
    assert [] == heard.of
    following = Inbox(database, {"github": heard}, clock)
    following.work()
    following.close()
    assert ["a"] == heard.of


def test_the_body_comes_as_it_went_in(inbox, heard):
    body = {"text": "\x00 \ud800 가 😀", "number": 10**40, "deep": [[{"a": None}]]}
    seen = []
    heard.during = lambda one: seen.append(one.body)
    inbox.take_in(delivery(body=body))
    inbox.work()
    assert [body] == seen


def test_whoever_dies_over_it_is_followed_by_another(database, inbox, heard, clock):
    inbox.take_in(delivery())
    dying = Inbox(database, {"github": heard}, clock)
    [one] = dying._due()
    assert dying._take(one)
    inbox.work()
    assert [] == heard.of
    clock.at += HELD + MINUTE
    inbox.work()
    dying.close()
    assert ["a"] == heard.of


def test_while_somebody_is_away_it_waits_and_keeps_nothing_back(inbox, heard, clock):
    heard.faults = [AWAY] * (MOST_FAILURES + 3)
    inbox.take_in(delivery("a"))
    for _ in range(MOST_FAILURES + 3):
        inbox.work()
        clock.at += MINUTE
    inbox.take_in(delivery("b"))
    inbox.work()
    assert ["a", "b"] == sorted(heard.of)
    assert 0 == inbox.set_aside()


@pytest.mark.parametrize("fault", [ValueError("odd"), Rejected("GitHub", "read")], ids=type)
def test_what_nobody_can_work_off_is_set_aside_with_one_line(inbox, heard, clock, fault):
    heard.faults = [fault] * MOST_FAILURES
    inbox.take_in(delivery("bad"))
    with capture_logs() as logs:
        for _ in range(MOST_FAILURES + 2):
            inbox.work()
            clock.at += MINUTE
    assert ["bad"] == [one["delivery"] for one in logs if one["log_level"] == "error"]
    assert (1, []) == (inbox.set_aside(), heard.of)


def test_what_kills_whoever_takes_it_is_set_aside(inbox, heard, clock):
    inbox.take_in(delivery("bad"))
    for _ in range(MOST_FAILURES):
        [one] = inbox._due()
        assert inbox._take(one)
        clock.at += HELD + MINUTE
    inbox.work()
    assert (1, []) == (inbox.set_aside(), heard.of)


def test_a_day_without_an_answer_is_enough(inbox, heard, clock):
    heard.faults = [AWAY]
    inbox.take_in(delivery())
    clock.at += NEWS + MINUTE
    inbox.work()
    assert (1, []) == (inbox.set_aside(), heard.of)


def test_what_was_set_aside_is_tried_anew_when_it_is_sent_again(inbox, heard, clock):
    heard.faults = [ValueError("odd")] * MOST_FAILURES
    inbox.take_in(delivery())
    for _ in range(MOST_FAILURES):
        inbox.work()
        clock.at += MINUTE
    assert inbox.take_in(delivery(at=clock.at))
    inbox.work()
    assert (0, ["a"]) == (inbox.set_aside(), heard.of)


def test_old_deliveries_are_forgotten_and_young_ones_not(inbox, clock):
    for name in ("a", "b"):
        inbox.take_in(delivery(name))
    inbox.work()
    clock.at += BODY_KEPT + MINUTE
    inbox.sweep()
    assert () == inbox.recent("github", ["push"], NOON)
    assert {"a", "b"} == inbox.known("github", ["a", "b", "c"])
    clock.at += KEPT
    inbox.take_in(delivery("c", at=clock.at))
    inbox.sweep()
    assert {"c"} == inbox.known("github", ["a", "b", "c"])


def test_what_was_cut_away_is_not_written_again_in_every_round(database, inbox, clock):
    for name in ("a", "b"):
        inbox.take_in(delivery(name))
    inbox.work()
    clock.at += BODY_KEPT + MINUTE
    written = []

    def count(_connection, cursor, statement, *_):
        if statement.startswith("UPDATE deliveries"):
            written.append(cursor.rowcount)

    sa.event.listen(database._engine, "after_cursor_execute", count)
    inbox.sweep()
    inbox.sweep()
    assert [2, 0] == written
