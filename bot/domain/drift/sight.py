"""Everything that was read at one moment, from which drift is told. Nothing is judged here."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from bot.domain.catalog import Application
from bot.domain.observation import Observation
from bot.domain.rollback.emergency import OpenItem


@dataclass(frozen=True, slots=True)
class Unread:
    """Nothing is known. *of* names what did not tell, so that what hangs on it is one row.

    *why* is plain, unescaped text.
    """

    of: str
    why: str


@dataclass(frozen=True, slots=True)
class Sighted:
    """An application as a list shows it, or a look; only a look is *whole*.

    A list leaves out when it was compared, its history, and what its last operation said.
    *switched_off* tells that auto-sync is declared and disabled.
    """

    seen: Observation
    whole: bool = False
    switched_off: bool = False


@dataclass(frozen=True, slots=True)
class Sight:
    """What was read from *at* on.

    *git* holds the tag in Git by (service, environment); None where none is written there. *busy*
    are the targets (``core/prod``) that an operation of ours changes now. *had_auto_sync* are the
    applications that synced by themselves when we saw them last.
    """

    at: datetime
    applications: Mapping[Application, Sighted | Unread]
    git: Mapping[tuple[str, str], str | Unread | None]
    open_items: tuple[OpenItem, ...] = ()
    busy: frozenset[str] = frozenset()
    had_auto_sync: frozenset[Application] = field(default_factory=frozenset)
