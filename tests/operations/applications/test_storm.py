"""A thousand events of Argo CD in three seconds, heard by two replicas: few looks, few messages."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import sqlalchemy as sa

from bot.adapters.slack import Slack
from bot.domain.applications.story import Crowd
from bot.domain.observation import Health, Sync
from bot.messages.application_events import note
from bot.operations.applications.application_book import tellable
from bot.operations.deliveries.inbox import Delivery
from bot.operations.notes import NoteKind
from bot.operations.notes.posting import POSTS, NotePoster
from bot.operations.notes.source import StandingNotes
from bot.operations.replicas.duty import Duty
from bot.operations.saying.pace import Pace
from bot.operations.saying.updater import UPDATES, Updater
from bot.operations.sql.database import Database
from bot.operations.sql.tables import notes as note_rows
from tests.operations.applications.ground import (
    OLD,
    SECOND,
    ArgoCD,
    Replica,
    degraded,
    failed,
    several,
    shown,
)
from tests.operations.notes.ground import Standing
from tests.sandbox.slack_bot import BOT_TOKEN, slack_with

EVENTS, APPLICATIONS = 1000, 250
CHANNEL = "C0CI"


@pytest.fixture
def clock():
    return Standing()


@pytest.fixture
def slack(clock):
    pretend = slack_with(clock=clock)
    pretend.add_channel(CHANNEL, "ci")
    yield pretend
    pretend.stop()
    assert [] == pretend.strange


class Bot:
    """One replica: it watches, and posts and updates its notes in Slack."""

    def __init__(self, address, argocd, slack, clock, name):
        self.database = Database(address)
        self.watching = Replica(self.database, argocd, clock, several(APPLICATIONS)).watching
        client, pace = Slack(BOT_TOKEN, slack.api_url, timedelta(seconds=5)), Pace(clock)
        draw = {NoteKind.APPLICATION: lambda state, _now: note(tellable(state))}
        posts, updates = (Duty(self.database, clock, one, name) for one in (POSTS, UPDATES))
        self.poster = NotePoster(self.database, client, draw, pace, posts, clock)
        standing = StandingNotes(self.database, draw, clock)
        self.updater = Updater([standing], client, pace, updates, clock)

    def works(self):
        self.watching.round("main")
        self.poster.post()
        self.updater.tick()

    def close(self):
        self.watching.close()
        self.poster.close()
        self.database.close()


class Storm:
    """Two bots over one database, one Argo CD and one Slack."""

    def __init__(self, address, slack, clock):
        self.clock, self.slack, self.argocd = clock, slack, ArgoCD(clock)
        database = Database(address)
        database.migrate()
        database.close()
        self.bots = [Bot(address, self.argocd, slack, clock, name) for name in ("one", "two")]
        self.database = self.bots[0].database
        for number in range(APPLICATIONS):
            self.argocd.is_so(f"s{number}-stage")
        for bot in self.bots:
            bot.watching.listed("main", self.argocd.listing())
        self.passes(6)
        self.argocd.asked.clear()

    def happens(self, name, **changes):
        """Let something happen that everybody hears of, in both ways."""
        self.argocd.is_so(name, **changes)
        event = shown(self.argocd.applications["argocd", name])
        body = {"instance": "main", "ns": "argocd", "name": name}
        told = Delivery("argocd", "x", "degraded", body, self.clock.now())
        for bot in self.bots:
            bot.watching.heard("main", event)
        self.bots[self.argocd.version % 2].watching.delivered(told)

    def passes(self, seconds, step=1):
        """Let time pass; every so many seconds both bots work at once."""
        with ThreadPoolExecutor(2) as both:
            for _ in range(0, seconds, step):
                list(both.map(Bot.works, self.bots))
                self.clock.at += step * SECOND

    def tells(self):
        with self.database.read() as connection:
            rows = connection.execute(sa.select(note_rows).order_by(note_rows.c.id)).all()
        return [tellable(row.state) for row in rows]

    def shown(self):
        return [one.words for one in self.slack.messages(CHANNEL)]

    def calls(self):
        found = Counter((call.route, call.status) for call in self.slack.calls)
        assert {200} == {status for _, status in found}, found
        return found["chat.postMessage", 200], found["chat.update", 200]

    def close(self):
        for bot in self.bots:
            bot.close()


@pytest.fixture
def storm(postgres_server, slack, clock):
    with postgres_server.database() as address:
        made = Storm(address, slack, clock)
        yield made
        made.close()


def test_one_rollout(storm, clock, capsys):
    """One application, a thousand changes in three seconds, and in the end it is broken."""
    for number in range(EVENTS):
        image = (f"ghcr.io/xiilab/astrago-backend:{number}",)
        storm.happens("s0-stage", images=image, health=Health.PROGRESSING)
        if number % (EVENTS // 3) == EVENTS // 3 - 1:
            storm.passes(1)
    storm.happens("s0-stage", **degraded(revisions=(OLD,)))
    storm.passes(160, step=5)

    posts, updates = storm.calls()
    looks = storm.argocd.asked["look"]
    with capsys.disabled():
        print(
            f"\n{EVENTS} events of one rollout in 3 s, both ways, 2 replicas: {looks} looks,"
            f" {posts} message, {updates} updates"
        )
    (shown,) = storm.shown()
    assert "Degraded: s0 in stage" in shown
    assert (1, 0) == (posts, updates)
    assert looks < 20


def test_many_applications(storm, clock, capsys):
    """Two hundred and fifty fail at once, with four events each; half of them recover."""
    names = [f"s{number}-stage" for number in range(APPLICATIONS)]
    for turn in range(3):
        for name in names:
            image = (f"ghcr.io/xiilab/astrago-backend:{turn}",)
            storm.happens(name, sync=Sync.OUT_OF_SYNC, images=image)
        storm.passes(1)
    for name in names:
        storm.happens(name, **failed(clock))
    storm.passes(30)
    broken = storm.tells()
    for name in names[::2]:
        storm.happens(name, revisions=(OLD,))
    storm.passes(120, step=3)

    posts, updates = storm.calls()
    looks = storm.argocd.asked["look"]
    with capsys.disabled():
        print(
            f"{EVENTS} events of {APPLICATIONS} applications in 3 s, both ways, 2 replicas:"
            f" {looks} looks at Argo CD, {posts} messages, {updates} updates"
        )
    (crowd,) = [one for one in broken if isinstance(one, Crowd)]
    assert APPLICATIONS == crowd.standing + len(broken) - 1, "none is missed"
    assert 5 == len(storm.shown()) == posts
    (crowd,) = [one for one in storm.tells() if isinstance(one, Crowd)]
    singles = [one for one in storm.tells() if not isinstance(one, Crowd)]
    assert APPLICATIONS // 2 == crowd.standing + sum(one.stands for one in singles)
    told = [one for one in storm.shown() if f"{crowd.standing} of {crowd.total} more" in one]
    assert 1 == len(told), "each end is shown"
    assert updates < 40
    assert looks < 6 * APPLICATIONS
