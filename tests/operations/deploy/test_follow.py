import asyncio

import pytest

from bot.clock import Clock
from bot.domain.operations import Phase, Progress, Stage, Written
from bot.domain.problems import Reason
from bot.operations.deploy.follow import Follow
from bot.operations.deploy.sight import Sight
from bot.operations.store import Store
from bot.operations.waking.changes import Changes
from tests.builders import NOON, catalog, plan, request, target


@pytest.fixture
def store(database):
    return Store(database)


def followed(store, **changes):
    """Return the id of an operation whose commit is made."""
    made = store.receive(request(), "command:1", NOON)[0]
    for phase in (Phase.CHECKING, Phase.QUEUED, Phase.COMMITTING):
        store.move(made.id, phase, NOON, phase.value, changes={"plan": plan()})
    written = Written("c" * 40, "https://github.com/x/y/commit/c", NOON)
    store.move(made.id, Phase.FOLLOWING, NOON, "written", changes={"written": written, **changes})
    return made.id


@pytest.mark.parametrize(
    "before",
    [
        pytest.param((), id="never looked at"),
        pytest.param(
            (Progress("core", "astrago", "https://argocd/a", Stage.ROLLING),), id="rolling out"
        ),
    ],
)
def test_what_the_configuration_no_longer_names_is_never_called_live(store, before):
    operation = followed(store, progress=before)
    only_batch = catalog(targets=[target("batch")])
    follow = Follow(store, only_batch, Sight({}, commits=None), Changes(), Clock())

    asyncio.run(follow.look(operation, {}))

    ended = store.operation(operation)
    assert Phase.FAILED is ended.phase
    assert Reason.NOT_IN_ENVIRONMENT is ended.problem.reason
    assert {"core": Stage.FAILED} == {one.service: one.stage for one in ended.progress}
