"""Who is told beside Slack hears how operations end, and of auto-sync that is left off."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from bot.domain.alerts import Happening, NotifyRule, Severity
from bot.domain.operations import Kind, Phase
from bot.domain.problems import Problem, Reason
from bot.domain.rollback.emergency import Ending
from bot.operations.saying.alerts import Alerts
from bot.operations.saying.ends import Ends
from bot.operations.sql.tables import alerts
from tests.builders import NOON, catalog, request
from tests.operations.books.test_open_items import Ground

DAY = timedelta(days=1)
WAY = {
    Phase.LIVE: (Phase.CHECKING, Phase.QUEUED, Phase.COMMITTING, Phase.FOLLOWING),
    Phase.FAILED: (Phase.CHECKING, Phase.QUEUED, Phase.COMMITTING, Phase.FOLLOWING),
    Phase.REFUSED: (Phase.CHECKING,),
}


@pytest.fixture
def ground(database):
    ground = Ground(database)
    rules = (NotifyRule("PAGER", severity=Severity.WARNING),)
    Ends(Alerts(rules), catalog()).follow(ground.store, ground.book)
    return ground


def ends(ground, phase, asked, **wish):
    operation, _ = ground.store.receive(request(**wish), asked, NOON)
    for step in WAY[phase]:
        ground.store.move(operation.id, step, NOON, step.value)
    if phase is Phase.LIVE:
        ground.store.move(operation.id, phase, NOON, "end")
    else:
        for _ in range(2):  # a step may run twice
            problem = Problem(Reason.INTERNAL, {"operation": operation.id})
            ground.store.end(operation.id, phase, NOON, "end", problem)
    return operation


def told(ground):
    with ground.database.read() as connection:
        rows = connection.execute(sa.select(alerts).order_by(alerts.c.id)).all()
    return [(row.alert["happening"], row.alert["service"], row.resolves) for row in rows]


def test_a_failure_is_told_once_and_ended_by_the_next_that_goes_well(ground):
    ends(ground, Phase.FAILED, "1")
    assert [(Happening.OPERATION_FAILED, "core", False)] == told(ground)
    ends(ground, Phase.LIVE, "2", version="v2")
    ends(ground, Phase.LIVE, "3", version="v3")
    assert [(Happening.RECOVERED, "core", True)] == told(ground)[1:]


def test_what_goes_well_or_is_refused_is_no_alert(ground):
    ends(ground, Phase.LIVE, "1")
    ends(ground, Phase.REFUSED, "2", version="v2")
    assert [] == told(ground)


def test_a_rollback_is_told_and_ends_the_failure(ground):
    ends(ground, Phase.FAILED, "1")
    ends(ground, Phase.LIVE, "2", kind=Kind.ROLLBACK, version="v0")
    ending = [(Happening.RECOVERED, "core", True), (Happening.ROLLED_BACK, "core", False)]
    assert ending == told(ground)[1:]


def test_what_goes_well_elsewhere_ends_nothing(ground):
    ends(ground, Phase.FAILED, "1")
    ends(ground, Phase.LIVE, "2", environment="dev")
    assert 1 == len(told(ground))


def test_auto_sync_is_told_of_after_its_deadline_and_when_it_is_on_again(ground):
    item = ground.item()
    ground.book.switched(item, NOON)
    ground.reminds(NOON + timedelta(hours=3))
    assert [] == told(ground)
    ground.reminds(NOON + DAY + timedelta(hours=1))
    ground.book.end(item, Ending.RESUMED, "U0ALICE", NOON + 2 * DAY)
    left = Happening.AUTO_SYNC_LEFT_OFF
    assert [(left, "core", False), (left, "core", True)] == told(ground)


def test_auto_sync_that_is_on_in_time_is_no_alert(ground):
    item = ground.item()
    ground.book.switched(item, NOON)
    ground.book.end(item, Ending.RESUMED, "U0ALICE", NOON)
    assert [] == told(ground)
