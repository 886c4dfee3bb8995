"""Owners that write a spec back: an ApplicationSet at once, a parent when it syncs or heals."""

import pytest

from sandbox.argocd import ApplicationSet, Parent
from tests.sandbox.argocd_ground import REPO, ground


@pytest.fixture
def g():
    with ground() as started:
        yield started


def switch_off(g):
    spec = g.argocd.application("web")["spec"]
    spec["syncPolicy"] = {"automated": {"enabled": False}}
    answer = g.client.put("/api/v1/applications/web/spec", params={"validate": "false"}, json=spec)
    assert 200 == answer.status_code
    return answer.json()


def policy(g):
    return g.argocd.application("web")["spec"]["syncPolicy"]


WANTED = {"automated": {"prune": True, "selfHeal": True}}
OFF = {"automated": {"enabled": False}}


def test_an_application_set_restores_a_changed_spec_within_a_second(g):
    g.add_web(owner=ApplicationSet("shops"))
    [owner] = g.argocd.application("web")["metadata"]["ownerReferences"]
    assert ("ApplicationSet", "shops") == (owner["kind"], owner["name"])
    assert OFF == switch_off(g)["syncPolicy"]
    g.until(lambda: policy(g) == WANTED)


@pytest.mark.parametrize(
    "owner",
    [
        pytest.param(ApplicationSet(ignore=("/spec/syncPolicy",)), id="the set ignores syncPolicy"),
        pytest.param(ApplicationSet(policy="create-only"), id="the set only creates"),
        pytest.param(Parent("root"), id="a parent without self-heal"),
        pytest.param(None, id="nobody"),
    ],
)
def test_a_changed_spec_stays(g, owner):
    g.add_web(owner=owner)
    switch_off(g)
    for _ in range(3):
        g.get("/applications/web", refresh="normal")
    assert OFF == policy(g)


def test_a_set_that_ignores_sync_policy_still_restores_the_rest(g):
    g.add_web(owner=ApplicationSet(ignore=("/spec/syncPolicy",)))
    spec = g.argocd.application("web")["spec"]
    spec["syncPolicy"] = OFF
    spec["source"]["targetRevision"] = "elsewhere"
    g.client.put("/api/v1/applications/web/spec", params={"validate": "false"}, json=spec)
    g.until(lambda: g.argocd.application("web")["spec"]["source"]["targetRevision"] == "main")
    assert OFF == policy(g)


def test_a_parent_with_self_heal_restores_within_seconds(g):
    g.add_web(owner=Parent("root", self_heal=True))
    annotations = g.argocd.application("web")["metadata"]["annotations"]
    assert {
        "argocd.argoproj.io/tracking-id": "root:argoproj.io/Application:argocd/web"
    } == annotations
    switch_off(g)
    g.until(lambda: policy(g) == WANTED)


def test_a_parent_without_it_restores_at_its_next_sync(g):
    g.add_web("root", auto_sync=False)
    g.add_web(owner=Parent("root"))
    switch_off(g)
    g.post("/applications/root/sync", {})
    g.until(lambda: policy(g) == WANTED)


def test_a_parent_that_is_no_application_here_can_be_synced_by_hand(g):
    g.add_web(owner=Parent("far-away"))
    switch_off(g)
    g.argocd.sync_parent("far-away")
    assert WANTED == policy(g)


def test_before_version_3_a_parent_is_seen_by_a_label():
    with ground(version="v2.14.0") as g:
        g.add_web(owner=Parent("root"))
        labels = g.argocd.application("web")["metadata"]["labels"]
        assert {"app.kubernetes.io/instance": "root"} == labels


def test_an_application_set_shows_what_it_ignores(g):
    g.add_web(owner=ApplicationSet("shops", ignore=("/spec/syncPolicy",)))
    shown = g.get("/applicationsets/shops").json()
    assert [{"jsonPointers": ["/spec/syncPolicy"]}] == shown["spec"]["ignoreApplicationDifferences"]
    assert 404 == g.get("/applicationsets/others").status_code
    token = g.argocd.issue_token(rights=["applications/get"])
    answer = g.client.get(
        "/api/v1/applicationsets/shops", headers={"Authorization": f"Bearer {token}"}
    )
    assert 403 == answer.status_code


CHILD = """\
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata:
  name: child
  namespace: argocd
spec:
  project: default
  source:
    repoURL: {repo}
    path: web
    targetRevision: main
    kustomize:
      images:
        - ghcr.io/acme/web:{tag}
  destination: {{server: "https://kubernetes.default.svc", namespace: child}}
  syncPolicy: {{automated: {{prune: true, selfHeal: true}}}}
"""


def test_an_app_of_apps_makes_its_children_and_their_images(g):
    first = g.gitops.push({"apps/child.yaml": CHILD.format(repo=REPO, tag="7")})
    g.argocd.add_application("root", repo_url=REPO, path="apps")
    g.live(first, "root")
    g.until(lambda: ("argocd", "child") in g.argocd.world.applications)
    assert ["ghcr.io/acme/web:7"] == g.live(first, "child")["status"]["summary"]["images"]
    second = g.gitops.push({"apps/child.yaml": CHILD.format(repo=REPO, tag="8")})
    g.get("/applications/root", refresh="normal")
    g.until(lambda: g.argocd.images("child") == ["ghcr.io/acme/web:8"])
    assert ["ghcr.io/acme/web:8"] == g.live(second, "child")["status"]["summary"]["images"]
