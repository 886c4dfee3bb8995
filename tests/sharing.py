"""How the tests are shared among processes, so that none of them is left alone at the end.

A file's tests stay together, for they share a world; but for those in ``ONE_BY_ONE``, where each
has its own. What takes long is begun first.
"""

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from xdist.scheduler import LoadFileScheduling

ONE_BY_ONE = ("tests/durable/", "tests/systems/test_deploys.py")
LONGEST_FIRST = (
    "tests/durable/",
    "tests/scenarios/test_races.py",
    "tests/systems/",
    "tests/sandbox/test_demo",
    "tests/scenarios/",
    "tests/attacks/",
    "tests/terminal/",
)


PROCESSES_PER_CORE = 2
"""Most of what takes long waits for a world, not for a core."""


def rank(nodeid: str) -> int:
    """Return the test's place in the order of beginnings; those of the same keep theirs."""
    places = (place for place, start in enumerate(LONGEST_FIRST) if nodeid.startswith(start))
    return next(places, len(LONGEST_FIRST))


def scope_of(nodeid: str) -> str:
    """Return the name of what runs in one process, one after the other."""
    return nodeid if nodeid.startswith(ONE_BY_ONE) else nodeid.partition("::")[0]


def scheduler(config: pytest.Config, log: object) -> "LoadFileScheduling":
    """Return what hands the tests out."""
    from xdist.scheduler import LoadFileScheduling  # it is there where somebody asks for it

    class Shared(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return scope_of(nodeid)

    config.option.loadscopereorder = False  # it would begin with the files of most tests
    make: Callable[..., LoadFileScheduling] = Shared
    return make(config, log)
