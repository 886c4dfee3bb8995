"""Every service of the five systems, in each environment it has, goes live by one changed line."""

import re

import pytest

from sandbox.systems import systems
from sandbox.world import unguarded

SPEEDS = {"pinksea": 100.0}
"""pinksea's canary rests five minutes four times."""


@pytest.mark.parametrize("name", [one.name for one in systems()])
def test_each_service_in_each_environment_goes_live_by_one_changed_line(story, name):
    with story(name, speed=SPEEDS.get(name, 60.0), config=unguarded) as told:
        for deploy in told.system.deploys:
            services = ",".join(deploy.services)
            before = told.commits()
            command = f"/deploy {services} {version_of(told, deploy)} {deploy.environment}"

            ended = told.goes_live(told.types(command))

            assert 1 == len(told.commits()) - len(before), command
            removed, added = told.diff(ended.written.sha)
            assert len(deploy.services) == len(removed) == len(added), (removed, added)
            changes = {change.service: change for change in ended.plan.changes}
            for old, new in zip(sorted(removed), sorted(added), strict=True):
                assert any(
                    old.replace(change.old, change.new, 1).replace('"', "") == new.replace('"', "")
                    for change in changes.values()
                ), (old, new)


def version_of(told, deploy):
    sha = told.world.sha(deploy.source, deploy.ref)
    return deploy.ref if re.fullmatch(r"v\d.*", deploy.ref) else sha[:10]
