"""PostgreSQL's password is changed while we run: new connections have the new one."""

import psycopg
import pytest
import sqlalchemy as sa

from bot.domain.errors import Unavailable
from bot.operations.replicas.lease import lease_for
from bot.operations.sql.database import Database
from bot.settings import Settings
from tests.test_settings import GOOD

ROLE = "changing"


class Owner:
    """Who may change passwords on the server, and who is asked for one."""

    def __init__(self, server, address):
        self._address, self._rules = address, server._folder / "data" / "pg_hba.conf"
        self.theirs = address.replace("shipmate@", f"{ROLE}:{{}}@")

    def _do(self, *statements):
        with psycopg.connect(self._address, autocommit=True) as session:
            for one in statements:
                session.execute(one)

    def make(self, password):
        rule = f"host all {ROLE} 127.0.0.1/32 scram-sha-256\n"
        if rule not in self._rules.read_text():
            self._rules.write_text(rule + self._rules.read_text())
        drop = f"DROP ROLE IF EXISTS {ROLE}"
        self._do(drop, f"CREATE ROLE {ROLE} LOGIN PASSWORD '{password}'", "SELECT pg_reload_conf()")
        # The reload is known once somebody without a password is turned away.
        while self._lets_in_anybody():
            pass

    def _lets_in_anybody(self):
        try:
            psycopg.connect(self.theirs.format("wrong"), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def change(self, password):
        ended = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{ROLE}'"
        self._do(f"ALTER ROLE {ROLE} PASSWORD '{password}'", ended)


@pytest.fixture
def owner(postgres_server):
    with postgres_server.database() as address:
        yield Owner(postgres_server, address)


def test_a_new_password_is_used_without_a_restart(owner, tmp_path):
    file = tmp_path / "url"
    owner.make("first")
    file.write_text(owner.theirs.format("first"))
    settings = Settings.load(GOOD | {"DATABASE_URL_FILE": str(file)})
    database = Database(settings.database_url)
    others = sa.create_engine(database.url, poolclass=sa.NullPool)  # as the engine's own
    database.ping()
    lease = lease_for(database)

    owner.change("second")
    with pytest.raises(Unavailable):
        database.ping()
    file.write_text(owner.theirs.format("second"))
    assert settings.database_url.look_again()
    database.ping()
    lease.prove()
    with others.connect() as connection:
        assert ROLE == connection.execute(sa.text("SELECT current_user")).scalar()

    lease.release()
    database.close()
    with pytest.raises(sa.exc.OperationalError):
        others.connect()
