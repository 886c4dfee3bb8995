"""Which reports are made when, of what, and where they go."""

from dataclasses import dataclass
from datetime import timedelta

from bot.domain.drift.cron import Cron

STALE_AFTER = timedelta(hours=1)
"""Argo CD compares by itself every two to six minutes, unless somebody slowed it down.

Source: https://argo-cd.readthedocs.io/en/stable/operator-manual/argocd-cm-yaml/
"""


@dataclass(frozen=True, slots=True)
class Schedule:
    """One report: when, of which *environments*, and into which Slack *channel*."""

    name: str
    cron: Cron
    environments: tuple[str, ...]
    channel: str


@dataclass(frozen=True, slots=True)
class DriftPlan:
    """All reports, and how old Argo CD's comparison may be."""

    schedules: tuple[Schedule, ...] = ()
    stale_after: timedelta = STALE_AFTER
