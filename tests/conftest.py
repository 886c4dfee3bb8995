"""Fixtures for all rooms: databases that are real, and stories in the pretend world."""

import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from bot.operations.sql.database import Database
from tests import databases, postgres, sharing
from tests.scenarios.story import told_in

KINDS = (SQLITE, POSTGRESQL) = ("sqlite", "postgresql")


def pytest_configure() -> None:
    """Let TLS trust one authority that is nobody: reading all of them takes each client 30 ms."""
    os.environ["SSL_CERT_FILE"] = str(Path(__file__).with_name("authority.pem"))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> object:
    """Share the tests out in our order, where whoever asks for processes keeps files together."""
    return sharing.scheduler(config, log) if config.getoption("dist") == "loadfile" else None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Begin with what takes long, where several processes share the tests."""
    if hasattr(config, "workerinput"):
        by_name = {item.nodeid: item for item in items}
        items[:] = [by_name[name] for name in sharing.arranged(list(by_name))]


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[postgres.Server]:
    if postgres.programs() is None:
        if os.environ.get("CI"):
            pytest.fail(postgres.MISSING)
        pytest.skip(postgres.MISSING)
    with postgres.running() as server:
        yield server


@pytest.fixture(params=KINDS)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a database with all tables and no rows, once of each kind."""
    if request.param == SQLITE:
        yield databases.sqlite(tmp_path)
        return
    server: postgres.Server = request.getfixturevalue("postgres_server")
    with server.database(filled=True) as address:
        yield address


@pytest.fixture(params=KINDS)
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a database without any table, once of each kind."""
    if request.param == SQLITE:
        yield f"sqlite:///{tmp_path / 'shipmate.db'}"
        return
    server: postgres.Server = request.getfixturevalue("postgres_server")
    with server.database() as address:
        yield address


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A database with all tables and no rows, opened."""
    opened = Database(database_url)
    yield opened
    opened.close()


@pytest.fixture
def story(tmp_path):
    """Begin a story about a system: ``with story("astrago") as told: …``."""
    return partial(told_in, tmp_path)
