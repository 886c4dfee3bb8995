"""Logins that end or are refused, and clocks that disagree, are told before they stop the work."""

from datetime import timedelta
from email.utils import format_datetime

import pytest
import sqlalchemy as sa
from structlog.testing import capture_logs

from bot.adapters.calls import Answered
from bot.domain.alerts import NotifyRule
from bot.domain.errors import Unavailable
from bot.operations.pulse import Pulse, PulseLetters
from bot.operations.saying.alerts import Alerts
from bot.operations.sql.tables import alerts, outbox
from tests.adapters.github_world import HandClock

VARIABLES = {
    "Slack": "SLACK_BOT_TOKEN",
    "GitHub": "GITHUB_APP_PRIVATE_KEY",
    "Argo CD main": "ARGOCD_AUTH_TOKEN_MAIN",
}


class Ground:
    """A pulse over a clock in our hands, and who is told."""

    def __init__(self, database):
        self.clock, self.database, self.ends = HandClock(), database, {}
        self.pulse = Pulse(VARIABLES, self.clock, self.clock.now)
        self.pulse.know_ends(lambda: self.ends)
        rules = (NotifyRule("PAGER"),)
        self.letters = PulseLetters(self.pulse, database, Alerts(rules), "C0BAD", self.clock)

    def hear(self, system, refused="", ahead=0.0):
        date = format_datetime(self.clock.now() - timedelta(seconds=ahead), usegmt=True)
        self.pulse.heard(Answered(system, date, 0.0, refused))

    def look(self, **later):
        self.clock.move(timedelta(**later))
        self.letters.look()

    def said(self):
        """Return what the channel was told, oldest first."""
        with self.database.read() as connection:
            rows = connection.execute(sa.select(outbox).order_by(outbox.c.id)).all()
        assert {"C0BAD"} >= {row.receiver for row in rows}
        return [row.text for row in rows]

    def alerted(self):
        """Return title and whether it resolves, of what the pager was told."""
        with self.database.read() as connection:
            rows = connection.execute(sa.select(alerts).order_by(alerts.c.id)).all()
        return [(row.alert["title"], row.resolves) for row in rows]


@pytest.fixture
def ground(database):
    return Ground(database)


def test_nothing_is_said_while_all_is_well(ground):
    for system in VARIABLES:
        ground.hear(system)
    ground.look(minutes=5)
    assert ([], [], {}) == (ground.said(), ground.alerted(), ground.pulse.worries())


def test_a_token_that_ends_is_told_in_the_channel_every_day_of_its_last_week(ground):
    ground.ends["Argo CD main"] = ground.clock.now() + timedelta(days=5, hours=1)
    for _ in range(3):
        ground.look(minutes=10)
    (said,) = ground.said()
    assert (
        "⚠️ Our token for Argo CD main ends in 5 days. Make a new one with "
        "`argocd proj role create-token PROJECT shipmate` and put it into "
        "`ARGOCD_AUTH_TOKEN_MAIN`."
    ) == said
    ground.look(days=1)
    assert 2 == len(ground.said())
    assert ["Argo CD main"] == list(ground.pulse.worries())


def test_who_was_told_of_a_token_hears_that_there_is_a_new_one(ground):
    ground.ends["Argo CD main"] = ground.clock.now() + timedelta(days=1)
    ground.look()
    ground.ends["Argo CD main"] = ground.clock.now() + timedelta(days=90)
    ground.look(minutes=1)
    assert [
        ("Our token for Argo CD main ends in 1 day.", False),
        ("Argo CD main: login is well", True),
    ] == ground.alerted()


def test_a_refused_login_is_logged_once_and_told_once_a_day(ground):
    with capture_logs() as logged:
        for _ in range(3):
            ground.hear("GitHub", "Bad credentials")
            ground.look(minutes=2)
    assert ["our login is refused"] == [one["event"] for one in logged]
    (said,) = ground.said()
    assert (
        "⚠️ GitHub does not take our login: Bad credentials. Put a fresh one into "
        "`GITHUB_APP_PRIVATE_KEY`."
    ) == said
    assert 1.0 == ground.pulse.refusals()["GitHub"]
    ground.hear("GitHub")
    ground.look(minutes=1)
    assert {} == ground.pulse.worries()
    assert 0.0 == ground.pulse.refusals()["GitHub"]


def test_a_login_that_is_refused_for_a_moment_is_no_news(ground):
    ground.hear("GitHub", "Bad credentials")
    ground.look(seconds=10)
    ground.hear("GitHub")
    ground.look(minutes=2)
    assert ([], []) == (ground.said(), ground.alerted())


def test_that_slack_refuses_us_is_not_said_in_slack(ground):
    ground.hear("Slack", "token_revoked")
    ground.look(minutes=2)
    assert [] == ground.said()
    assert [("Slack does not take our login: token_revoked.", False)] == ground.alerted()


def test_an_ended_token_is_one_thing_to_tell_not_two(ground):
    ground.ends["Argo CD main"] = ground.clock.now() - timedelta(hours=1)
    ground.hear("Argo CD main", "401")
    ground.look(minutes=2)
    assert 1 == len(ground.said())
    assert "has ended" in ground.said()[0]


@pytest.mark.parametrize(
    ("ahead", "words"), [(95.5, "1 min 35 s ahead of"), (-94.5, "1 min 34 s behind")]
)
def test_a_clock_that_is_off_is_told_with_what_mends_it(ground, ahead, words):
    with capture_logs() as logged:
        ground.hear("GitHub", ahead=ahead)
        ground.hear("GitHub", ahead=ahead)
    ground.look()
    assert ["clocks disagree"] == [one["event"] for one in logged]
    assert f"Our clock is {words} that of GitHub." in ground.said()[0]
    assert "timedatectl set-ntp true" in ground.pulse.worries()["clock (GitHub)"]
    ground.hear("GitHub")
    ground.look(minutes=1)
    assert [False, True] == [resolves for _, resolves in ground.alerted()]
    assert abs(ground.pulse.skews()["GitHub"]) <= timedelta(seconds=1)


def test_who_refuses_us_is_asked_again_until_it_does_not(ground):
    """Else an idle bot that is not ready would stay so: nobody sends it anything to do."""
    asked = []

    def prove():
        asked.append("Slack")
        ground.hear("Slack", "" if len(asked) == 2 else "token_revoked")
        raise Unavailable("Slack", "say who we are")

    ground.letters._prove = {"Slack": prove}
    ground.look(minutes=1)
    ground.hear("Slack", "token_revoked")
    for _ in range(4):
        ground.look(minutes=1)
    assert 2 == len(asked)
    assert ground.pulse.refused("Slack") is None


def test_a_second_process_tells_nobody_again(ground):
    ground.hear("GitHub", "Bad credentials")
    ground.look(minutes=2)
    other = Ground(ground.database)
    other.clock.at = ground.clock.at - timedelta(minutes=2)
    other.hear("GitHub", "Bad credentials")
    other.look(minutes=2)
    assert (1, 1) == (len(ground.said()), len(ground.alerted()))


def test_the_servers_clock_is_looked_at_where_the_database_is_a_server(database):
    ahead = database.clock_ahead(Ground(database).clock.now)
    assert (ahead is None) is database.is_sqlite
