"""One deploy from request to end, as the store keeps it and the card shows it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from bot.domain.problems import Problem
from bot.domain.rollback.retreats import Retreat
from bot.domain.rollout import Rollout

OPERATION_ID = re.compile(r"D-([1-9][0-9]{0,8})", re.IGNORECASE)


class Kind(StrEnum):
    """What a person asked for."""

    DEPLOY = "deploy"
    PROMOTE = "promote"
    ROLLBACK = "rollback"


class Phase(StrEnum):
    """Where an operation stands. The last four are ends; nothing follows them."""

    RECEIVED = "received"  # written down, nothing asked outside yet
    CHECKING = "checking"  # facts are gathered and judged
    AWAITING = "awaiting"  # people have to approve its plan
    QUEUED = "queued"  # another operation holds one of its targets
    COMMITTING = "committing"  # the edit is being written to the GitOps branch
    MERGING = "merging"  # the edit stands in a pull request that is not merged yet
    FOLLOWING = "following"  # the commit is made; Argo CD brings it out
    LIVE = "live"
    REFUSED = "refused"  # nothing was changed
    CANCELLED = "cancelled"  # by a person, nothing was changed
    FAILED = "failed"  # the commit may stand; the problem says what is true

    @property
    def ended(self) -> bool:
        """Tell whether nothing follows."""
        return self in ENDS


ENDS = frozenset({Phase.LIVE, Phase.REFUSED, Phase.CANCELLED, Phase.FAILED})


@dataclass(frozen=True, slots=True)
class TakesBack:
    """Nobody asked: the bot itself takes *operation* back, which the Slack user *person* had asked.

    *to* is the tag that each service goes back to, as it was announced; nothing while that is
    looked for. *failed* is the tag that each is taken back from: no other ever is.
    """

    operation: str
    person: str
    to: Mapping[str, str] = field(default_factory=dict)
    failed: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Request:
    """What a person asked for, as they typed it, with names already checked against the catalog.

    *version* is empty for a promote: it is what runs in *origin*, an environment before, or, where
    that is None, in the nearest one. For a rollback it is what was typed: nothing, a tag, a SHA,
    ``#2``, ``D-12``. With *by_argocd* a rollback goes around Git, *without_hooks* also where Argo
    CD then skips hooks that run before a sync.

    *requester* is a Slack user id, ``rights.ITSELF`` with *takes_back*, or who asked on a terminal
    (``domain.terminal``); then *login* is how GitHub called them, and only shown. *channel* and
    *thread* say where it was asked; *thread* is None outside a thread. *reason* is their own words,
    unescaped, or None. *override* asks to break the glass, for that reason.
    """

    kind: Kind
    services: tuple[str, ...]
    environment: str
    version: str
    requester: str
    channel: str
    thread: str | None = None
    reason: str | None = None
    override: bool = False
    origin: str | None = None
    by_argocd: bool = False
    without_hooks: bool = False
    takes_back: TakesBack | None = None
    login: str = ""

    @property
    def person(self) -> str:
        """Return the Slack user who is to hear of it."""
        return self.requester if self.takes_back is None else self.takes_back.person


@dataclass(frozen=True, slots=True)
class Change:
    """One target's part of a plan: its tag before (None: there was none) and after.

    *file* is the path in the GitOps repository; *blob* the Git object id the plan was made from.
    *commit* is the full SHA of the code that *new* is made of, or empty. *undoes* is the operation
    that brought *old*, where this takes it back. *committed_at* is when that code was committed.
    """

    service: str
    file: str
    old: str | None
    new: str
    blob: str
    commit: str = ""
    undoes: str | None = None
    committed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """What exactly an operation will do. Approvals are given to its digest.

    *commit* is the full SHA of the code, *title* the first line of its message. *retreats* say how
    far a rollback goes back, *through_freeze* that it goes on while the environment is frozen,
    *rights_as_of* when GitHub confirmed the requester's right where it does not answer now; nothing
    is bound to them.
    """

    repo: str
    branch: str
    commit: str
    title: str
    author: str
    source: str
    changes: tuple[Change, ...]
    retreats: tuple[Retreat, ...] = ()
    through_freeze: bool = False
    rights_as_of: datetime | None = None


@dataclass(frozen=True, slots=True)
class Pull:
    """The pull request that holds an operation's change.

    *branch* is ours, and *head* the one commit that we made on it. With *by_bot* we merge it
    ourselves as soon as GitHub lets us; otherwise people do.
    """

    number: int
    url: str
    branch: str
    head: str
    by_bot: bool = False


@dataclass(frozen=True, slots=True)
class Written:
    """The GitOps commit of an operation. *at* is when we knew of it."""

    sha: str
    url: str
    at: datetime
    attempts: int = 1


class Stage(StrEnum):
    """What Argo CD does with one target now, in the order people see it."""

    WAITING = "waiting"  # Argo CD has not seen the commit, or works on something older
    SYNCING = "syncing"
    ROLLING = "rolling"  # applied; pods are being replaced
    PAUSED = "paused"  # a Rollout waits for a person, or for its time
    LIVE = "live"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Progress:
    """One target's state in Argo CD at the last look. *problem* says why it waits or failed.

    *rollouts* are its Argo Rollouts while they go on or wait, empty where it has none.
    """

    service: str
    application: str
    url: str
    stage: Stage
    sync: str = ""
    health: str = ""
    problem: Problem | None = None
    rollouts: tuple[Rollout, ...] = ()


@dataclass(frozen=True, slots=True)
class Operation:
    """Everything the store knows of one operation, as one value.

    *id* is what people type (``D-4821``). *key* is unique over all databases and stands in the
    commit's trailer. *ahead* are the ids of operations that must end before this one may act.
    *problem* is the reason of a bad end, or of the present wait. *entered* holds when each phase
    was entered, by phase.
    """

    id: str
    key: str
    request: Request
    phase: Phase
    requested_at: datetime
    plan: Plan | None = None
    pull: Pull | None = None
    written: Written | None = None
    progress: tuple[Progress, ...] = ()
    ahead: tuple[str, ...] = ()
    problem: Problem | None = None
    ended_at: datetime | None = None
    entered: Mapping[str, datetime] = field(default_factory=dict)

    @property
    def number(self) -> int:
        """The number in its id: a later operation has a larger one."""
        return int(self.id.partition("-")[2])


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of an operation's timeline; append-only. *by* is a Slack user id or ``shipmate``."""

    operation: str
    at: datetime
    by: str
    what: str
    detail: Mapping[str, str] = field(default_factory=dict)


def number_of(operation_id: str) -> int | None:
    """Return the row number behind an id such as ``D-4821``; None where it is no such id."""
    matched = OPERATION_ID.fullmatch(operation_id)
    return int(matched[1]) if matched else None
