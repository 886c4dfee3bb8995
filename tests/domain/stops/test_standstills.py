from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.environment_policy import EnvironmentPolicy
from bot.domain.facts import Hold
from bot.domain.stops.freezes import calendar_freeze
from bot.domain.stops.holds import Held
from bot.domain.stops.standstills import standstills
from tests.builders import catalog, environment, target
from tests.messages.standing import ALICE, NOON, freeze, lock

WEEKEND = calendar_freeze("Asia/Seoul", days="fri-sun", start="17:00")
FRIDAY = datetime(2026, 11, 27, 8, tzinfo=UTC)
MONDAY = datetime(2026, 11, 22, 15, tzinfo=UTC)
CATALOG = catalog(
    [target("core", "stage"), target("core", "prod"), target("batch", "prod")],
    [
        environment("stage"),
        environment("prod", rules=EnvironmentPolicy("prod", freezes=(WEEKEND,))),
    ],
)
CORE, ALL, STAGE = lock(), lock("*"), lock("core", "stage")
BATCH = lock("batch")


def seen(locks=(), freezes=(), at=NOON, service=None, place=None, holds=()):
    found = standstills(CATALOG, locks, freezes, holds, at, service, place)
    return {one.environment: one for one in found}


def test_what_moves_freely_is_not_shown():
    assert {"prod"} == seen().keys()


@pytest.mark.parametrize(
    ("service", "place", "expected"),
    [
        pytest.param(None, None, {"stage": {STAGE}, "prod": {CORE, ALL, BATCH}}, id="all"),
        pytest.param(None, "prod", {"prod": {CORE, ALL, BATCH}}, id="an environment"),
        pytest.param("core", None, {"stage": {STAGE}, "prod": {CORE, ALL}}, id="a service"),
        pytest.param("batch", None, {"prod": {ALL, BATCH}}, id="one that lives in one"),
        pytest.param("batch", "stage", {}, id="where it does not live"),
    ],
)
def test_locks_are_shown_where_they_are_asked_about(service, place, expected):
    found = seen([CORE, ALL, STAGE, BATCH], service=service, place=place)
    assert expected == {name: set(one.locks) for name, one in found.items()}


def test_a_calendar_freeze_is_shown_with_its_end_and_else_with_its_begin():
    (now,) = seen(place="prod").values()
    assert ((WEEKEND,), MONDAY, None) == (now.frozen.by, now.frozen.until, now.next_freeze)
    (later,) = seen(place="prod", at=MONDAY).values()
    assert (None, FRIDAY) == (later.frozen, later.next_freeze)


def test_freezes_by_people_and_by_the_calendar_are_shown_as_one():
    person = freeze(until=MONDAY + timedelta(hours=3))
    elsewhere = replace(person, environment="stage")
    found = seen(freezes=[person, elsewhere])
    assert ((person, WEEKEND), MONDAY + timedelta(hours=3)) == (
        found["prod"].frozen.by,
        found["prod"].frozen.until,
    )
    assert (elsewhere,) == found["stage"].frozen.by


@pytest.mark.parametrize(
    ("service", "place", "expected"),
    [
        pytest.param(None, None, {"stage": [1], "prod": [2, 3]}, id="all"),
        pytest.param("core", None, {"stage": [1], "prod": [2]}, id="a service"),
        pytest.param("batch", "prod", {"prod": [3]}, id="one target"),
    ],
)
def test_holds_are_shown_where_they_are_asked_about(service, place, expected):
    holds = [
        Held(n, target, Hold("bad", ALICE, "leaks", NOON))
        for n, target in enumerate(("core/stage", "core/prod", "batch/prod"), 1)
    ]
    found = seen(holds=holds, service=service, place=place)
    assert expected == {name: [held.number for held in one.holds] for name, one in found.items()}
