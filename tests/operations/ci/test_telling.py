"""Who is told of a failure, when, and what is found out about it."""

from datetime import timedelta

import pytest
from werkzeug.wrappers import Response

from bot.domain.alerts import Happening, NotifyRule
from bot.domain.catalog import Catalog
from bot.domain.ci.failures import Audience, Rule
from bot.domain.ci.notes import Extent, Mute
from bot.domain.ci.runs import Origin, Series
from bot.operations.ci.mutes import mute_series
from bot.operations.ci.telling import CiTelling
from bot.operations.ci.watch import CiWatch
from bot.operations.deliveries.inbox import Delivery
from bot.operations.saying.alerts import Alerts
from bot.operations.sql.tables import alerts
from sandbox.github.actions import Work
from sandbox.wire import Fault, answer
from tests.operations.ci.ground import BROKEN, CHANNEL, REPO, Ground

GREEN = Work("test")
ALICE = "U0ALICE"


class Known:
    """Knows one person."""

    def known(self, person):
        return ALICE if person.login == "alice-kim" else None


@pytest.fixture
def ground(tmp_path):
    made = []

    def begin(rules=None, roster=None):
        url = f"sqlite:///{tmp_path / 'a.db'}"
        made.append(Ground(tmp_path, url, 1, rules, roster))
        return made[0]

    yield begin
    for one in made:
        one.close()


def rules(to):
    return (Rule(("acme/*",), None, ("*",), to, CHANNEL),)


def fails(ground, *works, **words):
    ground.hears(ground.runs(*(works or (BROKEN,)), **words))
    ground.settles()


def test_a_failure_after_a_recovery_is_a_new_message(ground):
    here = ground()
    fails(here)
    fails(here, GREEN)
    fails(here)
    first, second = here.messages()
    assert "🟢" in first
    assert "🔴" in second


def test_replies_come_at_most_every_ten_minutes_and_the_message_counts_all(ground):
    here = ground()
    for _ in range(4):
        fails(here)
    assert 1 == len(here.replies())
    assert "Failed 4 times" in here.messages()[0]
    here.clock.at += timedelta(minutes=10)
    fails(here)
    assert 2 == len(here.replies())


def test_without_the_right_to_read_actions_the_failure_is_told_all_the_same(ground):
    here = ground()
    refusal = {"message": "Resource not accessible by integration"}
    here.fake.arm("jobs", Fault(answer=lambda: answer(refusal, 403)), times=None)
    fails(here)
    (note,) = here.messages()
    assert "🔴 CI failed" in note
    assert "Resource not accessible by integration" in note


def test_github_away_for_a_while_costs_only_time(ground):
    here = ground()
    here.fake.arm("jobs", Fault(answer=lambda: Response(status=502)), times=9)
    here.hears(here.runs(BROKEN))
    here.replicas[0].works()
    assert "Reading which jobs failed" in here.messages()[0]
    here.clock.at += timedelta(minutes=10)
    here.settles()
    assert "FAIL login" in here.messages()[0]


def test_github_away_for_long_is_said(ground):
    here = ground()
    here.fake.arm("jobs", Fault(answer=lambda: Response(status=502)), times=None)
    here.hears(here.runs(BROKEN))
    for _ in range(8):
        here.replicas[0].works()
        here.clock.at += timedelta(minutes=10)
    here.settles()
    assert "answered 502" in here.messages()[0]


def test_at_a_stop_nothing_more_is_looked_into(ground):
    here = ground()
    here.hears(here.runs(BROKEN))
    here.replicas[0].looking.stop()
    here.settles()
    assert "Reading which jobs failed" in here.messages()[0]
    assert 0 == sum(call.route == "jobs" for call in here.fake.calls)


def test_a_step_is_called_like_its_command_and_tells_no_secret_either(ground):
    here = ground()
    fails(here, Work("deploy", fails_at="Run ./deploy --password=hunter2", says=("no",)))
    assert "Run ./deploy --password=***" in here.messages()[0]


def test_a_log_that_cannot_be_read_leaves_the_jobs(ground):
    here = ground()
    here.fake.arm("logs", Fault(answer=lambda: answer({"message": "Gone"}, 410)), times=None)
    fails(here)
    assert "Run npm test" in here.messages()[0]
    assert "FAIL login" not in here.messages()[0]


