"""What was acked is done and answered once, whoever dies, stops or has too much to do."""

import threading
from dataclasses import asdict, replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from bot.domain.errors import Rejected, Unavailable
from bot.domain.message import Message
from bot.operations.deliveries.inbox import Delivery, Inbox
from bot.operations.sql.tables import deliveries
from handlers import desk_errands
from handlers.desk import Answer, Asker
from handlers.errands import ALONE, LEFT_AT, STALE, Errand, Errands, Reply, asked_at
from handlers.later import AT_ONCE, Speaker
from tests.operations.people import NOON
from tests.operations.standing_ground import Standing

URL = "https://hooks.slack.com/commands/T1/1"
ALICE = "U0ALICE"


class Workspace:
    """Notes what Slack takes; refuses or is away as told."""

    def __init__(self):
        self.said, self.faults = [], []

    def _take(self, *said):
        if self.faults:
            raise self.faults.pop(0)
        self.said.append(said)

    def respond(self, url, message, *, replace=False):
        assert not replace
        self._take(url, message.text)

    def post_ephemeral(self, channel, user, message, thread=None):
        self._take(channel, user, thread, message.text)

    def direct(self, user, message, *, key, since=None):
        self._take(user, message.text)


class Replica:
    """One process: what it was asked for, and what became of it."""

    def __init__(self, database, slack, clock, deeds):
        self.deeds, self.during = deeds, lambda: None
        self.inbox = Inbox(database, {}, clock)
        self.speaker = Speaker(slack, clock)
        self.errands = Errands({"lock": self._do}, self.inbox, self.speaker, slack, clock)

    def _do(self, facts):
        self.during()
        self.deeds.append(facts["what"])
        return Message(f"locked {facts['what']}", ())

    def close(self):
        self.inbox.close()
        self.speaker.close()
        self.errands.close()


@pytest.fixture
def clock():
    return Standing()


@pytest.fixture
def slack():
    return Workspace()


@pytest.fixture
def deeds():
    return []


@pytest.fixture
def replicas(database, slack, clock, deeds):
    both = [Replica(database, slack, clock, deeds) for _ in range(2)]
    yield both
    for one in both:
        one.close()


def errand(what="core", asked="command:1", reply=None, said=""):
    return Errand("lock", asked, reply or Reply(ALICE, URL), {"what": what}, said=said)


def acked():
    return None


class Died(BaseException):
    """The end of a process, right after it has acked."""


def dies_after_the_ack(replica, one):
    def ack():
        raise Died

    with pytest.raises(Died):
        replica.errands.run(one, ack)


def test_it_is_written_down_before_the_ack(replicas, deeds, clock):
    first, second = replicas
    dies_after_the_ack(first, errand())
    clock.at += ALONE
    second.inbox.work()
    assert ["core"] == deeds


def test_whoever_lives_does_it_once_and_answers(replicas, slack, deeds, clock):
    first, second = replicas
    first.errands.run(errand(), acked)
    first.speaker.close()
    clock.at += ALONE
    second.inbox.work()
    first.inbox.work()
    assert ["core"] == deeds
    assert [(URL, "locked core")] == slack.said


def test_nobody_else_does_it_while_it_is_being_done(replicas, slack, deeds, clock):
    first, _ = replicas
    begun, go_on = threading.Event(), threading.Event()

    def wait():
        begun.set()
        assert go_on.wait(10)

    first.during = wait
    first.errands.run(errand(), acked)
    assert begun.wait(10)
    clock.at += ALONE
    first.inbox.work()
    go_on.set()
    first.speaker.close()
    clock.at += 2 * ALONE
    first.inbox.work()
    assert ["core"] == deeds
    assert [(URL, "locked core")] == slack.said


