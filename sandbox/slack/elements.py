"""Block Kit elements and text objects as Slack judges them; the blocks around them are next door.

Source: https://docs.slack.dev/reference/block-kit/block-elements and …/composition-objects
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

_SELECTS = frozenset(
    f"{many}{source}_select"
    for many in ("", "multi_")
    for source in ("static", "external", "users", "conversations", "channels")
)
_PICKERS = frozenset({"datepicker", "datetimepicker", "timepicker"})
_CHOICES = frozenset({"checkboxes", "radio_buttons"})

IN_ACTIONS = _SELECTS | _PICKERS | _CHOICES | {"button", "overflow", "workflow_button"}
IN_ACCESSORY = (IN_ACTIONS | {"image"}) - {"datetimepicker"}
IN_CONTEXT = frozenset({"image"})
IN_INPUT = (
    _SELECTS
    | _PICKERS
    | _CHOICES
    | {
        "plain_text_input",
        "email_text_input",
        "url_text_input",
        "number_input",
        "rich_text_input",
        "file_input",
    }
)


@dataclass
class Flaws:
    """What is wrong so far, each with a JSON pointer, in Slack's manner of saying it."""

    found: list[str] = field(default_factory=list)

    def add(self, what: str, at: str) -> None:
        """Remember that *what* is wrong *at* a place."""
        self.found.append(f"{what} [json-pointer:{at}]")

    def string(
        self,
        holder: Mapping[str, Any],
        name: str,
        least: int,
        most: int,
        at: str,
        *,
        required: bool = True,
    ) -> None:
        """Check that ``holder[name]`` is a string of *least* to *most* characters."""
        value = holder.get(name)
        if value is None:
            if required:
                self.add(f"missing required field: {name}", at)
        elif not isinstance(value, str):
            self.add("must be a string", f"{at}/{name}")
        elif len(value) < least:
            self.add(f"must be more than {least - 1} characters", f"{at}/{name}")
        elif len(value) > most:
            self.add(f"must be less than {most + 1} characters", f"{at}/{name}")

    def items(
        self,
        holder: Mapping[str, Any],
        name: str,
        least: int,
        most: int,
        at: str,
        *,
        required: bool = True,
    ) -> list[Any]:
        """Return ``holder[name]``, checked to be a list of *least* to *most* items; else []."""
        value = holder.get(name)
        if value is None:
            if required:
                self.add(f"missing required field: {name}", at)
            return []
        if not isinstance(value, list):
            self.add("must be an array", f"{at}/{name}")
            return []
        if len(value) < least:
            self.add(f"no less than {least} items allowed", f"{at}/{name}")
        if len(value) > most:
            self.add(f"no more than {most} items allowed", f"{at}/{name}")
        return value

    def choice(self, holder: Mapping[str, Any], name: str, allowed: Sequence[str], at: str) -> None:
        """Check that ``holder[name]`` is one of *allowed*, or not there."""
        if name in holder and holder[name] not in allowed:
            self.add(f"must be one of {', '.join(allowed)}", f"{at}/{name}")

    def unique(self, ids: Sequence[Any], name: str, at: str) -> None:
        """Check that no id stands twice; None does not count."""
        given = [one for one in ids if one is not None]
        for twice in {str(one) for one in given if given.count(one) > 1}:
            self.add(f"{name} {twice!r} already exists", at)


def check_text(flaws: Flaws, text: Any, most: int, at: str, *, plain: bool = False) -> None:
    """Check a text object of at most *most* characters; *plain* where only plain_text is taken."""
    if not isinstance(text, dict):
        flaws.add("must be a text object", at)
        return
    kind = text.get("type")
    if kind not in (("plain_text",) if plain else ("plain_text", "mrkdwn")):
        flaws.add(f"unsupported type: {kind}", f"{at}/type")
    own = "emoji" if kind == "plain_text" else "verbatim"
    for unknown in set(text) - {"type", "text", own}:
        flaws.add(f"unknown field: {unknown}", at)
    flaws.string(text, "text", 1, most, at)


def check_element(flaws: Flaws, element: Any, allowed: frozenset[str], at: str) -> None:
    """Check an interactive element or image; *allowed* are the types its place takes."""
    if not isinstance(element, dict):
        flaws.add("must be an element", at)
        return
    kind = element.get("type")
    if kind not in allowed:
        flaws.add(f"unsupported type: {kind}", f"{at}/type")
        return
    flaws.string(element, "action_id", 1, 255, at, required=False)
    if "confirm" in element:
        _confirm(flaws, element["confirm"], f"{at}/confirm")
    if "placeholder" in element:
        check_text(flaws, element["placeholder"], 150, f"{at}/placeholder", plain=True)
    special = _ELEMENTS.get(kind)
    if special is not None:
        special(flaws, element, at)


def _fields(flaws: Flaws, element: Mapping[str, Any], at: str, *names: str) -> None:
    for unknown in set(element) - {"type", "action_id", "confirm", "focus_on_load", *names}:
        flaws.add(f"unknown field: {unknown}", at)


