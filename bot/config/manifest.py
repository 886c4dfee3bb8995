"""What ``manifest.yml`` tells Slack of the app: its commands, events and scopes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.config.document import read


@dataclass(frozen=True, slots=True)
class Manifest:
    """The *commands* (``/ship``), *events* (``app_mention``) and bot *scopes* of the app."""

    commands: frozenset[str]
    events: frozenset[str]
    scopes: frozenset[str]


def manifest_of(text: str) -> Manifest | None:
    """Return what *text* declares; None: it is no manifest of a Slack app.

    Source: https://docs.slack.dev/reference/app-manifest
    """
    data = read(text).data
    commands = _list(data, "features", "slash_commands")
    if not commands:
        return None
    named = frozenset(str(one.get("command")) for one in commands if isinstance(one, Mapping))
    events = _list(data, "settings", "event_subscriptions", "bot_events")
    scopes = _list(data, "oauth_config", "scopes", "bot")
    return Manifest(named, frozenset(map(str, events)), frozenset(map(str, scopes)))


def _list(data: Any, *path: str) -> list[Any]:
    for name in path:
        data = data.get(name) if isinstance(data, dict) else None
    return data if isinstance(data, list) else []
