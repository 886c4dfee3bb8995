"""Rollback as Argo CD does it: refused, recorded, skipping hooks, and ending OutOfSync."""

from datetime import timedelta

import pytest

from tests.sandbox.argocd_ground import REPO, WEB, ground


@pytest.fixture
def g():
    with ground() as started:
        yield started


def status(g, name="web"):
    return g.argocd.application(name)["status"]


def deployed(g, *tags, name="web"):
    """Deploy *tags* by hand, one after another; return their SHAs."""
    shas = []
    for tag in tags:
        shas.append(g.gitops.push_web(tag))
        sync(g, name)
    return shas


def sync(g, name="web"):
    count = len(status(g, name).get("history", []))
    assert 200 == g.post(f"/applications/{name}/sync", {}).status_code
    g.until(lambda: len(status(g, name).get("history", [])) > count or count == 10)
    g.until(lambda: "operation" not in g.argocd.application(name))


@pytest.mark.parametrize("dry", [False, True])
def test_it_is_refused_while_auto_sync_is_on(g, dry):
    g.add_web()
    g.live(g.gitops.push_web("1"))
    answer = g.post("/applications/web/rollback", {"id": 0, "dryRun": dry})
    assert (400, 9, "rollback cannot be initiated when auto-sync is enabled") == (
        answer.status_code,
        answer.json()["code"],
        answer.json()["message"],
    )


def test_an_unknown_id_is_told_with_the_qualified_name(g):
    g.add_web(auto_sync=False)
    answer = g.post("/applications/web/rollback", {"id": 7})
    assert (400, 3, "application argocd/web does not have deployment with id 7") == (
        answer.status_code,
        answer.json()["code"],
        answer.json()["message"],
    )


def test_id_zero_is_a_real_deployment_and_success_ends_out_of_sync(g):
    g.add_web(auto_sync=False)
    old, new = deployed(g, "1", "2")
    assert [0, 1] == [each["id"] for each in status(g)["history"]]
    assert 200 == g.post("/applications/web/rollback", {"id": 0}).status_code
    g.until(lambda: len(status(g)["history"]) == 3)
    g.until(lambda: status(g)["summary"]["images"] == ["ghcr.io/acme/web:1"])
    g.until(lambda: status(g)["sync"]["status"] == "OutOfSync")
    found = status(g)
    assert new == found["sync"]["revision"]
    assert old == found["operationState"]["syncResult"]["revision"]
    assert (2, old) == (found["history"][-1]["id"], found["history"][-1]["revision"])
    assert "proj:default:chatops" == found["operationState"]["operation"]["initiatedBy"]["username"]


def test_a_rollback_skips_hooks(g):
    hook = (
        "apiVersion: batch/v1\nkind: Job\nmetadata:\n  name: migrate\n"
        "  annotations: {argocd.argoproj.io/hook: PreSync}\n"
    )
    g.argocd.tempo.hook_duration = timedelta(seconds=2)
    g.gitops.push({"plain/a.yaml": WEB, "plain/hook.yaml": hook})
    g.argocd.add_application("plain", repo_url=REPO, path="plain", auto_sync=False)
    sync(g, "plain")
    ran = [each["kind"] for each in status(g, "plain")["operationState"]["syncResult"]["resources"]]
    assert ["Job", "Deployment"] == ran
    g.post("/applications/plain/rollback", {"id": 0})
    g.until(lambda: len(status(g, "plain")["history"]) == 2)
    ran = [each["kind"] for each in status(g, "plain")["operationState"]["syncResult"]["resources"]]
    assert ["Deployment"] == ran


