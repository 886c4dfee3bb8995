import threading

import pytest

from bot.clock import Clock
from bot.operations.changes import Changes
from bot.operations.deploy.flow import acting_workflow
from bot.operations.intake import Intake
from bot.operations.store import CancelOutcome, Store
from tests.builders import request


class Engine:
    """An engine whose database is away: it waits, and then fails."""

    def __init__(self):
        self.back, self.asked = threading.Event(), threading.Event()
        self.woken = []

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
    made = Intake(Store(database), engine, Changes(), Clock())
    yield made
    engine.back.set()
    made.close()


def test_a_cancel_is_answered_while_the_engine_still_waits_for_its_database(intake, engine):
    operation = intake.receive(request(), "command:1").operation

    _, outcome = intake.cancel(operation.id, "U0ALICE")

    assert CancelOutcome.CANCELLED is outcome
    assert engine.asked.wait(30)
    assert [acting_workflow(operation)] == engine.woken