def test_a_stop_hands_over_what_waits_for_a_thread(replicas, slack, deeds):
    """Without it the others would wait until it falls due."""
    first, second = replicas
    begun, go_on = threading.Semaphore(0), threading.Event()

    def wait():
        begun.release()
        assert go_on.wait(10)

    first.during = wait
    for number in range(AT_ONCE + 2):
        first.errands.run(errand(f"s{number}", f"command:{number}"), acked)
    assert all(begun.acquire(timeout=10) for _ in range(AT_ONCE))
    stopping = threading.Thread(target=first.close)
    stopping.start()
    while not first.speaker._pool._shutdown:  # only then what waits is forgotten
        threading.Event().wait(0.01)
    go_on.set()
    stopping.join(10)
    assert AT_ONCE == len(deeds)
    second.inbox.work()
    assert [f"s{number}" for number in range(AT_ONCE + 2)] == sorted(deeds)
    assert AT_ONCE + 2 == len(slack.said)


def test_while_slack_is_away_the_answer_waits(replicas, slack, deeds, clock):
    first, second = replicas
    dies_after_the_ack(first, errand())
    clock.at += ALONE
    slack.faults = [Unavailable("Slack", "answer")]
    second.inbox.work()
    assert [] == slack.said
    clock.at += timedelta(minutes=1)
    second.inbox.work()
    assert [(URL, "locked core")] == slack.said
    assert ["core", "core"] == deeds  # the same wish twice: what it does goes by its name


def test_where_the_address_is_closed_they_read_it_in_private(replicas, slack, clock):
    first, second = replicas
    dies_after_the_ack(first, errand())
    clock.at += ALONE
    slack.faults = [Rejected("Slack", "answer a command", "status 404")]
    second.inbox.work()
    assert [(ALICE, "locked core")] == slack.said


def test_what_was_said_in_a_thread_is_answered_there(replicas, slack, clock):
    first, second = replicas
    dies_after_the_ack(first, errand(reply=Reply(ALICE, channel="C1", thread="1.5")))
    clock.at += ALONE
    second.inbox.work()
    assert [("C1", ALICE, "1.5", "locked core")] == slack.said


@pytest.mark.parametrize(
    ("said", "told"), [("lock core prod", "`lock core prod`"), ("", "your click")]
)
def test_what_is_long_ago_is_told_and_not_done(replicas, slack, deeds, clock, said, told):
    """They have asked again by now, or gone another way."""
    first, second = replicas
    dies_after_the_ack(first, errand(said=said))
    clock.at += STALE + timedelta(minutes=2)
    second.inbox.work()
    assert [] == deeds
    ((url, text),) = slack.said
    assert URL == url
    assert told in text
    assert "7 min ago" in text
    assert "/ship status" in text
    clock.at += timedelta(hours=1)
    second.inbox.work()
    assert 1 == len(slack.said)


def test_a_failure_is_told_and_it_is_not_tried_for_ever(replicas, slack, clock):
    first, second = replicas
    dies_after_the_ack(first, errand())

    def fail():
        raise RuntimeError("a fault of ours")

    second.during = fail
    clock.at += ALONE
    second.inbox.work()
    clock.at += timedelta(minutes=2)
    second.inbox.work()
    ((_, text),) = slack.said
    assert "Something went wrong" in text


def test_where_our_database_is_away_it_is_tried_all_the_same(replicas, slack, deeds, monkeypatch):
    first, _ = replicas

    def away(*_, **__):
        raise Unavailable("our database", "write a delivery down")

    monkeypatch.setattr(first.inbox, "take_in", away)
    first.errands.run(errand(), acked)
    first.speaker.close()
    assert ["core"] == deeds
    assert [(URL, "locked core")] == slack.said


def rows(database):
    with database.read() as connection:
        return connection.execute(sa.select(deliveries)).all()


def test_whom_slack_does_not_know_any_more_is_not_answered_for_ever(
    database, replicas, slack, deeds, clock
):
    """Else it would be done five times, and warn of a delivery that nobody can redeliver."""
    first, second = replicas
    dies_after_the_ack(first, errand())
    closed = Rejected("Slack", "answer a command", "status 404")
    slack.faults = [closed, Rejected("Slack", "open a conversation", "user_not_found")]
    clock.at += ALONE
    second.inbox.work()
    clock.at += timedelta(minutes=2)
    second.inbox.work()
    assert ["core"] == deeds
    (row,) = rows(database)
    assert row.settled_at is not None
    assert not row.set_aside


