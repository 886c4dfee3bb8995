"""Each of the five systems goes forward and back again by Git, and holds what it came back from."""

import re
import subprocess

import pytest

from bot.domain.operations import Kind, Phase
from bot.domain.problems import Reason
from sandbox.world import unguarded
from tests.scenarios.pulling import Pulling

SPEEDS = {"pinksea": 100.0}
"""pinksea's canary rests five minutes four times."""

BOB = "U0BOB"


def ordered(text):
    """Return a ``shipmate.yaml`` that asks for no approval and no waiting, but keeps the order."""
    return re.sub(r"^ +(?:soak|approvals): .*\n", "", text, flags=re.MULTILINE)


def version(told, repo, ref):
    return ref if ref.startswith("v") else told.world.sha(repo, ref)[:10]


def shown(told, sha, path):
    """Return the bytes of the file *path* at the GitOps commit *sha*."""
    place = str(told.github.path(told.system.gitops))
    command = ["git", "-C", place, "show", f"{sha}:{path}"]
    return subprocess.run(command, check=True, capture_output=True).stdout


def images(told, application):
    """Return the images that the cluster was told to run; old Pods of Rollouts stay a while."""
    return told.argocd.applied_images(application)


def lines_differ_by_tags(told, ended):
    """The operation's one commit changes a line for each service, in nothing but its tag."""
    removed, added = told.diff(ended.written.sha)
    changes = ended.plan.changes
    assert len(changes) == len(removed) == len(added), (removed, added)
    for old, new in zip(sorted(removed), sorted(added), strict=True):
        assert any(
            old.replace(each.old, each.new, 1).replace('"', "") == new.replace('"', "")
            for each in changes
        ), (old, new)


def promotes(told, text, origin):
    """Promote by *text*; its version is what runs in *origin*."""
    before = told.commits()
    ended = told.goes_live(told.types(f"{text} because the tests are green"))
    assert Kind.PROMOTE is ended.request.kind
    (change,) = ended.plan.changes
    source = told.inside.shipmate.config.catalog.target(change.service, origin)
    assert any(one.endswith(f":{change.new}") for one in images(told, source.application.name))
    lines_differ_by_tags(told, ended)
    assert 1 == len(told.commits()) - len(before)
    return ended


def goes_back(told, services, environment, deployed):
    """Roll *deployed* back: Git and what runs are as before it, and its tags are held."""
    changes = deployed.plan.changes
    before = told.commits()

    back = told.goes_live(told.types(f"/rollback {services} {environment} because it is slow"))

    assert Kind.ROLLBACK is back.request.kind
    assert 1 == len(told.commits()) - len(before)
    lines_differ_by_tags(told, back)
    for one in changes:
        assert shown(told, f"{deployed.written.sha}^", one.file) == shown(told, "HEAD", one.file)
    message = told.commits()[0][1]
    assert message.startswith("Roll back ")
    for line in (
        "Because: it is slow",
        f"Shipmate-Operation: {back.id}",
        f"Shipmate-Key: {back.key}",
        f"Shipmate-Undoes: {deployed.id}",
        "Requested-by: U0ALICE (alice-kim)",
    ):
        assert line in message.splitlines()
    for one in changes:
        assert [one.new] == told.held(f"{one.service}/{environment}")


def is_held_until_released(told, services, environment, typed):
    """The version *typed* is refused there; once it is released nothing is held any more."""
    refused = told.ends(told.types(f"/deploy {services} {typed} {environment}"))
    assert (Phase.REFUSED, Reason.HELD) == (refused.phase, refused.problem.reason)
    for service in services.split(","):
        told.types(f"/ship release {service} {environment}", by=BOB)
        target = f"{service}/{environment}"
        assert told.world.until(lambda target=target: told.held(target) == [])


