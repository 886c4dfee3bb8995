"""The world as a decision needs it, read at one moment and frozen.

Whatever comes from outside may be ``Unknown``; no rule takes that for a yes.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from bot.domain.checks import ChecksVerdict
from bot.domain.environment_policy import EnvironmentPolicy
from bot.domain.problems import Problem
from bot.domain.rights import Action, Actor, Identity, Membership, Permissions
from bot.domain.stops.freezes import AdHocFreeze
from bot.domain.stops.locks import Lock
from bot.domain.unknown import Unknown


@dataclass(frozen=True, slots=True)
class Proposal:
    """What somebody wants to do. *requester* is a Slack user id.

    *override* is the reason of a break-glass, in their own words; None: none was asked for.
    """

    action: Action
    services: tuple[str, ...]
    environment: str
    version: str
    requester: str
    override: str | None = None


@dataclass(frozen=True, slots=True)
class Resolved:
    """The one commit that the version names: its full *sha*, and *title* of its message."""

    sha: str
    title: str = ""


@dataclass(frozen=True, slots=True)
class ImageFound:
    """The image is in the registry; *digest* is its content (``sha256:…``)."""

    digest: str


@dataclass(frozen=True, slots=True)
class ImageAbsent:
    """The registry was asked and has no such image."""


@dataclass(frozen=True, slots=True)
class RunsNow:
    """What Argo CD shows: the *tags* of our image in the pods, and its word for their *health*."""

    tags: tuple[str, ...]
    health: str
    sync: str = ""

    @property
    def is_healthy(self) -> bool:
        """Tell whether Argo CD calls it healthy."""
        return self.health == "Healthy"


@dataclass(frozen=True, slots=True)
class RanBefore:
    """What the nearest earlier *environment* of a service runs.

    *same* tells whether it is the version in question. *healthy_since* is when that version became
    healthy there and has stayed so; None while it is not healthy, or when nobody knows since when.
    """

    environment: str
    same: bool
    tags: tuple[str, ...]
    health: str
    healthy_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a promote takes its version from, and the *tag* that runs there."""

    environment: str
    tag: str


@dataclass(frozen=True, slots=True)
class NoEarlierHome:
    """The service lives in none of the environments before this one."""


class Relation(StrEnum):
    """How the new commit lies to the one that runs."""

    IDENTICAL = "identical"
    AHEAD = "ahead"
    BEHIND = "behind"
    DIVERGED = "diverged"


@dataclass(frozen=True, slots=True)
class Ancestry:
    """The new commit has *ahead* commits that what runs lacks, and lacks *behind* of its."""

    relation: Relation
    ahead: int = 0
    behind: int = 0


@dataclass(frozen=True, slots=True)
class NothingRuns:
    """Nothing runs there yet, so the new version is not older than anything."""


@dataclass(frozen=True, slots=True)
class Incomparable:
    """What runs names no commit that the new one could be compared with; *why* says so."""

    why: str


@dataclass(frozen=True, slots=True)
class Hold:
    """*tag* does not come by itself, or with ``*`` nothing does: by whom, and why.

    *tag* may also be digits of a SHA: every tag of that commit.
    *operation* is the rollback that took it away; None where somebody asked for the hold itself.
    *reason* may be empty then.
    """

    tag: str
    by: Actor
    reason: str
    since: datetime
    operation: str | None = None


@dataclass(frozen=True, slots=True)
class TargetFacts:
    """Everything about one service in one environment.

    *homes* are the environments the service lives in, in promotion order. A ``Problem`` says that
    the answer came and is a refusal (the version is ambiguous). *in_git* is the tag on the GitOps
    branch, None where none stands. *ran_here* tells whether this very tag was live there before.
    *origin* is known of a promote alone.
    """

    service: str
    environment: str
    homes: tuple[str, ...]
    image_repository: str
    source: str
    commit: Resolved | Problem | Unknown
    tag: str | Problem | Unknown
    checks: ChecksVerdict
    image: ImageFound | ImageAbsent | Unknown
    in_git: str | Unknown | None
    runs: RunsNow | Unknown
    before: RanBefore | NoEarlierHome | Unknown
    ancestry: Ancestry | NothingRuns | Incomparable | Unknown
    ran_here: bool | Unknown
    locks: tuple[Lock, ...] | Unknown
    holds: tuple[Hold, ...] | Unknown
    origin: Origin | None = None

    @property
    def name(self) -> str:
        """Return the name people read: ``core/prod``."""
        return f"{self.service}/{self.environment}"


@dataclass(frozen=True, slots=True)
class Facts:
    """The world at the aware moment *at*.

    *who* is the requester. *memberships* are the requester's, by team slug. *policy* is None where
    the configuration has no such environment. *freezes* are those by people.
    """

    at: datetime
    who: Identity
    memberships: Mapping[str, Membership]
    permissions: Permissions
    environments: tuple[str, ...]
    policy: EnvironmentPolicy | None
    targets: tuple[TargetFacts, ...]
    freezes: tuple[AdHocFreeze, ...] | Unknown = field(default_factory=tuple)
