"""What one place or version has of a service that another has not."""

from dataclasses import dataclass

from bot.domain.approving.approval_case import InBetween
from bot.domain.unknown import Unknown


@dataclass(frozen=True, slots=True)
class Place:
    """What stands somewhere: an *environment*'s pods, or with *in_git* what Git says of it."""

    environment: str
    tags: tuple[str, ...] | Unknown
    in_git: bool = False


@dataclass(frozen=True, slots=True)
class Named:
    """A *version* as a person said it, and the full SHA of the commit that it is."""

    version: str
    sha: str | Unknown


Side = Place | Named


@dataclass(frozen=True, slots=True)
class Lying:
    """What lies between: *ahead* commits that the newer has more, *behind* that it lacks.

    *commits* are those it has more, newest first, fewer than *ahead* where there are very many.
    *files* are the paths that differ, None where not all are known. *base* and *head* are revisions
    for a page that compares them.
    """

    base: str
    head: str
    ahead: int
    behind: int
    commits: tuple[InBetween, ...] = ()
    files: tuple[str, ...] | None = ()


@dataclass(frozen=True, slots=True)
class Difference:
    """How the *newer* side of *service* differs from the *older*; *source* is its repository."""

    service: str
    source: str
    older: Side
    newer: Side
    lying: Lying | Unknown