@pytest.mark.parametrize("late", [False, True], ids=["done", "told and not done"])
def test_what_another_one_ended_is_forgotten_at_once(database, replicas, clock, late):
    """Words of people and Slack's address for the answer are kept no longer than it takes."""
    first, second = replicas
    dies_after_the_ack(first, errand(said="lock core prod because of a secret"))
    clock.at += 2 * STALE if late else ALONE
    second.inbox.work()
    (row,) = rows(database)
    assert row.settled_at is not None
    assert "" == row.body


@pytest.mark.parametrize("strange", [{"mood": "calm"}, {"name": "dance"}], ids=["field", "name"])
def test_what_a_newer_release_left_waits_for_one_and_is_no_alarm(
    database, replicas, slack, deeds, clock, strange
):
    first, _ = replicas
    body = asdict(errand()) | strange
    left = Delivery("slack", "command:9", "dance", body, clock.now())
    first.inbox.take_in(left, after=ALONE)
    clock.at += ALONE
    first.inbox.work()
    assert ([], []) == (deeds, slack.said)
    (row,) = rows(database)
    assert row.settled_at is None
    clock.at += timedelta(days=1)
    first.inbox.work()
    (row,) = rows(database)
    assert row.settled_at is not None
    assert not row.set_aside
    assert [] == deeds


def test_a_word_that_slack_repeats_is_done_and_answered_once(replicas, slack, deeds):
    first, second = replicas
    first.errands.run(errand(), acked)
    first.speaker.close()
    second.errands.run(errand(), acked)
    second.speaker.close()
    assert ["core"] == deeds
    assert [(URL, "locked core")] == slack.said


def test_a_stop_does_not_take_back_what_another_one_does_by_now(replicas, deeds, clock):
    first, second = replicas
    begun, go_on = threading.Event(), threading.Event()

    def wait():
        begun.set()
        assert go_on.wait(10)

    dies_after_the_ack(first, errand())
    first.errands._under_way.add("command:1")  # as if it still waited for a thread
    second.during = wait
    clock.at += ALONE
    working = threading.Thread(target=second.inbox.work)
    working.start()
    assert begun.wait(10)
    first.errands.close()
    first.errands._under_way.clear()
    first.inbox.work()
    go_on.set()
    working.join(10)
    assert ["core"] == deeds


def test_the_address_for_the_answer_stands_in_no_log():
    assert URL not in repr(errand())


def test_who_does_it_late_is_told_when_it_was_asked_for(database, slack, clock):
    """What ends something ends nothing that came after that."""
    heard = []

    def note(facts):
        heard.append(asked_at(facts))
        return Message("done", ())

    one = Replica(database, slack, clock, [])
    one.errands = Errands({"lock": note}, one.inbox, one.speaker, slack, clock)
    one.errands.run(errand(asked="command:2"), acked)
    one.speaker.close()
    dies_after_the_ack(one, errand())
    begun = clock.at
    clock.at += ALONE
    one.inbox.work()
    one.close()
    assert [None, begun] == heard


@pytest.mark.parametrize(
    ("left", "expected"), [({}, None), ({LEFT_AT: NOON.isoformat()}, NOON)], ids=["now", "late"]
)
def test_words_come_to_the_desk_with_the_moment_of_their_asking(left, expected):
    desk = Listening()
    asker = Asker(ALICE, "C1", "event:1", "1.5")
    words = desk_errands.typed("ship", "unlock core prod", asker, Reply(ALICE, URL))
    desk_errands.doers(desk)[words.name]({**words.facts, **left})
    assert [("ship", "unlock core prod", replace(asker, asked_at=expected))] == desk.heard


class Listening:
    """A desk that notes what it hears."""

    def __init__(self):
        self.heard = []

    def hear(self, verb, text, asker):
        self.heard.append((verb, text, asker))
        return Answer(Message("heard", ()))
