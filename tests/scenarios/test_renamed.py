"""Another app has our commands' names: the manifest calls them otherwise, and so does the bot."""

from pathlib import Path

import pytest

from sandbox.world import unguarded
from tests.scenarios.story import told_in

MANIFEST = Path(__file__).parents[2] / "manifest.yml"
BACKEND, BRANCH = "xiilab/astrago-backend", "stabilize/1.0"


def renamed(text):
    for verb in ("deploy", "promote", "rollback", "ship"):
        assert f"command: /{verb}\n" in text
        text = text.replace(f"command: /{verb}\n", f"command: /acme-{verb}\n")
    return text


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    manifest = renamed(MANIFEST.read_text("utf-8"))
    folder = tmp_path_factory.mktemp("renamed")
    with told_in(folder, "astrago", speed=60.0, config=unguarded, manifest=manifest) as story:
        yield story


def test_a_deploy_by_the_new_name_goes_live(told):
    sha = told.world.sha(BACKEND, BRANCH)[:8]
    assert "unknown_command" == told.types(f"/deploy core {sha} stage").error
    told.goes_live(told.types(f"/acme-deploy core {sha} stage"))


def test_the_line_to_copy_has_the_new_name_and_can_be_sent(told):
    said = told.types("/acme-deploy core stage").text
    assert "/acme-deploy core" in said, said
    assert "/deploy " not in said.replace("/acme-deploy", "")
    helped = told.types("/acme-ship help").text
    assert "/acme-rollback" in helped
    assert "/ship" not in helped.replace("/acme-ship", "")


def test_why_takes_the_new_name_in_its_words(told):
    sha = told.world.sha(BACKEND, f"{BRANCH}~1")[:8]
    said = told.types(f"/acme-ship why /acme-deploy core {sha} stage").text
    assert "what the rules say of core to stage" in said, said
