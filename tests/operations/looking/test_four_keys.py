"""Which changes proved bad, and how long: two of DORA's four keys."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.errors import Unavailable
from bot.domain.operations import Kind, Phase, Written
from bot.metrics import Metrics
from bot.operations.looking.four_keys import FourKeys, judged
from bot.operations.store import Store
from tests.builders import NOON, operation, plan, request

COMMIT = Written("c" * 40, "https://github.example.com/c", NOON)


def ended(number, kind, phase, minutes, *, written=COMMIT):
    """Return D-*number*, which ended *minutes* after noon."""
    at = NOON + timedelta(minutes=minutes)
    wish = request(kind=kind)
    return operation(
        id=f"D-{number}", request=wish, phase=phase, written=written, ended_at=at, plan=plan()
    )


def deploy(number, minutes, phase=Phase.LIVE, **how):
    return ended(number, Kind.DEPLOY, phase, minutes, **how)


def back(number, minutes, phase=Phase.LIVE, **how):
    return ended(number, Kind.ROLLBACK, phase, minutes, **how)


FAILED, REFUSED = Phase.FAILED, Phase.REFUSED

CASES = {
    "the first ever": (deploy(1, 0), [], None, None),
    "a deploy after a good one": (deploy(2, 9), [deploy(1, 0)], None, None),
    "a rollback of a good one": (back(2, 9), [deploy(1, 4)], "D-1", 4),
    "a rollback of a failed one": (back(2, 9), [deploy(1, 5, FAILED)], None, 5),
    "a deploy that mends": (deploy(3, 9), [deploy(2, 5, FAILED), deploy(1, 0)], None, 5),
    "after two failures in a row": (
        deploy(4, 9),
        [deploy(3, 7, FAILED), deploy(2, 5, FAILED), deploy(1, 0)],
        None,
        5,
    ),
    "what failed before its commit changed nothing": (
        deploy(3, 9),
        [deploy(2, 5, FAILED, written=None), deploy(1, 0)],
        None,
        None,
    ),
    "what was refused says nothing": (back(3, 9), [deploy(2, 5, REFUSED), deploy(1, 2)], "D-1", 2),
    "a second step back is of the same bad change": (
        back(3, 9),
        [back(2, 5), deploy(1, 0)],
        None,
        None,
    ),
    "a rollback after one that failed": (
        back(3, 9),
        [back(2, 5, FAILED), deploy(1, 2)],
        "D-1",
        2,
    ),
    "what was there already was no change": (
        back(3, 9),
        [deploy(2, 5, written=None), deploy(1, 2)],
        "D-1",
        2,
    ),
    "a rollback by Argo CD restores, too": (
        deploy(3, 9),
        [back(2, 5, written=None), deploy(1, 2, FAILED)],
        None,
        None,
    ),
}


@pytest.mark.parametrize(("live", "earlier", "bad", "since"), CASES.values(), ids=CASES.keys())
def test_what_an_end_tells_of_the_changes_before_it(live, earlier, bad, since):
    began = None if since is None else NOON + timedelta(minutes=since)
    assert judged(live, earlier) == (bad, began)


def shown(metrics, name):
    """Return the lines of the metric *name* that are not zero."""
    lines = metrics.page().body.decode().splitlines()
    values = (line.rsplit(" ", 1) for line in lines if line.startswith(f"{name}{{"))
    return {labels[len(name) :]: float(value) for labels, value in values if float(value)}


TARGET = '{environment="stage",service="core"}'
STEPS = (Phase.CHECKING, Phase.QUEUED, Phase.COMMITTING, Phase.FOLLOWING)


@pytest.fixture
def run(database):
    """Return what takes an operation of a kind to its end, so many minutes after noon."""
    store, metrics = Store(database), Metrics()
    store.follow(FourKeys(store, metrics).moved)

    def run(kind, phase, minutes):
        at = NOON + timedelta(minutes=minutes)
        wish = request(kind=kind, version=f"{minutes:07}")
        made = store.receive(wish, f"command:{minutes}", at)[0]
        for step in STEPS:
            store.move(made.id, step, at, step.value, changes={"written": COMMIT})
        store.move(made.id, phase, at, "end")
        store.move(made.id, phase, at, "end")  # a step runs twice
        return metrics

    return run


def test_a_week_of_changes_is_counted_as_dora_counts_it(run):
    """Four changes: one failed and was mended, one was taken back after it had gone well."""
    run(Kind.DEPLOY, Phase.LIVE, 0)
    run(Kind.DEPLOY, Phase.FAILED, 10)
    run(Kind.DEPLOY, Phase.LIVE, 30)
    run(Kind.PROMOTE, Phase.LIVE, 60)
    metrics = run(Kind.ROLLBACK, Phase.LIVE, 65)
    assert {TARGET: 4} == shown(metrics, "shipmate_changes_total")
    assert {TARGET: 2} == shown(metrics, "shipmate_failed_changes_total")
    assert {TARGET: 2} == shown(metrics, "shipmate_restore_seconds_count")
    assert {TARGET: (20 + 5) * 60} == shown(metrics, "shipmate_restore_seconds_sum")


def test_what_was_cancelled_is_counted_as_such(database):
    """It ends by another way than the rest: in the transaction of the wish."""
    store, metrics = Store(database), Metrics()
    store.follow(metrics.moved)
    made = store.receive(request(), "command:1", NOON)[0]
    store.cancel(made.id, "U0ALICE", NOON + timedelta(minutes=1))
    store.cancel(made.id, "U0ALICE", NOON + timedelta(minutes=2))
    (labels,) = shown(metrics, "shipmate_operations_total")
    assert 'result="cancelled"' in labels
    assert 1 == shown(metrics, "shipmate_operations_total")[labels]


class Away:
    """A store whose database does not answer."""

    def latest(self, *_, **__):
        raise Unavailable("database", "read the database")


def test_a_database_that_is_away_stops_no_deploy():
    metrics, live = Metrics(), deploy(2, 5)
    FourKeys(Away(), metrics).moved(replace(live, phase=Phase.FOLLOWING), live)
    assert {TARGET: 1} == shown(metrics, "shipmate_changes_total")
