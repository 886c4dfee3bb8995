"""The installed app: its commands, scopes and events, as its manifest declares them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

BOT_ID = "B0SHIP"


@dataclass(frozen=True, slots=True)
class App:
    """What the workspace knows of the app. *commands* maps each to its ``should_escape``."""

    id: str = "A0SHIP"
    name: str = "Shipmate"
    commands: Mapping[str, bool] = field(
        default_factory=lambda: {
            "/deploy": True,
            "/promote": True,
            "/rollback": True,
            "/ship": True,
        },
    )
    events: frozenset[str] = frozenset({"app_mention", "message.im"})
    scopes: frozenset[str] = frozenset(
        {
            "commands",
            "chat:write",
            "files:write",
            "app_mentions:read",
            "im:history",
            "im:write",
            "users:read",
            "users.profile:read",
            "channels:history",
            "groups:history",
        }
    )
    interactive: bool = True


def from_manifest(manifest: Mapping[str, Any]) -> App:
    """Return the app that a parsed ``manifest.yml`` installs."""
    features, settings = manifest.get("features", {}), manifest.get("settings", {})
    return App(
        name=manifest["display_information"]["name"],
        commands={
            command["command"]: command.get("should_escape", False)
            for command in features.get("slash_commands", [])
        },
        events=frozenset(settings.get("event_subscriptions", {}).get("bot_events", [])),
        scopes=frozenset(manifest.get("oauth_config", {}).get("scopes", {}).get("bot", [])),
        interactive=settings.get("interactivity", {}).get("is_enabled", False),
    )
