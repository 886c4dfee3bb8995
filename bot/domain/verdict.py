"""The words in which a deploy is followed: what we expect, what we remember, what we conclude."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from bot.domain.observation import Windows, Workload
from bot.domain.operations import Stage
from bot.domain.problems import Problem


@dataclass(frozen=True, slots=True)
class Expectation:
    """What shall become true: *image*:*tag* runs, from *commit* of the GitOps branch or later.

    *image* is a repository without a tag. *digest* (``sha256:…``) is empty unless Git names it.
    *deadline* is when we call it late. *degraded_before* are the keys of resources that were
    Degraded before we began. *key* is our correlation id, by which we know our own syncs.
    *goes_back*: what it takes back may still be on its way out, and is stopped.
    """

    commit: str
    image: str
    tag: str
    committed_at: datetime
    deadline: datetime
    key: str
    degraded_before: frozenset[str] = frozenset()
    digest: str = ""
    goes_back: bool = False


class Relation(StrEnum):
    """How a revision stands to our commit. Only GitHub can tell; Argo CD knows no ancestry."""

    SAME = "same"
    CONTAINS = "contains"  # newer, with ours in it
    OLDER = "older"
    DIVERGED = "diverged"
    UNKNOWN = "unknown"


class Ask(StrEnum):
    """The one bounded request to make before the next look."""

    NOTHING = "nothing"
    REFRESH = "refresh"
    HARD_REFRESH = "hard_refresh"
    TERMINATE = "terminate"  # end the sync of something older that keeps a rollback waiting
    SYNC = "sync"  # auto-sync is off, or Argo CD lost its own operation
    WORKLOADS = "workloads"  # read the workloads, give them as evidence
    WINDOWS = "windows"  # read the sync windows, give them as evidence
    RESOLVE = "resolve"  # look for the application anew, with nothing cached


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was read besides the application for this look; None: it was not."""

    workloads: tuple[Workload, ...] | None = None
    windows: Windows | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one look means.

    *row* is the deciding row of the decision table (``8a``). *final*: nothing follows. *again* is
    when to look next, without jitter. *late*: the deadline is past although this is no end,
    because a person or a window must act. *drift*: live, while other objects differ from Git.
    *newer* is the later revision, with our commit in it, that brought it out, or empty.
    *recreated*: the application is a new one of the same name. *detail* is what Argo CD says it
    does now (a hook or wave it waits for), plain and unescaped.
    """

    row: str
    stage: Stage
    final: bool = False
    problem: Problem | None = None
    ask: Ask = Ask.NOTHING
    again: timedelta = timedelta(seconds=5)
    late: bool = False
    drift: bool = False
    newer: str = ""
    recreated: bool = False
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Watched:
    """What one look leaves for the next; begin with ``Watched()``.

    *since* says from when each named condition has held without a break. *asks* and *asked_at*
    count the requests made and when the last was, by ``request:row``. *excused* is the time that
    does not count against the deadline. *candidate* is the fingerprint of a good end seen once.
    """

    uid: str = ""
    row: str = ""
    looked_at: datetime | None = None
    since: Mapping[str, datetime] = field(default_factory=dict)
    asks: Mapping[str, int] = field(default_factory=dict)
    asked_at: Mapping[str, datetime] = field(default_factory=dict)
    excused: timedelta = timedelta()
    candidate: str = ""
    candidate_at: datetime | None = None
