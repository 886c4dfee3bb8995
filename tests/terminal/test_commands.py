"""Every command has examples that the grammar reads; every exit code is in the manual."""

import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli import app
from bot.domain.commands import Misread, parse
from bot.terminal.commands import EXAMPLES
from bot.terminal.ends import End
from tests.builders import catalog, environment, target

PAGE = (Path(__file__).parents[2] / "docs" / "terminal.md").read_text(encoding="utf-8")
HOMES = [target(name, place) for name in ("core", "batch") for place in ("stage", "prod")]
PLACES = [environment("stage"), environment("prod", after="stage")]
OURS = {"follow", "approve", "reject"}  # words about an operation, as those of cancel
LINES = [line for lines in EXAMPLES.values() for line in lines]


@pytest.mark.parametrize("line", LINES)
def test_every_example_is_read_by_the_grammar(line):
    verb, *words = (word for word in shlex.split(line) if not word.startswith("--"))
    name = "cancel" if verb in OURS else verb
    if verb in OURS:
        words = words[:1]
    command = parse("ship", " ".join((name, *words)), catalog(HOMES, PLACES))
    assert not isinstance(command, Misread), command


@pytest.mark.parametrize("verb", EXAMPLES)
def test_every_command_shows_its_examples_and_is_in_the_manual(verb):
    told = CliRunner().invoke(app, [verb, "--help"])
    assert 0 == told.exit_code
    assert "Examples" in told.output
    assert re.search(rf"`[^`]*\b{verb}\b[^`]*`", PAGE), verb


CODED = ("run", "check", "history", "edit", "move-database")


@pytest.mark.parametrize("verb", [*CODED, "schema", "demo"])
def test_every_other_command_shows_examples_and_its_exit_codes(verb):
    told = CliRunner().invoke(app, [verb, "--help"])
    assert 0 == told.exit_code
    assert re.search(rf"xamples?:\s+shipmate {verb}", told.output), told.output
    assert ("Exit code: 0" in told.output) is (verb in CODED)


def test_every_exit_code_is_in_the_manual_and_no_other():
    assert {str(int(end)) for end in End} == set(re.findall(r"^\| (\d+) \|", PAGE, re.MULTILINE))


def test_a_shell_without_anything_is_told_what_to_set(monkeypatch, tmp_path):
    monkeypatch.setattr("os.environ", {"GITHUB_TOKEN": "ghp_bot", "PATH": str(tmp_path)})
    told = CliRunner().invoke(app, ["deploy", "core", "v1", "stage"])
    assert (2, True) == (told.exit_code, "SHIPMATE_AS" in told.output)
    assert "ghp_bot" not in told.output