PLACES = [
    pytest.param(
        "astrago",
        [("core,batch", "stage", "xiilab/astrago-backend", "stabilize/1.0")],
        id="astrago: two services of one file",
    ),
    pytest.param("guide", [("my-app", "prod", "org/my-app", "main")], id="guide: a plain manifest"),
    pytest.param(
        "pingvas",
        [
            ("user-service,payment-service", "dev", "pingvas/pingvas-studio", "develop"),
            ("ai-worker", "prod", "pingvas/pingvas-studio", "main"),
        ],
        id="pingvas: one overlay for all, and one for each",
    ),
    pytest.param(
        "pinksea",
        [
            ("user-service", "dev", "pinksea-ai/invokeai-saas", "develop"),
            ("gallery-service", "prod", "pinksea-ai/invokeai-saas", "v1.2.3"),
        ],
        id="pinksea: Rollouts beside the code",
    ),
]


@pytest.mark.parametrize(("name", "places"), PLACES)
def test_what_went_live_is_taken_back_to_what_git_had(story, name, places):
    """Nothing was deployed by us before, so Git's own history says what was there."""
    with story(name, speed=SPEEDS.get(name, 60.0), config=unguarded) as told:
        for services, environment, repo, ref in places:
            typed = version(told, repo, ref)
            first = services.split(",")[0]
            target = told.inside.shipmate.config.catalog.target(first, environment)
            ran = images(told, target.application.name)
            deployed = told.goes_live(told.types(f"/deploy {services} {typed} {environment}"))
            assert ran != images(told, target.application.name)

            goes_back(told, services, environment, deployed)

            assert ran == images(told, target.application.name)
            is_held_until_released(told, services, environment, typed)

        if "dev" in {environment for _, environment, _, _ in places}:
            cannot_be_promoted(told, places[0])


def cannot_be_promoted(told, place):
    """dev runs images of ``develop``: prod has none of that commit."""
    services, environment, repo, ref = place
    service = services.split(",")[0]
    told.goes_live(told.types(f"/deploy {service} {version(told, repo, ref)} {environment}"))
    before = told.commits()

    refused = told.ends(told.types(f"/promote {service} {environment} prod"))

    assert (Phase.REFUSED, Reason.IMAGE_MISSING) == (refused.phase, refused.problem.reason)
    assert f"only {environment} was built" in told.card(refused.id).words.replace("*", "")
    assert before == told.commits()


def test_the_guide_goes_forward_and_back_by_pull_requests_that_people_merge(story):
    with story("guide-by-pull-request", speed=60.0) as told:
        they = Pulling(told)
        told.github.protect(told.system.gitops)  # Git itself takes no direct commit here
        before, ran = they.tag(), images(told, "my-app")
        typed = told.world.sha("org/my-app", "main")
        number = they.opens(typed[:10])
        assert (before, typed) == (they.tag(), they.tag(they.pull(number).head))
        they.merges(number)
        deployed = they.ends(number, Phase.LIVE)
        assert typed == they.tag()

        back = told.operation(told.types("/rollback my-app prod because it is slow")).id
        they.is_open(back)
        pull = they.pull(back)
        assert pull.title.startswith("Roll back my-app in prod")
        for told_there in (f"It takes back `{deployed.id}`", "How far it goes back"):
            assert told_there in pull.body, pull.body
        assert (typed, before) == (they.tag(), they.tag(pull.head))
        assert [] == told.held("my-app/prod"), "nothing is taken back before somebody merges"
        they.merges(back)
        they.ends(back, Phase.LIVE)

        assert (before, ran) == (they.tag(), images(told, "my-app"))
        assert f"Shipmate-Undoes: {deployed.id}" in told.commits()[1][1]
        is_held_until_released(told, "my-app", "prod", typed[:10])


def test_flash_tickets_moves_through_three_environments_and_back(story):
    with story("flash_tickets", speed=60.0, config=ordered) as told:
        told.goes_live(told.types("/deploy api v1.3.0 dev"))

        promotes(told, "/promote api dev staging", "dev")
        live = promotes(told, "/promote api prod", "staging")

        assert ["v1.3.0"] == [one.new for one in live.plan.changes]
        goes_back(told, "api", "prod", live)
        refused = told.ends(told.types("/promote api prod"))
        assert (Phase.REFUSED, Reason.HELD) == (refused.phase, refused.problem.reason)
        is_held_until_released(told, "api", "prod", "v1.3.0")
        promotes(told, "/promote api staging prod", "staging")
