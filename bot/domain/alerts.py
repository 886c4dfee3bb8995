"""What other channels than Slack are told, and which of them wants to hear it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How bad it is."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"


WEIGHT: Mapping[Severity, int] = {one: weight for weight, one in enumerate(Severity)}


class Happening(StrEnum):
    """What happened."""

    CI_FAILED = "ci_failed"
    CI_RECOVERED = "ci_recovered"
    SYNC_SUCCEEDED = "sync_succeeded"
    SYNC_FAILED = "sync_failed"
    DEGRADED = "degraded"
    RECOVERED = "recovered"
    AUTO_SYNC_CHANGED = "auto_sync_changed"
    MANUAL_SYNC = "manual_sync"
    OPERATION_FAILED = "operation_failed"
    ROLLED_BACK = "rolled_back"
    DRIFT = "drift"
    AUTO_SYNC_LEFT_OFF = "auto_sync_left_off"
    LOGIN = "login"
    CLOCK = "clock"


ENDS = frozenset({Happening.CI_RECOVERED, Happening.RECOVERED, Happening.SYNC_SUCCEEDED})
"""Ends with a name of their own: who never heard of the trouble may ask for them. Of any other end
hears only who heard of the trouble, so that what is always well is no news."""


@dataclass(frozen=True, slots=True)
class Alert:
    """One thing to tell. *title* is a line, *text* plain and perhaps empty, *link* too.

    *dedup* names the trouble, not the telling: of one trouble there is one alert that stands, and
    the alert that *resolves* it carries the same. At most 255 characters. *service* and
    *environment* are None where it is about no single one.
    """

    happening: Happening
    severity: Severity
    dedup: str
    title: str
    text: str
    link: str
    service: str | None = None
    environment: str | None = None
    resolves: bool = False


@dataclass(frozen=True, slots=True)
class NotifyRule:
    """Which alerts the receiver *to* is told. What is empty asks for nothing.

    *severity* is the least that it wants to hear.
    """

    to: str
    happenings: frozenset[Happening] = frozenset()
    severity: Severity = Severity.INFO
    services: frozenset[str] = frozenset()
    environments: frozenset[str] = frozenset()

    def wants(self, alert: Alert) -> bool:
        """Tell whether *alert* is for this receiver."""
        return (
            WEIGHT[alert.severity] >= WEIGHT[self.severity]
            and (not self.happenings or alert.happening in self.happenings)
            and (not self.services or alert.service in self.services)
            and (not self.environments or alert.environment in self.environments)
        )


def receivers(alert: Alert, rules: Iterable[NotifyRule]) -> tuple[str, ...]:
    """Return whom *rules* name for *alert*, each once, in their order."""
    if alert.resolves and alert.happening not in ENDS:
        return ()
    return tuple(dict.fromkeys(rule.to for rule in rules if rule.wants(alert)))
