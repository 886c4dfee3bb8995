"""``shipmate move-database`` as it is typed: what is wrong with it, and what is read at the end."""

import json
import re
import shlex
from pathlib import Path

import pytest
from ruamel.yaml import YAML
from typer.main import get_command
from typer.testing import CliRunner

from bot.cli import app
from bot.domain.database_move import Counted, Hindered, Hindrance, Moved, Outcome, Stage, TableMoved
from bot.messages.database_move import hindered, moved
from bot.operations.sql.database import Database

NOWHERE = "postgresql://shipmate:s3cret@127.0.0.1:1/shipmate"


def types(*words):
    return CliRunner().invoke(app, ["move-database", *words])


WRONG = [
    ("shipmate.db", NOWHERE, 2, "--from is the SQLite file"),
    ("postgresql://h/d", NOWHERE, 2, "--from is the SQLite file"),
    ("sqlite:///:memory:", NOWHERE, 2, "--from is the SQLite file"),
    (
        "sqlite:///{there}",
        "sqlite:///other.db",
        2,
        "--to, or else DATABASE_URL, is the PostgreSQL database",
    ),
    (
        "sqlite:///{there}",
        "db.example",
        2,
        "--to, or else DATABASE_URL, is the PostgreSQL database",
    ),
    (
        "sqlite:///{there}",
        "postgresql://h",
        2,
        "--to, or else DATABASE_URL, is the PostgreSQL database",
    ),
    ("sqlite:///{missing}", NOWHERE, 1, "there is no file"),
    ("sqlite:///{there}", NOWHERE, 3, "check the address behind --to"),
]


@pytest.fixture
def there(tmp_path):
    database = Database(f"sqlite:///{tmp_path / 'there.db'}")
    database.migrate()
    database.close()
    return tmp_path / "there.db"


@pytest.mark.parametrize(("source", "target", "code", "expected"), WRONG)
def test_what_is_wrong_is_told_without_a_password(there, source, target, code, expected):
    source = source.format(there=there, missing=there.with_name("missing.db"))
    for form in ([], ["--json"]):
        told = types("--from", source, "--to", target, *form)
        assert (code, True) == (told.exit_code, expected in told.output), told.output
        assert "s3cret" not in told.output
        if form:
            assert all("event" in json.loads(line) for line in told.stdout.splitlines())
    assert not there.with_name("missing.db").exists()


def test_the_target_may_be_the_database_of_the_environment(there, monkeypatch, tmp_path):
    """Its password is on no command line then, and may stand in a file."""
    (tmp_path / "url").write_text(NOWHERE)
    for given, code in (
        ({}, 2),
        ({"DATABASE_URL": f"sqlite:///{there}"}, 2),
        ({"DATABASE_URL": NOWHERE}, 3),
        ({"DATABASE_URL_FILE": str(tmp_path / "url")}, 3),
        ({"DATABASE_URL_FILE": str(tmp_path / "none")}, 2),
    ):
        monkeypatch.setattr("os.environ", given)
        told = types("--from", f"sqlite:///{there}")
        assert (code, False) == (told.exit_code, "s3cret" in told.output), told.output
    assert 2 == types("--to", NOWHERE).exit_code


TABLES = (
    TableMoved("operations", Counted(1200, "ab" * 32), Counted(1200, "ab" * 32)),
    TableMoved("locks", Counted(0, "0" * 64), Counted(0, "0" * 64)),
    TableMoved("acts", Counted(7, "cd" * 32), Counted(7, "cd" * 32)),
)


def test_the_table_shows_what_there_is_and_the_next_step():
    done = Moved(Outcome.MOVED, TABLES, ("D-7", "D-9"), 1201, mended=2)
    lines = list(moved(done, "shipmate.db", "postgresql://db.example/shipmate"))
    assert [
        "TABLE        ROWS  DIGEST        THERE",
        "operations  1,200  abababababab  same",
        "acts            7  cdcdcdcdcdcd  same",
        "One other table is empty.",
    ] == lines[:4]
    said = " ".join(lines[4:])
    for expected in ("1,207 rows", "D-7, D-9", "D-1201", "DATABASE_URL", "2 texts"):
        assert expected in said


PAGE = (Path(__file__).parents[2] / "docs" / "move-database.md").read_text(encoding="utf-8")


def test_the_page_tells_every_exit_code_and_event_and_types_what_is_typed():
    assert {"0", "1", "2", "3", "130"} == set(re.findall(r"^\| (\d+) \|", PAGE, re.MULTILINE))
    for event in (*Outcome, *Stage, "table", "refused", "misread", "away"):
        assert f"`{event}`" in PAGE
    command = get_command(app).commands["move-database"]
    for line in re.findall(r"shipmate move-database (--[^`\n]+)", PAGE):
        typed = command.make_context("move-database", shlex.split(line)).params
        assert typed["source"].startswith("sqlite:///"), line


def test_the_job_of_the_page_is_typed_as_its_command_is():
    (job,) = re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
    pod = YAML(typ="safe", pure=True).load(job)["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    verb, *words = container["args"]
    typed = get_command(app).commands[verb].make_context(verb, list(words)).params
    folder = container["volumeMounts"][0]["mountPath"]
    assert (f"sqlite:///{folder}/shipmate.db", None) == (typed["source"], typed["target"])
    chart = (Path(__file__).parents[2] / "deploy/chart/templates/deployment.yaml").read_text()
    assert f'"{typed["source"]}"' in chart
    assert f"runAsUser: {pod['securityContext']['runAsUser']}" in chart


@pytest.mark.parametrize("why", Hindrance)
def test_every_hindrance_has_words_and_a_way_out(why):
    facts = dict.fromkeys(("process", "there", "ours", "tables", "table", "why"), "X")
    said = hindered(Hindered(why, facts))
    assert "Nothing was moved. " in said
    assert any(word in said for word in ("again", "Stay on SQLite", "Move ", "go on")), said
