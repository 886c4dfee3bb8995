from datetime import timedelta

import pytest
import structlog.testing
from werkzeug.wrappers import Response

from bot.domain.message import Message
from bot.operations.notes import NoteBook, NoteKind, put_note
from bot.operations.notes.posting import KEPT
from bot.operations.saying.outbox import NEWS, InThread, Letter, Outbox, ToChannel, ToPerson, put
from sandbox.wire import Fault, answer
from tests.operations.notes.ground import HERE, Replica, Standing, note, puts, undrawable
from tests.operations.people import at_once
from tests.sandbox.slack_bot import ALICE, DEPLOYS, slack_with

SECOND = timedelta(seconds=1)
LONG = timedelta(minutes=3)
"""Longer than who died posting a note has it."""


@pytest.fixture
def clock():
    return Standing()


@pytest.fixture
def slack(clock):
    pretend = slack_with(clock=clock)
    yield pretend
    pretend.stop()
    assert [] == pretend.strange


@pytest.fixture
def ours(database, slack, clock):
    return Replica(database, slack, clock)


@pytest.fixture
def says(database, clock):
    """Put notes in."""
    return lambda *notes: puts(database, clock, *notes)


def texts(slack, channel=DEPLOYS):
    return [one.text for one in slack.messages(channel)]


def limited(seconds):
    headers = {"Retry-After": str(seconds)}
    return Fault(answer=lambda: answer({"ok": False, "error": "ratelimited"}, 429, headers))


# what is written down


def test_a_new_note_is_posted_and_then_says_the_newest_state(ours, says, slack, clock):
    says(note(says="red"))
    ours.works()
    assert ["red"] == texts(slack)
    says(note(says="worse"))
    says(note(says="green", ended=True))
    clock.move(seconds=3)
    ours.works()
    assert ["green"] == texts(slack)
    assert 1 == slack.count("chat.update")


def test_what_changes_nothing_asks_slack_for_nothing(ours, says, slack, clock):
    says(note())
    ours.works()
    calls = len(slack.calls)
    says(note())
    says(note(says="worse"))
    says(note())  # and back: it looks as before
    clock.move(seconds=3)
    ours.works()
    assert calls == len(slack.calls)


def test_one_key_is_one_message_for_each_receiver(ours, says, slack, database):
    says(note(), note(to=ToPerson(ALICE)))
    ours.works()
    says(note(says="green", ended=True), note(says="green", ended=True, to=ToPerson(ALICE)))
    ours.works()
    assert ["green"] == texts(slack)
    assert ["green"] == [one.text for one in slack.dm(ALICE)]
    book = NoteBook(database)
    assert [HERE, ToPerson(ALICE)] == [one.to for one in book.read("ci:core")]
    assert slack.messages(DEPLOYS)[0].ts == book.place("ci:core", HERE).ts


def test_what_has_not_ended_stands(says, database):
    says(note("a"), note("b", ended=True), note("c", kind=NoteKind.DRIFT))
    book = NoteBook(database)
    assert ["a"] == [one.key for one in book.standing(NoteKind.CI)]
    assert ["c"] == [one.key for one in book.standing(NoteKind.DRIFT)]
    assert () == book.read("nobody")
    assert book.place("a", HERE) is None


def test_a_note_is_not_there_without_the_deed_it_tells_of(ours, database, clock, slack):
    def fails():
        with database.write() as connection:
            put_note(connection, note(), clock.now())
            raise RuntimeError("the deed failed")

    with pytest.raises(RuntimeError):
        fails()
    ours.works()
    assert [] == texts(slack)


def test_many_at_once_put_the_same_note_once(database, clock, slack, ours):
    at_once(*(lambda n=n: puts(database, clock, note(says=f"red {n}")) for n in range(8)))
    ours.works()
    assert 1 == len(texts(slack))


WILD = "a\0b \ud800 <!channel> \u202e 🚢"


def test_whatever_text_a_state_holds_comes_back(says, database):
    says(note(says=WILD))
    (found,) = NoteBook(database).read("ci:core")
    assert WILD == found.state["says"]
    says(note(says=WILD))
    assert (found,) == NoteBook(database).read("ci:core")


# what Slack does to it


def test_what_somebody_deleted_is_posted_again_and_goes_on_there(
    ours, says, slack, clock, database
):
    says(note())
    ours.works()
    slack.workspace.remove(slack.messages(DEPLOYS)[0])
    for state in ("worse", "better"):
        says(note(says=state))
        clock.move(seconds=3)
        ours.works()
    assert ["better"] == texts(slack)
    assert slack.messages(DEPLOYS)[0].ts == NoteBook(database).place("ci:core", HERE).ts
    assert 2 == slack.count("chat.postMessage")


def test_a_deleted_one_whose_new_post_got_no_answer_stands_once(ours, says, slack, clock):
    says(note())
    ours.works()
    slack.workspace.remove(slack.messages(DEPLOYS)[0])
    slack.arm("chat.postMessage", Fault(drop="after"))
    says(note(says="worse"))
    for _ in range(3):
        clock.move(seconds=10)
        ours.works()
    assert ["worse"] == texts(slack)


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(Fault(drop="after"), id="taken, and no answer"),
        pytest.param(Fault(drop="before"), id="never heard"),
        pytest.param(Fault(answer=lambda: Response("", 503)), id="503"),
        pytest.param(Fault(answer=lambda: Response("<html>")), id="garbled"),
    ],
)
def test_a_post_without_an_answer_stands_once_and_is_true(ours, says, slack, clock, fault):
    slack.arm("chat.postMessage", fault)
    says(note())
    ours.works()
    says(note(says="worse"))
    for _ in range(3):
        clock.move(seconds=30)
        ours.works()
    assert ["worse"] == texts(slack)


