"""Runs of CI as they are reported, and what their conclusions mean for those who are told."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

MAIN = frozenset({"main", "master"})
"""Branches that count as the default one, beside the one that GitHub names."""


class Origin(StrEnum):
    """Who runs the workflow."""

    ACTIONS = "actions"
    CHECKS = "checks"  # another CI system, which reports check suites


class Conclusion(StrEnum):
    """How a run ended.

    Source: https://docs.github.com/en/webhooks/webhook-events-and-payloads#workflow_run
    """

    SUCCESS = "success"
    FAILURE = "failure"
    TIMED_OUT = "timed_out"
    STARTUP_FAILURE = "startup_failure"
    ACTION_REQUIRED = "action_required"
    CANCELLED = "cancelled"
    STALE = "stale"
    NEUTRAL = "neutral"
    SKIPPED = "skipped"
    UNKNOWN = "unknown"  # a word that GitHub has learnt since


class Verdict(StrEnum):
    """What a conclusion says of the branch."""

    RED = "red"
    GREEN = "green"
    SILENT = "silent"


VERDICTS: Mapping[Conclusion, Verdict] = {
    Conclusion.SUCCESS: Verdict.GREEN,
    Conclusion.FAILURE: Verdict.RED,
    Conclusion.TIMED_OUT: Verdict.RED,
    Conclusion.STARTUP_FAILURE: Verdict.RED,
    Conclusion.ACTION_REQUIRED: Verdict.RED,
    Conclusion.CANCELLED: Verdict.SILENT,
    Conclusion.STALE: Verdict.SILENT,
    Conclusion.NEUTRAL: Verdict.SILENT,
    Conclusion.SKIPPED: Verdict.SILENT,
    Conclusion.UNKNOWN: Verdict.SILENT,
}
"""Only a success proves that a branch has recovered. Who cancels a run knows it, and a push that
overtakes another cancels its run every day: neither is news. What did not run proves nothing."""


@dataclass(frozen=True, slots=True)
class Series:
    """The runs of one workflow on one branch. *workflow* is GitHub's id of it, or the App's slug.

    *repository* is ``owner/name`` as GitHub writes it.
    """

    repository: str
    origin: Origin
    workflow: str
    branch: str


@dataclass(frozen=True, slots=True)
class Account:
    """A GitHub account that is told of, never one that acts."""

    login: str
    id: int


@dataclass(frozen=True, slots=True)
class Run:
    """One attempt of one run, ended. *number* and *attempt* order the runs of a series.

    *name* is the workflow's, as people know it. *author* is who wrote the commit, as Git keeps it;
    *started_by* the account that set the run off, or None. *on_default* says whether the branch is
    the repository's default one. *at* is when it ended, aware.
    """

    series: Series
    id: int
    number: int
    attempt: int
    conclusion: Conclusion
    name: str
    sha: str
    title: str
    author: str
    url: str
    at: datetime
    started_by: Account | None = None
    on_default: bool = True

    @property
    def place(self) -> tuple[int, int]:
        """Return its place in its series: later ones are greater."""
        return self.number, self.attempt

    @property
    def verdict(self) -> Verdict:
        """Return what it says of its branch."""
        return VERDICTS[self.conclusion]
