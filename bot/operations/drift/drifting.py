"""Drift, looked at, written down and reported: by its schedules, and whenever somebody asks."""

import hashlib
import threading
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

import sqlalchemy as sa
import structlog

from bot.adapters.slack import Slack
from bot.clock import Clock
from bot.domain.catalog import Application, Catalog
from bot.domain.drift.finding import Found, findings
from bot.domain.drift.heat import Heat, heat
from bot.domain.drift.items import Behind, DriftKind, Item, Told
from bot.domain.drift.reporting import (
    MOST_GONE,
    MOST_QUIET,
    ROWS,
    Picture,
    Report,
    Row,
    gone,
    is_same,
    loud,
    marked,
    ordered,
    tallies,
)
from bot.domain.drift.schedules import DriftPlan, Schedule
from bot.domain.drift.sight import Sight, Sighted
from bot.domain.errors import BotError
from bot.messages.drifting import heatmap
from bot.messages.drifting.drift_alerts import alerts
from bot.operations.books.act_book import Act, Deed, write_act
from bot.operations.drift.drift_book import DriftBook, target_of
from bot.operations.drift.enriching import Enricher
from bot.operations.drift.reading import DriftReader
from bot.operations.drift.report_book import ReportBook, Taken
from bot.operations.notes import Note, NoteBook, NoteKind, put_note, take_notes
from bot.operations.saying.alerts import PutAlerts
from bot.operations.saying.outbox import ToChannel
from bot.operations.sql.codec import dump, load
from bot.operations.sql.database import DATABASE, Database

log = structlog.get_logger(__name__)

LOOK = timedelta(minutes=10)
"""How often drift is looked for between reports, so that it is known since when it stands."""

LOOKING = "(look)"
"""The name of that schedule; no report can be called so."""

SETTLE = timedelta(seconds=8)
"""How long Slack may take to make an uploaded picture of a file: until then no message may show it.

Source: https://github.com/slackapi/python-slack-sdk/issues/1521
"""

US = "shipmate"
_NOTHING = Found(())


@dataclass(frozen=True, slots=True)
class _Made:
    """A report, everything that stands, and the picture of it."""

    report: Report
    items: tuple[Item, ...]
    heat: Heat


@dataclass(frozen=True, slots=True)
class _Hanging:
    """A picture that was uploaded, to be shown in the note *key* from *at* on."""

    key: str
    picture: Picture
    at: datetime


Alter = Callable[[Report], Report]


