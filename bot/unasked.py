"""BUILDS: what the bot says without being asked. Each part has one function here that makes it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from bot.adapters.github.membership_cache import MembershipCache
from bot.clock import Clock
from bot.config import Config
from bot.domain.message import Message
from bot.messages import application_events
from bot.messages.cards import Links
from bot.operations.alerts import Alerts
from bot.operations.applications.application_book import ApplicationBook, tellable
from bot.operations.applications.explaining import Explaining
from bot.operations.applications.our_doing import OurDoing
from bot.operations.applications.served import Serving
from bot.operations.applications.watching import Watching
from bot.operations.books.act_book import ActBook
from bot.operations.cards import Cards
from bot.operations.changes import Changes
from bot.operations.database import Database
from bot.operations.duty import Duty
from bot.operations.github_deliveries import (
    BRANCHES,
    GitHubDeliveries,
    PullRequestsOfOurs,
    listening,
)
from bot.operations.identity.forgetting import FORGETTING, Forgetting
from bot.operations.identity.people import People
from bot.operations.identity.rights_desk import RightsDesk
from bot.operations.identity.roster import Roster
from bot.operations.inbox import Inbox
from bot.operations.missed_deliveries import MissedDeliveries
from bot.operations.notes import NoteBook, NoteKind
from bot.operations.notes.posting import POSTS, NotePoster
from bot.operations.notes.source import StandingNotes
from bot.operations.pace import Pace
from bot.operations.store import Store
from bot.operations.telling import Telling
from bot.operations.updater import UPDATES, Updater
from bot.reach import Reach
from bot.settings import Settings

ROUND = timedelta(seconds=2)
"""How long what came in and failed, or came to another replica, may lie."""

FORGET = timedelta(hours=1)

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
    """The parts. *closers* are called at a stop, in this order.

    *starters* are called once at the start; *ticks* run from then on.
    """

    notes: NoteBook
    renderers: Mapping[NoteKind, RenderNote]
    hearing: Hearing
    watching: Watching
    updater: Updater
    poster: NotePoster
    starters: tuple[Callable[[], None], ...] = ()
    ticks: tuple[Tick, ...] = ()
    closers: tuple[Callable[[], None], ...] = ()


def unasked(ground: Ground) -> Unasked:
    """Return all parts, joined."""
    watching = _watching(ground)
    hearing = _hearing(ground, watching)
    updater, poster = _living(ground)
    return Unasked(
        notes=NoteBook(ground.database),
        renderers=_renderers(),
        hearing=hearing,
        watching=watching,
        updater=updater,
        poster=poster,
        starters=(hearing.inbox.start,),
        ticks=(
            Tick("inbox", hearing.inbox.work, ROUND),
            Tick("old deliveries", hearing.inbox.sweep, FORGET),
            Tick("changes of teams", hearing.forgetting.look, ROUND),
            *_asking_again(ground, hearing),
            *_telling(ground),
            *_looking(ground, watching),
            Tick("notes", poster.post, ROUND),
            Tick("old notes", poster.sweep, FORGET),
        ),
        closers=(hearing.inbox.close, poster.close, watching.close),
    )


def _hearing(ground: Ground, watching: Watching) -> Hearing:
    """Return what hears the webhooks of GitHub and Argo CD. A part that listens stands here."""
    pulls = PullRequestsOfOurs(ground.wake)
    github = GitHubDeliveries(listening(dict.fromkeys(BRANCHES, (pulls.hear,))))
    hearers = {"github": github.hear, "argocd": watching.delivered}
    inbox = Inbox(ground.database, hearers, ground.clock)
    forgetting = Forgetting(inbox, ground.memberships, ground.clock)
    return Hearing(inbox, github, forgetting)


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


def _telling(ground: Ground) -> tuple[Tick, ...]:
    """Return the ticks that tell other channels than Slack, where there are any."""
    if (channels := ground.out.channels) is None:
        return ()
    telling = Telling(ground.database, channels, ground.clock)
    return (Tick("other channels", telling.tell, ROUND), Tick("told", telling.sweep, FORGET))


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
    renderers = _renderers()
    duty = Duty(database, clock, UPDATES, ground.replica)
    sources = (ground.cards, StandingNotes(database, renderers, clock))
    updater = Updater(sources, slack, pace, duty, clock)
    ground.store.observe(updater.changed)
    posts = Duty(database, clock, POSTS, ground.replica)
    return updater, NotePoster(database, slack, renderers, pace, posts, clock)


def _renderers() -> Mapping[NoteKind, RenderNote]:
    """Return what draws each kind of note: pure, from ``bot.messages``."""
    return {
        NoteKind.APPLICATION: lambda state, _now: application_events.note(tellable(state)),
    }
