"""The Slack manifest is valid, and asks for exactly what the code uses."""

import ast
import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from ruamel.yaml import YAML

from bot.domain.doctor import SLACK_SCOPES
from bot.domain.slash_names import VERBS
from handlers.slack import COMMANDS, EVENTS
from sandbox.slack.app import App, from_manifest
from sandbox.slack.methods import METHODS
from sandbox.slack.workspace import Kind

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "manifest.yml").read_text()
SCHEMA = json.loads((ROOT / "tests" / "manifest_schema.json").read_text())

EVENT_SCOPES = {"app_mention": "app_mentions:read", "message.im": "im:history"}
"""The scope that each event needs. Source: https://docs.slack.dev/reference/events"""


def read(text: str) -> Any:
    return YAML(typ="safe").load(text)


def for_http(text: str) -> str:
    """Follow the steps that the manifest's own comment gives."""
    uncommented = re.sub(
        r"# (?=(?:request_|message_menu_options_)?url: https://shipmate\.example\.com)", "", text
    )
    return uncommented.replace("socket_mode_enabled: true", "socket_mode_enabled: false")


MANIFEST = read(TEXT)


@pytest.mark.parametrize("text", [TEXT, for_http(TEXT)], ids=["Socket Mode", "HTTP"])
def test_the_manifest_is_valid(text):
    jsonschema.validate(read(text), SCHEMA, jsonschema.Draft7Validator)


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        pytest.param("should_escape", "should_escpe", id="a typo in a key"),
        pytest.param("name: Shipmate", f"name: {'S' * 36}", id="a name too long"),
        pytest.param("command: /ship", "command: ship", id="a command without its slash"),
        pytest.param("- commands ", "- chat:write ", id="a scope twice"),
        pytest.param(
            "token_rotation_enabled: false", "token_rotation_enabled: true", id="rotation"
        ),
    ],
)
def test_the_schema_catches_mistakes(right, wrong):
    assert right in TEXT
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(read(TEXT.replace(right, wrong)), SCHEMA, jsonschema.Draft7Validator)


def test_http_has_an_address_wherever_slack_wants_one():
    manifest = read(for_http(TEXT))
    urls = [command["url"] for command in manifest["features"]["slash_commands"]]
    urls.append(manifest["settings"]["interactivity"]["request_url"])
    urls.append(manifest["settings"]["interactivity"]["message_menu_options_url"])
    urls.append(manifest["settings"]["event_subscriptions"]["request_url"])
    assert ["https://shipmate.example.com/slack/events"] * 7 == urls


def test_names_typed_in_commands_arrive_as_ids():
    commands = MANIFEST["features"]["slash_commands"]
    assert {"/deploy": True, "/promote": True, "/rollback": True, "/ship": True} == {
        one["command"]: one["should_escape"] for one in commands
    }


def test_the_pretend_slack_installs_the_same_app():
    assert App() == from_manifest(MANIFEST)


def test_every_listener_is_in_the_manifest_and_nothing_else_is():
    """Slack's ``message.im`` arrives as an event of type ``message``."""
    commands = {one["command"] for one in MANIFEST["features"]["slash_commands"]}
    assert {f"/{verb}" for verb in COMMANDS} == commands
    assert tuple(COMMANDS) == VERBS
    assert set(EVENTS) == {event.partition(".")[0] for event in bot_events()}


def methods_called() -> set[str]:
    """Return the Web API methods that the adapter names."""
    tree = ast.parse((ROOT / "bot" / "adapters" / "slack.py").read_text())
    literals = {
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    return {one for one in literals if re.fullmatch(r"[a-z]+(\.[a-zA-Z]+)+", one)}


def test_the_adapter_calls_known_methods_only():
    called = methods_called()
    assert {"chat.postMessage", "chat.update", "conversations.history"} < called
    assert set() == called - set(METHODS)


def test_no_scope_is_missing_and_none_is_unused():
    scopes = {METHODS[method].scope for method in methods_called()} - {None}
    needed = {
        scope.format(kind=kind.value) for scope in scopes if scope is not None for kind in Kind
    }
    needed |= {EVENT_SCOPES[event] for event in bot_events()} | {"commands"}
    assert needed == set(MANIFEST["oauth_config"]["scopes"]["bot"])


def test_the_doctor_wants_the_scopes_that_the_manifest_asks_for():
    assert set(MANIFEST["oauth_config"]["scopes"]["bot"]) == SLACK_SCOPES


def bot_events() -> list[str]:
    events: list[str] = MANIFEST["settings"]["event_subscriptions"]["bot_events"]
    return events
