"""What stands in the inputs of a modal: chosen, typed, kept over updates.

Sources: https://docs.slack.dev/reference/interaction-payloads/view-interactions-payload and
https://docs.slack.dev/surfaces/modals#updating_views
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from sandbox.slack.contents import interactive

State = Mapping[str, Mapping[str, Mapping[str, Any]]]
"""Entries by block id and action id."""

_EMPTY: Mapping[str, tuple[str, Any]] = {
    **dict.fromkeys(
        ("static_select", "external_select", "radio_buttons"), ("selected_option", None)
    ),
    **dict.fromkeys(
        ("checkboxes", "multi_static_select", "multi_external_select"), ("selected_options", [])
    ),
    "users_select": ("selected_user", None),
    "channels_select": ("selected_channel", None),
    "conversations_select": ("selected_conversation", None),
    "datepicker": ("selected_date", None),
    "timepicker": ("selected_time", None),
    **dict.fromkeys(
        ("plain_text_input", "number_input", "email_text_input", "url_text_input"), ("value", None)
    ),
}
"""Under which name an element's value comes, and what stands there while nothing does."""

_INITIALS = {
    "value": "initial_value",
    "selected_option": "initial_option",
    "selected_options": "initial_options",
    "selected_user": "initial_user",
    "selected_date": "initial_date",
}


def initial(content: Mapping[str, Any]) -> State:
    """Return what stands in a view that nobody has touched."""
    state: dict[str, dict[str, dict[str, Any]]] = {}
    for block, element in inputs(content):
        name, empty = _EMPTY.get(element["type"], ("value", None))
        value = element.get(_INITIALS.get(name, ""), empty)
        entry = {"type": element["type"], name: value}
        state.setdefault(block["block_id"], {})[element["action_id"]] = entry
    return state


def kept(new: State, old: State) -> State:
    """Return *new* with what stood in *old* under the same block and action ids."""
    return {
        block: {
            action: _kept(entry, old.get(block, {}).get(action)) for action, entry in of.items()
        }
        for block, of in new.items()
    }


def _kept(new: Mapping[str, Any], old: Mapping[str, Any] | None) -> Mapping[str, Any]:
    return old if old is not None and old["type"] == new["type"] else new


def with_entry(state: State, block_id: str, element: Mapping[str, Any], value: str) -> State:
    """Return *state* after a person chose or typed *value*.

    Raises:
        LookupError: the element has no such option.
    """
    entry = {"type": element["type"], **chosen(element, value)}
    return {**state, block_id: {**state.get(block_id, {}), element["action_id"]: entry}}


def inputs(content: Mapping[str, Any]) -> Iterator[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    """Yield the blocks of a view with those of their elements that hold a value."""
    for block in content["blocks"]:
        for element in interactive(block):
            if element["type"] not in ("button", "overflow"):
                yield block, element


def missing(content: Mapping[str, Any], state: State) -> list[str]:
    """Return the action ids that Slack would not let a person submit empty."""
    return [
        element["action_id"]
        for block, element in inputs(content)
        if block["type"] == "input"
        and not block.get("optional")
        and not any(
            value
            for name, value in state[block["block_id"]][element["action_id"]].items()
            if name != "type"
        )
    ]


def _option(element: Mapping[str, Any], value: str) -> Mapping[str, Any]:
    groups = [{"options": element.get("options", [])}, *element.get("option_groups", [])]
    for group in groups:
        for option in group["options"]:
            if option["value"] == value:
                return dict(option)
    raise LookupError(f"{element['action_id']} has no option {value!r}")


def _external(value: str) -> dict[str, Any]:
    return {"text": {"type": "plain_text", "text": value}, "value": value}


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
    "external_select": lambda _element, value: {"selected_option": _external(value)},
    "multi_external_select": lambda _element, value: {
        "selected_options": [_external(one) for one in value.split(",") if one]
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


def chosen(element: Mapping[str, Any], value: str) -> dict[str, Any]:
    """Return what a payload says of *value*, chosen from or typed into *element*.

    Raises:
        LookupError: the element has no such option.
    """
    return _CHOSEN[element["type"]](element, value)
