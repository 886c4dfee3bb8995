"""Which failures are told, and to whom: rules of the configuration, the first that fits decides."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase

from bot.domain.ci.runs import MAIN, Run


class Audience(StrEnum):
    """Who is told."""

    CHANNEL = "channel"
    AUTHOR = "author"
    BOTH = "both"
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class Rule:
    """Failures of *repositories* on *branches* by *workflows* (shell patterns) are told *to* whom.

    *branches* None: the default branch. *channel* is a Slack channel id.
    """

    repositories: tuple[str, ...]
    branches: tuple[str, ...] | None
    workflows: tuple[str, ...]
    to: Audience
    channel: str

    @property
    def in_channel(self) -> bool:
        """Tell whether the channel is told."""
        return self.to in {Audience.CHANNEL, Audience.BOTH}

    @property
    def in_person(self) -> bool:
        """Tell whether the author is told in person."""
        return self.to in {Audience.AUTHOR, Audience.BOTH}

    def is_about(self, repository: str) -> bool:
        """Tell whether the rule speaks of *repository*; case does not count, as on GitHub."""
        return _fits(repository.casefold(), [one.casefold() for one in self.repositories])

    def fits(self, run: Run) -> bool:
        """Tell whether the rule is about *run*."""
        series = run.series
        if not self.is_about(series.repository) or not _fits(run.name, self.workflows):
            return False
        if self.branches is None:
            return run.on_default or series.branch in MAIN
        return _fits(series.branch, self.branches)


def rule_for(rules: Sequence[Rule], run: Run) -> Rule | None:
    """Return the first of *rules* that is about *run*; None: nobody is told of it."""
    found = next((rule for rule in rules if rule.fits(run)), None)
    return None if found is None or found.to is Audience.NOBODY else found


def _fits(text: str, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(text, pattern) for pattern in patterns)


@dataclass(frozen=True, slots=True)
class Failures:
    """What the configuration says of failing CI. *configured* tells whether it says anything."""

    rules: tuple[Rule, ...] = ()
    configured: bool = False
