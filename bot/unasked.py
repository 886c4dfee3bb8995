"""BUILDS: what the bot says without being asked. Each part has one function here that makes it."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from bot.adapters.github.membership_cache import MembershipCache
from bot.clock import Clock
from bot.config import Config
from bot.domain.catalog import Application
from bot.domain.drift.reporting import Report
from bot.domain.message import Message
from bot.messages import application_events
from bot.messages.cards import Links
from bot.messages.drifting import drift as drift_words
from bot.operations.applications.application_book import ApplicationBook, tellable
from bot.operations.applications.explaining import Explaining
from bot.operations.applications.our_doing import OurDoing
from bot.operations.applications.served import Serving
from bot.operations.applications.watching import Watching
from bot.operations.books.act_book import ActBook
from bot.operations.ci.drawing import CiDrawing
from bot.operations.deliveries.github_deliveries import (
    BRANCHES,
    GitHubDeliveries,
    PullRequestsOfOurs,
    listening,
)
from bot.operations.deliveries.inbox import Inbox
from bot.operations.deliveries.missed_deliveries import MissedDeliveries
from bot.operations.drift.drift_desk import DriftDesk
from bot.operations.drift.drifting import Drifting
from bot.operations.gathering.facts import Books
from bot.operations.identity.forgetting import FORGETTING, Forgetting
from bot.operations.identity.people import People
from bot.operations.identity.rights_desk import RightsDesk
from bot.operations.identity.roster import Roster
from bot.operations.keeping import Keeping
from bot.operations.notes import NoteBook, NoteKind
from bot.operations.notes.posting import POSTS, NotePoster
from bot.operations.notes.source import StandingNotes
from bot.operations.replicas.duty import Duty
from bot.operations.saying.alerts import Alerts
from bot.operations.saying.cards import Cards
from bot.operations.saying.pace import Pace
from bot.operations.saying.telling import Telling
from bot.operations.saying.updater import UPDATES, OnEdit, Updater
from bot.operations.sql.codec import load
from bot.operations.sql.database import Database
from bot.operations.store import Store
from bot.operations.waking.changes import Changes
from bot.reach import Reach, drifting_of
from bot.settings import Settings
from bot.unasked_ci import Ci, ci
from handlers.drift import Drifts

ROUND = timedelta(seconds=2)
"""How long what came in and failed, or came to another replica, may lie."""

FORGET = timedelta(hours=1)

MUTES = timedelta(seconds=30)
"""How long after its end a mute may still be kept."""

DRIFT = timedelta(seconds=20)
"""How often it is looked whether a report is due."""

LOOK = timedelta(seconds=1)
"""How often it is looked which applications are to be read again; mostly none is."""

MISSED = timedelta(minutes=1)
"""How long after a start, and how often, GitHub is asked for what it could not deliver."""

RenderNote = Callable[[Mapping[str, Any], datetime], Message]
"""A note's state, and now, into the message that it is."""


@dataclass(frozen=True, slots=True)
class Ground:
    """What every part may be made of. Nothing of it has been started yet."""

    settings: Settings
    config: Config
    clock: Clock
    database: Database
    replica: str
    store: Store
    cards: Cards
    pace: Pace
    out: Reach
    people: People
    desk: RightsDesk
    roster: Roster
    acts: ActBook
    changes: Changes
    links: Links
    memberships: MembershipCache
    alerts: Alerts
    wake: Callable[[str], None]
    books: Books
    edited: OnEdit


@dataclass(frozen=True, slots=True)
class Tick:
    """*work* that the scheduler does *every* so often, by the clock; one round at a time."""

    name: str
    work: Callable[[], object]
    every: timedelta


@dataclass(frozen=True, slots=True)
class Hearing:
    """What takes webhooks in, who hears those of GitHub, and what forgets changed teams."""

    inbox: Inbox
    github: GitHubDeliveries
    forgetting: Forgetting


@dataclass(frozen=True, slots=True)
class Unasked:
    """The parts. *starters* are called once at the start; *ticks* run from then on.

    At a stop *stoppers* are called first: they begin nothing more. *closers* are called when no
    tick runs any more, in this order.
    """

    notes: NoteBook
    renderers: Mapping[NoteKind, RenderNote]
    hearing: Hearing
    watching: Watching
    updater: Updater
    poster: NotePoster
    drifting: Drifting
    drifts: Drifts
    ci: Ci
    starters: tuple[Callable[[], None], ...] = ()
    ticks: tuple[Tick, ...] = ()
    stoppers: tuple[Callable[[], None], ...] = ()
    closers: tuple[Callable[[], None], ...] = ()


def unasked(ground: Ground) -> Unasked:
    """Return all parts, joined."""
    watching = _watching(ground)
    told = _ci(ground)
    hearing = _hearing(ground, watching, told)
    updater, poster = _living(ground)
    telling = _telling(ground)
    keeping = Keeping(ground.database, ground.config.keep, ground.clock)
    drifting, drifts = _drift(ground)
    return Unasked(
        notes=NoteBook(ground.database),
        renderers=_renderers(ground),
        hearing=hearing,
        watching=watching,
        updater=updater,
        poster=poster,
        drifting=drifting,
        drifts=drifts,
        ci=told,
        starters=(hearing.inbox.start,),
        ticks=(
            Tick("inbox", hearing.inbox.work, ROUND),
            Tick("old deliveries", hearing.inbox.sweep, FORGET),
            Tick("changes of teams", hearing.forgetting.look, ROUND),
            *_asking_again(ground, hearing),
            *_telling_ticks(telling),
            *_looking(ground, watching),
            Tick("drift", drifting.look, DRIFT),
            Tick("drift reports", drifting.report, DRIFT),
            Tick("pictures", drifting.hang, ROUND),
            Tick("failures of CI", told.looking.look, ROUND),
            Tick("muted workflows", told.desk.end_expired, MUTES),
            Tick("old branches", told.watch.sweep, FORGET),
            Tick("notes", poster.post, ROUND),
            Tick("old notes", poster.sweep, FORGET),
            Tick("old stories", watching.sweep, FORGET),
            Tick("old history", keeping.forget, FORGET),
        ),
        stoppers=(hearing.inbox.stop, told.looking.stop, *(one.stop for one in telling)),
        closers=(hearing.inbox.close, poster.close, watching.close, told.logs.close),
    )


