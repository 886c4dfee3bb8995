"""Clicks on cards that an earlier life of the bot has posted."""

from bot.clock import Clock
from bot.domain.operations import Phase
from sandbox.inside import Inside
from sandbox.systems import system
from sandbox.world import World
from tests.scenarios.approving import APPROVE, ORG, Approving
from tests.scenarios.story import Story


def two(text):
    """Return the ``shipmate.yaml`` that asks two people."""
    assert "approvals: {count: 1" in text
    return text.replace("approvals: {count: 1", "approvals: {count: 2")


def test_what_was_decided_and_what_was_not_outlives_a_restart(tmp_path):
    """The old card's buttons work on; what ended stays ended; who counted counts once."""
    world = World(system("pingvas"), tmp_path, clock=Clock(60.0), config=two)
    world.start()
    url = f"sqlite:///{tmp_path / 'shipmate.db'}"
    try:
        with Inside(world, url) as inside:
            they = Approving(Story(world, inside))
            they.github.add_member(ORG, "sre", "carol-park")
            they.told.everything_is_healthy()
            ended, waits = they.asks("frontend"), they.asks("user-service")
            stale = they.told.card(ended)
            they.told.types(f"/ship cancel {ended}")
            they.told.ends_with_id(ended)
            assert "One more approval is needed" in they.approves(waits)

        with Inside(world, url) as inside:
            they = Approving(Story(world, inside))
            click = they.slack.click
            said = they.reads(lambda: click(APPROVE, by="U0BOB", message=stale), "U0BOB")
            assert f"{ended} no longer waits for approval" in said
            assert "already approved by <@U0BOB>" in they.approves(waits)
            assert Phase.AWAITING is they.phase(waits)
            assert "may not be the one" in they.approves(waits, by="U0ALICE")

            assert "It goes on by itself now" in they.approves(waits, by="U0CAROL")
            assert Phase.LIVE is they.told.ends_with_id(waits).phase
            assert [] == they.ours(ended)
    finally:
        world.stop()
    assert [] == world.troubles()
