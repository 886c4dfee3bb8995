from datetime import timedelta
from functools import partial

import pytest

from bot.domain.errors import Garbled, NotFound, Unauthorized, Unavailable
from bot.domain.message import Message
from bot.operations.replicas.duty import Duty
from bot.operations.saying.outbox import (
    HELD,
    KEPT,
    LETTERS,
    NEWS,
    Letter,
    Outbox,
    ToChannel,
    ToPerson,
    put,
)
from tests.operations.people import NOON, at_once
from tests.operations.standing_ground import Said, Standing

AWAY = Unavailable("Slack", "post")
MINUTE = timedelta(minutes=1)


@pytest.fixture
def clock():
    return Standing()


@pytest.fixture
def slack():
    return Said()


@pytest.fixture
def outbox(database, slack, clock):
    return Outbox(database, slack, clock)


@pytest.fixture
def write(database, clock):
    def write(*letters):
        with database.write() as connection:
            put(connection, letters, clock.now())

    return write


def letter(key, to="C0PROD", text=None):
    message = Message(text or key, ({"type": "divider"},))
    return Letter(key, ToPerson(to) if to.startswith("U") else ToChannel(to), message)


def test_what_was_put_in_is_said_once_and_in_order(outbox, write, slack):
    write(letter("a"), letter("b", "U0BOB"), letter("c"))
    outbox.send()
    outbox.send()
    assert [("C0PROD", "a"), ("U0BOB", "b"), ("C0PROD", "c")] == slack.said


def test_the_same_key_twice_is_one_letter(outbox, write, slack):
    write(letter("a", text="first"))
    write(letter("a", text="second"))
    outbox.send()
    write(letter("a", text="third"))
    outbox.send()
    assert [("C0PROD", "first")] == slack.said


def test_what_is_not_committed_is_not_said(database, outbox, slack):
    def fail():
        with database.write() as connection:
            put(connection, [letter("a")], NOON)
            raise RuntimeError("the deed failed")

    with pytest.raises(RuntimeError):
        fail()
    outbox.send()
    assert [] == slack.said


@pytest.mark.parametrize(
    "fault", [AWAY, Garbled("Slack", "post"), Unauthorized("Slack", "post")], ids=type
)
def test_while_slack_is_away_a_letter_waits_and_those_behind_it(outbox, write, slack, clock, fault):
    slack.faults = [fault]
    write(letter("a"), letter("b"), letter("c", "U0BOB"))
    outbox.send()
    assert [] == slack.said
    outbox.send()  # too early for the first, so its channel waits; a person need not
    assert [("U0BOB", "c")] == slack.said
    clock.at += MINUTE
    outbox.send()
    assert [("U0BOB", "c"), ("C0PROD", "a"), ("C0PROD", "b")] == slack.said


def test_slack_says_when_to_come_again(outbox, write, slack, clock):
    slack.faults = [Unavailable("Slack", "post", retry_after=5 * MINUTE)]
    write(letter("a"))
    outbox.send()
    clock.at += 4 * MINUTE
    outbox.send()
    assert [] == slack.said
    clock.at += MINUTE
    outbox.send()
    assert [("C0PROD", "a")] == slack.said


@pytest.mark.parametrize("to", ["C0PROD", "U0BOB"])
def test_what_slack_took_without_an_answer_is_not_said_again(outbox, write, slack, clock, to):
    slack.faults, slack.late = [AWAY], True
    write(letter("a", to))
    outbox.send()
    clock.at += MINUTE
    outbox.send()
    assert [(to, "a")] == slack.said


def test_a_letter_that_slack_refuses_is_given_up_and_keeps_nothing_back(outbox, write, slack):
    slack.faults = [NotFound("Slack", "post")]
    write(letter("a"), letter("b"))
    outbox.send()
    assert [("C0PROD", "b")] == slack.said


def test_what_is_a_day_old_is_no_news(outbox, write, slack, clock):
    write(letter("a"))
    clock.at += NEWS + MINUTE
    write(letter("b"))
    outbox.send()
    assert [("C0PROD", "b")] == slack.said


def test_many_replicas_say_it_once(database, write, clock):
    slack = Said()
    write(letter("a"), letter("b", "U0BOB"))
    boxes = [Outbox(database, slack, clock) for _ in range(5)]
    at_once(*(partial(box.send) for box in boxes))
    boxes[0].send()
    assert [("C0PROD", "a"), ("U0BOB", "b")] == sorted(slack.said)


def test_whoever_looked_before_another_took_it_comes_too_late(database, write, clock, slack):
    class Slow(Outbox):
        def _unsettled(self):
            found = super()._unsettled()
            Outbox(database, slack, clock).send()  # quicker, between the look and the taking
            return found

    write(letter("a"), letter("b", "U0BOB"))
    Slow(database, slack, clock).send()
    assert [("C0PROD", "a"), ("U0BOB", "b")] == slack.said


def test_what_a_dead_replica_took_with_it_another_says(database, write, clock, slack):
    class Dies(Said):
        def post(self, *_, **__):
            raise SystemExit

    write(letter("a"))
    with pytest.raises(SystemExit):
        Outbox(database, Dies(), clock).send()
    alive = Outbox(database, slack, clock)
    alive.send()
    assert [] == slack.said
    clock.at += HELD
    alive.send()
    assert [("C0PROD", "a")] == slack.said


def test_a_settled_letter_is_forgotten_after_a_while(outbox, write, slack, clock):
    write(letter("a"))
    outbox.send()
    clock.at += KEPT
    outbox.sweep()
    write(letter("a"))
    outbox.send()
    assert 1 == len(slack.said)
    clock.at += MINUTE
    outbox.sweep()
    write(letter("a"))
    outbox.send()
    assert 2 == len(slack.said)


def test_a_closed_box_sends_nothing_more(outbox, write, slack):
    write(letter("a"))
    outbox.close()
    outbox.send()
    assert [] == slack.said


def test_a_flood_for_one_keeps_slacks_pace_and_nobody_else_waiting(outbox, write, slack, clock):
    write(*(letter(f"flood {number}") for number in range(40)), letter("b", "U0BOB"))
    outbox.send()
    assert ("U0BOB", "b") in slack.said
    begun = len(slack.said)
    for _ in range(60):
        clock.at += timedelta(seconds=1)
        outbox.send()
    flood = [said for to, said in slack.said if to == "C0PROD"]
    assert begun <= 6
    assert [f"flood {number}" for number in range(40)] == flood


def test_who_does_not_have_the_duty_says_nothing(database, write, slack, clock):
    ours, theirs = (Duty(database, clock, LETTERS, name) for name in ("us", "they"))
    theirs.is_ours()
    write(letter("a"))
    Outbox(database, slack, clock, duty=ours).send()
    assert database.is_sqlite is ([("C0PROD", "a")] == slack.said)
    theirs.leave()
    Outbox(database, slack, clock, duty=ours).send()
    assert [("C0PROD", "a")] == slack.said
