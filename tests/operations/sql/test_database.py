import threading

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from bot.domain.errors import Unavailable
from bot.operations.drift import tables as _drift  # noqa: F401  # they join the others
from bot.operations.sql.database import Database, sqlite_path
from bot.operations.sql.tables import metadata

OURS = {table.name for table in metadata.sorted_tables}


def test_the_migrations_make_the_tables_the_code_reads(database):
    with database.read() as connection:
        context = MigrationContext.configure(
            connection,
            opts={"include_name": lambda name, kind, _parents: kind != "table" or name in OURS},
        )
        assert [] == compare_metadata(context, metadata)


def test_migrating_twice_changes_nothing(database):
    database.migrate()
    database.ping()


@pytest.mark.parametrize("empty_database_url", ["postgresql"], indirect=True)
def test_replicas_that_start_together_migrate_once(empty_database_url):
    """On SQLite there are none: the file has one owner."""
    databases = [Database(empty_database_url) for _ in range(4)]
    failures = []

    def migrate(one):
        try:
            one.migrate()
        except Exception as error:  # noqa: BLE001
            failures.append(error)

    threads = [threading.Thread(target=migrate, args=[one]) for one in databases]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [] == failures
    for one in databases:
        one.ping()
        one.close()


def test_a_locked_sqlite_file_is_told_as_away_and_nothing_is_written(tmp_path):
    url = f"sqlite:///{tmp_path / 'a.db'}"
    ours, other = Database(url), Database(url)
    ours.migrate()
    with other.write() as holding:
        holding.execute(sa.text("UPDATE cards SET ts = NULL"))
        with pytest.raises(Unavailable, match="database could not write"), ours.write():
            pass
    ours.close()
    other.close()


def test_a_server_that_takes_no_writes_any_more_is_told_as_away(postgres_server):
    """So is the old one after a failover, until the address leads to the new one."""
    with postgres_server.database() as address:
        database = Database(address)
        database.migrate()
        name = database.url.database
        with database.write() as connection:
            connection.execute(
                sa.text(f'ALTER DATABASE "{name}" SET default_transaction_read_only = on')
            )
        database.close()
        with pytest.raises(Unavailable, match="ReadOnly"), database.write() as connection:
            connection.execute(sa.delete(metadata.tables["timeline"]))
        database.ping()
        database.close()


def test_a_database_that_is_not_there_is_told_without_its_password():
    gone = Database("postgresql://someone:hunter2@127.0.0.1:1/nothing")
    with pytest.raises(Unavailable) as told:
        gone.ping()
    assert "hunter2" not in str(told.value)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        pytest.param("sqlite:///shipmate.db", "shipmate.db", id="relative"),
        pytest.param("sqlite:////var/lib/shipmate.db", "/var/lib/shipmate.db", id="absolute"),
        pytest.param("sqlite://", "None", id="in memory"),
        pytest.param("postgresql://h/d", "None", id="postgresql"),
    ],
)
def test_only_a_sqlite_file_has_a_path(url, expected):
    assert expected == str(sqlite_path(url))
