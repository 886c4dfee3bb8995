"""Reports as a whole, over a database, from what a reader saw; nobody outside is asked."""

from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace

import pytest

from bot.adapters.github.commits import Relation
from bot.adapters.github.comparison import Comparison
from bot.domain.alerts import Happening, NotifyRule
from bot.domain.drift.cron import Cron
from bot.domain.drift.items import Changed, DriftKind
from bot.domain.drift.reporting import ROWS, Report
from bot.domain.drift.schedules import DriftPlan, Schedule
from bot.domain.drift.sight import Sighted
from bot.domain.errors import NotFound, Rejected, Unavailable
from bot.domain.observation import Health, Resource, Sync
from bot.operations.books.act_book import ActBook, Deed
from bot.operations.drift.drift_book import DriftBook
from bot.operations.drift.drifting import LOOK, SETTLE, Drifting
from bot.operations.drift.enriching import Enricher
from bot.operations.notes import NoteBook, NoteKind
from bot.operations.saying.alerts import Alerts
from bot.operations.sql.codec import load
from tests import databases
from tests.builders import NOON, catalog
from tests.domain.drift.ground import NEW, OLD, home, places, seen, sight
from tests.operations.standing_ground import Standing

NAMES = [f"s{n:02}" for n in range(25)]
TARGETS = [home(name, place) for name in NAMES for place in ("stage", "prod")]
CATALOG = catalog(TARGETS, places())
HOURLY = Schedule("hourly", Cron.parse("0 * * * *", "UTC"), ("stage", "prod"), "C0DRIFT")
HOUR = timedelta(hours=1)
OUT = {"sync": Sync.OUT_OF_SYNC, "resources": (Resource("Deployment", "x", sync=Sync.OUT_OF_SYNC),)}


class Reader:
    """What was seen, as a test says: by target, what is otherwise than in order."""

    def __init__(self, clock):
        self.clock, self.changes, self.looks = clock, {}, []

    def look(self, environments, *, whole):
        self.looks.append(whole)
        apps, git = {}, {}
        for one in TARGETS:
            change = self.changes.get(one.name, {})
            apps[one.application] = Sighted(
                seen(one, **{"reconciled_at": self.clock.now(), **change}), whole=whole
            )
            git[one.service, one.environment] = change.get("tags", (OLD,))[0]
        return replace(sight(), at=self.clock.now(), applications=apps, git=git)

    def head(self, _branch):
        return "h" * 40


class Git:
    """Commits, comparisons and files; each call is counted."""

    def __init__(self):
        self.asked, self.between_them, self.changed = [], {}, {}

    def resolve(self, _repo, version):
        return SimpleNamespace(sha=version)

    def between(self, repo, base, head):
        self.asked.append(repo)
        found = self.between_them.get(repo, Comparison(Relation.AHEAD, 3, 0))
        if isinstance(found, Exception):
            raise found
        return found

    def last_changes(self, repo, _head, paths):
        self.asked.append((repo, tuple(paths)))
        return {path: Changed("c" * 40, "https://x/c", "Kim", NOON) for path in paths}


class Slack:
    def __init__(self):
        self.uploaded, self.fault = [], None

    def upload(self, name, content, alt):
        if self.fault:
            raise self.fault
        self.uploaded.append((name, content, alt))
        return f"F0SHIP{len(self.uploaded):04d}"


class Ground:
    def __init__(self, database, rules=()):
        self.database, self.clock, self.git, self.slack = database, Standing(), Git(), Slack()
        self.reader = Reader(self.clock)
        self.drifting = self.another(rules)

    def another(self, rules=()):
        enricher = Enricher(CATALOG, self.git, self.git, self.git, self.reader)
        return Drifting(
            CATALOG,
            DriftPlan((HOURLY,)),
            self.reader,
            enricher,
            self.database,
            DriftBook(self.database),
            self.slack,
            Alerts(rules).put,
            self.clock,
        )

    def passes(self, span):
        self.clock.at += span

    def reports(self):
        drift = NoteBook(self.database)
        every = [*drift.standing(NoteKind.DRIFT)]
        return [(one.key, load(Report, one.state)) for one in every]

    def next(self):
        """Return the next hour's report."""
        self.passes(HOUR)
        self.drifting.report()
        ((_, report),) = self.reports()
        return report


@pytest.fixture(scope="module", params=["sqlite"])
def address(tmp_path_factory):
    return databases.sqlite(tmp_path_factory.mktemp("drifting"))


@pytest.fixture
def ground(database):
    made = Ground(database)
    made.drifting.report()  # the schedule begins
    return made


def keys(report):
    return [row.item.key for row in report.rows]


def behind(*names):
    return {f"{one}/stage": {"tags": (NEW,)} for one in names}


def test_only_what_is_shown_is_compared_and_never_twice(ground):
    ground.reader.changes = behind(*NAMES)
    report = ground.drifting.asked(("prod",))
    assert (ROWS, len(NAMES) - ROWS) == (len(report.rows), report.hidden)
    assert {3} == {row.item.what.missing for row in report.rows}
    assert ROWS == len(ground.git.asked)
    ground.drifting.asked(("prod",))
    assert ROWS == len(ground.git.asked)


def test_the_next_page_shows_what_follows_without_a_new_look(ground):
    ground.reader.changes = behind(*NAMES)
    first = ground.drifting.asked(("prod",))
    looks = len(ground.reader.looks)
    second = ground.drifting.page(("prod",), ROWS)
    third = ground.drifting.page(("prod",), 2 * ROWS)
    assert looks == len(ground.reader.looks)
    every = [*keys(first), *keys(second), *keys(third)]
    assert sorted(f"behind/prod/{one}" for one in NAMES) == sorted(every)
    assert (ROWS, 0) == (second.start, third.hidden)
    assert () == ground.drifting.page(("prod",), 999).rows


