"""Fixtures for all rooms: databases that are real, and stories in the pretend world."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bot.clock import Clock
from bot.operations.database import Database
from sandbox.inside import Inside
from sandbox.systems import system
from sandbox.world import SPEED, World
from tests import postgres
from tests.scenarios.story import Story


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[postgres.Server]:
    if postgres.programs() is None:
        if os.environ.get("CI"):
            pytest.fail(postgres.MISSING)
        pytest.skip(postgres.MISSING)
    with postgres.running() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of an empty database, once of each kind."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'shipmate.db'}"
        return
    server: postgres.Server = request.getfixturevalue("postgres_server")
    with server.database() as address:
        yield address


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """An empty database with our tables."""
    opened = Database(database_url)
    opened.migrate()
    yield opened
    opened.close()


@pytest.fixture
def story(tmp_path):
    """Begin a story about a system: ``with story("astrago") as told: …``."""

    @contextmanager
    def begin(
        name="astrago", *, socket_mode=False, database_url=None, prepare=None, speed=SPEED
    ):
        world = World(system(name), tmp_path, clock=Clock(speed))
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
