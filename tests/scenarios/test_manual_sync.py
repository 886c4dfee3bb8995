"""An application without auto-sync: the commit alone changes nothing, the bot asks for a sync."""

from dataclasses import replace

from bot.clock import Clock
from sandbox.inside import Inside
from sandbox.systems import system
from sandbox.world import World, unguarded
from tests.scenarios.story import Story


def test_the_bot_asks_for_the_sync_once_under_its_own_name(tmp_path):
    guide = system("guide")
    manual = tuple(replace(one, auto_sync=False) for one in guide.applications)
    world = World(replace(guide, applications=manual), tmp_path, clock=Clock(60), config=unguarded)
    world.start()
    try:
        with Inside(world, f"sqlite:///{tmp_path / 'a.db'}") as inside:
            told = Story(world, inside)
            sha = world.sha("org/my-app", "main")

            ended = told.goes_live(told.types(f"/deploy my-app {sha} prod"))

            asked = [call.json() for call in world.argocd.calls if call.route == "application.sync"]
            assert [[{"name": "shipmate-operation", "value": ended.key}]] == [
                one["infos"] for one in asked
            ]
            assert f"my-app:{sha}" in world.argocd.images("my-app")
        assert [] == world.troubles()
    finally:
        world.stop()
