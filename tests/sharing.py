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
HEAVY = 1
"""The last place of what has processes of its own, or many deploys at a time."""


def rank(nodeid: str) -> int:
    """Return the test's place in the order of beginnings; those of the same keep theirs."""
    places = (place for place, start in enumerate(LONGEST_FIRST) if nodeid.startswith(start))
    return next(places, len(LONGEST_FIRST))


def arranged(nodeids: list[str]) -> list[str]:
    """Return the tests in the order in which they are begun.

    What has processes of its own, what has a world, and what has neither are spread evenly, each
    by itself: much of one kind at one time would share the cores with nothing but each other.
    """
    scopes: dict[str, list[str]] = {}
    for nodeid in sorted(nodeids, key=rank):
        scopes.setdefault(scope_of(nodeid), []).append(nodeid)
    last = len(LONGEST_FIRST)
    kinds: tuple[list[list[str]], ...] = ([], [], [])
    for scope, tests in scopes.items():
        place = rank(scope)
        kinds[0 if place <= HEAVY else 1 if place < last else 2].append(tests)
    places = [(n / len(kind), tests) for kind in kinds for n, tests in enumerate(kind)]
    places.sort(key=lambda place: place[0])
    return [nodeid for _, tests in places for nodeid in tests]


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
