"""One thing that drifted, of a closed set of kinds, and the facts that show it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal

from bot.domain.catalog import Application


class DriftKind(StrEnum):
    """What can drift, the heaviest first. The names are stored: none is ever renamed."""

    UNWELL = "unwell"
    WRONG_IMAGE = "wrong_image"
    OUT_OF_SYNC = "out_of_sync"
    AUTO_SYNC_OFF = "auto_sync_off"
    STALE = "stale"
    UNREADABLE = "unreadable"
    MOVING_TAG = "moving_tag"
    BEHIND = "behind"

    @property
    def weight(self) -> int:
        """Return its place by weight; the lowest number weighs most."""
        return list(DriftKind).index(self)


@dataclass(frozen=True, slots=True)
class Unwell:
    """An application is not well: *state* is its health, or that nobody knows its sync state.

    *detail* is Argo CD's own words, unescaped, or empty.
    """

    state: str
    detail: str = ""
    kind: Literal[DriftKind.UNWELL] = DriftKind.UNWELL


@dataclass(frozen=True, slots=True)
class WrongImage:
    """The pods run other tags than the one *in_git*."""

    runs: tuple[str, ...]
    in_git: str
    kind: Literal[DriftKind.WRONG_IMAGE] = DriftKind.WRONG_IMAGE


@dataclass(frozen=True, slots=True)
class Changed:
    """The newest commit in Git that touched it: full *sha*, its *url*, who and when."""

    sha: str
    url: str
    author: str
    at: datetime


@dataclass(frozen=True, slots=True)
class OutOfSync:
    """The cluster is not as Git says. *objects* are the first few of *count*.

    *failed* is what the last sync failed with, or empty. *changed* is None where it was not read.
    """

    objects: tuple[str, ...]
    count: int
    auto_sync: bool = False
    failed: str = ""
    changed: Changed | None = None
    kind: Literal[DriftKind.OUT_OF_SYNC] = DriftKind.OUT_OF_SYNC


@dataclass(frozen=True, slots=True)
class AutoSyncOff:
    """Argo CD does not sync by itself any more.

    *by* is a Slack user, by whose rollback *operation* it is off until *deadline*; all three are
    empty or None where somebody else switched it off: Argo CD does not say who. A rollback of ours
    also knows which tags it *runs* that are not those *in_git*: no sync may mend that meanwhile.
    """

    by: str = ""
    operation: str = ""
    deadline: datetime | None = None
    runs: tuple[str, ...] = ()
    in_git: tuple[str, ...] = ()
    kind: Literal[DriftKind.AUTO_SYNC_OFF] = DriftKind.AUTO_SYNC_OFF


@dataclass(frozen=True, slots=True)
class Stale:
    """Argo CD compared last at *reconciled_at*, so what it says may be old.

    With *refresh_pending* a refresh was asked for, and the controller has not done it.
    """

    reconciled_at: datetime | None
    refresh_pending: bool = False
    kind: Literal[DriftKind.STALE] = DriftKind.STALE


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Nobody could tell. *why* is plain, unescaped text. It never means that all is well."""

    why: str
    kind: Literal[DriftKind.UNREADABLE] = DriftKind.UNREADABLE


@dataclass(frozen=True, slots=True)
class MovingTag:
    """A *tag* that names another image tomorrow is in use where the rules take none."""

    tag: str
    in_git: bool
    kind: Literal[DriftKind.MOVING_TAG] = DriftKind.MOVING_TAG


@dataclass(frozen=True, slots=True)
class Behind:
    """Another commit runs than in *origin*, the environment before.

    *runs* and *origin_runs* are tags, *base* and *head* the revisions they name in the repository
    *source*. *missing* are the commits that only the origin has, *extra* those that only this one
    has; both None until they were compared, or where *why* says that they cannot be.
    """

    origin: str
    runs: str
    origin_runs: str
    source: str
    base: str
    head: str
    missing: int | None = None
    extra: int | None = None
    why: str = ""
    kind: Literal[DriftKind.BEHIND] = DriftKind.BEHIND


What = Unwell | WrongImage | OutOfSync | AutoSyncOff | Stale | Unreadable | MovingTag | Behind


@dataclass(frozen=True, slots=True)
class Item:
    """Something that drifted in *environment*.

    *subject* is the application or service it is told of, *services* are those it concerns.
    *application* is the one in question; None where it is of Git alone, or of a whole system.
    *known_since* is since when by the outside's own words; None where only our clock can tell.
    """

    environment: str
    subject: str
    services: tuple[str, ...]
    what: What
    application: Application | None = None
    known_since: datetime | None = None

    @property
    def kind(self) -> DriftKind:
        """Return what kind of drift it is."""
        return self.what.kind

    @property
    def key(self) -> str:
        """Return what stays the same about it from one look to the next."""
        return f"{self.kind.value}/{self.environment}/{self.subject}"


@dataclass(frozen=True, slots=True)
class Told:
    """What is remembered of an item that was told: its *key*, and the services it concerned."""

    key: str
    services: tuple[str, ...]

    @property
    def kind(self) -> DriftKind:
        """Return what kind of drift it was."""
        return DriftKind(self.key.split("/", 2)[0])

    @property
    def environment(self) -> str:
        """Return where it was."""
        return self.key.split("/", 2)[1]

    @property
    def subject(self) -> str:
        """Return what it was told of."""
        return self.key.split("/", 2)[2]
