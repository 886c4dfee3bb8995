"""A small piece of chaos, with the rest of the tests; all of it is ``make chaos``."""

import random
from functools import partial

import pytest

from tests.chaos.story import Plan, run
from tests.durable.lives import QUICK_GRACE
from tests.operations.ahead import move_ahead
from tests.operations.test_schema import head

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


def test_three_replicas_die_at_random_while_people_act(tmp_path, postgres_server):
    """One of them for good; on the way the schema moves a release ahead of all of them."""
    seed = random.SystemRandom().randrange(10_000)
    print(f"seed {seed}")  # to be given to python -m tests.chaos, which keeps the logs
    plan = Plan(
        20,
        seed,
        pace=0.1,
        kills=1.5,
        grace=QUICK_GRACE,
        ahead=partial(move_ahead, oldest=head()),
        patience=180,
    )
    with postgres_server.database() as address:
        told = run(tmp_path, address, plan)
    print(f"{told.seconds:.0f} s, {told.kills} kills, {told.commits} commits, {told.ends}")
    assert [] == told.wrong, "\n".join(told.transcript)
    assert told.kills > 0
