"""The pretend world of one system with the real bot in it."""

from contextlib import contextmanager

import pytest

from sandbox.inside import Inside
from sandbox.systems import system
from sandbox.world import World
from tests.scenarios.story import Story


@pytest.fixture
def story(tmp_path):
    """Begin a story about a system: ``with story("astrago") as told: …``."""

    @contextmanager
    def begin(name="astrago", *, socket_mode=False, database_url=None, prepare=None):
        world = World(system(name), tmp_path)
        world.start()
        if prepare is not None:
            prepare(world)
        url = database_url or f"sqlite:///{tmp_path / 'shipmate.db'}"
        try:
            with Inside(world, url, socket_mode=socket_mode) as inside:
                told = Story(world, inside)
                told.everything_is_healthy()
                yield told
            assert [] == world.troubles()
        finally:
            world.stop()

    return begin
