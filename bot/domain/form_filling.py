"""What the deploy form shows beside a person's choices: versions, and the policy's word."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.domain.checks import Colour
from bot.domain.facts import Proposal
from bot.domain.form import Mistake
from bot.domain.problems import Problem
from bot.domain.rules import Judgement
from bot.domain.unknown import Unknown


@dataclass(frozen=True, slots=True)
class Offered:
    """A commit that can be chosen: by its full *sha*, or by the Git *tag* that stands on it.

    *colour* is what its checks come to; None: nothing was reported.
    """

    sha: str
    title: str
    author: str
    at: datetime
    colour: Colour | Unknown | None
    tag: str | None = None

    @property
    def version(self) -> str:
        """Return what is deployed when it is chosen."""
        return self.tag or self.sha


@dataclass(frozen=True, slots=True)
class Versions:
    """What a code repository *repo* has to choose from, each newest first."""

    repo: str
    commits: tuple[Offered, ...]
    tags: tuple[Offered, ...] = ()


class Waiting(StrEnum):
    """Why something is not shown (yet)."""

    READING = "reading"  # it is being read
    CHOICE = "choice"  # something has to be chosen first
    SEVERAL = "several"  # the services come from several repositories


@dataclass(frozen=True, slots=True)
class Weighed:
    """What the policy says of *proposal* now."""

    proposal: Proposal
    judgement: Judgement


@dataclass(frozen=True, slots=True)
class Filling:
    """Both. A ``Problem`` says why something could not be read, mistakes what keeps it from it."""

    versions: Versions | Problem | Waiting = Waiting.CHOICE
    verdict: Weighed | Problem | Waiting | tuple[Mistake, ...] = Waiting.CHOICE
