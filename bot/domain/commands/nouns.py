"""What a text can turn out to be: one of the commands, or misread for one of a closed set."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Deploy:
    """Bring *version* of *services* (sorted, unique, named as configured) to *environment*.

    All of the services live in the environment. *reason* is the person's own words, plain and
    unescaped, or None. *override* asks to break the glass; then there always is a reason.
    """

    services: tuple[str, ...]
    version: str
    environment: str
    reason: str | None = None
    override: bool = False


@dataclass(frozen=True, slots=True)
class Promote:
    """Bring what runs healthy in *origin* to *environment*.

    *services* (sorted, unique, named as configured; empty: all that live there) live in both.
    *origin* comes before *environment*; None is the nearest home before it, for each service its
    own. *reason* and *override* are as in a ``Deploy``.
    """

    services: tuple[str, ...]
    origin: str | None
    environment: str
    reason: str | None = None
    override: bool = False


@dataclass(frozen=True, slots=True)
class Rollback:
    """Bring *services* (sorted, unique, at least one) in *environment* back to *what*.

    *environment* None: there are several homes of all of them, and the person is to pick one.
    *what* is empty (the last version known good there), a tag, a SHA, a place in the history
    (``#2``) or an operation (``D-12``). *by_argocd* goes around Git, *without_hooks* also where
    hooks are skipped then. *reason* and *override* are as in a ``Deploy``.
    """

    services: tuple[str, ...]
    environment: str | None
    what: str = ""
    by_argocd: bool = False
    reason: str | None = None
    override: bool = False
    without_hooks: bool = False


@dataclass(frozen=True, slots=True)
class Form:
    """Open the form in which a deploy is filled in."""


@dataclass(frozen=True, slots=True)
class Why:
    """Tell what the policy says of *command*, and do nothing. A rollback names its environment."""

    command: Deploy | Promote | Rollback


@dataclass(frozen=True, slots=True)
class Status:
    """Tell what runs; None means all."""

    service: str | None = None
    environment: str | None = None


@dataclass(frozen=True, slots=True)
class Cancel:
    """Stop the *operation* (``D-4821``) if it can still be stopped."""

    operation: str


@dataclass(frozen=True, slots=True)
class Help:
    """Explain *topic*, the name of a command; None means everything."""

    topic: str | None = None


@dataclass(frozen=True, slots=True)
class WhoAmI:
    """Tell the person who the bot believes they are, and why."""


@dataclass(frozen=True, slots=True)
class Link:
    """Begin to link the person with their GitHub account."""


@dataclass(frozen=True, slots=True)
class Unlink:
    """Forget the GitHub account that the person linked."""


@dataclass(frozen=True, slots=True)
class For:
    """An end that comes when *span*, above zero, has passed from now."""

    span: dt.timedelta


@dataclass(frozen=True, slots=True)
class At:
    """An end on the wall clock of the person who said it, in their time zone.

    *day* None is the first day on which *time* is still to come. *time* None is the first moment
    of *day*. They are never both None, and may lie in the past.
    """

    day: dt.date | None = None
    time: dt.time | None = None


Until = For | At


@dataclass(frozen=True, slots=True)
class Lock:
    """Let nobody else change *services* (sorted, unique; empty: all) in *environment*.

    All of the services live there. *until* None is until it is taken away. *reason*, never empty,
    is the person's own words, plain and unescaped. *steal* takes the lock of another away; *warn*
    asks for one that only warns.
    """

    services: tuple[str, ...]
    environment: str
    until: Until | None
    reason: str
    steal: bool = False
    warn: bool = False


@dataclass(frozen=True, slots=True)
class Unlock:
    """Take the person's lock on *services* (empty: the one on all) in *environment* away."""

    services: tuple[str, ...]
    environment: str


@dataclass(frozen=True, slots=True)
class Freeze:
    """Stop every change of *environment*. *until* and *reason* are as in a ``Lock``."""

    environment: str
    until: Until | None
    reason: str


@dataclass(frozen=True, slots=True)
class Unfreeze:
    """Lift what people froze in *environment*; the calendar stays."""

    environment: str


@dataclass(frozen=True, slots=True)
class Hold:
    """Keep *tag* (None: every other version) from coming to *services* in *environment*.

    The services (sorted, unique, at least one) live there. *reason* is never empty.
    """

    services: tuple[str, ...]
    environment: str
    tag: str | None
    reason: str


@dataclass(frozen=True, slots=True)
class Release:
    """Let *tag* (None: whatever is held) come to *services* in *environment* again."""

    services: tuple[str, ...]
    environment: str
    tag: str | None = None


@dataclass(frozen=True, slots=True)
class Resume:
    """Let Argo CD sync by itself again what a rollback of *service* in *environment* stopped."""

    service: str
    environment: str


@dataclass(frozen=True, slots=True)
class Rollout:
    """Show how far *service* has rolled out in *environment*, with what can be done about it."""

    service: str
    environment: str


@dataclass(frozen=True, slots=True)
class History:
    """Tell what happened, newest first; None means all.

    *since* is a span back from now, or a moment. *by* is a Slack user id; empty is who asks.
    """

    service: str | None = None
    environment: str | None = None
    since: For | At | None = None
    by: str | None = None


@dataclass(frozen=True, slots=True)
class Drift:
    """Tell what drifted in *environment*; None means everywhere."""

    environment: str | None = None


@dataclass(frozen=True, slots=True)
class Diff:
    """Tell what lies between two places of *service*, one after the other as they were said.

    Of *environments*, in which it lives, and *versions* (a commit, branch, Git tag or image tag,
    as typed) there are two together; or one environment alone, which is compared with Git.
    """

    service: str
    environments: tuple[str, ...]
    versions: tuple[str, ...] = ()


Command = (
    Deploy
    | Promote
    | Rollback
    | Form
    | Why
    | Status
    | Cancel
    | Help
    | WhoAmI
    | Link
    | Unlink
    | Lock
    | Unlock
    | Freeze
    | Unfreeze
    | Hold
    | Release
    | Resume
    | Rollout
    | History
    | Diff
    | Drift
)


class MisreadReason(StrEnum):
    """Why a text is no command. The comment names the facts that come with each."""

    EMPTY = "empty"  # verb: nothing was said after it
    TOO_LONG = "too_long"  # length, limit: characters
    TOO_MANY_WORDS = "too_many_words"  # verb, extra: the words that have no place
    UNKNOWN_VERB = "unknown_verb"  # verb, near, known
    UNKNOWN_SERVICE = "unknown_service"  # service, near, known
    UNKNOWN_ENVIRONMENT = "unknown_environment"  # environment, near, known
    NOT_IN_ENVIRONMENT = "not_in_environment"  # service, environment, environments
    SEVERAL_ENVIRONMENTS = "several_environments"  # environments: one command is for one of them
    MISSING_SERVICE = "missing_service"  # known
    MISSING_VERSION = "missing_version"  # service
    MISSING_ENVIRONMENT = "missing_environment"  # environments; service and version where said
    MISSING_REASON = "missing_reason"  # verb: a lock, a freeze, an override; none goes without
    UNFILLED_REASON = "unfilled_reason"  # our placeholder was sent back as it is
    MISPLACED_OVERRIDE = "misplaced_override"  # it stands right before ``because``
    NOT_A_CHANGE = "not_a_change"  # command: what ``why`` does not look ahead at
    BACKWARDS = "backwards"  # before, environment: a promote goes the other way
    NOTHING_BEFORE = "nothing_before"  # environment, service: empty where it is all of them
    NOT_ALL = "not_all"  # verb: it takes services by name
    BAD_END = "bad_end"  # end: what was said of when it ends; empty when nothing followed
    ABSURD_SPAN = "absurd_span"  # span, longest
    BAD_START = "bad_start"  # start: what was said of since when; empty when nothing followed
    BAD_PERSON = "bad_person"  # person: who is not named as Slack names people; may be empty
    BAD_VERSION = "bad_version"  # version: no Git ref and no image tag is written so
    SEVERAL_VERSIONS = "several_versions"  # versions: one command is of one of them
    BAD_OPERATION_ID = "bad_operation_id"  # operation; empty when none was said


@dataclass(frozen=True, slots=True)
class Misread:
    """Why a text is no command, and whole lines to copy that would be, most likely first.

    Values of *facts* are plain, unescaped and cut; lists in them are joined by ``, `` and may be
    empty. No correction is misread for the same reason again. In one, ``<version>`` and
    ``<reason>`` stand for what only the person knows.
    """

    reason: MisreadReason
    facts: Mapping[str, str] = field(default_factory=dict)
    corrections: tuple[str, ...] = ()
