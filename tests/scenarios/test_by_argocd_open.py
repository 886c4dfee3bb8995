"""What stays open after a rollback by Argo CD: reminded of, and resumed where that is safe."""

from datetime import timedelta

import pytest

from bot.operations.emergency import preparing, resuming
from sandbox.world import unguarded
from tests.scenarios.story import told_in
from tests.scenarios.test_by_argocd import asks, policy

APP, MANIFEST = "my-app", "k8s/deployment.yaml"
STILL_OFF = "is still OFF"


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """The guide's service, gone back by Argo CD from its second version to its first."""
    folder = tmp_path_factory.mktemp("open")
    with (
        pytest.MonkeyPatch.context() as patch,
        told_in(folder, "guide", speed=60.0, config=unguarded) as story,
    ):
        patch.setattr(resuming, "REMIND", timedelta(minutes=1))
        patch.setattr(preparing, "OWED", timedelta(minutes=3))
        for back in (1, 0):
            sha = story.world.sha("org/my-app", f"main~{back}")
            story.goes_live(story.types(f"/deploy my-app {sha} prod"))
        story.policy = policy(story, APP)
        story.goes_live(story.types("/rollback my-app prod by argocd because logins fail"))
        yield story


def texts(messages):
    return [one.words for one in messages if STILL_OFF in one.words]


def test_who_asked_is_reminded_by_the_clock_and_everybody_once_it_is_overdue(told):
    assert told.world.until(lambda: texts(told.slack.dm("U0ALICE")) != [], 30)
    assert told.world.until(lambda: texts(told.slack.messages("C0DEPLOY")) != [], 30)
    first = texts(told.slack.dm("U0ALICE"))[0].replace("`", "").replace("*", "")
    assert "my-app is still OFF" in first
    assert "/ship resume my-app prod" in first


def test_it_is_not_resumed_while_anything_differs_from_git(told):
    told.goes_live(told.types("/rollback my-app prod because logins fail"))
    text = told.github.file(told.system.gitops, "main", MANIFEST)
    changed = text.replace(b"replicas: 2", b"replicas: 3")
    told.github.push(told.system.gitops, "main", {MANIFEST: changed}, message="one more")

    said = asks(told, "/ship resume my-app prod")

    assert "my-app differs from Git (Argo CD says OutOfSync): Deployment/my-app" in said
    assert "that would be deployed at once" in said
    assert "Sync my-app in Argo CD after a look at the difference" in said
    assert policy(told, APP)["automated"]["enabled"] is False
    assert told.inside.shipmate.resuming.standing() != ()

    told.github.push(told.system.gitops, "main", {MANIFEST: text}, message="back")
    assert "is on again" in asks(told, "/ship resume my-app prod")
    assert told.policy == policy(told, APP)
    assert () == told.inside.shipmate.resuming.standing()


def test_nobody_resumes_what_is_not_off(told):
    assert "has switched no auto-sync off" in asks(told, "/ship resume my-app prod")
