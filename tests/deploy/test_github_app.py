"""The manifest from which a GitHub App is made: it asks for what the bot uses, and for no more."""

import json
from pathlib import Path

from bot.adapters.github.credentials import (
    CI_PERMISSIONS,
    POLICY_PERMISSIONS,
    PULL_PERMISSIONS,
)
from bot.domain.doctor import HEARD_EVENTS

MANIFEST = json.loads(
    (Path(__file__).parents[2] / "deploy" / "github-app.json").read_text(encoding="utf-8")
)


def test_it_asks_for_exactly_what_the_bot_may_need():
    needed = POLICY_PERMISSIONS | PULL_PERMISSIONS | CI_PERMISSIONS
    assert needed == MANIFEST["default_permissions"]


def test_it_hears_exactly_what_means_something_to_the_bot():
    assert sorted(HEARD_EVENTS) == MANIFEST["default_events"]


def test_it_is_private_and_its_webhook_is_ours():
    assert MANIFEST["public"] is False
    assert MANIFEST["hook_attributes"]["url"].endswith("/webhooks/github")
