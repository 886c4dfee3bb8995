"""When everything breaks at once: few calls, none too many for Slack, and every end is shown."""

from collections import Counter
from datetime import timedelta

import pytest

from bot.domain.message import Message
from bot.domain.operations import Phase
from bot.operations.saying.cards import Cards
from bot.operations.saying.outbox import ToChannel
from bot.operations.store import Store
from tests.builders import request
from tests.operations.notes.ground import Replica, Standing, note, puts
from tests.operations.people import at_once
from tests.sandbox.slack_bot import slack_with

CHANNELS = ("C0CI", "C0APPS", "C0MORE")
NOTES, CHANGES, CARDS = 200, 1000, 20
STEP = timedelta(seconds=1)


@pytest.fixture
def clock():
    return Standing()


@pytest.fixture
def slack(clock):
    pretend = slack_with(clock=clock)
    for channel in CHANNELS:
        pretend.add_channel(channel, channel.lower())
    yield pretend
    pretend.stop()
    assert [] == pretend.strange


def of(number, says, *, ended=False):
    to = ToChannel(CHANNELS[number % len(CHANNELS)])
    return note(f"ci:{number}", f"{number} {says}", ended=ended, to=to)


class Storm:
    """Operations whose cards stand, and the time from the first note on."""

    def __init__(self, database, slack, clock):
        self.database, self.slack, self.clock = database, slack, clock
        self.store, self.operations = Store(database), []
        self.replicas = [Replica(database, slack, clock, sources=[self.cards])]

    def cards(self, client, pace):
        def draw(operation, _):
            return Message(f"{operation.id} {operation.phase.value}", ())

        made = Cards(self.store, client, draw, pace, self.clock)
        for number in range(CARDS):
            wish = request(version=f"{number:07x}")
            one = self.store.receive(wish, f"command:{number}", self.clock.now())[0]
            self.operations.append(one.id)
            self.clock.move(seconds=1.2)
            made.post(one.id, "C0DEPLOY", "U0ALICE")
        return made

    def joined_by(self, name):
        """Let another replica do the same work."""
        known = self.replicas[0].updater._sources[1]
        other = Replica(self.database, self.slack, self.clock, name, [lambda *_: known])
        self.replicas.append(other)

    def works(self):
        at_once(*(one.works for one in self.replicas))

    def rages(self, second):
        changes = range(second * CHANGES // 10, (second + 1) * CHANGES // 10)
        says = (of(one % NOTES, f"change {one // NOTES}") for one in changes)
        puts(self.database, self.clock, *says)
        for name in self.operations:
            phase = Phase.CHECKING if second == 0 else Phase.QUEUED
            told = {"second": str(second)}
            self.store.move(name, phase, self.clock.now(), f"{second}", detail=told)
        self.works()
        self.clock.at += STEP

    def ends(self):
        puts(self.database, self.clock, *(of(one, "green", ended=True) for one in range(NOTES)))
        for name in self.operations:
            self.store.move(name, Phase.REFUSED, self.clock.now(), "refused")

    def clears(self):
        """Go on until nothing is left to do; return how long the last card was behind its end."""
        since, waited, calls = self.clock.now(), timedelta(), -1
        while calls != len(self.slack.calls) or self.clock.now() - since < timedelta(minutes=2):
            calls = len(self.slack.calls)
            self.works()
            self.clock.at += STEP
            if not all("refused" in one.text for one in self.slack.messages("C0DEPLOY")):
                waited = self.clock.now() - since
        return waited

    def texts(self):
        return sorted(one.text for name in CHANNELS for one in self.slack.messages(name))


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_thousand_changes_of_two_hundred_notes_in_ten_seconds(database, slack, clock, capsys):
    """While it storms, operations go on, too, and their ends are not behind anybody's progress."""
    _weather(Storm(database, slack, clock), capsys)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_two_replicas_say_no_more_than_one(database, slack, clock, capsys):
    storm = Storm(database, slack, clock)
    storm.joined_by("another")
    _weather(storm, capsys)


def _weather(storm, capsys):
    slack = storm.slack
    for second in range(10):
        storm.rages(second)
    storm.ends()
    waited = storm.clears()

    calls = Counter((call.route, call.status) for call in slack.calls)
    posts, updates = calls["chat.postMessage", 200], calls["chat.update", 200]
    with capsys.disabled():
        print(
            f"\n{NOTES} notes, {CHANGES} changes and {CARDS} cards in 10 s,"
            f" {len(storm.replicas)} at work: {posts} posts,"
            f" {updates} updates, the last card's end shown after {waited.seconds} s"
        )
    assert sorted(f"{one} green" for one in range(NOTES)) == storm.texts()
    ends = [f"{name} refused" for name in storm.operations]
    assert ends == [one.text for one in slack.messages("C0DEPLOY")]
    assert NOTES + CARDS == posts, "each message is posted once"
    assert updates < 120, "instead of a thousand"
    assert {200} == {status for _, status in calls}, "Slack never has to say that it is too much"
    assert waited < timedelta(minutes=3)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_of_many_that_change_all_the_time_none_is_forgotten(database, slack, clock):
    """The bucket is for some 40 a minute: of sixty restless notes each is served in turn."""
    ours = Replica(database, slack, clock)
    puts(database, clock, *(of(one, "0") for one in range(60)))
    for _ in range(30):
        ours.poster.post()
        clock.at += STEP
    for second in range(150):
        puts(database, clock, *(of(one, str(second)) for one in range(60)))
        ours.works()
        clock.at += STEP
    served = Counter(call.json()["ts"] for call in slack.calls if call.route == "chat.update")
    assert 60 == len(served)
    assert max(served.values()) - min(served.values()) <= 1
