"""CI over the pretend GitHub and Slack: replicas without an engine, on a clock moved by hand."""

import tempfile
from collections import Counter
from datetime import timedelta
from functools import cache
from itertools import count
from pathlib import Path

from bot.adapters.github.client import GitHub
from bot.adapters.github.commits import Commits
from bot.adapters.github.comparison import Comparisons
from bot.adapters.github.job_logs import JobLogs
from bot.adapters.github.workflow_runs import WorkflowRuns
from bot.adapters.slack import Slack
from bot.domain.catalog import Catalog
from bot.domain.ci.failures import Audience, Rule
from bot.messages.cards import Links
from bot.operations.ci.book import CiBook
from bot.operations.ci.drawing import CiDrawing
from bot.operations.ci.looking import CiLooking
from bot.operations.ci.telling import CiTelling
from bot.operations.ci.waiting import WaitingBehind
from bot.operations.ci.watch import CiWatch
from bot.operations.deliveries.github_deliveries import GitHubDeliveries
from bot.operations.deliveries.inbox import Delivery, Inbox
from bot.operations.notes import NoteKind
from bot.operations.notes.posting import POSTS, NotePoster
from bot.operations.notes.source import StandingNotes
from bot.operations.replicas.duty import Duty
from bot.operations.saying.alerts import Alerts
from bot.operations.saying.outbox import LETTERS, Outbox
from bot.operations.saying.pace import Pace
from bot.operations.saying.updater import UPDATES, Updater
from bot.operations.sql.database import Database, sqlite_path
from sandbox.github import GitHub as Fake
from sandbox.github.actions import Work
from sandbox.github.actions_api import told_of_run
from tests.adapters.github_world import token
from tests.operations.notes.ground import Standing
from tests.sandbox.slack_bot import BOT_TOKEN, slack_with

CHANNEL = "C0CI"
REPO = "acme/api"
BROKEN = Work("test", fails_at="Run npm test", says=("FAIL login",))


@cache
def _migrated():
    """Return a SQLite file with our tables, made once: that takes longer than most tests."""
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "a.db"
        _migrate_anew(f"sqlite:///{made}")
        return made.read_bytes()


def _migrate(url):
    file = sqlite_path(url)
    if file is None:
        _migrate_anew(url)
    else:
        file.write_bytes(_migrated())


def _migrate_anew(url):
    database = Database(url)
    database.migrate()
    with database.read() as connection:
        if database.is_sqlite:  # everything into the one file
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()


class Nobody:
    """Knows nobody."""

    def known(self, _person):
        return None


class Replica:
    """What one process does about CI."""

    def __init__(self, url, fake, slack, clock, name, rules, roster=None):
        self.database, self.clock = Database(url), clock
        self.github = GitHub(token("ghp_bot"), fake.api_url, timeout=5, clock=clock)
        client, pace = Slack(BOT_TOKEN, slack.api_url, timedelta(seconds=5)), Pace(clock)
        self.book = CiBook(self.database)
        catalog = Catalog({}, (), {})
        self.telling = CiTelling(self.book, rules, catalog, Alerts().put)
        self.watch = CiWatch(self.database, self.book, self.telling, rules, clock)
        self.logs = JobLogs(self.github, fake.api_url, timeout=5)
        self.looking = CiLooking(
            self.database,
            self.book,
            self.telling,
            WorkflowRuns(self.github),
            self.logs,
            Commits(self.github),
            WaitingBehind(catalog, {}, Comparisons(self.github)),
            roster or Nobody(),
            tuple,
            clock,
        )
        hears = GitHubDeliveries({"workflow_run": (self.watch.on_workflow_run,)})
        self.inbox = Inbox(self.database, {"github": hears.hear}, clock)
        draw = {NoteKind.CI: CiDrawing(Links("https://github.com")).draw}
        posts, updates = (Duty(self.database, clock, one, name) for one in (POSTS, UPDATES))
        self.poster = NotePoster(self.database, client, draw, pace, posts, clock)
        standing = StandingNotes(self.database, draw, clock)
        self.updater = Updater([standing], client, pace, updates, clock)
        letters = Duty(self.database, clock, LETTERS, name)
        self.outbox = Outbox(self.database, client, clock, pace, letters)

    def works(self):
        """One round of everything."""
        self.inbox.work()
        self.looking.look()
        self.poster.post()
        self.outbox.send()
        self.updater.tick()

    def close(self):
        self.inbox.close()
        self.logs.close()
        self.github.close()
        self.database.close()


class Ground:
    """The outside, and the *replicas* by number."""

    def __init__(self, folder, url, replicas=1, rules=None, roster=None):
        self.clock = Standing()
        self.fake = Fake(folder, self.clock)
        self.fake.start()
        self.fake.create_repository(REPO, {"a.txt": "a"})
        self.fake.add_token("ghp_bot", "bot")
        self.slack = slack_with(clock=self.clock)
        self.slack.add_channel(CHANNEL, "ci")
        _migrate(url)
        rules = rules or (Rule(("acme/*",), None, ("*",), Audience.CHANNEL, CHANNEL),)
        self.replicas = [
            Replica(url, self.fake, self.slack, self.clock, f"replica {n}", rules, roster)
            for n in range(replicas)
        ]
        self._guids = count()

    def close(self):
        for one in self.replicas:
            one.close()
        self.slack.stop()
        self.fake.stop()
        assert [] == self.slack.strange
        assert [] == self.fake.strange

    def runs(self, *works, workflow="ci", **words):
        """Let a workflow run; return what its webhook says."""
        run = self.fake.run_workflow(REPO, works, workflow=workflow, tell=False, **words)
        return self.says(run)

    def says(self, run):
        return told_of_run(self.fake.state, run)

    def delivery(self, body, guid=None):
        name = guid or f"guid-{next(self._guids)}"
        return Delivery("github", name, "workflow_run", body, self.clock.now())

    def hears(self, body, guid=None, replica=0):
        self.replicas[replica].inbox.take_in(self.delivery(body, guid))

    def settles(self, most=600):
        """Go on, a second at a time, until nothing is left to do."""
        quiet = 0
        for _ in range(most):
            calls = len(self.slack.calls) + len(self.fake.calls)
            for one in self.replicas:
                one.works()
            self.clock.at += timedelta(seconds=1)
            quiet = quiet + 1 if calls == len(self.slack.calls) + len(self.fake.calls) else 0
            if quiet > 7:
                return
        raise AssertionError("it never comes to rest")

    def messages(self):
        return [one.words for one in self.slack.messages(CHANNEL)]

    def replies(self, index=0):
        root = self.slack.messages(CHANNEL)[index].ts
        return [one.words for one in self.slack.messages(CHANNEL, thread=root)]

    def calls(self):
        """Return how often each method of Slack was called, and with which answer."""
        return Counter((call.route, call.status) for call in self.slack.calls)
