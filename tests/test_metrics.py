"""What Prometheus is told, and by whom."""

import shutil
import subprocess
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from bot.domain.operations import Kind, Operation, Phase, Request
from bot.log import about
from bot.metrics import Metrics

AT = datetime(2026, 11, 21, 9, tzinfo=UTC)


@pytest.fixture
def metrics():
    return Metrics()


def operation(phase, *, seconds=0, **entered):
    """Return a deploy of two services, asked for at ``AT``, that has been in *entered* phases."""
    wish = Request(
        kind=Kind.DEPLOY,
        services=("core", "batch"),
        version="a1b2c3d4",
        environment="prod",
        requester="U0ALICE",
        channel="C0DEPLOY",
        thread=None,
        reason=None,
    )
    at = AT + timedelta(seconds=seconds)
    phases = {name: AT + timedelta(seconds=after) for name, after in entered.items()}
    return Operation(
        id="D-7",
        key="k",
        request=wish,
        phase=phase,
        requested_at=AT,
        entered={**phases, phase.value: at},
        ended_at=at if phase.ended else None,
    )


def shown(metrics, start):
    """Return the lines of the metrics that begin with *start*."""
    lines = metrics.page().body.decode().splitlines()
    return [line for line in lines if line.startswith(start)]


def ended(service, kind, result):
    """Return the name of the counter of operations that ended so."""
    labels = f'environment="prod",kind="{kind}",result="{result}",service="{service}"'
    return f"shipmate_operations_total{{{labels}}}"


def test_every_service_of_an_operation_that_ended_counts(metrics):
    before, after = operation(Phase.FOLLOWING), operation(Phase.LIVE, seconds=90)
    metrics.moved(before, after)
    assert shown(metrics, "shipmate_operations_total") == [
        f"{ended('core', 'deploy', 'live')} 1.0",
        f"{ended('batch', 'deploy', 'live')} 1.0",
    ]


def test_what_changes_within_a_phase_is_no_end(metrics):
    metrics.moved(operation(Phase.FOLLOWING), operation(Phase.FOLLOWING, seconds=5))
    assert shown(metrics, "shipmate_operations_total") == []
    assert shown(metrics, "shipmate_phase_seconds_sum") == []


def test_the_time_in_a_phase_is_from_its_entry_to_the_next_one(metrics):
    after = operation(Phase.COMMITTING, seconds=100, queued=40)
    metrics.moved(operation(Phase.QUEUED, seconds=40), after)
    assert shown(metrics, "shipmate_phase_seconds_sum") == [
        'shipmate_phase_seconds_sum{environment="prod",phase="queued"} 60.0'
    ]


def test_targets_stand_at_zero_before_anything_happens(metrics):
    metrics.foresee([("core", "prod")])
    zero = f"{ended('core', 'rollback', 'failed')} 0.0"
    assert zero in shown(metrics, "shipmate_operations_total")


def test_a_call_without_an_answer_is_told_from_one_with(metrics):
    metrics.called("GitHub", "commit", 200, 0.2)
    metrics.called("GitHub", "commit", None, 10)
    assert shown(metrics, "shipmate_outbound_calls_total") == [
        'shipmate_outbound_calls_total{call="commit",status="200",system="GitHub"} 1.0',
        'shipmate_outbound_calls_total{call="commit",status="none",system="GitHub"} 1.0',
    ]


def test_what_is_counted_grows_with_what_is_configured_and_not_with_what_happens(metrics):
    """A hundred targets; each operation leaves no series of its own behind."""
    metrics.foresee([(f"service-{number}", "prod") for number in range(100)])
    before = len(shown(metrics, "shipmate_"))
    assert before < 1500
    for number in range(50):
        at = operation(Phase.FOLLOWING), operation(Phase.LIVE, seconds=number)
        metrics.moved(*(replace(one, id=f"D-{number + 1}") for one in at))
        metrics.edited(f"D-{number + 1}", timedelta(seconds=1))
        metrics.called("GitHub", "commit", 200, 0.1)
    once = len(shown(metrics, "shipmate_"))
    metrics.moved(operation(Phase.FOLLOWING), operation(Phase.LIVE))
    assert once == len(shown(metrics, "shipmate_"))


def exemplars(metrics):
    """Return the operations that are named in OpenMetrics, by the names of samples."""
    page = metrics.page("application/openmetrics-text; version=1.0.0")
    assert page.kind.startswith("application/openmetrics-text")
    return {
        sample.name: sample.exemplar.labels
        for family in text_string_to_metric_families(page.body.decode())
        for sample in family.samples
        if sample.exemplar
    }


def test_a_call_names_the_operation_at_hand(metrics):
    metrics.called("GitHub", "commit", 200, 0.2)
    assert {} == exemplars(metrics)
    with about("D-12"):
        metrics.called("GitHub", "commit", 200, 0.2)
    assert {"shipmate_outbound_call_seconds_bucket": {"operation": "D-12"}} == exemplars(metrics)


def test_what_a_button_calls_an_operation_is_not_repeated(metrics):
    with about("D-12\n" + "x" * 500):
        metrics.called("GitHub", "commit", 200, 0.2)
    assert {} == exemplars(metrics)


@pytest.mark.skipif(
    shutil.which("promtool") is None,
    reason="promtool is not here: apt-get install prometheus",
)
def test_prometheus_finds_nothing_to_mend_in_names_and_helps(metrics):
    metrics.foresee([("core", "prod")])
    metrics.moved(operation(Phase.FOLLOWING), operation(Phase.LIVE, seconds=9))
    with about("D-12"):
        metrics.called("GitHub", "commit", 200, 0.2)
    page = metrics.page().body
    done = subprocess.run(
        ["promtool", "check", "metrics"], input=page, capture_output=True, check=False
    )
    assert (0, b"") == (done.returncode, done.stdout + done.stderr)


def test_a_gauge_that_cannot_be_read_is_left_out_and_takes_no_other_with_it(metrics):
    def broken():
        raise RuntimeError("the database is away")

    metrics.watch("shipmate_broken", "Cannot be read.", (), broken)
    metrics.watch("shipmate_whole", "Can be.", ("kind",), lambda: [(("lock",), 3.0)])
    assert shown(metrics, "shipmate_broken") == []
    assert shown(metrics, "shipmate_whole") == ['shipmate_whole{kind="lock"} 3.0']
