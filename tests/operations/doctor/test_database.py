"""What the doctor says of each kind of database, in each state."""

import pytest

from bot.domain.symptoms import Symptom
from bot.operations.doctor.database import examine
from bot.operations.sql.database import Database
from bot.operations.sql.moved_away import leave_note
from tests.builders import NOON


def symptoms(url):
    return [one.symptom for one in examine(url)]


def test_one_that_nobody_filled_is_empty_and_stays_so(empty_database_url):
    assert [Symptom.DATABASE_EMPTY] == symptoms(empty_database_url)
    assert [Symptom.DATABASE_EMPTY] == symptoms(empty_database_url)


def test_one_of_this_version_is_ready(database, database_url):
    assert [Symptom.DATABASE_READY] == symptoms(database_url)


@pytest.mark.parametrize(
    ("version", "expected"),
    [("0001", Symptom.DATABASE_BEHIND), ("9999", Symptom.DATABASE_AHEAD)],
)
def test_an_older_one_is_brought_forward_and_a_newer_one_refused(
    database, database_url, version, expected
):
    with database.write() as connection:
        connection.exec_driver_sql(f"UPDATE shipmate_version SET version_num = '{version}'")
    assert [expected] == symptoms(database_url)


def test_the_password_is_in_nothing_that_is_told():
    (found,) = examine("postgresql://bot:hunter-two@127.0.0.1:1/none")
    assert Symptom.NO_ANSWER is found.symptom
    assert "hunter-two" not in repr(found)


def test_what_is_no_address_is_told_as_such():
    assert [Symptom.DATABASE_REFUSED] == symptoms("sqlite:/x:y@[")


def test_nothing_is_made(tmp_path):
    Database(f"sqlite:///{tmp_path}/other.db").close()
    before = sorted(tmp_path.iterdir())
    assert [Symptom.DATABASE_EMPTY] == symptoms(f"sqlite:///{tmp_path}/shipmate.db")
    assert before == sorted(tmp_path.iterdir())


def test_a_file_whose_history_moved_away_is_none_to_run_on(tmp_path):
    leave_note(tmp_path / "shipmate.db", "postgresql://db.example/shipmate", NOON)
    (one,) = examine(f"sqlite:///{tmp_path / 'shipmate.db'}")
    assert Symptom.DATABASE_REFUSED is one.symptom
    assert "moved to postgresql://db.example/shipmate" in one.facts["detail"]
