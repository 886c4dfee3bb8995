from datetime import timedelta

import pytest

from bot.adapters.slack import Posted
from bot.domain.errors import Unavailable
from bot.domain.message import Message
from bot.domain.operations import Phase
from bot.operations.replicas.duty import Duty
from bot.operations.saying.cards import Cards
from bot.operations.saying.pace import BUCKET, REFILL_PER_SECOND, Budget, Pace
from bot.operations.saying.updater import AWAY, UPDATES, Updater, nobody_counts
from bot.operations.store import Store
from tests.builders import NOON, request


def test_a_burst_is_bounded_and_then_refills_at_slacks_pace():
    budget = Budget(at=0.0)
    assert BUCKET == sum(budget.take(0.0) for _ in range(100))
    assert not budget.take(0.5)
    assert budget.take(1 / REFILL_PER_SECOND + 0.1)


def test_in_any_minute_fewer_than_fifty_are_sent():
    """Slack's Tier 3: ``chat.update`` allows about 50 a minute for the whole workspace."""
    budget = Budget(at=0.0)
    sent = [tick / 4 for tick in range(4 * 300) if budget.take(tick / 4)]
    assert max(sum(start <= one < start + 60 for one in sent) for start in sent) < 50


def test_when_slack_asks_for_silence_nothing_is_sent():
    budget = Budget(at=0.0)
    budget.close(0.0, timedelta(seconds=30))
    assert not budget.take(29.0)
    assert budget.take(30.0)


class StoppedClock:
    """A clock that goes on only when it is told to."""

    speed = 1.0

    def __init__(self):
        self.time = NOON

    def now(self):
        return self.time


class Slack:
    """A Slack that fails at some messages, each time; *calls* are the messages it was asked for."""

    def __init__(self, *broken):
        self.broken, self.calls, self._posted = broken, [], {}

    def post(self, channel, message, *, key):
        self._posted[key] = f"{len(self._posted)}.0"
        return Posted(channel, self._posted[key])

    def update(self, posted, _message):
        self.calls.append(posted.ts)
        if posted.ts in self.broken:
            raise Unavailable("Slack", "edit a message", "internal_error")


def stale(database, slack, count, on_edit=nobody_counts):
    """Return the updater of cards that are all behind their operations."""
    store, clock = Store(database), StoppedClock()
    pace = Pace(clock)
    draw = lambda operation, _: Message(operation.phase.value, ())  # noqa: E731
    cards = Cards(store, slack, draw, pace, clock)
    for number in range(count):
        made = store.receive(request(version=f"{number}" * 7), f"command:{number}", NOON)[0]
        cards.post(made.id, "C0DEPLOY", "U0ALICE")
        store.move(made.id, Phase.CHECKING, NOON, "checking")
    return Updater(
        [cards], slack, pace, Duty(database, clock, UPDATES, "us"), clock, on_edit
    ), clock


def test_a_card_that_slack_always_fails_at_does_not_hold_up_the_others(database):
    slack = Slack("0.0")
    cards, clock = stale(database, slack, 3)
    for _ in range(20):
        cards.tick()
        clock.time += timedelta(seconds=1)
    assert {"1.0", "2.0"} <= set(slack.calls)
    assert slack.calls.count("0.0") < 6, "it is asked for less and less often"


def test_when_slack_is_away_no_card_is_tried_until_a_while_has_passed(database):
    slack = Slack("0.0", "1.0", "2.0")
    cards, clock = stale(database, slack, 3)
    cards.tick()
    cards.tick()
    assert ["0.0", "1.0"] == slack.calls
    slack.broken = ()
    clock.time += AWAY
    cards.tick()
    assert "2.0" in slack.calls


def test_when_slack_asks_a_first_card_to_wait_notes_and_letters_wait_too(database):
    class Busy(Slack):
        def post(self, *_, **__):
            raise Unavailable("Slack", "post", "ratelimited", timedelta(seconds=30))

    store, clock = Store(database), StoppedClock()
    pace = Pace(clock)
    cards = Cards(store, Busy(), lambda *_: Message("x", ()), pace, clock)
    made = store.receive(request(), "command:1", NOON)[0]
    with pytest.raises(Unavailable):
        cards.post(made.id, "C0DEPLOY", "U0ALICE")
    assert not pace.take_post("C0OTHER")
    clock.time += timedelta(seconds=30)
    assert pace.take_post("C0OTHER")


def test_how_far_slack_is_behind_is_counted_from_the_change_to_the_edit(database):
    """Also while Slack does not answer, and in the pause in which nobody looks."""
    slack, edits = Slack("0.0", "1.0"), []
    cards, clock = stale(database, slack, 2, lambda *edit: edits.append(edit))
    cards.changed()
    clock.time += timedelta(seconds=2)
    cards.tick()
    cards.tick()
    assert [] == edits
    assert timedelta(seconds=2) == cards.behind_for()
    slack.broken = ()
    clock.time += timedelta(seconds=60)
    cards.tick()
    assert [("D-1", timedelta(seconds=62)), ("D-2", timedelta(seconds=62))] == sorted(edits)
    cards.tick()
    assert timedelta() == cards.behind_for()
    assert 2 == len(edits)
