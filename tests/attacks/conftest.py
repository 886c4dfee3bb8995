"""Guards by name, and the option that takes them out: a test that passes without is no test."""

import importlib
from contextlib import contextmanager

import pytest

from tests.scenarios.approving import with_more_rules
from tests.scenarios.story import told_in


def pytest_addoption(parser):
    parser.addoption(
        "--guards-out",
        action="store_true",
        help="take out the guard that each test names, and expect the test to fail",
    )


def pytest_configure(config):
    config.addinivalue_line(
        "markers", "guard(path, without): the function that holds the attack off, and one that lets"
    )


def pytest_collection_modifyitems(config, items):
    if not config.getoption("--guards-out", default=False):
        return
    guarded = [item for item in items if item.get_closest_marker("guard")]
    for item in guarded:
        item.add_marker(pytest.mark.xfail(reason="its guard is out", strict=True))
    config.hook.pytest_deselected(items=[item for item in items if item not in guarded])
    items[:] = guarded


@pytest.fixture(autouse=True)
def guard(request, monkeypatch):
    """Take the guards of this test out, where that is asked for."""
    if request.config.getoption("--guards-out", default=False):
        for marker in request.node.iter_markers("guard"):
            path, without = marker.args
            place, name = owner(path)
            assert callable(getattr(place, name)), path
            monkeypatch.setattr(place, name, without)


def owner(path):
    """Return the module or class that *path* lies in, and the name there."""
    *parts, name = path.split(".")
    for end in range(len(parts), 0, -1):
        try:
            place = importlib.import_module(".".join(parts[:end]))
        except ModuleNotFoundError:
            continue
        for part in parts[end:]:
            place = getattr(place, part)
        return place, name
    raise AssertionError(path)


@contextmanager
def pingvas(folder, config=with_more_rules):
    """Tell of Pingvas, with the people of ``tests.attacks.people`` in it."""
    with told_in(folder, "pingvas", speed=60.0, config=config) as told:
        yield told
