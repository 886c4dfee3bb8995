"""A pretended Slack and GitHub with the same people in them, and the real adapters before both."""

from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta

from bot.adapters.github.membership_cache import MembershipCache
from bot.adapters.github.teams import Teams
from bot.adapters.slack import Slack
from bot.config import People as Configured
from bot.config import Source
from bot.operations.books.identity_book import IdentityBook
from bot.operations.identity.people import People
from bot.operations.sql.database import Database
from sandbox.slack import Slack as PretendSlack
from tests import databases
from tests.adapters.github_world import HandClock, World
from tests.sandbox.slack_bot import ALICE, BOT_TOKEN, slack_with

BOB, TEAM = "U0BOB", "T0ACME"
ALICE_ID, BOB_ID = 101, 102


@dataclass
class PersonWorld:
    """Both outsides, our memory, and what was asked of them. *configured* may be replaced."""

    github: World
    slack: PretendSlack
    database: Database
    configured: Configured
    organization: str | None = "acme"
    team: str | None = ""
    remember: timedelta = timedelta()
    _open: list[People] = field(default_factory=list)

    def people(self) -> People:
        """Return the reader of people as it is configured now, with an empty memory."""
        adapter = Slack(BOT_TOKEN, self.slack.api_url, timedelta(seconds=5))
        adapter.whoami()
        teams = Teams(self.github.door())
        made = People(
            self.configured,
            self.organization,
            lambda: self.slack.workspace.team if self.team == "" else self.team,
            adapter,
            teams,
            MembershipCache(teams, self.clock),
            self.book,
            self.clock,
            self.remember,
        )
        self._open.append(made)
        self.github.fake.calls.clear()
        self.slack.calls.clear()
        return made

    @property
    def clock(self) -> HandClock:
        """Return the one clock of all of them."""
        return self.github.clock

    @property
    def book(self) -> IdentityBook:
        """Return what is remembered of accounts."""
        return IdentityBook(self.database)

    def asked(self) -> list[str]:
        """Return every request that left the bot, of both systems."""
        return sorted([*self.github.routes(), *(call.route for call in self.slack.calls)])

    def close(self) -> None:
        """Close every reader."""
        for each in self._open:
            each.close()


@contextmanager
def person_world(path, **options):
    """Lend a world in which alice is in sre below platform, ivy is invited, bob is in nothing."""
    database = databases.opened(path)
    with World(path, {"a": b"1"}) as github:
        fake = github.fake
        fake.add_user("alice", number=ALICE_ID)
        fake.add_user("bob", number=BOB_ID)
        fake.add_team("acme", "platform")
        fake.add_team("acme", "sre", ["alice"], parent="platform")
        fake.add_team("acme", "release")
        fake.add_member("acme", "sre", "ivy", state="pending")
        slack = slack_with(clock=github.clock)
        logins = {ALICE: "alice", BOB: "bob"}
        configured = Configured((Source.MAP,), logins)
        world = PersonWorld(github, slack, database, configured, **options)
        try:
            yield world
        finally:
            world.close()
            slack.stop()
            database.close()
    assert [] == slack.strange