def test_what_turns_out_to_be_the_same_commit_is_no_drift(ground):
    ground.reader.changes = behind("s00", "s01")
    ground.git.between_them["acme/s00"] = Comparison(Relation.IDENTICAL)
    report = ground.drifting.asked(("prod",))
    assert ["behind/prod/s01"] == keys(report)
    assert 1 == report.tallies[0].drifted
    assert ["behind/prod/s01"] == keys(ground.drifting.page(("prod",), 0))


def test_what_cannot_be_compared_says_why_and_is_asked_again(ground):
    ground.reader.changes = behind("s00")
    ground.git.between_them["acme/s00"] = NotFound("GitHub", "compare", "no such commit")
    (row,) = ground.drifting.asked(("prod",)).rows
    assert (None, "no such commit") == (row.item.what.missing, row.item.what.why)
    ground.git.between_them.clear()
    (row,) = ground.drifting.asked(("prod",)).rows
    assert 3 == row.item.what.missing


def test_who_changed_it_is_asked_once_for_all_rows_of_a_branch(ground):
    ground.reader.changes = {f"s{n:02}/prod": OUT for n in range(5)}
    report = ground.drifting.asked(("prod",))
    assert {"Kim"} == {row.item.what.changed.author for row in report.rows}
    assert 1 == len(ground.git.asked)


def test_a_report_marks_what_is_new_and_tells_what_is_gone_once(ground):
    ground.reader.changes = {"s00/prod": OUT}
    first = ground.next()
    assert [False] == [row.new for row in first.rows]  # nothing was ever told before
    ground.reader.changes = {"s01/prod": OUT}
    second = ground.next()
    assert [("out_of_sync/prod/s01-prod", True)] == [(r.item.key, r.new) for r in second.rows]
    assert ["out_of_sync/prod/s00-prod"] == [one.key for one in second.gone]
    third = ground.next()
    assert ([False], ()) == ([row.new for row in third.rows], third.gone)
    deeds = [(one.what, one.subject) for one in ActBook(ground.database).latest(limit=3)]
    assert (Deed.DRIFT_GONE, "s00/prod") in deeds
    assert (Deed.DRIFT_FOUND, "s01/prod") in deeds


def test_it_stands_since_a_look_saw_it_first(ground):
    ground.reader.changes = {"s00/prod": OUT}
    ground.drifting.look()
    began = ground.clock.now()
    ground.passes(LOOK / 2)
    ground.drifting.look()
    assert [False] == ground.reader.looks  # one look in ten minutes, and none that is whole
    report = ground.next()
    assert began == report.rows[0].since


def test_of_two_replicas_one_looks_and_one_reports(ground):
    other = ground.another()
    ground.passes(HOUR)
    for one in (ground.drifting, other):
        one.look()
        one.report()
    assert [False, True] == ground.reader.looks
    assert 1 == len(ground.reports())


def test_the_older_report_of_a_schedule_changes_no_more(ground):
    ground.next()
    ground.next()
    assert 1 == len(ground.reports())  # the others have ended


def test_the_picture_comes_when_slack_is_done_with_it(ground):
    ground.reader.changes = {"s00/prod": OUT}
    report = ground.next()
    ((name, content, alt),) = ground.slack.uploaded
    assert ("drift.png", True) == (name, content.startswith(b"\x89PNG"))
    assert report.picture is None
    ground.drifting.hang()
    assert ground.reports()[0][1].picture is None
    ground.passes(SETTLE)
    ground.drifting.hang()
    assert alt == ground.reports()[0][1].picture.alt


@pytest.mark.parametrize(
    "fault",
    [Unavailable("Slack", "take a file", "away"), Rejected("Slack", "take a file", "too large")],
)
def test_a_report_needs_no_picture(ground, fault):
    ground.slack.fault = fault
    ground.reader.changes = {"s00/prod": OUT}
    assert ["out_of_sync/prod/s00-prod"] == keys(ground.next())
    ground.passes(SETTLE)
    ground.drifting.hang()
    assert ground.reports()[0][1].picture is None


def test_where_nothing_drifted_nothing_is_drawn(ground):
    assert () == ground.next().rows
    assert [] == ground.slack.uploaded


def test_what_is_degraded_for_a_moment_is_not_told(ground):
    ground.reader.changes = {"s00/prod": {"health": Health.DEGRADED}}
    assert () == ground.drifting.asked(("prod",)).rows
    ground.passes(timedelta(minutes=15))
    assert [DriftKind.UNWELL] == [row.item.kind for row in ground.drifting.asked(("prod",)).rows]


def test_other_channels_hear_how_much_and_when_there_is_none_any_more(database):
    ground = Ground(database, (NotifyRule("pager", frozenset({Happening.DRIFT})),))
    ground.drifting.report()
    ground.reader.changes = {"s00/prod": OUT}
    ground.next()
    ground.reader.changes = {}
    ground.next()
    from sqlalchemy import select

    from bot.operations.sql.tables import alerts

    with database.read() as connection:
        told = [
            (row.dedup, row.resolves, row.alert["title"], row.alert["text"])
            for row in connection.execute(select(alerts).order_by(alerts.c.id))
            if row.dedup.endswith("prod")
        ]
    assert [
        (
            "drift:hourly:prod",
            False,
            "1 thing drifted in prod",
            "The cluster is not as Git says: s00-prod",
        ),
        ("drift:hourly:prod", True, "No drift in prod", ""),
    ] == told