def test_what_was_found_of_an_older_failure_is_not_told_of_a_newer_one(ground):
    here = ground()
    replica = here.replicas[0]
    here.hears(here.runs(BROKEN))
    replica.inbox.work()
    (due,) = replica.book.due(here.clock.now(), 10)
    newer = Work("deploy", fails_at="Run kubectl", says=("no cluster",))
    body = here.runs(newer)
    meanwhile = replica.looking._runs.failed_jobs

    def slow(repository, run, attempt):
        found = meanwhile(repository, run, attempt)
        if run == due.track.episode.last.id:
            replica.watch.on_workflow_run(Delivery("github", "x", "", body, here.clock.now()))
        return found

    replica.looking._runs.failed_jobs = slow
    here.settles()
    assert "no cluster" in here.messages()[0]
    assert "FAIL login" not in here.messages()[0]


@pytest.mark.parametrize(
    ("to", "by", "in_channel", "in_person"),
    [
        pytest.param(Audience.CHANNEL, "alice-kim", 1, 0, id="the channel"),
        pytest.param(Audience.AUTHOR, "alice-kim", 0, 1, id="the author"),
        pytest.param(Audience.AUTHOR, "stranger", 1, 0, id="an author whom nobody knows"),
        pytest.param(Audience.BOTH, "alice-kim", 1, 1, id="both"),
        pytest.param(Audience.NOBODY, "alice-kim", 0, 0, id="nobody"),
    ],
)
def test_who_is_told(ground, to, by, in_channel, in_person):
    here = ground(rules(to), Known())
    fails(here, by=by)
    fails(here, GREEN, by=by)
    own = [one.words for one in here.slack.dm(ALICE) if one.thread is None]
    assert (in_channel, in_person) == (len(here.messages()), len(own))
    assert all("🟢" in one for one in [*here.messages(), *own])


def test_who_writes_much_that_fails_at_once_is_not_flooded(ground):
    here = ground(rules(Audience.AUTHOR), Known())
    for number in range(12):
        here.hears(here.runs(BROKEN, workflow=f"ci-{number}"))
    here.settles()
    own = [one for one in here.slack.dm(ALICE) if one.thread is None]
    assert (8, 4) == (len(own), len(here.messages()))


def mute(here, body, extent=Extent.BRANCH, **span):
    """Mute the workflow of *body* from now on."""
    replica, now = here.replicas[0], here.clock.now()
    run = body["workflow_run"]
    series = Series(REPO, Origin.ACTIONS, str(run["workflow_id"]), run["head_branch"])
    with replica.database.write() as connection:
        mute_series(connection, series, Mute(extent, "U0BOB", now, now + timedelta(**span)))


def test_what_begins_while_it_is_muted_is_told_by_the_next_failure_after_it(ground):
    here = ground()
    mute(here, here.runs(GREEN), hours=1)
    fails(here)
    assert [] == here.messages()
    here.clock.at += timedelta(hours=2)
    fails(here)
    (note,) = here.messages()
    assert "Failed 2 times" in note


def test_a_muted_failure_that_recovers_is_never_told(ground):
    here = ground()
    mute(here, here.runs(GREEN), Extent.WORKFLOW, hours=1)
    fails(here)
    fails(here, GREEN)
    assert [] == here.messages()


def alerting(here, happenings=()):
    rule = NotifyRule("PAGER", frozenset(happenings))
    replica = here.replicas[0]
    put = Alerts((rule,)).put
    replica.telling = CiTelling(replica.book, rules(Audience.CHANNEL), Catalog({}, (), {}), put)
    watch = CiWatch(
        replica.database, replica.book, replica.telling, rules(Audience.CHANNEL), here.clock
    )
    return lambda body: watch.on_workflow_run(here.delivery(body))


def told_beside(here):
    with here.replicas[0].database.read() as connection:
        rows = connection.execute(alerts.select().order_by(alerts.c.id)).all()
    return [(row.alert["happening"], row.dedup, row.resolves) for row in rows]


def test_others_than_slack_are_told_of_the_first_failure_and_of_the_end(ground):
    here = ground()
    hear = alerting(here)
    for body in (here.runs(BROKEN), here.runs(BROKEN), here.runs(GREEN), here.runs(GREEN)):
        hear(body)
    expected = [
        (Happening.CI_FAILED.value, "ci:1.1", False),
        (Happening.CI_RECOVERED.value, "ci:1.1", True),
    ]
    assert expected == told_beside(here)


def test_nobody_is_woken_by_what_is_muted(ground):
    here = ground()
    hear = alerting(here, [Happening.CI_FAILED])
    mute(here, here.runs(GREEN), hours=1)
    hear(here.runs(BROKEN))
    hear(here.runs(GREEN))
    assert [] == told_beside(here)
