"""All that the note of one failing workflow shows, as one value."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.domain.ci.episodes import Episode
from bot.domain.ci.findings import Findings


class Extent(StrEnum):
    """Whose failures a mute silences."""

    BRANCH = "branch"
    WORKFLOW = "workflow"  # on every branch


@dataclass(frozen=True, slots=True)
class Mute:
    """Nobody is told until *until*, because the Slack user *by* asked so *at* a time."""

    extent: Extent
    by: str
    at: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Rerun:
    """The Slack user *by* asked *at* a time for the failed jobs of the run at *place* once more.

    *taken*: GitHub is known to have done so.
    """

    place: tuple[int, int]
    by: str
    at: datetime
    taken: bool = False


@dataclass(frozen=True, slots=True)
class CiNote:
    """The note of an *episode*, whose name is *id*.

    *findings* are those of the episode's last failure, or of one before; None while there are none.
    """

    id: str
    episode: Episode
    findings: Findings | None = None
    rerun: Rerun | None = None
    mute: Mute | None = None

    @property
    def ended(self) -> bool:
        """Tell whether nothing changes any more."""
        return not self.episode.stands


@dataclass(frozen=True, slots=True)
class Crowded:
    """One workflow of a crowd, on one branch; *stands* tells whether it still fails."""

    name: str
    repository: str
    branch: str
    url: str
    stands: bool


@dataclass(frozen=True, slots=True)
class CrowdNote:
    """Many workflows began to fail at once: they are told together, since *since*.

    Besides the *members* that are named, *failing* and *mended* count the others.
    """

    since: datetime
    members: tuple[Crowded, ...]
    failing: int = 0
    mended: int = 0

    @property
    def ended(self) -> bool:
        """Tell whether all have recovered."""
        return self.failing == 0 and not any(one.stands for one in self.members)
