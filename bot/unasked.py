"""BUILDS: what the bot says without being asked. Each part has one function here that makes it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bot.clock import Clock
from bot.config import Config
from bot.domain.message import Message
from bot.messages.cards import Links
from bot.operations.books.act_book import ActBook
from bot.operations.changes import Changes
from bot.operations.database import Database
from bot.operations.identity.people import People
from bot.operations.identity.rights_desk import RightsDesk
from bot.operations.identity.roster import Roster
from bot.operations.notes import NoteBook, NoteKind
from bot.operations.store import Store
from bot.reach import Reach
from bot.settings import Settings

RenderNote = Callable[[Mapping[str, Any], datetime], Message]
"""A note's state, and now, into the message that it is."""


@dataclass(frozen=True, slots=True)
class Ground:
    """What every part may be made of. Nothing of it has been started yet."""

    settings: Settings
    config: Config
    clock: Clock
    database: Database
    store: Store
    out: Reach
    people: People
    desk: RightsDesk
    roster: Roster
    acts: ActBook
    changes: Changes
    links: Links


@dataclass(frozen=True, slots=True)
class Tick:
    """*work* that the scheduler does *every* so often, by the clock; one round at a time."""

    name: str
    work: Callable[[], object]
    every: timedelta


@dataclass(frozen=True, slots=True)
class Unasked:
    """The parts. *ticks* run from the start on; *closers* are called at a stop, in this order."""

    notes: NoteBook
    renderers: Mapping[NoteKind, RenderNote]
    ticks: tuple[Tick, ...] = ()
    closers: tuple[Callable[[], None], ...] = ()


def unasked(ground: Ground) -> Unasked:
    """Return all parts, joined."""
    return Unasked(notes=NoteBook(ground.database), renderers=_renderers())


def _renderers() -> Mapping[NoteKind, RenderNote]:
    """Return what draws each kind of note: pure, from ``bot.messages``."""
    return {}
