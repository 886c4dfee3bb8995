"""What ``/ship status`` knows of one target; an answer that could not be had is said to be so."""

from dataclasses import dataclass

from bot.domain.operations import Operation


@dataclass(frozen=True, slots=True)
class Unanswered:
    """Nobody could tell. *why* is plain, unescaped text (``GitHub gave no answer``)."""

    why: str


@dataclass(frozen=True, slots=True)
class InGit:
    """What the GitOps branch says. *tag* is None where no tag stands."""

    tag: str | None


@dataclass(frozen=True, slots=True)
class Running:
    """What Argo CD says: *sync* and *health* in its words, the *tags* of our image in its pods.

    *url* leads to the application.
    """

    sync: str
    health: str
    tags: tuple[str, ...]
    url: str


@dataclass(frozen=True, slots=True)
class StatusRow:
    """One target now.

    *current* is the operation under way there, *last* the newest one that ended; None: there is
    none.
    """

    service: str
    environment: str
    git: InGit | Unanswered
    runs: Running | Unanswered
    current: Operation | None = None
    last: Operation | None = None
