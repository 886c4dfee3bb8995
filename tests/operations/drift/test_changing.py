"""Two who change one report at once: neither change is lost."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from threading import Barrier, BrokenBarrierError

from tests.operations.drift.test_drifting import NAMES, OUT, Ground

ONE_WAITS = 0.5
"""Seconds; where they take turns the other one never comes."""


def test_of_two_changes_at_once_none_is_lost(database):
    ground = Ground(database)
    ground.drifting.report()
    ground.reader.changes = {f"{NAMES[0]}/prod": OUT}
    before = ground.next()
    ((key, _),) = ground.reports()
    both_have_read = Barrier(2)

    def counted(report):
        with suppress(BrokenBarrierError):
            both_have_read.wait(ONE_WAITS)
        return replace(report, idle=report.idle + 1)

    with ThreadPoolExecutor(2) as pool:
        for one in [pool.submit(ground.drifting.change, key, counted) for _ in range(2)]:
            one.result()
    ((_, after),) = ground.reports()
    assert before.idle + 2 == after.idle
