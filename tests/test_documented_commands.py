"""Every line for a shell that the manual shows is run, read, or named here with why it cannot be.

A line that is new and in none of these lists fails the last test but one.
"""

import json
import re
import shlex
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from bot.cli import app
from bot.operations.sql.database import Database
from bot.terminal.commands import EXAMPLES

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
SHELLS = {"console", "sh", "bash", "shell"}
PROGRAMS = "shipmate|kubectl|helm|docker|podman|buildah|make|pip|argocd|curl|openssl|psql|promtool"
TYPED = re.compile(rf"^(?:\$ (.*)|((?:{PROGRAMS}) .*))$")
SPAN = re.compile(r"`(shipmate (?:--)?[a-z][^`]*)`")
BLANK = re.compile(r"…|<[a-z-]+>|\\\||[A-Z]{4,}")
"""What people fill in; such a line is an outline and no command."""

ELSEWHERE = {
    "docker": "no container engine is here; deploy/ has tests of its own",
    "podman": "as docker",
    "buildah": "as docker",
    "kubectl": "needs a cluster; tests/deploy validate what is applied",
    "helm": "installs into a cluster; tests/deploy/test_chart.py renders the chart",
    "argocd": "needs an Argo CD",
    "curl": "needs the bot at its address",
    "openssl rand": "prints chance",
    "pg_dump": "needs a server of its own",
    "pg_restore": "needs a server of its own",
    "psql": "needs a server of its own",
    "sqlite3": "reads the reader's own file",
    "promtool": "tests/deploy/test_monitoring.py runs it, where it is",
    "make": "each is a target of the Makefile, see below",
    "pip install": "reaches the package index",
    "git ": "shows or changes the reader's own clone",
    "export": "sets what people have",
    "cd": "goes to the reader's own folder",
    "gh auth": "needs GitHub",
    "timedatectl": "sets the machine's clock",
    "kill": "ends the reader's own process",
    "shipmate check": "tests/test_checking.py compares what it prints with docs/check.md",
    "shipmate move-database": "tests/scenarios/test_move_database.py moves one",
    "shipmate run": "runs until it is stopped; tests/durable run it as a process",
    "shipmate demo": "plays a minute; tests/sandbox/test_demo.py plays it",
    "pytest": "the tests themselves",
    "python -m benchmarks": "takes minutes; make bench",
    "python -m tests.chaos": "kills processes for minutes",
}
"""Lines by how they begin, with why they are not run. Those of shipmate are read all the same."""


def typed():
    """Yield each page with each line that people are to type into a shell on it."""
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for kind, block in FENCE.findall(text):
            whole = block.replace("\\\n", " ")
            for row in whole.splitlines():
                found = TYPED.match(row) if kind in SHELLS | {""} else None
                plain = row if kind in SHELLS - {"console"} else ""
                line = (found[1] or found[2]) if found else plain
                if line and line.strip() and not line.startswith("#"):
                    yield page, re.sub(r"\s+#\s.*", "", line.strip()).replace(".venv/bin/", "")


def spans():
    """Yield each page with each command of ours that stands inside a sentence."""
    for page in PAGES:
        text = FENCE.sub("", page.read_text(encoding="utf-8"))
        for line in SPAN.findall(text):
            if not BLANK.search(line):
                yield page, line


LINES = sorted({line for _, line in typed()})
OURS = sorted(
    {line for line in LINES if line.startswith("shipmate ")} | {one for _, one in spans()}
)


def words_of(line):
    """Return the words of the first command of *line*, without what it is piped or written to."""
    kept = []
    for word in shlex.split(line):
        if re.fullmatch(r"[|>&]+|\d?>", word):
            break
        kept.append(word)
    return kept[1:]


@pytest.mark.parametrize("line", OURS)
def test_each_of_our_commands_is_one_with_these_options(line):
    words = words_of(line)
    group = typer.main.get_command(app)
    if words[0].startswith("-"):
        assert {words[0]} <= {name for one in group.params for name in one.opts}
        return
    command = group.get_command(typer.Context(group), words[0])
    assert command is not None, words[0]
    if len(words) == 1 and line not in LINES:
        return  # a sentence names the command
    try:
        command.make_context(words[0], words[1:])
    except typer.Exit as told:
        assert 0 == told.exit_code  # noqa: PT017  # --help ends so


# what is run


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """Return a folder with an empty database and the files that the manual edits."""
    made = tmp_path_factory.mktemp("commands")
    opened = Database(f"sqlite:///{made / 'shipmate.db'}")
    opened.migrate()
    opened.close()
    (made / "values.yaml").write_text("image:\n  tag: v1.2.2 # keep\n")
    (made / "kustomization.yaml").write_text("images:\n- name: web\n  newTag: v1.2.2 # keep\n")
    (made / "deployment.yaml").write_text(
        "spec:\n  containers:\n  - {name: web, image: ghcr.io/acme/web:v1.2.2}\n"
    )
    return made


@pytest.fixture
def folder(place, monkeypatch):
    """Go to that folder."""
    monkeypatch.chdir(place)
    monkeypatch.setattr("os.environ", {"DATABASE_URL": f"sqlite:///{place / 'shipmate.db'}"})
    return place


def said_by(line):
    told = CliRunner().invoke(app, words_of(line))
    assert 0 == told.exit_code, told.output
    return told.output


@pytest.mark.parametrize("line", [one for one in OURS if one.startswith("shipmate edit ")])
def test_each_edit_changes_one_line(folder, line):
    said = said_by(line).splitlines()
    assert 1 == sum(row.startswith("+") and not row.startswith("+++") for row in said), said
    assert any("v1.2.3" in row for row in said)


@pytest.mark.parametrize("line", [one for one in OURS if one.startswith("shipmate history")])
def test_each_history_is_read(folder, line):
    assert "Traceback" not in said_by(line)


def test_the_schema_that_editors_take_is_one():
    assert any(line.startswith("shipmate schema >") for line in OURS)
    assert {"$defs", "properties"} <= json.loads(said_by("shipmate schema")).keys()


# nothing is left out


def test_no_line_is_neither_run_nor_named():
    begins = tuple(ELSEWHERE)
    run = ("shipmate edit ", "shipmate history", "shipmate schema")
    asked = (f"shipmate {verb}" for verb in EXAMPLES)  # tests/scenarios/test_terminal.py runs them
    known = (*run, *asked, *begins)
    assert [] == [line for line in LINES if not line.startswith(known)]


def test_each_target_of_make_is_there():
    targets = {word for line in LINES if line.startswith("make ") for word in line.split()[1:]}
    made = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert targets <= set(made)
