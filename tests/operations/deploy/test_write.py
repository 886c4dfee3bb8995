from dataclasses import replace
from datetime import timedelta

import pytest

from bot.clock import Clock
from bot.domain.operations import Phase, Written
from bot.operations.deploy.recent import Recent
from bot.operations.deploy.write import Write
from bot.operations.store import Store
from bot.operations.threads import Threads
from tests.builders import NOON, catalog, plan, request


@pytest.fixture
def store(database):
    return Store(database)


@pytest.fixture
def write(store):
    threads = Threads("github")
    yield Write(store, catalog(), None, Recent(Clock()), None, threads, Clock())
    threads.close()


def planned(store, version, at, tag):
    """Receive a deploy whose check read the file just after *at*; return its id."""
    made = store.receive(request(version=version), f"command:{version}", at)[0]
    store.move(made.id, Phase.CHECKING, at, "checking")
    new = replace(plan().changes[0], new=tag)
    return made.id, plan(changes=(new,))


def test_what_ours_wrote_while_this_one_was_checked_does_not_stop_it(store, write):
    """The file was read, then the one ahead committed, then Argo CD answered at last."""
    first, its_plan = planned(store, "a1b2c3d4", NOON, "core-stage-a1b2c3d4")
    store.move(first, Phase.QUEUED, NOON, "planned", changes={"plan": its_plan})
    store.move(first, Phase.COMMITTING, NOON, "committing")
    second, as_read = planned(store, "b2c3d4e5", NOON + timedelta(seconds=1), "core-stage-b2c3d4e5")
    wrote_at = NOON + timedelta(seconds=2)
    written = Written("c" * 40, "https://github.com/x/y/commit/c", wrote_at)
    store.move(first, Phase.FOLLOWING, wrote_at, "written", changes={"written": written})
    queued_at = NOON + timedelta(seconds=3)
    store.move(second, Phase.QUEUED, queued_at, "planned", changes={"plan": as_read})

    write.begin(second)

    assert ["core-stage-a1b2c3d4"] == [one.old for one in store.operation(second).plan.changes]