def test_an_update_without_an_answer_is_made_again(ours, says, slack, clock):
    says(note())
    ours.works()
    slack.arm("chat.update", Fault(drop="before"))
    says(note(says="green", ended=True))
    for _ in range(3):
        clock.move(seconds=3)
        ours.works()
    assert ["green"] == texts(slack)


@pytest.mark.parametrize("route", ["chat.postMessage", "chat.update"])
def test_slack_says_when_to_come_again(ours, says, slack, clock, route):
    if route == "chat.update":
        says(note(says="before"), note("b", says="before"))
        ours.works()
    slack.arm(route, limited(40))
    says(note(), note("b"))
    for _ in range(39):
        ours.works()
        clock.move(seconds=1)
    before = slack.count(route)
    ours.works()
    for _ in range(5):
        clock.move(seconds=1)
        ours.works()
    assert ["red", "red"] == texts(slack)
    assert (1, 3) == (before, slack.count(route))


def test_what_slack_refuses_keeps_nothing_back_and_is_tried_when_it_changes(ours, says, slack):
    missing = note("a", to=ToChannel("C0NOBODY"))
    says(missing, note("b"))
    ours.works()
    ours.works()
    assert ["red"] == texts(slack)
    assert 2 == slack.count("chat.postMessage")
    says(note("a", says="worse", to=ToChannel("C0NOBODY")))
    ours.works()
    assert 3 == slack.count("chat.postMessage")


def test_what_cannot_be_drawn_holds_up_nobody(ours, says, slack, clock):
    says(note("a"), note("b"))
    ours.works()
    with structlog.testing.capture_logs() as logs:
        says(undrawable("a"), note("b", says="worse"), undrawable("c"))
        clock.move(seconds=3)
        ours.works()
    assert ["red", "worse"] == texts(slack)
    drawn = {"a note could not be drawn", "a message could not be drawn"}
    assert drawn == {one["event"] for one in logs if one["log_level"] == "error"}


def test_what_ended_a_day_ago_and_was_never_said_is_no_news(ours, says, slack, clock):
    says(note(ended=True), note("b"))
    clock.at += NEWS + SECOND
    ours.works()
    assert ["red"] == texts(slack), "what has not ended is said all the same"


def test_a_shown_end_is_forgotten_after_a_long_while(ours, says, slack, clock, database):
    says(note(ended=True), note("b"))
    ours.works()
    clock.at += KEPT + SECOND
    ours.poster.sweep()
    book = NoteBook(database)
    assert () == book.read("ci:core")
    assert 1 == len(book.read("b"))


# several replicas


def test_several_replicas_post_it_once_and_do_not_fight(database, slack, clock, says):
    replicas = [Replica(database, slack, clock, name) for name in ("a", "b", "c")]
    says(note(), note("b"))
    for state in ("worse", "better", "good"):
        at_once(*(one.works for one in replicas))
        says(note(says=state, ended=state == "good"))
        clock.move(seconds=3)
    at_once(*(one.works for one in replicas))
    assert ["good", "red"] == sorted(texts(slack))
    if not database.is_sqlite:  # there is one process on SQLite, and it has every duty
        assert 3 >= slack.count("chat.update")


def test_who_dies_between_post_and_record_has_posted_it_once(database, slack, clock, says, ours):
    class Dies(Replica):
        def __init__(self, *arguments):
            super().__init__(*arguments)
            post = self.slack.post

            def dies(*arguments, **words):
                post(*arguments, **words)
                raise SystemExit

            self.slack.post = dies

    says(note())
    with pytest.raises(SystemExit):
        Dies(database, slack, clock, "dead").works()
    says(note(says="worse"))
    ours.works()
    assert ["red"] == texts(slack), "nobody knows yet that it is dead"
    # The duty goes by the database's clock, which no test can move; so it is the dead one's name
    # that comes back, as another process.
    clock.at += LONG
    again = Replica(database, slack, clock, "dead")
    again.works()
    again.works()
    assert ["worse"] == texts(slack)
    assert 1 == slack.count("chat.postMessage")


# replies


def test_a_reply_waits_for_its_note_and_stands_in_its_thread(ours, says, slack, clock, database):
    box = Outbox(database, ours.slack, clock)
    with database.write() as connection:
        reply = Letter("r1", InThread("ci:core", HERE), Message("again"))
        put(connection, [reply, Letter("plain", HERE, Message("plain"))], clock.now())
    box.send()
    assert ["plain"] == texts(slack)
    says(note())
    ours.works()
    box.send()
    box.send()
    _, root = slack.messages(DEPLOYS)
    assert ["again"] == [one.text for one in slack.messages(DEPLOYS, root.ts)]


def test_a_reply_without_an_answer_is_said_once(ours, says, slack, clock, database):
    box = Outbox(database, ours.slack, clock)
    says(note(to=ToPerson(ALICE)))
    ours.works()
    with database.write() as connection:
        put(
            connection,
            [Letter("r", InThread("ci:core", ToPerson(ALICE)), Message("again"))],
            clock.now(),
        )
    slack.arm("chat.postMessage", Fault(drop="after"))
    box.send()
    clock.at += LONG
    box.send()
    assert ["red", "again"] == [one.text for one in slack.dm(ALICE)]


def test_a_reply_whose_note_never_came_is_given_up_after_a_day(ours, slack, clock, database):
    box = Outbox(database, ours.slack, clock)
    with database.write() as connection:
        put(connection, [Letter("r", InThread("gone", HERE), Message("again"))], clock.now())
    clock.at += NEWS + SECOND
    box.send()
    says_nothing = texts(slack)
    puts(database, clock, note("gone"))
    ours.works()
    box.send()
    assert ([], ["red"]) == (says_nothing, texts(slack))
