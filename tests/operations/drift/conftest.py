"""One database of each kind for all tests of a file, emptied of drift before each."""

import pytest
import sqlalchemy as sa

from bot.operations.database import Database
from bot.operations.drift.tables import auto_sync, items, replies, reports
from bot.operations.tables import notes


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def address(request, tmp_path_factory):
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path_factory.mktemp('drift') / 'shipmate.db'}"
        return
    with request.getfixturevalue("postgres_server").database() as address:
        yield address


@pytest.fixture(scope="module")
def opened(address):
    made = Database(address)
    made.migrate()
    yield made
    made.close()


@pytest.fixture
def database(opened):
    with opened.write() as connection:
        for table in (replies, items, reports, auto_sync, notes):
            connection.execute(sa.delete(table))
    return opened
