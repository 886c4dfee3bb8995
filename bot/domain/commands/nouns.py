"""What a text can turn out to be: one of the commands, or misread for one of a closed set."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Deploy:
    """Bring *version* of *services* (sorted, unique, named as configured) to *environment*.

    All of the services live in the environment. *reason* is the person's own words, plain and
    unescaped, or None.
    """

    services: tuple[str, ...]
    version: str
    environment: str
    reason: str | None = None


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


Command = Deploy | Status | Cancel | Help


class MisreadReason(StrEnum):
    """Why a text is no command. The comment names the facts that come with each."""

    EMPTY = "empty"  # verb: nothing was said after it
    TOO_LONG = "too_long"  # length, limit: characters
    TOO_MANY_WORDS = "too_many_words"  # verb, extra: the words that have no place
    UNKNOWN_VERB = "unknown_verb"  # verb, near, known
    UNKNOWN_SERVICE = "unknown_service"  # service, near, known
    UNKNOWN_ENVIRONMENT = "unknown_environment"  # environment, near, known
    NOT_IN_ENVIRONMENT = "not_in_environment"  # service, environment, environments
    SEVERAL_ENVIRONMENTS = "several_environments"  # environments: one deploy is for one of them
    MISSING_SERVICE = "missing_service"  # known
    MISSING_VERSION = "missing_version"  # service
    MISSING_ENVIRONMENT = "missing_environment"  # service, version, environments
    BAD_VERSION = "bad_version"  # version: no Git ref and no image tag is written so
    BAD_OPERATION_ID = "bad_operation_id"  # operation; empty when none was said


@dataclass(frozen=True, slots=True)
class Misread:
    """Why a text is no command, and whole lines to copy that would be, most likely first.

    Values of *facts* are plain, unescaped and cut; lists in them are joined by ``, `` and may be
    empty. No correction is misread for the same reason again. In one, ``<version>`` stands for
    what only the person knows.
    """

    reason: MisreadReason
    facts: Mapping[str, str] = field(default_factory=dict)
    corrections: tuple[str, ...] = ()
