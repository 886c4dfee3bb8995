"""Every token is revoked and replaced while the bot runs; nobody restarts it, nobody notices."""

import json

from structlog.testing import capture_logs

from bot.clock import Clock
from sandbox.inside import Inside
from sandbox.systems import system
from sandbox.world import World, unguarded
from tests.scenarios.story import Story

TOKENS = (
    "SLACK_BOT_TOKEN",
    "SLACK_APP_TOKEN",
    "SLACK_SIGNING_SECRET",
    "GITHUB_TOKEN",
    "GITHUB_WEBHOOK_SECRET",
    "ARGOCD_AUTH_TOKEN",
    "ARGOCD_WEBHOOK_TOKEN",
    "REGISTRY_GHCR_IO_PASSWORD",
)


def in_files(environment, folder):
    """Return *environment* with each token in a file of *folder*, as clusters mount them."""
    folder.mkdir()
    for name in TOKENS:
        (folder / name).write_text(environment.pop(name))
        environment[f"{name}_FILE"] = str(folder / name)
    return environment


def replace_all(world, folder):
    """Revoke every token at its system and put new ones into the files."""
    world.slack.tokens.bot, world.slack.tokens.app = "xoxb-second", "xapp-second"
    world.github.revoke()
    world.github.add_token("ghp_second", "shipmate-bot")
    old, new = world.argocd.token, world.argocd.issue_token()
    world.argocd.revoke_token(old)
    fresh = {
        "SLACK_BOT_TOKEN": "xoxb-second",
        "SLACK_APP_TOKEN": "xapp-second",
        "GITHUB_TOKEN": "ghp_second",
        "ARGOCD_AUTH_TOKEN": new,
    }
    for name, value in fresh.items():
        (folder / name).write_text(value)
    return fresh


def test_the_bot_goes_on_with_new_tokens_without_a_restart(tmp_path):
    world = World(system("guide"), tmp_path, clock=Clock(60), config=unguarded)
    world.start()
    inside = Inside(world, f"sqlite:///{tmp_path / 'shipmate.db'}", socket_mode=True)
    inside._environment = in_files(inside._environment, tmp_path / "secrets")
    with capture_logs() as logged, inside:
        told = Story(world, inside)
        told.everything_is_healthy()
        first = inside.shipmate._socket.client.current_session
        fresh = replace_all(world, tmp_path / "secrets")
        # What comes while one socket takes the place of the other may be lost: people ask again.
        assert world.until(lambda: not first.is_active(), 30)

        told.goes_live(told.types(f"/deploy my-app {world.sha('org/my-app', 'main')} prod"))
        assert world.until(lambda: world.argocd.open_streams() == 1, 30)
        assert ({}, {}) == (inside.shipmate.troubles(), inside.shipmate.worries())
        assert {0.0} == set(inside.shipmate.pulse.refusals().values())
    world.stop()
    said = json.dumps(logged, default=str)
    assert [] == [name for name, value in fresh.items() if value in said]
    assert set(fresh) <= {
        one.get("variable") for one in logged if one["event"] == "a secret was read anew"
    }
