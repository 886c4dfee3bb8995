"""``shipmate history``: the same history on a terminal, for a spreadsheet and for a program."""

import csv
import io
import json
from datetime import timedelta

import pytest
from typer.testing import CliRunner

from bot.cli import app
from bot.domain.approving.approvals import Override
from bot.domain.operations import Phase
from bot.domain.problems import Problem, Reason
from bot.domain.rights import Actor, GitHubUser
from bot.messages.history_rows import COLUMNS
from bot.operations.books.act_book import Act, ActBook, Deed
from bot.operations.books.approval_book import ApprovalBook
from bot.operations.books.identity_book import IdentityBook, Link
from bot.operations.store import Store
from sandbox.systems import system
from tests.builders import NOON, request

FORMULA = '=HYPERLINK("https://evil.example","click")'
BOB = Actor("U0BOB", GitHubUser(2, "bob-lee"))


@pytest.fixture
def asks(database, database_url, monkeypatch):
    """Ask for the history of a day: a refused deploy with an override, a lock, a link."""
    store = Store(database)
    made, _ = store.receive(request(reason=FORMULA, override=True), "command:1", NOON)
    book = ApprovalBook(database, store.changed)
    book.record(made.id, Override(BOB, NOON + timedelta(minutes=1), "the shop\nis down"))
    problem = {"problem": Problem(Reason.NOT_PERMITTED, {"user": "U0ALICE"})}
    store.move(made.id, Phase.REFUSED, NOON + timedelta(minutes=2), "refused", changes=problem)
    act = Act("lock:1", NOON + timedelta(hours=1), "U0BOB", Deed.LOCKED, "core/prod", "prod",
              {"reason": "+1 audit", "until": "2026-12-01T00:00:00+00:00"})  # fmt: skip
    ActBook(database).note(act)
    link = Link("U0BOB", "T0SHIP", "map", GitHubUser(2, "bob-lee"), NOON, "shipmate")
    IdentityBook(database).remember(link)
    monkeypatch.setattr("os.environ", {"DATABASE_URL": database_url})

    def asks(*words):
        return CliRunner().invoke(app, ["history", *words])

    return asks


def rows(told):
    assert 0 == told.exit_code, told.output
    return list(csv.DictReader(io.StringIO(told.stdout, newline="")))


def test_a_table_has_a_line_for_each_entry_newest_first(asks):
    told = asks()
    assert 0 == told.exit_code, told.output
    head, locked, *others = told.stdout.splitlines()
    assert ["WHEN", "(UTC)", "ID", "WHAT"] == head.split()[:4]
    assert "U0BOB (bob-lee)" in locked
    assert "core/prod" in locked
    assert "+1 audit" in locked
    assert any("D-1" in line and "refused: not_permitted" in line for line in others)


def test_a_spreadsheet_has_a_row_for_each_thing_that_was_done(asks):
    found = rows(asks("--format", "csv", "--service", "core"))
    assert list(COLUMNS) == list(found[0])
    assert ["locked", "refused", "override", "received"] == [one["what"] for one in found]
    locked, _, override, received = found
    assert ("U0BOB", "bob-lee", "core", "prod") == tuple(
        locked[name] for name in ("by", "login", "services", "environment")
    )
    assert ("U0BOB", "bob-lee", "the shop\nis down") == tuple(
        override[name] for name in ("by", "login", "reason")
    )
    assert ("U0ALICE", "a1b2c3d4", "D-1") == tuple(
        received[name] for name in ("by", "version", "id")
    )


def test_no_cell_is_a_formula(asks):
    found = rows(asks("--format", "csv"))
    assert f"'{FORMULA}" in {one["reason"] for one in found}
    assert "'+1 audit" in {one["reason"] for one in found}
    for row in found:
        for cell in row.values():
            assert not cell.startswith(("=", "+", "-", "@", "\t", "\r")), row


def test_a_program_gets_one_list_of_entries(asks):
    told = asks("--format", "json")
    locked, operation = [one for one in json.loads(told.stdout) if one["what"] != "linked"]
    assert ("act", "locked", "U0BOB", "bob-lee") == tuple(
        locked[name] for name in ("kind", "what", "by", "login")
    )
    assert ("operation", "D-1", "refused", FORMULA) == tuple(
        operation[name] for name in ("kind", "id", "phase", "reason")
    )
    assert ["override"] == [one["verdict"] for one in operation["decisions"]]
    assert ["received", "override", "refused"] == [one["what"] for one in operation["timeline"]]


