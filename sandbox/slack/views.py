"""Modals and home tabs: the stack of at most three, hashes, and what a person sees of them.

Source: https://docs.slack.dev/surfaces/modals
"""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any

from sandbox.slack.blocks import Surface, flaws
from sandbox.slack.contents import filled
from sandbox.slack.elements import Flaws, check_text
from sandbox.slack.refused import Refused
from sandbox.slack.state import State, initial, kept

DEEPEST = 3


@dataclass(frozen=True, slots=True)
class View:
    """One modal or home tab as *user* sees it. *errors* are by block id, as shown under it.

    *state* is what stands in its inputs, by block and action id, as payloads have it.
    """

    id: str
    user: str
    content: Mapping[str, Any]
    hash: str
    root: str
    previous: str | None = None
    errors: Mapping[str, str] = field(default_factory=dict)
    state: State = field(default_factory=dict)

    def shown(self, team: str, app: str, bot: str) -> dict[str, Any]:
        """Return the view object of payloads and answers."""
        return {
            "id": self.id,
            "team_id": team,
            "app_id": app,
            "bot_id": bot,
            "hash": self.hash,
            "root_view_id": self.root,
            "previous_view_id": self.previous,
            "state": {"values": dict(self.state)},
            "private_metadata": "",
            "callback_id": "",
            "external_id": "",
            **self.content,
        }


class Views:
    """All open views. Not thread-safe by itself."""

    def __init__(self) -> None:
        self.new_blocks = True
        self._stacks: dict[str, list[View]] = {}
        self.homes: dict[str, View] = {}
        self._ids = count(1)

    def top(self, user: str) -> View | None:
        """Return the modal that *user* sees, or None."""
        stack = self._stacks.get(user, [])
        return stack[-1] if stack else None

    def open(self, user: str, content: Any) -> View:
        """Show a first modal, in place of all that were open."""
        self._must_be_modal(content)
        view = self._new(user, content, previous=None, root=None)
        self._stacks[user] = [view]
        return view

    def push(self, user: str, content: Any) -> View:
        """Show a modal above the open one.

        Raises:
            Refused: there are three already, or none.
        """
        self._must_be_modal(content)
        stack = self._stacks.get(user, [])
        if not stack:
            raise Refused("not_found")
        if len(stack) >= DEEPEST:
            raise Refused("push_limit_reached")
        view = self._new(user, content, previous=stack[-1].id, root=stack[0].id)
        stack.append(view)
        return view

    def update(
        self, content: Any, view_id: str | None, external_id: str | None, expected: str | None
    ) -> View:
        """Replace an open view found by either id; *expected* is the hash last seen, or None.

        Raises:
            Refused: not open, or changed since *expected*.
        """
        self._must_be_good(content)
        for stack in self._stacks.values():
            for index, view in enumerate(stack):
                if view.id == view_id or (
                    external_id and view.content.get("external_id") == external_id
                ):
                    if expected and expected != view.hash:
                        raise Refused("hash_conflict")
                    stack[index] = self._changed(view, content)
                    return stack[index]
        raise Refused("not_found")

    def publish(self, user: str, content: Any, expected: str | None) -> View:
        """Replace the home tab of *user*.

        Raises:
            Refused: not a home tab, or changed since *expected*.
        """
        self._must_be_good(content)
        if content["type"] != "home":
            raise Refused("invalid_arguments")
        known = self.homes.get(user)
        if known and expected and expected != known.hash:
            raise Refused("hash_conflict")
        view = (
            self._changed(known, content)
            if known
            else self._new(user, content, previous=None, root=None)
        )
        self.homes[user] = view
        return view

    def show_errors(self, view: View, errors: Mapping[str, str]) -> None:
        """Show *errors* (by block id) under the inputs of *view*."""
        stack = self._stacks[view.user]
        stack[-1] = replace(view, errors=errors)

    def enter(self, view: View, state: State) -> View:
        """Keep what a person entered into the top *view*; its hash stays."""
        changed = replace(view, state=state)
        self._stacks[view.user][-1] = changed
        return changed

    def close(self, user: str) -> None:
        """Close the modal that *user* sees; the one below comes up."""
        if self._stacks.get(user):
            self._stacks[user].pop()

    def clear(self, user: str) -> None:
        """Close every modal of *user*."""
        self._stacks.pop(user, None)

    def _new(self, user: str, content: Any, *, previous: str | None, root: str | None) -> View:
        name = f"V{next(self._ids):06d}"
        content = self._with_ids(content)
        state = initial(content)
        return View(name, user, content, _hash(), root or name, previous, state=state)

    def _changed(self, view: View, content: Any) -> View:
        """Return *view* with new content; what was entered stays where both ids are the same.

        Source: https://docs.slack.dev/reference/methods/views.update
        """
        content = self._with_ids(content)
        state = kept(initial(content), view.state)
        return replace(view, content=content, hash=_hash(), errors={}, state=state)

    def _with_ids(self, content: Any) -> Mapping[str, Any]:
        copy: dict[str, Any] = json.loads(json.dumps(content))
        copy["blocks"] = list(filled(copy["blocks"], self._ids))
        return copy

    def _must_be_modal(self, content: Any) -> None:
        self._must_be_good(content)
        if content["type"] != "modal":
            raise Refused("invalid_arguments")

    def _must_be_good(self, content: Any) -> None:
        found = modal_flaws(content, new_blocks=self.new_blocks)
        if found:
            raise Refused(
                "invalid_arguments",
                response_metadata={"messages": [f"[ERROR] {flaw}" for flaw in found]},
            )


def modal_flaws(view: Any, *, new_blocks: bool = True) -> list[str]:
    """Return what Slack has against *view*, a modal or home tab; empty when it takes it.

    Source: https://docs.slack.dev/reference/views/modal-views
    """
    if not isinstance(view, dict):
        return ["must be an object [json-pointer:/view]"]
    kind = view.get("type")
    if kind not in ("modal", "home"):
        return [f"unsupported type: {kind} [json-pointer:/view/type]"]
    found = Flaws()
    known = {"type", "blocks", "private_metadata", "callback_id", "external_id"}
    if kind == "modal":
        known |= {"title", "submit", "close", "clear_on_close", "notify_on_close"}
        known |= {"submit_disabled"}
        check_text(found, view.get("title"), 24, "/view/title", plain=True)
        for name in ("submit", "close"):
            if name in view:
                check_text(found, view[name], 24, f"/view/{name}", plain=True)
    for unknown in set(view) - known:
        found.add(f"unknown field: {unknown}", "/view")
    found.string(view, "private_metadata", 0, 3000, "/view", required=False)
    found.string(view, "callback_id", 0, 255, "/view", required=False)
    blocks = view.get("blocks")
    has_input = isinstance(blocks, list) and any(
        isinstance(block, dict) and block.get("type") == "input" for block in blocks
    )
    if kind == "modal" and has_input and "submit" not in view:
        found.add("a modal with an input needs submit", "/view/submit")
    return found.found + flaws(blocks, Surface(kind), new_blocks=new_blocks)


def _hash() -> str:
    return f"{secrets.randbelow(10**10)}.{secrets.token_hex(4)}"
