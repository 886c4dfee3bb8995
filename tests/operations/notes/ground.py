"""Notes over the pretend Slack, with its limits, and one replica or more that post and update."""

from datetime import timedelta

from bot.adapters.slack import Slack
from bot.domain.message import Message
from bot.operations.notes import Note, NoteKind, put_note
from bot.operations.notes.posting import POSTS, NotePoster
from bot.operations.notes.source import StandingNotes
from bot.operations.replicas.duty import Duty
from bot.operations.saying.outbox import ToChannel
from bot.operations.saying.pace import Pace
from bot.operations.saying.updater import UPDATES, Updater
from tests.sandbox.slack_bot import BOT_TOKEN, DEPLOYS, TestClock

HERE = ToChannel(DEPLOYS)


class Standing(TestClock):
    """A clock that stands until it is moved."""

    speed = 1.0


def words(state, _now):
    return Message(str(state["says"]), ({"type": "divider"},))


class Replica:
    """What one process does about notes. *slack* is the pretend one, or how to reach it."""

    def __init__(self, database, slack, clock, name="us", sources=()):
        self.slack = slack
        if not isinstance(slack, Slack):
            self.slack = Slack(BOT_TOKEN, slack.api_url, timedelta(seconds=5))
        self.pace = Pace(clock)
        draw = dict.fromkeys(NoteKind, words)
        posts, updates = (Duty(database, clock, one, name) for one in (POSTS, UPDATES))
        self.poster = NotePoster(database, self.slack, draw, self.pace, posts, clock)
        standing = StandingNotes(database, draw, clock)
        self.updater = Updater(
            [standing, *(source(self.slack, self.pace) for source in sources)],
            self.slack,
            self.pace,
            updates,
            clock,
        )

    def works(self):
        """One round of everything."""
        self.poster.post()
        self.updater.tick()


def note(key="ci:core", says="red", *, ended=False, to=HERE, kind=NoteKind.CI):
    return Note(key, to, kind, {"says": says}, ended)


def undrawable(key):
    """Return a note with a state that nobody can draw."""
    return Note(key, HERE, NoteKind.CI, {"nothing": "to say"})


def puts(database, clock, *notes):
    with database.write() as connection:
        for one in notes:
            put_note(connection, one, clock.now())