def _confirm(flaws: Flaws, confirm: Any, at: str) -> None:
    if not isinstance(confirm, dict):
        flaws.add("must be an object", at)
        return
    for unknown in set(confirm) - {"title", "text", "confirm", "deny", "style"}:
        flaws.add(f"unknown field: {unknown}", at)
    check_text(flaws, confirm.get("title"), 100, f"{at}/title", plain=True)
    check_text(flaws, confirm.get("text"), 300, f"{at}/text")
    check_text(flaws, confirm.get("confirm"), 30, f"{at}/confirm", plain=True)
    check_text(flaws, confirm.get("deny"), 30, f"{at}/deny", plain=True)
    flaws.choice(confirm, "style", ("primary", "danger"), at)


def _button(flaws: Flaws, element: Mapping[str, Any], at: str) -> None:
    _fields(flaws, element, at, "text", "url", "value", "style", "accessibility_label")
    check_text(flaws, element.get("text"), 75, f"{at}/text", plain=True)
    flaws.string(element, "value", 1, 2000, at, required=False)
    flaws.string(element, "url", 1, 3000, at, required=False)
    flaws.string(element, "accessibility_label", 1, 75, at, required=False)
    flaws.choice(element, "style", ("primary", "danger"), at)


def _image(flaws: Flaws, element: Mapping[str, Any], at: str) -> None:
    _fields(flaws, element, at, "image_url", "slack_file", "alt_text")
    flaws.string(element, "image_url", 1, 3000, at, required="slack_file" not in element)
    flaws.string(element, "alt_text", 1, 2000, at)


def _option(flaws: Flaws, option: Any, at: str) -> None:
    if not isinstance(option, dict):
        flaws.add("must be an option", at)
        return
    for unknown in set(option) - {"text", "value", "description", "url"}:
        flaws.add(f"unknown field: {unknown}", at)
    check_text(flaws, option.get("text"), 75, f"{at}/text")
    flaws.string(option, "value", 1, 150, at)
    if "description" in option:
        check_text(flaws, option["description"], 75, f"{at}/description")


def _options(flaws: Flaws, element: Mapping[str, Any], least: int, most: int, at: str) -> None:
    for index, option in enumerate(flaws.items(element, "options", least, most, at)):
        _option(flaws, option, f"{at}/options/{index}")


def _static_select(flaws: Flaws, element: Mapping[str, Any], at: str) -> None:
    if "option_groups" not in element:
        _options(flaws, element, 1, 100, at)
        return
    for index, group in enumerate(flaws.items(element, "option_groups", 1, 100, at)):
        where = f"{at}/option_groups/{index}"
        if not isinstance(group, dict):
            flaws.add("must be an option group", where)
            continue
        check_text(flaws, group.get("label"), 75, f"{where}/label", plain=True)
        _options(flaws, group, 1, 100, where)


def option_flaws(options: Any) -> list[str]:
    """Return what Slack has against the answer to a block_suggestion; empty when it takes it."""
    found = Flaws()
    _options(found, {"options": options}, 0, 100, "")
    return found.found


def _external_select(flaws: Flaws, element: Mapping[str, Any], at: str) -> None:
    one = ("initial_option",)
    many = ("initial_options", "max_selected_items")
    own = many if element["type"].startswith("multi_") else one
    _fields(flaws, element, at, "placeholder", "min_query_length", *own)
    most = element.get("max_selected_items", 1)
    if not isinstance(most, int) or most < 1:
        flaws.add("must be at least 1", f"{at}/max_selected_items")


def _overflow(flaws: Flaws, element: Mapping[str, Any], at: str) -> None:
    _fields(flaws, element, at, "options")
    _options(flaws, element, 1, 5, at)


def _ten_choices(flaws: Flaws, element: Mapping[str, Any], at: str) -> None:
    _options(flaws, element, 1, 10, at)


def _plain_text_input(flaws: Flaws, element: Mapping[str, Any], at: str) -> None:
    _fields(
        flaws,
        element,
        at,
        "initial_value",
        "multiline",
        "min_length",
        "max_length",
        "dispatch_action_config",
        "placeholder",
    )
    flaws.string(element, "initial_value", 0, 3000, at, required=False)
    longest = element.get("max_length", 1)
    if not isinstance(longest, int) or not 1 <= longest <= 3000:
        flaws.add("must be from 1 to 3000", f"{at}/max_length")


def _file_input(flaws: Flaws, element: Mapping[str, Any], at: str) -> None:
    if not 1 <= int(element.get("max_files", 1)) <= 10:
        flaws.add("must be from 1 to 10", f"{at}/max_files")


_ELEMENTS: Mapping[str, Callable[[Flaws, Mapping[str, Any], str], None]] = {
    "button": _button,
    "image": _image,
    "static_select": _static_select,
    "multi_static_select": _static_select,
    "external_select": _external_select,
    "multi_external_select": _external_select,
    "overflow": _overflow,
    "checkboxes": _ten_choices,
    "radio_buttons": _ten_choices,
    "plain_text_input": _plain_text_input,
    "file_input": _file_input,
}
