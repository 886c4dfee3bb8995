import threading
from datetime import timedelta

import pytest

from bot.clock import Clock
from bot.domain.operations import Phase
from bot.domain.problems import Reason
from bot.operations.intake import Intake
from bot.operations.store import CancelOutcome, Store
from bot.operations.waking.changes import Changes
from tests.builders import request


class Engine:
    """An engine whose database is away: it waits, and then fails. *ended* are workflows."""

    def __init__(self):
        self.back, self.asked = threading.Event(), threading.Event()
        self.woken, self.ended = [], set()

    def over(self, workflows):
        return self.ended & set(workflows)

    def wake(self, workflow):
        self.woken.append(workflow)
        self.asked.set()
        assert self.back.wait(30)
        raise RuntimeError("the database is away")


@pytest.fixture
def engine():
    return Engine()


@pytest.fixture
def intake(database, engine):
    made = Intake(Store(database), engine, Changes(), Clock(speed=1000))
    yield made
    engine.back.set()
    made.close()


def test_a_cancel_is_answered_while_the_engine_still_waits_for_its_database(intake, engine):
    operation = intake.receive(request(), "command:1").operation

    _, outcome = intake.cancel(operation.id, "U0ALICE")

    assert CancelOutcome.CANCELLED is outcome
    assert engine.asked.wait(30)
    assert [operation.id] == engine.woken


def long_since(intake, store):
    """Return an operation under way that was asked for long enough ago to be swept."""
    asked = Clock().now() - timedelta(days=1)
    operation, _ = store.receive(request(), "command:1", asked)
    return store.move(operation.id, Phase.CHECKING, asked, "checking")


def test_what_nothing_works_on_any_more_is_ended_and_told(intake, engine, database):
    """Its workflow met a fault of ours and could not even say so: it must not stand open."""
    store = Store(database)
    operation = long_since(intake, store)
    engine.ended.add(operation.id)

    intake.sweep()

    ended = store.operation(operation.id)
    assert (Phase.FAILED, Reason.INTERNAL) == (ended.phase, ended.problem.reason)


def test_what_is_worked_on_is_left_alone(intake, engine, database):
    store = Store(database)
    operation = long_since(intake, store)

    intake.sweep()

    assert Phase.CHECKING is store.operation(operation.id).phase
