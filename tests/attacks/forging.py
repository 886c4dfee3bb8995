"""Requests that Slack signs although nobody's screen offers them: another value, another person."""

import json

from sandbox.slack.payloads import acted
from tests.scenarios.approving import APPROVE


def forged_click(told, card, by, value=None, *, action=APPROVE, become=None, of=None, team=None):
    """Send a signed click on *action* of *card* whose button carries *value*; return its end.

    *by* is a Slack id, known or not; *team* is the workspace that the payload is of. The button is
    said to have been *become*, or is one of another card: *of*.
    """
    slack = told.slack
    workspace = slack.workspace
    with slack.lock:
        user, place = workspace.users[by], workspace.channels[card.channel]
        block, element = _button(of or card, action)
        said = {"value": value or element["value"], "action_id": become or action}
        acting = acted(block, {**element, **said}, None, card.ts)
        shown = slack.web.chat.shown(card, with_metadata=True)
        keys = slack._keys(user, place, card)
        payload = slack._payloads.click(user, place, shown, acting, keys, ephemeral=False)
    if team is not None:
        payload["team"] = {"id": team, "domain": "elsewhere"}
        payload["user"]["team_id"] = team
    return slack.forge({"payload": json.dumps(payload)})


def forged_reason(told, by, operation, reason, title="Reject"):
    """Send a signed submission of the form that asks why, as if it were of *operation*."""
    slack = told.slack
    content = {
        "type": "modal",
        "callback_id": "reject_reason",
        "private_metadata": operation,
        "title": {"type": "plain_text", "text": title},
        "blocks": [],
        "state": {"values": {"reason": {"reason": {"type": "plain_text_input", "value": reason}}}},
    }
    with slack.lock:
        user, trigger = slack.workspace.users[by], slack.triggers.give(by)
        content["id"] = f"V0{trigger}"  # as Slack names each form that it opens
        payload = slack._payloads.submission(user, content, trigger)
    return slack.forge({"payload": json.dumps(payload)})


def _button(card, action):
    for block in card.blocks:
        for element in block.get("elements", ()):
            if element.get("action_id") == action:
                return block, element
    raise LookupError(f"{action} is not on this card")
