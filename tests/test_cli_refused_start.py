"""``shipmate run`` that may not work on its database says so in words, and ends with 1."""

import pytest
from typer.testing import CliRunner

from bot import log
from bot.cli import app
from bot.operations.replicas.lease import lease_for
from bot.operations.sql.database import Database
from sandbox.systems import system
from tests.operations.ahead import move_ahead


@pytest.fixture
def database(tmp_path):
    opened = Database(f"sqlite:///{tmp_path / 'shipmate.db'}")
    opened.migrate()
    yield opened
    opened.close()


@pytest.fixture
def start(tmp_path, database, monkeypatch):
    """Run ``shipmate run`` on *database* to its end; return what it said."""
    config = tmp_path / "shipmate.yaml"
    config.write_text(system("guide").config(), "utf-8")
    monkeypatch.setattr(log, "configure", lambda **_: None)
    given = {
        "SLACK_BOT_TOKEN": "xoxb-1",
        "SLACK_SIGNING_SECRET": "secret",
        "GITHUB_TOKEN": "ghp_1",
        "ARGOCD_AUTH_TOKEN": "token",
        "DATABASE_URL": str(database.url),
        "SHIPMATE_CONFIG": str(config),
    }
    monkeypatch.setattr("os.environ", given)

    def run():
        told = CliRunner().invoke(app, ["run"])
        assert 1 == told.exit_code, told.output
        assert "Traceback" not in told.output
        return " ".join(told.output.split())

    return run


def test_a_second_process_on_the_same_sqlite_file(start, database):
    held = lease_for(database)
    said = start()
    held.release()
    assert "already runs on" in said
    assert "SQLite serves one process" in said
    assert "set DATABASE_URL to a PostgreSQL address to run several" in said


def test_a_database_two_releases_ahead_and_the_file_is_free_afterwards(start, database):
    move_ahead(database, oldest="9000")
    assert "was made by Shipmate 9.9.0" in start()
    lease_for(database).release()
