"""What docs/configuration.md and docs/policy.md show is what the bot takes and does."""

import json
import re
from pathlib import Path

import pytest
import typer
from ruamel.yaml import YAML
from typer.testing import CliRunner

from bot.cli import app
from bot.config import load, schema
from bot.domain.commands import History, parse
from bot.domain.rules import RULES
from bot.messages.history_rows import COLUMNS
from bot.messages.why import LABELS
from bot.operations.sql.database import Database
from bot.settings import Settings

DOCS = Path(__file__).parent.parent / "docs"
PAGE = (DOCS / "configuration.md").read_text(encoding="utf-8")
HISTORY = (DOCS / "history.md").read_text(encoding="utf-8")
POLICY = (DOCS / "policy.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
YAML_BLOCKS = re.findall(r"^```ya?ml", PAGE, re.MULTILINE)


def read(text):
    return YAML(typ="safe", pure=True).load(text)


def test_the_page_shows_a_complete_file():
    config = load(BLOCKS[0])
    assert ("core", "user-service") == config.catalog.services
    assert ("dev", "prod") == config.catalog.environments_of("user-service")
    assert () == config.warnings


@pytest.mark.parametrize("block", BLOCKS[1:], ids=lambda block: block.split(":")[0])
def test_each_example_fits_into_the_complete_file(block):
    whole = {**read(BLOCKS[0]), **read(block)}
    assert load(json.dumps(whole)).catalog.targets  # JSON is YAML


def test_no_yaml_block_escapes_the_tests():
    assert len(BLOCKS) == len(YAML_BLOCKS) > 10


PUBLISHED = schema()
PARTS = {"File": PUBLISHED, **PUBLISHED["$defs"]}


@pytest.mark.parametrize("part", PARTS)
def test_every_key_is_on_the_page(part):
    shown = set(re.findall(r"[`.]([a-z_]+)\b|^([a-z]+):", PAGE, re.MULTILINE))
    assert set(PARTS[part].get("properties", ())) <= {name for pair in shown for name in pair}


def test_every_variable_is_on_the_page_and_no_other():
    shown = set(re.findall(r"^\| `([A-Z_]+)(?:<INSTANCE>)?` \|", PAGE, re.MULTILINE))
    known = {name.upper() for name in Settings.model_fields} - {
        "ARGOCD_AUTH_TOKENS",
        "REGISTRY_LOGINS",
        "GITHUB_WEBHOOK_SECRETS",
        "ARGOCD_WEBHOOK_TOKENS",
        "NOTIFY_ADDRESSES",
    }
    several = {"ARGOCD_AUTH_TOKEN_", "GITHUB_WEBHOOK_SECRET", "ARGOCD_WEBHOOK_TOKEN"}
    options = typer.main.get_command(app).commands["run"].params
    of_run = {str(one.envvar) for one in options if one.envvar}
    assert {"LOG_LEVEL", "LOG_FORMAT"} <= of_run
    assert known | several | of_run == shown


@pytest.mark.parametrize("name", ["ARGOCD_AUTH_TOKEN", "PORT", "SHIPMATE_CONFIG", "DATABASE_URL"])
def test_every_variable_may_stand_in_a_file(tmp_path, name):
    value = {"PORT": "81", "DATABASE_URL": "sqlite:///x"}.get(name, "x")
    (tmp_path / "value").write_text(value + "\n")
    needed = {"SLACK_BOT_TOKEN": "b", "SLACK_SIGNING_SECRET": "s", "GITHUB_TOKEN": "g"}
    settings = Settings.load(needed | {f"{name}_FILE": str(tmp_path / "value")})
    held = getattr(settings, name.lower())
    assert value == str(held.get_secret_value() if hasattr(held, "get_secret_value") else held)


def test_the_page_of_the_policy_names_every_rule_in_order_and_who_goes_past_it():
    table = POLICY.partition("| rule |")[2].partition("\n\n")[0]
    rows = [[cell.strip() for cell in row.split("|")[1:-1]] for row in table.splitlines()[2:]]
    assert [LABELS[rule.name] for rule in RULES] == [row[0] for row in rows]
    overridden = [row[0] for row in rows if "override" in row[2]]
    assert [LABELS[rule.name] for rule in RULES if rule.skippable] == overridden


@pytest.mark.parametrize("line", re.findall(r"^/ship .*$", HISTORY, re.MULTILINE))
def test_each_command_on_the_page_of_the_history_is_understood(line):
    text = line.removeprefix("/ship ").replace("@alice", "<@U0ALICE|alice>")
    assert isinstance(parse("ship", text, load(BLOCKS[0]).catalog), History)


@pytest.mark.parametrize("line", re.findall(r"^shipmate history.*$", HISTORY, re.MULTILINE))
def test_each_line_for_a_shell_there_runs(line, tmp_path, monkeypatch):
    address = f"sqlite:///{tmp_path / 'shipmate.db'}"
    opened = Database(address)
    opened.migrate()
    opened.close()
    monkeypatch.setattr("os.environ", {"DATABASE_URL": address})
    words = re.sub(r"#.*|>.*", "", line).split()[1:]
    told = CliRunner().invoke(app, words)
    assert 0 == told.exit_code, told.output


def test_the_columns_are_those_of_the_page():
    cells = re.findall(r"^\| (`.*?`) \|", HISTORY, re.MULTILINE)
    assert COLUMNS == tuple(name for cell in cells for name in re.findall(r"`(\w+)`", cell))
