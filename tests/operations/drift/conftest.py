"""One database of each kind for all tests of a file, emptied of drift before each."""

import pytest
import sqlalchemy as sa

from bot.operations.drift.tables import auto_sync, items, replies, reports
from bot.operations.sql.database import Database
from bot.operations.sql.tables import notes
from tests import databases


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def address(request, tmp_path_factory):
    if request.param == "sqlite":
        yield databases.sqlite(tmp_path_factory.mktemp("drift"))
        return
    with request.getfixturevalue("postgres_server").database(filled=True) as address:
        yield address


@pytest.fixture(scope="module")
def opened(address):
    made = Database(address)
    yield made
    made.close()


@pytest.fixture
def database(opened):
    with opened.write() as connection:
        for table in (replies, items, reports, auto_sync, notes):
            connection.execute(sa.delete(table))
    return opened
