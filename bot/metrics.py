"""MEASURES: what Prometheus asks for at ``/metrics``.

Counters are of this process, so over several replicas they are added up. What stands in the
database is read when Prometheus asks, and is the same at every replica: there the largest counts.

Whoever asks for OpenMetrics is told with each observation which operation was the last of its kind,
by the id that stands on its card, in the log and in the commit.

Names follow https://prometheus.io/docs/practices/naming/.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib.metadata import version

import structlog
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
)
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from bot.domain.operations import Kind, Operation, Phase, number_of
from bot.log import OPERATION, operation_at_hand

log = structlog.get_logger(__name__)

CALL_SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
LEAD_SECONDS = (300, 900, 3600, 14400, 43200, 86400, 172800, 604800, 1209600, 2592000)
LAG_SECONDS = (0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800)
PHASE_SECONDS = (1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 14400, 86400)

Readings = Iterable[tuple[tuple[str, ...], float]]
"""The values of a gauge's labels, and its value, one for each combination that there is."""


@dataclass(frozen=True, slots=True)
class Page:
    """What Prometheus reads, and the content type that says in which format it is."""

    body: bytes
    kind: str


class Metrics:
    """Everything that is counted. One for the process; for any thread."""

    def __init__(self) -> None:
        # When each series began nobody asks; it would be one series more for each of them.
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        release = Gauge(
            "shipmate_build_info",
            "1 for the release that runs.",
            ("version",),
            registry=self._registry,
        )
        release.labels(version("shipmate")).set(1)
        self._calls = Counter(
            "shipmate_outbound_calls",
            "Calls to other systems; status is HTTP's, or none where no answer came.",
            ("system", "call", "status"),
            registry=self._registry,
        )
        self._call_seconds = Histogram(
            "shipmate_outbound_call_seconds",
            "How long calls to other systems took.",
            ("system", "call"),
            buckets=CALL_SECONDS,
            registry=self._registry,
        )
        self._limits = Gauge(
            "shipmate_rate_limit_remaining",
            "Calls that a system still takes from us until its limit begins anew.",
            ("system", "limit"),
            registry=self._registry,
        )
        self._operations = Counter(
            "shipmate_operations",
            "Operations that ended; each of several services in one counts.",
            ("service", "environment", "kind", "result"),
            registry=self._registry,
        )
        self._phase_seconds = Histogram(
            "shipmate_phase_seconds",
            "How long operations stayed in a phase.",
            ("environment", "phase"),
            buckets=PHASE_SECONDS,
            registry=self._registry,
        )
        self._operation_seconds = Histogram(
            "shipmate_operation_seconds",
            "From the request to the end.",
            ("environment", "kind", "result"),
            buckets=PHASE_SECONDS,
            registry=self._registry,
        )

        self._lead_seconds = Histogram(
            "shipmate_lead_time_seconds",
            "From the commit of the code until it was live, by deploys and promotes.",
            ("service", "environment"),
            buckets=LEAD_SECONDS,
            registry=self._registry,
        )
        self._changes = Counter(
            "shipmate_changes",
            "Deploys and promotes whose commit was made, once they ended.",
            ("service", "environment"),
            registry=self._registry,
        )
        self._failed_changes = Counter(
            "shipmate_failed_changes",
            "Those of them that failed after their commit, or that a rollback took back.",
            ("service", "environment"),
            registry=self._registry,
        )
        self._restore_seconds = Histogram(
            "shipmate_restore_seconds",
            "From when a bad change ran, or failed, until a good version ran.",
            ("service", "environment"),
            buckets=LEAD_SECONDS,
            registry=self._registry,
        )
        self._lag_seconds = Histogram(
            "shipmate_slack_update_lag_seconds",
            "From a change of what a message tells until Slack took its edit.",
            ("kind",),
            buckets=LAG_SECONDS,
            registry=self._registry,
        )

    def called(self, system: str, what: str, status: int | None, seconds: float) -> None:
        """Count one call to *system*, made for the operation at hand, if for any."""
        self._calls.labels(system, what, "none" if status is None else str(status)).inc()
        self._call_seconds.labels(system, what).observe(seconds, _exemplar(operation_at_hand()))

    def limited(self, system: str, which: str, left: int) -> None:
        """Remember how many calls *system* still takes."""
        self._limits.labels(system, which).set(left)

    def moved(self, before: Operation, after: Operation) -> None:
        """Count that an operation went from one phase to another."""
        if before.phase is after.phase:
            return
        wish = after.request
        entered = after.entered
        if (since := entered.get(before.phase.value)) and (at := _entered(after)):
            spent = (at - since).total_seconds()
            stayed = self._phase_seconds.labels(wish.environment, before.phase.value)
            stayed.observe(spent, _exemplar(after.id))
        if not after.phase.ended:
            return
        result = after.phase.value
        if after.ended_at is not None:
            spent = (after.ended_at - after.requested_at).total_seconds()
            whole = self._operation_seconds.labels(wish.environment, wish.kind.value, result)
            whole.observe(spent, _exemplar(after.id))
        self._led(after)
        for service in wish.services:
            which = self._operations.labels(service, wish.environment, wish.kind.value, result)
            which.inc(exemplar=_exemplar(after.id))

    def _led(self, operation: Operation) -> None:
        """Count how long code that is live now took from its commit; a rollback brings no new."""
        wish, ended = operation.request, operation.ended_at
        if operation.phase is not Phase.LIVE or wish.kind is Kind.ROLLBACK or ended is None:
            return
        for change in operation.plan.changes if operation.plan else ():
            if change.committed_at is not None and change.old != change.new:
                # A committer's clock may be ahead of ours.
                spent = max(0.0, (ended - change.committed_at).total_seconds())
                lead = self._lead_seconds.labels(change.service, wish.environment)
                lead.observe(spent, _exemplar(operation.id))

    def changed(self, service: str, environment: str, operation: str) -> None:
        """Count a deploy or promote that ended after its commit, well or badly."""
        self._changes.labels(service, environment).inc(exemplar=_exemplar(operation))

    def change_failed(self, service: str, environment: str, operation: str) -> None:
        """Count that the deploy or promote *operation* proved bad."""
        self._failed_changes.labels(service, environment).inc(exemplar=_exemplar(operation))

    def restored(self, service: str, environment: str, operation: str, after: timedelta) -> None:
        """Count that *operation* brought a good version *after* a bad one."""
        spent = max(0.0, after.total_seconds())
        kept = self._restore_seconds.labels(service, environment)
        kept.observe(spent, _exemplar(operation))

    def edited(self, name: str, lag: timedelta) -> None:
        """Count that Slack took an edit of the card of the operation *name*, or of another note."""
        kind = "note" if number_of(name) is None else "card"
        self._lag_seconds.labels(kind).observe(max(0.0, lag.total_seconds()), _exemplar(name))

    def foresee(self, targets: Iterable[tuple[str, str]]) -> None:
        """Show the counters of *targets* (service, environment) as 0 before anything happens.

        A counter that appears with its first increment has none, as Prometheus sees it.
        """
        for kind in ("card", "note"):
            self._lag_seconds.labels(kind)
        for service, environment in targets:
            self._changes.labels(service, environment)
            self._failed_changes.labels(service, environment)
            for what in Kind:
                for end in (Phase.LIVE, Phase.FAILED):
                    self._operations.labels(service, environment, what.value, end.value)

    def watch(
        self, name: str, meaning: str, labels: tuple[str, ...], read: Callable[[], Readings]
    ) -> None:
        """Show the gauge *name*, which *read* tells whenever Prometheus asks.

        Where *read* fails the gauge is left out, so that an alert on its absence can be had.
        """
        self._registry.register(_Watched(name, meaning, labels, read))

    def page(self, accept: str = "") -> Page:
        """Return everything in the format that the header *accept* asks for; text by default."""
        encode, kind = choose_encoder(accept)
        return Page(encode(self._registry), kind)


