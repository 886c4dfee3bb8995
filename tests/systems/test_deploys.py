"""Every service of the five systems, in each environment it has, goes live by one changed line."""

import io
import re
import shutil
import subprocess
import tarfile

import pytest

from sandbox.systems import systems
from sandbox.systems.nouns import Kustomized
from sandbox.world import SPEED

SPEEDS = {"pinksea": 100.0}
"""pinksea's canary rests five minutes four times."""

NO_KUBECTL = "kubectl is not on the PATH: what Kustomize makes of the commits is not compared here"


@pytest.mark.parametrize("name", [one.name for one in systems()])
def test_each_service_in_each_environment_goes_live_by_one_changed_line(story, name):
    with story(name, speed=SPEEDS.get(name, SPEED)) as told:
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


@pytest.mark.skipif(shutil.which("kubectl") is None, reason=NO_KUBECTL)
@pytest.mark.parametrize(
    "name",
    [s.name for s in systems() if any(isinstance(a.renderer, Kustomized) for a in s.applications)],
)
def test_kustomize_builds_the_same_but_for_the_image(story, tmp_path, name):
    """An oracle that is not ours: kubectl renders the tree before and after each commit."""
    with story(name, speed=SPEEDS.get(name, SPEED)) as told:
        compared = 0
        for deploy in told.system.deploys:
            before = told.commits()[0][0]
            command = (
                f"/deploy {deploy.services[0]} {version_of(told, deploy)} {deploy.environment}"
            )
            ended = told.goes_live(told.types(command))
            change = ended.plan.changes[0]
            folder = change.file.rpartition("/")[0]
            old = built(told, before, folder, tmp_path / f"{compared}-old")
            new = built(told, ended.written.sha, folder, tmp_path / f"{compared}-new")
            different = [(a, b) for a, b in zip(old, new, strict=True) if a != b]
            assert different, command
            for was, now in different:
                assert re.search(r"\bimage: ", was)
                assert now.strip('"').endswith(f":{change.new}")
            compared += 1
        assert compared == len(told.system.deploys)


def version_of(told, deploy):
    sha = told.world.sha(deploy.source, deploy.ref)
    return deploy.ref if re.fullmatch(r"v\d.*", deploy.ref) else sha[:10]


def built(told, sha, folder, place):
    """Return what Kustomize builds of *folder* at *sha*, by line."""
    path = str(told.github.path(told.system.gitops))
    packed = subprocess.run(
        ["git", "-C", path, "archive", "--format=tar", sha], check=True, capture_output=True
    ).stdout
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        archive.extractall(place, filter="data")
    done = subprocess.run(
        ["kubectl", "kustomize", str(place / folder)], check=True, capture_output=True, text=True
    )
    return done.stdout.splitlines()
