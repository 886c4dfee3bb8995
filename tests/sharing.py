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


PROCESSES_PER_CORE = 1.5
"""Most of what takes long waits for a world, not for a core; twice as many made waits run out."""


def processes(cores: int) -> int:
    """Return how many processes ``-n auto`` is."""
    return max(1, round(PROCESSES_PER_CORE * cores))


def rank(nodeid: str) -> int:
    """Return the test's place in the order of beginnings; those of the same keep theirs."""
    places = (place for place, start in enumerate(LONGEST_FIRST) if nodeid.startswith(start))
    return next(places, len(LONGEST_FIRST))


def arranged(nodeids: list[str]) -> list[str]:
    """Return the tests in the order in which they are begun.

    What has processes of its own is spread among what takes long besides, for several of it at one
    time would share the cores with nothing but each other; what is short comes last.
    """
    scopes: dict[str, list[str]] = {}
    for nodeid in sorted(nodeids, key=rank):
        scopes.setdefault(scope_of(nodeid), []).append(nodeid)
    heavy = [one for scope, one in scopes.items() if rank(scope) == 0]
    long = [one for scope, one in scopes.items() if 0 < rank(scope) < len(LONGEST_FIRST)]
    short = [one for scope, one in scopes.items() if rank(scope) == len(LONGEST_FIRST)]
    places = [*((n / len(heavy), one) for n, one in enumerate(heavy))] if heavy else []
    places += [(n / len(long), one) for n, one in enumerate(long)]
    places.sort(key=lambda place: place[0])
    return [nodeid for one in (*(one for _, one in places), *short) for nodeid in one]


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