class _Watched(Collector):
    """A gauge that is read when it is asked for."""

    def __init__(
        self, name: str, meaning: str, labels: tuple[str, ...], read: Callable[[], Readings]
    ) -> None:
        self._name, self._meaning, self._labels, self._read = name, meaning, labels, read

    def describe(self) -> Iterable[Metric]:
        """Say what there is without reading it."""
        return [GaugeMetricFamily(self._name, self._meaning, labels=self._labels)]

    def collect(self) -> Iterable[Metric]:
        """Read it."""
        gauge = GaugeMetricFamily(self._name, self._meaning, labels=self._labels)
        try:
            for values, value in self._read():
                gauge.add_metric(values, value)
        except Exception as error:  # noqa: BLE001  # one gauge must not take the others with it
            log.warning("a gauge could not be read", gauge=self._name, error=str(error))
            return []
        return [gauge]


def counted(counts: Mapping[str, int]) -> Readings:
    """Return *counts* by the value of their one label."""
    return [((value,), float(count)) for value, count in counts.items()]


def _exemplar(operation: str | None) -> dict[str, str] | None:
    """Return what an observation is joined to its operation by; None where it is about none.

    An id may come from a button, and what is none is not repeated.
    """
    return {OPERATION: operation} if operation and number_of(operation) is not None else None


def _entered(operation: Operation) -> datetime | None:
    return operation.ended_at or operation.entered.get(operation.phase.value)