PARTS = [
    (["--by", "bob-lee"], {"A-1", "D-1"}),
    (["--by", "Bob-Lee"], {"A-1", "D-1"}),
    (["--by", "U0ALICE"], {"D-1"}),
    (["--by", "U0NOBODY"], set()),
    (["--environment", "prod"], {"A-1"}),
    (["--since", "2026-01-01", "--by", "U0BOB"], {"A-1", "D-1"}),
    (["--since", "2099-01-01"], set()),
    (["--limit", "1", "--service", "core"], {"A-1"}),
]


def test_it_can_be_asked_for_a_part(asks):
    for words, expected in PARTS:
        found = {one["id"] for one in rows(asks("--format", "csv", *words))}
        assert expected == found, words


@pytest.mark.parametrize(
    "words", [["--since", "yesterdayish"], ["--format", "xml"], ["--limit", "0"], ["--since", ""]]
)
def test_a_wrong_command_ends_with_2(monkeypatch, tmp_path, words):
    monkeypatch.setattr("os.environ", {"DATABASE_URL": f"sqlite:///{tmp_path / 'any.db'}"})
    told = CliRunner().invoke(app, ["history", *words])
    assert 2 == told.exit_code, told.output
    assert "Traceback" not in told.output


NAMES = [
    (["--service", "cor"], "Perhaps --service core?"),
    (["--service", "nope", "--json"], "Leave it out"),
    (["--environment", "nowhere", "--format", "csv"], "--environment nowhere"),
]


def test_a_name_that_nobody_knows_is_told(asks):
    for words, expected in NAMES:
        told = asks(*words)
        assert (2, "", True) == (told.exit_code, told.stdout, expected in told.stderr), words


def test_a_name_of_the_configuration_is_one_though_nothing_happened(
    asks, monkeypatch, tmp_path, database_url
):
    text = system("guide").config()
    (tmp_path / "shipmate.yaml").write_text(text, encoding="utf-8")
    known = {"DATABASE_URL": database_url, "SHIPMATE_CONFIG": str(tmp_path / "shipmate.yaml")}
    monkeypatch.setattr("os.environ", known)
    told = asks("--service", "my-app")
    assert (0, "Nothing is known to have happened there.\n") == (told.exit_code, told.stdout)


def test_a_program_may_read_an_entry_a_line(asks):
    told = asks("--json")
    found = [json.loads(line) for line in told.stdout.splitlines()]
    assert {"entry"} == {one["event"] for one in found}
    assert json.loads(asks("--format", "json").stdout) == [
        {name: value for name, value in one.items() if name != "event"} for one in found
    ]


def test_a_database_that_is_away_is_for_later(monkeypatch):
    monkeypatch.setattr("os.environ", {"DATABASE_URL": "postgresql://x@127.0.0.1:1/x"})
    told = CliRunner().invoke(app, ["history"])
    assert (3, True) == (told.exit_code, "Try again" in told.output)


def test_it_writes_nothing_at_all(asks, database):
    before = [one.mark for one in ActBook(database).latest()]
    asks("--format", "json")
    assert before == [one.mark for one in ActBook(database).latest()]


def test_there_has_to_be_a_database(monkeypatch, tmp_path):
    missing = tmp_path / "none.db"
    monkeypatch.setattr("os.environ", {"DATABASE_URL": f"sqlite:///{missing}"})
    told = CliRunner().invoke(app, ["history"])
    assert (1, False) == (told.exit_code, missing.exists())
    assert "there is no file" in told.output


def test_a_database_of_something_else_is_told(monkeypatch, tmp_path):
    (tmp_path / "other.db").touch()
    monkeypatch.setattr("os.environ", {"DATABASE_URL": f"sqlite:///{tmp_path / 'other.db'}"})
    told = CliRunner().invoke(app, ["history"])
    assert 1 == told.exit_code
    assert "holds no history of this version" in told.output


def test_an_address_that_is_none_is_told(monkeypatch):
    monkeypatch.setattr("os.environ", {"DATABASE_URL": "mysql://x"})
    told = CliRunner().invoke(app, ["history"])
    assert 2 == told.exit_code
    assert "DATABASE_URL" in told.output