def _hearing(ground: Ground, watching: Watching, told: Ci) -> Hearing:
    """Return what hears the webhooks of GitHub and Argo CD. A part that listens stands here."""
    pulls = PullRequestsOfOurs(ground.wake)
    of_pulls = dict.fromkeys(BRANCHES, (pulls.hear,))
    github = GitHubDeliveries(listening(of_pulls, told.listeners))
    hearers = {"github": github.hear, "argocd": watching.delivered}
    inbox = Inbox(ground.database, hearers, ground.clock)
    forgetting = Forgetting(inbox, ground.memberships, ground.clock)
    return Hearing(inbox, github, forgetting)


def _ci(ground: Ground) -> Ci:
    """Return what tells of CI that fails and recovers."""
    return ci(
        ground.settings,
        ground.config,
        ground.clock,
        ground.database,
        ground.out,
        ground.people,
        ground.roster,
        ground.acts,
        ground.alerts,
        ground.links,
    )


def _watching(ground: Ground) -> Watching:
    """Return what tells of the applications that Argo CD brings out without us."""
    database, argocd, clock = ground.database, ground.out.argocd, ground.clock
    serving = Serving(ground.config.catalog)
    return Watching(
        serving,
        argocd,
        ApplicationBook(database, ground.alerts.put),
        OurDoing(database, ground.store, ground.out.commits, clock),
        Explaining(serving, argocd, ground.config.applications, ground.links, clock),
        clock,
    )


def _looking(ground: Ground, watching: Watching) -> tuple[Tick, ...]:
    """Return a tick for each Argo CD, so that one that is slow keeps no other waiting."""
    return tuple(
        Tick(f"applications of {name}", partial(watching.round, name), LOOK)
        for name in ground.out.argocd
    )


def _telling(ground: Ground) -> tuple[Telling, ...]:
    """Return what tells other channels than Slack, where there are any."""
    if (channels := ground.out.channels) is None:
        return ()
    return (Telling(ground.database, channels, ground.clock),)


def _telling_ticks(telling: tuple[Telling, ...]) -> Iterator[Tick]:
    for one in telling:
        yield Tick("other channels", one.tell, ROUND)
        yield Tick("told", one.sweep, FORGET)


def _asking_again(ground: Ground, hearing: Hearing) -> tuple[Tick, ...]:
    """Return the tick that asks GitHub for what it could not deliver, where it keeps a list."""
    if (hook := ground.out.hook) is None:
        return ()
    events = hearing.github.events | FORGETTING
    missed = MissedDeliveries(ground.database, hook, hearing.inbox, events, ground.clock)
    return (Tick("missed deliveries", missed.look, MISSED),)


def _living(ground: Ground) -> tuple[Updater, NotePoster]:
    """Return what keeps cards and notes equal to what they tell of, and what posts new notes."""
    database, clock, slack, pace = ground.database, ground.clock, ground.out.slack, ground.pace
    renderers = _renderers(ground)
    duty = Duty(database, clock, UPDATES, ground.replica)
    sources = (ground.cards, StandingNotes(database, renderers, clock))
    updater = Updater(sources, slack, pace, duty, clock, ground.edited)
    ground.store.observe(updater.changed)
    posts = Duty(database, clock, POSTS, ground.replica)
    return updater, NotePoster(database, slack, renderers, pace, posts, clock)


def _drift(ground: Ground) -> tuple[Drifting, Drifts]:
    """Return what looks for drift and reports it, and what answers its buttons."""
    catalog, out, books = ground.config.catalog, ground.out, ground.books
    database, store, clock = ground.database, ground.store, ground.clock
    drifting, book = drifting_of(ground.config, out, store, books.open_items, database, clock)
    desk = DriftDesk(
        catalog,
        out.argocd,
        out.gitops,
        store,
        books,
        books.open_items,
        book,
        ground.acts,
        ground.desk.may,
        drifting.replied,
        clock,
    )
    page = drift_page(out)
    return drifting, Drifts(catalog, drifting, desk, ground.links.github, page)


def drift_page(out: Reach) -> Callable[[Application], str]:
    """Return what tells where in Argo CD people look an application up."""
    return lambda one: out.argocd[one.instance].page(one) if one.instance in out.argocd else ""


def _renderers(ground: Ground) -> Mapping[NoteKind, RenderNote]:
    """Return what draws each kind of note: pure, from ``bot.messages``."""
    return {
        NoteKind.CI: CiDrawing(ground.links).draw,
        NoteKind.APPLICATION: lambda state, _now: application_events.note(tellable(state)),
        NoteKind.DRIFT: lambda state, _now: drift_words.report(
            load(Report, state), ground.links.github, drift_page(ground.out)
        ),
    }
