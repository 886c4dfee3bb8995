"""What the bot is sent when people type, click, submit or mention it.

Sources: https://docs.slack.dev/reference/interaction-payloads and
https://docs.slack.dev/reference/events
"""

from collections.abc import Callable, Mapping
from typing import Any

from sandbox.slack.app import App
from sandbox.slack.contents import interactive
from sandbox.slack.views import View
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

    def submission(
        self, user: User, shown: Mapping[str, Any], values: Mapping[str, Any], trigger: str
    ) -> dict[str, Any]:
        """Return view_submission of a view with what was entered."""
        return self._action("view_submission", user) | {
            "trigger_id": trigger,
            "view": {**shown, "state": {"values": values}},
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


def _option(element: Mapping[str, Any], value: str) -> Mapping[str, Any]:
    groups = [{"options": element.get("options", [])}, *element.get("option_groups", [])]
    for group in groups:
        for option in group["options"]:
            if option["value"] == value:
                return dict(option)
    raise LookupError(f"{element['action_id']} has no option {value!r}")


_Chosen = Callable[[Mapping[str, Any], str], dict[str, Any]]

_CHOSEN: Mapping[str, _Chosen] = {
    **dict.fromkeys(
        ("static_select", "overflow", "radio_buttons"),
        lambda element, value: {"selected_option": _option(element, value)},
    ),
    **dict.fromkeys(
        ("checkboxes", "multi_static_select"),
        lambda element, value: {
            "selected_options": [_option(element, one) for one in value.split(",") if one]
        },
    ),
    "external_select": lambda _element, value: {
        "selected_option": {"text": {"type": "plain_text", "text": value}, "value": value}
    },
    "users_select": lambda _element, value: {"selected_user": value},
    "channels_select": lambda _element, value: {"selected_channel": value},
    "conversations_select": lambda _element, value: {"selected_conversation": value},
    "datepicker": lambda _element, value: {"selected_date": value},
    "timepicker": lambda _element, value: {"selected_time": value},
    "plain_text_input": lambda _element, value: {"value": value},
    "number_input": lambda _element, value: {"value": value},
    "email_text_input": lambda _element, value: {"value": value},
    "url_text_input": lambda _element, value: {"value": value},
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
        action |= _CHOSEN[element["type"]](element, value)
    return action


def entered(view: View, values: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """Return ``state.values`` of *view* with *values* (by action id) entered, initials elsewhere.

    Raises:
        LookupError: no input has such an action id, or a required one stays empty, which Slack
            does not let a person submit.
    """
    state: dict[str, dict[str, Any]] = {}
    left = dict(values)
    for block in view.content["blocks"]:
        for element in interactive(block):
            if element["type"] in ("button", "overflow"):
                continue
            value = left.pop(element["action_id"], None)
            entry = _entry(element, value)
            state.setdefault(block["block_id"], {})[element["action_id"]] = entry
            if block["type"] == "input" and not block.get("optional") and len(entry) == 1:
                raise LookupError(f"{element['action_id']} must be filled in")
    if left:
        raise LookupError(f"the view has no input {sorted(left)}")
    return state


def _entry(element: Mapping[str, Any], value: str | None) -> dict[str, Any]:
    entry: dict[str, Any] = {"type": element["type"]}
    if value is not None:
        return entry | _CHOSEN[element["type"]](element, value)
    initials = {
        "initial_value": "value",
        "initial_option": "selected_option",
        "initial_options": "selected_options",
        "initial_user": "selected_user",
        "initial_date": "selected_date",
    }
    return entry | {ours: element[name] for name, ours in initials.items() if name in element}
