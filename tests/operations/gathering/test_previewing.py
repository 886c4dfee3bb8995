"""What keeps one service from moving keeps no other."""

import asyncio
from dataclasses import replace

from bot.domain.operations import Kind, Request
from bot.domain.problems import Problem, Reason
from bot.operations.gathering.gathered import Gathered
from bot.operations.gathering.previewing import preview
from tests.domain.policies import TAG, facts, target_facts

REQUEST = Request(Kind.PROMOTE, ("a", "b", "c"), "prod", "", "U0ALICE", "C0DEPLOY")
OFF = Problem(Reason.AUTO_SYNC_OFF, {"app": "shared", "services": "a"})
MISSING = Problem(Reason.FILE_MISSING, {"file": "b/kustomization.yaml"})


class World:
    """Knows what stands in the way of a service when such a set of them is asked for."""

    def __init__(self, there=(), **troubles):
        self.there, self.troubles, self.asked = there, troubles, []

    async def gather(self, request):
        self.asked.append(request.services)
        world = facts(*map(self._target, request.services))
        troubles = {
            name: problem
            for name, (problem, without) in self.troubles.items()
            if name in request.services and without not in request.services
        }
        trouble = next(iter(troubles.values()), None)
        return Gathered(world, {}, None, {}, {}, trouble, None, world.at, troubles=troubles)

    def _target(self, name):
        made = target_facts(service=name)
        if name not in self.there:
            return made
        return replace(made, in_git=TAG, runs=replace(made.runs, tags=(TAG,)))


def previewed(world):
    found = asyncio.run(preview(world, REQUEST))
    stays = {one.service: one.why.reason for one in found.stays}
    return [one.service for one in found.moves], stays


def test_auto_sync_that_is_off_keeps_only_the_services_of_its_application():
    world = World(b=(OFF, None))
    assert (["a", "c"], {"b": Reason.AUTO_SYNC_OFF}) == previewed(world)
    assert [("a", "b", "c"), ("a", "c")] == world.asked


def test_one_that_could_only_move_with_another_stays_with_it():
    """With auto-sync off b would bring a back, unless a moves, too; a is there already."""
    world = World(there=("a",), b=(OFF, "a"))
    assert (
        ["c"],
        {"a": Reason.ALREADY_THERE, "b": Reason.AUTO_SYNC_OFF},
    ) == previewed(world)


def test_what_is_wrong_with_each_is_said_of_each():
    world = World(a=(OFF, None), b=(MISSING, None), c=(OFF, None))
    assert (
        [],
        {"a": Reason.AUTO_SYNC_OFF, "b": Reason.FILE_MISSING, "c": Reason.AUTO_SYNC_OFF},
    ) == previewed(world)
    assert 1 == len(world.asked)