def test_failed_dry_and_partial_operations_leave_no_history(g):
    g.add_web(auto_sync=False)
    deployed(g, "1")
    g.argocd.fail_sync("web")
    g.post("/applications/web/sync", {})
    g.until(lambda: (status(g).get("operationState") or {}).get("phase") == "Failed")
    for body in (
        {"dryRun": True},
        {"resources": [{"group": "apps", "kind": "Deployment", "name": "web"}]},
    ):
        g.until(lambda: "operation" not in g.argocd.application("web"))
        g.post("/applications/web/sync", body)
        g.until(lambda: (status(g).get("operationState") or {}).get("phase") == "Succeeded")
    g.until(lambda: "operation" not in g.argocd.application("web"))
    g.post("/applications/web/rollback", {"id": 0, "dryRun": True})
    g.until(lambda: (status(g).get("operationState") or {}).get("phase") == "Succeeded")
    assert [0] == [each["id"] for each in status(g)["history"]]


def test_the_history_keeps_ten_and_counts_on(g):
    g.add_web(auto_sync=False)
    deployed(g, *"123456789ab")
    sync(g)
    g.until(lambda: status(g)["history"][-1]["id"] == 11)
    assert list(range(2, 12)) == [each["id"] for each in status(g)["history"]]


def test_a_rollback_during_an_operation_is_refused(g):
    g.add_web(auto_sync=False)
    deployed(g, "1")
    g.argocd.stuck_operation("web")
    g.post("/applications/web/sync", {})
    answer = g.post("/applications/web/rollback", {"id": 0})
    assert "another operation is already in progress" == answer.json()["message"]


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        pytest.param("v3.1.0", (200, {"prune": True, "enabled": False}), id="enabled counts"),
        pytest.param("v3.0.0", (400, {"prune": True}), id="before 3.1 it is dropped in silence"),
    ],
)
def test_switching_auto_sync_off_by_enabled_needs_3_1(version, expected):
    with ground(version=version) as g:
        g.add_web(self_heal=False)
        g.live(g.gitops.push_web("1"))
        spec = g.argocd.application("web")["spec"]
        spec["syncPolicy"]["automated"] = {"prune": True, "enabled": False}
        put = g.client.put("/api/v1/applications/web/spec", params={"validate": "false"}, json=spec)
        answer = g.post("/applications/web/rollback", {"id": 0})
        assert expected == (answer.status_code, put.json()["syncPolicy"]["automated"])


def test_switching_auto_sync_on_again_deploys_head_at_once(g):
    g.add_web(auto_sync=False)
    deployed(g, "1")
    head = g.gitops.push_web("2")
    spec = g.argocd.application("web")["spec"] | {"syncPolicy": {"automated": {"prune": True}}}
    g.client.put("/api/v1/applications/web/spec", params={"validate": "false"}, json=spec)
    g.live(head)


@pytest.mark.parametrize(
    ("method", "validate", "expected"),
    [
        pytest.param("PUT", "true", 400, id="a spec is validated"),
        pytest.param("PUT", "false", 200, id="unless told not to"),
        pytest.param("PATCH", "", 400, id="a patch always is"),
    ],
)
def test_a_broken_head_stops_writes_that_render(g, method, validate, expected):
    g.add_web(auto_sync=False)
    g.gitops.push({"web/kustomization.yaml": "images: [\n"})
    spec = g.argocd.application("web")["spec"]
    if method == "PUT":
        answer = g.client.put(
            "/api/v1/applications/web/spec", params={"validate": validate}, json=spec
        )
    else:
        body = {"patch": '{"spec":{"syncPolicy":null}}', "patchType": "merge"}
        answer = g.client.patch("/api/v1/applications/web", json=body)
    assert expected == answer.status_code
    if expected == 400:
        said = "application spec for web is invalid: InvalidSpecError: Unable to generate manifests"
        assert answer.json()["message"].startswith(said)


def test_a_patch_merges(g):
    g.add_web(auto_sync=False)
    body = {"patch": '{"spec":{"source":{"targetRevision":"HEAD"}}}', "patchType": "merge"}
    answer = g.client.patch("/api/v1/applications/web", json=body).json()
    assert ("HEAD", "web") == (
        answer["spec"]["source"]["targetRevision"],
        answer["spec"]["source"]["path"],
    )