class Drifting:
    """Looks, writes down, reports. Every method is for any thread."""

    def __init__(
        self,
        catalog: Catalog,
        plan: DriftPlan,
        reader: DriftReader,
        enricher: Enricher,
        database: Database,
        book: DriftBook,
        slack: Slack,
        put_alerts: PutAlerts,
        clock: Clock,
    ) -> None:
        self._catalog, self._plan, self._clock = catalog, plan, clock
        self._reader, self._enricher, self._slack = reader, enricher, slack
        self._book, self._schedules = book, ReportBook(database)
        self._notes, self._database, self._put_alerts = NoteBook(database), database, put_alerts
        self._guard = threading.Lock()
        self._hanging: list[_Hanging] = []

    def look(self) -> None:
        """Write down what drifted, if that is due; of several replicas one does it.

        Raises:
            Unavailable: our own database is away.
        """
        now = self._clock.now()
        every = LOOK.total_seconds()
        due = datetime.fromtimestamp(now.timestamp() // every * every, now.tzinfo)
        if self._schedules.begin(LOOKING, now - LOOK) >= due:
            return
        taken = self._schedules.take(LOOKING, due, now)
        if taken is not None:
            self._see(tuple(self._catalog.environments), whole=False)
            self._schedules.finish(taken, None, self._clock.now(), _nothing)

    def report(self) -> None:
        """Make every report that is due; what was missed while we were away comes as one.

        Raises:
            Unavailable: our own database is away.
        """
        for schedule in self._plan.schedules:
            now = self._clock.now()
            due = schedule.cron.latest(self._schedules.begin(schedule.name, now), now)
            taken = self._schedules.take(schedule.name, due, now) if due is not None else None
            if taken is not None:
                self._tell(schedule, taken)

    def hang(self) -> None:
        """Show the pictures that Slack is done with in their reports.

        Raises:
            Unavailable: our own database is away.
        """
        now = self._clock.now()
        with self._guard:
            due = [one for one in self._hanging if one.at <= now]
            self._hanging = [one for one in self._hanging if one.at > now]
        for one in due:
            self.change(one.key, partial(_hung, picture=one.picture))

    def asked(self, environments: Collection[str]) -> Report:
        """Return the report of *environments* as they are now.

        Raises:
            Unavailable: our own database is away.
        """
        return self._make("", tuple(environments)).report

    def page(self, environments: Collection[str], start: int) -> Report:
        """Return the rows from the place *start* on, as they were seen last.

        Raises:
            Unavailable: our own database is away.
        """
        return self._drawn("", tuple(environments), start, _NOTHING).report

    def change(self, key: str, alter: Alter) -> None:
        """Alter the report that the note *key* shows; where there is none, nothing happens.

        Raises:
            Unavailable: our own database is away.
        """
        now = self._clock.now()
        with self._database.write() as connection:
            for note in take_notes(connection, key):
                report = alter(load(Report, note.state))
                put_note(connection, replace(note, state=dump(Report, report)), now)

    def replied(self, row: Row) -> None:
        """Show in every report that tells of *row* what was said to it."""
        if row.replied is None:
            return
        said = row.replied
        for note in self._notes.standing(NoteKind.DRIFT):
            report = load(Report, note.state)
            if any(one.id == row.id for one in report.rows):
                self.change(note.key, lambda report: report.with_reply(row.id, said))

    # how a report is made

    def _tell(self, schedule: Schedule, taken: Taken) -> None:
        last = self._schedules.told(schedule.name)
        made = self._make(schedule.name, schedule.environments, last)
        report, now = made.report, self._clock.now()
        key = f"drift:{schedule.name}:{taken.tick:%Y-%m-%dT%H:%MZ}"
        note = Note(key, ToChannel(schedule.channel), NoteKind.DRIFT, dump(Report, report))
        told = tuple(Told(one.key, one.services) for one in made.items)
        kept = _kept(last or (), made.items, report.gone)

        older = [
            one.key
            for one in self._notes.standing(NoteKind.DRIFT)
            if one.key.startswith(f"drift:{schedule.name}:") and one.key != key
        ]

        def also(connection: sa.Connection) -> None:
            for one in [each for name in older for each in take_notes(connection, name)]:
                put_note(connection, replace(one, ended=True), now)
            put_note(connection, note, now)
            for act in _acts(made.items, last, report.gone, key, now):
                write_act(connection, act)
            self._put_alerts(connection, alerts(report), now)

        if self._schedules.finish(taken, (*told, *kept), now, also):
            log.info("drift reported", report=schedule.name, rows=len(report.rows))
            if report.rows or report.quiet:
                self._draw(key, made.heat)

    def _make(
        self, name: str, environments: tuple[str, ...], last: tuple[Told, ...] | None = None
    ) -> _Made:
        found = self._see(environments, whole=True)
        return self._drawn(name, environments, 0, found, last)

    def _drawn(
        self,
        name: str,
        environments: tuple[str, ...],
        start: int,
        found: Found,
        last: tuple[Told, ...] | None = None,
    ) -> _Made:
        """Return the report of what is written down."""
        now = self._clock.now()
        standing = [
            replace(row, item=self._enricher.known(row.item))
            for row in self._book.standing(environments)
        ]
        standing = [row for row in standing if not is_same(row.item)]
        shown, quiet = loud(standing, now)
        rows = ordered(marked(shown, last), self._catalog)
        first, hidden = self._enricher.first(rows, start, ROWS)
        same = {row.id for row in rows[start : len(rows) - hidden]} - {row.id for row in first}
        rows = tuple(row for row in rows if row.id not in same)
        items = tuple(row.item for row in (*rows, *quiet))
        over = gone(last or (), items)
        report = Report(
            name=name,
            at=now,
            environments=environments,
            tallies=tallies(environments, rows, quiet),
            rows=first,
            start=start,
            hidden=hidden,
            quiet=ordered(quiet, self._catalog)[:MOST_QUIET],
            gone=over[:MOST_GONE],
            idle=len(found.idle),
            nameless=len(found.nameless),
        )
        return _Made(
            report,
            items,
            heat(self._catalog, environments, rows, quiet, now, found.idle | found.nameless),
        )

    def _see(self, environments: tuple[str, ...], *, whole: bool) -> Found:
        """Look, and write down what was seen."""
        sight = self._reader.look(environments, whole=whole)
        found = findings(self._catalog, sight, environments, self._plan.stale_after)
        items = [self._enricher.known(one) for one in found.items]
        unseen = () if whole else (DriftKind.STALE,)
        lasting = [_plain(one) for one in items if not is_same(one)]
        self._book.note_auto_sync(_syncing(sight), sight.at)
        self._book.record(lasting, environments, sight.at, unseen)
        return found

    def _draw(self, key: str, shown: Heat) -> None:
        """Upload the picture of *shown*; without one the report stands as it is."""
        try:
            drawn, alt = heatmap.png(shown), heatmap.alt(shown)
            file = self._slack.upload("drift.png", drawn, alt)
        except BotError as error:
            if error.system == DATABASE:
                raise
            log.warning("a drift report has no picture", error=str(error))
            return
        with self._guard:
            self._hanging.append(_Hanging(key, Picture(file, alt), self._clock.now() + SETTLE))


def _hung(report: Report, picture: Picture) -> Report:
    return replace(report, picture=picture)


def _plain(item: Item) -> Item:
    """Return *item* as any look sees it; what was compared is remembered elsewhere."""
    what = item.what
    if not isinstance(what, Behind):
        return item
    return replace(item, what=replace(what, missing=None, extra=None, why=""))


def _syncing(sight: Sight) -> list[Application]:
    return [
        application
        for application, sighted in sight.applications.items()
        if isinstance(sighted, Sighted) and sighted.seen.auto_sync
    ]


def _kept(last: Iterable[Told], items: Iterable[Item], over: Iterable[Told]) -> tuple[Told, ...]:
    """Return what was told before and is neither there nor known to be over."""
    known = {one.key for one in items} | {one.key for one in over}
    return tuple(one for one in last if one.key not in known)


def _acts(
    items: Iterable[Item],
    last: tuple[Told, ...] | None,
    over: Iterable[Told],
    report: str,
    at: datetime,
) -> Iterator[Act]:
    """Yield what the history tells of: what was told for the first time, and what is over."""
    before = {one.key for one in last or ()}
    for item in items:
        if item.key not in before:
            detail = {"kind": item.kind.value, "report": report}
            yield _act(Deed.DRIFT_FOUND, Told(item.key, item.services), detail, at)
    for told in over:
        detail = {"kind": told.kind.value, "report": report}
        yield _act(Deed.DRIFT_GONE, told, detail, at)


def _act(deed: Deed, told: Told, detail: dict[str, str], at: datetime) -> Act:
    named = hashlib.sha256(f"{detail['report']} {told.key}".encode()).hexdigest()[:40]
    subject = target_of(told.services, told.subject, told.environment)
    mark = f"{deed.value}:{named}"
    return Act(mark, at, US, deed, subject, told.environment, detail)


def _nothing(_: sa.Connection) -> None:
    return None
