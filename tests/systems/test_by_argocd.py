"""Each of the five systems, with auto-sync on, goes back by Argo CD itself and is resumed."""

import pytest

from bot.domain.operations import Phase
from bot.domain.problems import Reason
from sandbox.argocd import ApplicationSet, Parent
from sandbox.world import unguarded
from tests.scenarios.test_by_argocd import asks
from tests.systems.test_back_and_forward import SPEEDS, version

IGNORED = ("/spec/syncPolicy",)
FLASH_APPS = "https://github.com/flash-tickets/flash-tickets-gitops"


def nobody(_told, _app):
    """Nobody writes the application but people."""


def by_set(name):
    """Return what lets the ApplicationSet *name* leave alone the sync policy of all it makes."""

    def ignore(told, _app):
        for one in told.system.applications:
            if one.owner is not None and one.owner.name == name:
                told.argocd.own(one.name, ApplicationSet(name, IGNORED))

    return ignore


def calm_parent(told, app):
    """Let the app-of-apps be one that the bot may read and that doesn't heal itself."""
    parent = "flash-tickets-apps"
    path = "apps/web/overlays/dev"
    told.argocd.add_application(parent, repo_url=FLASH_APPS, path=path, self_heal=False)
    told.argocd.own(app, Parent(parent, self_heal=False))


SYSTEMS = [
    pytest.param(
        "astrago",
        ("core", "stage", "xiilab/astrago-backend", ("stabilize/1.0~1", "stabilize/1.0")),
        None,
        nobody,
        id="astrago",
    ),
    pytest.param(
        "pingvas",
        ("user-service", "prod", "pingvas/pingvas-studio", ("main~1", "main")),
        (Reason.REVERTED_BY_SET, "pingvas-prod-apps"),
        by_set("pingvas-prod-apps"),
        id="pingvas: a set refuses until it leaves the policy alone",
    ),
    pytest.param(
        "flash_tickets",
        ("pay", "staging", "flash-tickets/flash-tickets", ("v1.2.3", "v1.3.0")),
        (Reason.REVERTED_BY_PARENT, "flash-tickets-apps"),
        calm_parent,
        id="flash tickets: so does an app-of-apps",
    ),
    pytest.param(
        "pinksea",
        ("gallery-service", "prod", "pinksea-ai/invokeai-saas", ("v1.2.3", "main")),
        (Reason.REVERTED_BY_SET, "microservices"),
        by_set("microservices"),
        id="pinksea: a Rollout goes back, too",
    ),
    pytest.param(
        "guide", ("my-app", "prod", "org/my-app", ("main~1", "main")), None, nobody, id="guide"
    ),
]


@pytest.mark.parametrize(("name", "place", "refusal", "calm"), SYSTEMS)
def test_a_bad_version_goes_back_by_argocd_and_auto_sync_is_as_it_was(
    story, name, place, refusal, calm
):
    service, environment, repo, refs = place
    with story(name, speed=SPEEDS.get(name, 60.0), config=unguarded) as told:
        target = told.inside.shipmate.config.catalog.target(service, environment)
        app = target.application.name
        before = told.argocd.application(app)["spec"]["syncPolicy"]
        assert "automated" in before, "auto-sync is on"
        deployed = []
        for ref in refs:
            typed = version(told, repo, ref)
            ended = told.goes_live(told.types(f"/deploy {service} {typed} {environment}"))
            deployed.append(ended.plan.changes[0].new)
        good, bad = deployed
        back = f"/rollback {service} {environment} by argocd because it is slow"
        if refusal is not None:
            refused = told.ends(told.types(back))
            reason, owner = refusal
            assert (Phase.REFUSED, reason) == (refused.phase, refused.problem.reason)
            assert owner == refused.problem.facts["owner"]
            assert before == told.argocd.application(app)["spec"]["syncPolicy"]
        calm(told, app)
        commits = told.commits()

        ended = told.goes_live(told.types(back))

        assert commits == told.commits(), "Git is not touched"
        images = told.argocd.images(app)
        assert any(one.endswith(f":{good}") for one in images), images
        assert not any(one.endswith(f":{bad}") for one in images), images
        policy = told.argocd.application(app)["spec"]["syncPolicy"]
        assert policy["automated"]["enabled"] is False
        assert [bad] == told.held(f"{service}/{environment}")
        assert "Auto-sync is OFF" in told.card(ended.id).words

        said = asks(told, f"/ship resume {service} {environment}")
        assert f"Git says {bad} for {service}, and {good} runs" in said
        told.goes_live(told.types(f"/rollback {service} {environment}"))
        assert "is on again" in asks(told, f"/ship resume {service} {environment}")
        assert before == told.argocd.application(app)["spec"]["syncPolicy"]
