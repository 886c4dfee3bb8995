"""Where locks and freezes are asked for: books, people with rights, a clock that stands."""

from dataclasses import dataclass
from datetime import timedelta

from bot.domain.environment_policy import EnvironmentPolicy
from bot.domain.problems import Problem, Reason
from bot.domain.stops.freezes import calendar_freeze
from bot.domain.stops.until import zone_named
from bot.operations.books.act_book import ActBook
from bot.operations.books.freeze_book import FreezeBook
from bot.operations.books.lock_book import LockBook
from bot.operations.saying.outbox import Outbox
from bot.operations.standstill.freezing import Freezing
from bot.operations.standstill.lock_letters import LockLetters
from bot.operations.standstill.locking import Locking
from tests.builders import catalog, environment, target
from tests.operations.people import ALICE, BOB, CAROL, NOON

HOUR = timedelta(hours=1)
WEEKEND = calendar_freeze("Asia/Seoul", days="fri-sun", start="17:00")
"""NOON is a Saturday."""

HOMES = [target(service, "prod") for service in ("batch", "core")] + [target("core", "stage")]
RULES = EnvironmentPolicy("prod", freezes=(WEEKEND,))
PLACES = [environment("stage"), environment("prod", channel="C0PROD", rules=RULES)]


@dataclass
class Standing:
    """A clock that stands until a test moves it."""

    at: object = NOON
    speed: float = 1.0

    def now(self):
        return self.at

    def pause(self, span):
        return span.total_seconds() / self.speed


class Rights:
    """Who may, by Slack user: everything, or only some services. Others are refused."""

    def __init__(self):
        self.people = {one.slack: one for one in (ALICE, BOB, CAROL)}
        self.only = {}
        self.asked = []

    def may(self, user, action, services, place):
        self.asked.append((user, action.value, tuple(services), place))
        lacking = set(services) - self.only.get(user, set(services))
        if user in self.people and not lacking:
            return self.people[user]
        facts = {"user": user, "action": action.value, "environment": place, "teams": "sre"}
        return Problem(Reason.NOT_PERMITTED, facts)


class Ground:
    """Locks and freezes in one database."""

    def __init__(self, database, slack=None):
        self.database, self.clock, self.rights = database, Standing(), Rights()
        self.catalog = catalog(HOMES, PLACES)
        letters = LockLetters(self.catalog)
        self.lock_book = LockBook(database, letters.over)
        self.freeze_book = FreezeBook(database)
        self.acts = ActBook(database)
        self.zones = []
        shared = (self.catalog, self.rights.may, self.zone_of)
        self.locking = Locking(*shared, self.lock_book, self.acts, letters, self.clock)
        self.freezing = Freezing(*shared, self.freeze_book, self.acts, self.clock)
        self.slack = slack or Said()
        self.outbox = Outbox(database, self.slack, self.clock)

    def zone_of(self, user):
        self.zones.append(user)
        return zone_named("Asia/Seoul")

    def passes(self, span):
        self.clock.at += span

    def told(self):
        """Empty the outbox; return what was said since the last time, as (to whom, text)."""
        before = len(self.slack.said)
        self.outbox.send()
        return self.slack.said[before:]

    def deeds(self):
        return [(one.what.value, one.by, one.subject) for one in reversed(self.acts.latest())]


class Said:
    """Slack as far as the outbox needs it. *faults* are raised by the next calls to write.

    A fault that is marked as *late* comes after Slack took the message.
    """

    def __init__(self):
        self.said, self.keys, self.faults, self.late = [], {}, [], False

    def post(self, channel, message, *, key):
        return self._write(channel, message, key)

    def direct(self, user, message, *, key, since=None):
        if since is not None and self.find(user, key, since):
            return None
        return self._write(user, message, key)

    def find(self, place, key, since):
        return self.keys.get((place, key))

    def _write(self, place, message, key):
        if self.faults and not self.late:
            raise self.faults.pop(0)
        self.said.append((place, message.text))
        self.keys[place, key] = True
        if self.faults:
            raise self.faults.pop(0)
