"""What the bot is sent when people type, click, submit or mention it.

Sources: https://docs.slack.dev/reference/interaction-payloads and
https://docs.slack.dev/reference/events
"""

from collections.abc import Mapping
from typing import Any

from sandbox.slack.app import App
from sandbox.slack.state import chosen
from sandbox.slack.workspace import Channel, User, Workspace

DOMAIN = "ship"


class Payloads:
    """Builds payloads for one app in one workspace."""

    def __init__(self, workspace: Workspace, app: App) -> None:
        self._workspace, self._app = workspace, app

    def command(
        self, user: User, channel: Channel, command: str, text: str, keys: Mapping[str, str]
    ) -> dict[str, str]:
        """Return the form of a slash command; *keys* are its trigger_id and response_url."""
        return {
            "token": "deprecated",
            "team_id": user.team,
            "team_domain": DOMAIN,
            "channel_id": channel.id,
            "channel_name": channel.name,
            "user_id": user.id,
            "user_name": user.name,
            "command": command,
            "text": text,
            "api_app_id": self._app.id,
            "is_enterprise_install": "false",
            **keys,
        }

    def _action(self, kind: str, user: User) -> dict[str, Any]:
        return {
            "type": kind,
            "token": "deprecated",
            "team": {"id": self._workspace.team, "domain": DOMAIN},
            "enterprise": None,
            "is_enterprise_install": False,
            "api_app_id": self._app.id,
            "user": {
                "id": user.id,
                "username": user.name,
                "name": user.name,
                "team_id": user.team,
            },
        }

    def click(
        self,
        user: User,
        channel: Channel,
        message: Mapping[str, Any],
        action: Mapping[str, Any],
        keys: Mapping[str, str],
        *,
        ephemeral: bool,
    ) -> dict[str, Any]:
        """Return block_actions on *message*; an ephemeral one is not shown to the bot again."""
        payload = self._action("block_actions", user) | {
            "container": {
                "type": "message",
                "message_ts": message["ts"],
                "channel_id": channel.id,
                "is_ephemeral": ephemeral,
            },
            "channel": {"id": channel.id, "name": channel.name},
            "state": {"values": {}},
            "actions": [dict(action)],
            **keys,
        }
        if not ephemeral:
            payload["message"] = dict(message)
        return payload

    def choice(
        self, user: User, shown: Mapping[str, Any], action: Mapping[str, Any], trigger: str
    ) -> dict[str, Any]:
        """Return block_actions of a view; what stands in its inputs is in ``view.state``."""
        return self._action("block_actions", user) | {
            "container": {"type": "view", "view_id": shown["id"]},
            "trigger_id": trigger,
            "view": dict(shown),
            "actions": [dict(action)],
        }

    def suggestion(
        self, user: User, shown: Mapping[str, Any], action_id: str, block_id: str, query: str
    ) -> dict[str, Any]:
        """Return block_suggestion: what a person typed into an external select of a view.

        Source: https://docs.slack.dev/reference/interaction-payloads/block_suggestion-payload
        """
        return self._action("block_suggestion", user) | {
            "container": {"type": "view", "view_id": shown["id"]},
            "action_id": action_id,
            "block_id": block_id,
            "value": query,
            "view": dict(shown),
        }

    def submission(self, user: User, shown: Mapping[str, Any], trigger: str) -> dict[str, Any]:
        """Return view_submission of a view, with what was entered in its state."""
        return self._action("view_submission", user) | {
            "trigger_id": trigger,
            "view": dict(shown),
            "response_urls": [],
        }

    def closing(self, user: User, shown: Mapping[str, Any]) -> dict[str, Any]:
        """Return view_closed."""
        return self._action("view_closed", user) | {"view": dict(shown), "is_cleared": False}

    def event(self, event: Mapping[str, Any], number: int) -> dict[str, Any]:
        """Return the envelope of *event*; *number* makes its id."""
        return {
            "token": "deprecated",
            "team_id": self._workspace.team,
            "api_app_id": self._app.id,
            "type": "event_callback",
            "event_id": f"Ev{number:08d}",
            "event_time": int(self._workspace.clock.now().timestamp()),
            "authorizations": [
                {
                    "enterprise_id": None,
                    "team_id": self._workspace.team,
                    "user_id": self._workspace.bot,
                    "is_bot": True,
                    "is_enterprise_install": False,
                }
            ],
            "is_ext_shared_channel": False,
            "event": dict(event),
        }


def acted(
    block: Mapping[str, Any], element: Mapping[str, Any], value: str | None, ts: str
) -> dict[str, Any]:
    """Return the action of a person on *element*; *value* is what they chose or typed.

    Raises:
        LookupError: the element has no such option.
    """
    action = {
        "type": element["type"],
        "action_id": element["action_id"],
        "block_id": block["block_id"],
        "action_ts": ts,
    }
    if element["type"] == "button":
        action |= {name: element[name] for name in ("text", "value", "style") if name in element}
    elif value is not None:
        action |= chosen(element, value)
    return action
