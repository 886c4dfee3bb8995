"""The two loops: what the status says when, and what the operation says meanwhile."""

import re
from datetime import timedelta

import pytest

from tests.sandbox.argocd_ground import REPO, WEB, ground

LONG = timedelta(hours=10)


@pytest.fixture
def g():
    with ground() as started:
        yield started


def status(g, name="web"):
    return g.argocd.application(name)["status"]


def health(g, name="web"):
    return status(g, name)["health"].get("status")


def phase(g, name="web"):
    return (status(g, name).get("operationState") or {}).get("phase")


def test_a_new_application_with_auto_sync_becomes_live(g):
    sha = g.gitops.push_web("1")
    g.add_web()
    live = g.live(sha)
    assert {"images": ["ghcr.io/acme/web:1"]} == live["status"]["summary"]
    state = live["status"]["operationState"]
    assert {"automated": True} == state["operation"]["initiatedBy"]
    assert sha == state["syncResult"]["revision"]


def test_after_a_push_the_old_revision_stays_synced_and_healthy_until_a_refresh(g):
    old = g.gitops.push_web("1")
    g.add_web()
    g.live(old)
    new = g.gitops.push_web("2")
    before = g.get("/applications/web").json()["status"]
    assert (old, "Synced", "Healthy") == (
        before["sync"]["revision"],
        before["sync"]["status"],
        before["health"]["status"],
    )
    after = g.get("/applications/web", refresh="normal").json()
    assert (new, "OutOfSync") == (
        after["status"]["sync"]["revision"],
        after["status"]["sync"]["status"],
    )
    assert "annotations" not in after["metadata"] or not after["metadata"]["annotations"]
    g.live(new)


def test_before_the_first_look_nothing_is_known(g):
    g.argocd.tempo.reconcile_delay = LONG
    g.add_web()
    found = g.get("/applications/web").json()["status"]
    assert ("", {}) == (found["sync"]["status"], found["health"])
    assert "reconciledAt" not in found


def test_a_slow_render_holds_a_refresh_up(g):
    g.add_web(auto_sync=False)
    g.until(lambda: "reconciledAt" in status(g))
    g.argocd.slow_render("web", 60)
    answer = g.client.get(
        "/api/v1/applications/web", params={"refresh": "hard"}, headers={"Grpc-Timeout": "10S"}
    )
    assert 504 == answer.status_code
    g.until(lambda: not g.argocd.application("web")["metadata"]["annotations"])


def test_without_a_refresh_the_poll_sees_the_push(g):
    g.argocd.tempo.poll_interval = timedelta(seconds=20)
    g.add_web()
    g.live(g.gitops.push_web("1"))
    g.live(g.gitops.push_web("2"))


def test_a_refresh_answers_only_when_the_status_loop_has_written(g):
    g.add_web(auto_sync=False)
    g.until(lambda: "reconciledAt" in status(g))
    first = status(g)["reconciledAt"]
    g.argocd.tempo.reconcile_delay = timedelta(seconds=5)
    assert g.get("/applications/web", refresh="hard").json()["status"]["reconciledAt"] > first


def test_a_hanging_refresh_ends_by_the_grpc_deadline_and_leaves_its_annotation(g):
    g.add_web(auto_sync=False)
    g.argocd.hang_refresh("web")
    answer = g.client.get(
        "/api/v1/applications/web", params={"refresh": "normal"}, headers={"Grpc-Timeout": "5S"}
    )
    assert (504, 4, "context deadline exceeded") == (
        answer.status_code,
        answer.json()["code"],
        answer.json()["message"],
    )
    annotations = g.argocd.application("web")["metadata"]["annotations"]
    assert {"argocd.argoproj.io/refresh": "normal"} == annotations
    g.argocd.hang_refresh("web", on=False)
    g.until(lambda: not g.argocd.application("web")["metadata"]["annotations"])


def test_after_an_operation_the_status_is_from_before_it(g):
    """Succeeded, with reconciledAt before finishedAt, and sync and health still old."""
    g.argocd.tempo.status_gap = LONG
    g.add_web()
    g.until(lambda: phase(g) == "Succeeded")
    found = status(g)
    assert found["reconciledAt"] < found["operationState"]["finishedAt"]
    assert "OutOfSync" == found["sync"]["status"]
    assert found["resources"][0]["health"] == {"status": "Missing"}


def test_fresh_means_reconciled_at_or_after_the_operation_finished(g):
    g.add_web()
    live = g.live(g.gitops.push_web("1"))["status"]
    assert live["reconciledAt"] >= live["operationState"]["finishedAt"]


def test_timestamps_have_whole_seconds(g):
    g.add_web()
    live = g.live(g.gitops.push_web("1"))["status"]
    stamps = [
        live["reconciledAt"],
        live["operationState"]["startedAt"],
        live["operationState"]["finishedAt"],
        live["history"][0]["deployedAt"],
    ]
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", stamp) for stamp in stamps)


def test_resource_versions_only_rise(g):
    g.add_web()
    first = int(g.argocd.application("web")["metadata"]["resourceVersion"])
    g.live(g.gitops.push_web("1"))
    assert int(g.argocd.application("web")["metadata"]["resourceVersion"]) > first


def test_while_pods_are_replaced_old_and_new_images_are_seen_together(g):
    g.add_web()
    g.live(g.gitops.push_web("1"))
    g.argocd.tempo.rollout_duration = LONG
    g.gitops.push_web("2")
    g.get("/applications/web", refresh="normal")
    both = ["ghcr.io/acme/web:1", "ghcr.io/acme/web:2"]
    g.until(lambda: status(g)["summary"].get("images") == both)
    g.until(lambda: health(g) == "Progressing")
    assert "Synced" == status(g)["sync"]["status"]


def test_terminating_pods_are_still_seen_when_the_application_is_healthy_again(g):
    g.add_web()
    g.live(g.gitops.push_web("1"))
    g.argocd.tempo.termination_grace = LONG
    new = g.gitops.push_web("2")
    g.get("/applications/web", refresh="normal")
    g.until(
        lambda: (
            status(g)["sync"].get("revision") == new
            and status(g)["sync"]["status"] == "Synced"
            and health(g) == "Healthy"
        )
    )
    assert ["ghcr.io/acme/web:1", "ghcr.io/acme/web:2"] == status(g)["summary"]["images"]


def test_no_pods_no_images(g):
    sha = g.gitops.push({"web/deployment.yaml": WEB.replace("replicas: 2", "replicas: 0")})
    g.add_web()
    assert {} == g.live(sha)["status"]["summary"]


@pytest.mark.parametrize("how", ["ImagePullBackOff", "CrashLoopBackOff"])
def test_a_broken_image_ends_degraded_and_the_tree_says_why(g, how):
    g.add_web()
    g.live(g.gitops.push_web("1"))
    g.argocd.break_image("ghcr.io/acme/web", "2", how)
    g.gitops.push_web("2")
    g.get("/applications/web", refresh="normal")
    g.until(lambda: health(g) == "Degraded")
    assert {
        "status": "Degraded",
        "message": 'Deployment "web" exceeded its progress deadline',
    } == status(g)["resources"][0]["health"]
    nodes = g.get("/applications/web/resource-tree").json()["nodes"]
    bad = [each for each in nodes if "ghcr.io/acme/web:2" in each.get("images", [])]
    assert {"name": "Status Reason", "value": how} in bad[0]["info"]
    assert "Degraded" == bad[0]["health"]["status"]
    assert "ghcr.io/acme/web:1" in status(g)["summary"]["images"]


def test_a_repaired_image_comes_up(g):
    g.argocd.break_image("ghcr.io/acme/web", "1")
    sha = g.gitops.push_web("1")
    g.add_web()
    g.until(lambda: health(g) == "Degraded")
    g.argocd.repair_image("ghcr.io/acme/web", "1")
    g.live(sha)


@pytest.mark.parametrize(
    ("files", "said"),
    [
        pytest.param(
            {"web/kustomization.yaml": "images: [\n"}, "Failed to unmarshal", id="no YAML"
        ),
        pytest.param(
            {"web/kustomization.yaml": None, "web/deployment.yaml": None},
            "web: app path does not exist",
            id="no path",
        ),
    ],
)
def test_what_does_not_render_is_a_comparison_error_and_sync_unknown(g, files, said):
    g.add_web()
    g.live(g.gitops.push_web("1"))
    g.gitops.push(files)
    found = g.get("/applications/web", refresh="normal").json()["status"]
    assert "Unknown" == found["sync"]["status"]
    [condition] = found["conditions"]
    assert "ComparisonError" == condition["type"]
    assert said in condition["message"]
    fixed = g.gitops.push_web("2")
    g.get("/applications/web", refresh="normal")
    assert "conditions" not in g.live(fixed)["status"]


def test_a_missing_branch_is_a_comparison_error(g):
    g.add_web(target_revision="gone")
    g.until(lambda: "conditions" in status(g))
    assert "unable to resolve 'gone' to a commit SHA" in status(g)["conditions"][0]["message"]


# operations


def test_between_the_request_and_the_loop_there_is_an_operation_and_no_state(g):
    g.add_web(auto_sync=False)
    g.argocd.tempo.operation_delay = LONG
    sha = g.gitops.push_web("2")
    answer = g.post("/applications/web/sync", {"infos": [{"name": "chatops", "value": "D-1"}]})
    assert 200 == answer.status_code
    assert sha == answer.json()["operation"]["sync"]["revision"]
    assert [{"name": "chatops", "value": "D-1"}] == answer.json()["operation"]["info"]
    assert "operationState" not in answer.json()["status"]
    again = g.post("/applications/web/sync", {})
    assert (400, 9, "another operation is already in progress") == (
        again.status_code,
        again.json()["code"],
        again.json()["message"],
    )
    stop = g.client.delete("/api/v1/applications/web/operation")
    assert (400, 3, "Unable to terminate operation. No operation is in progress") == (
        stop.status_code,
        stop.json()["code"],
        stop.json()["message"],
    )


def test_a_manual_sync_brings_its_correlation_id_back(g):
    sha = g.gitops.push_web("2")
    g.add_web(auto_sync=False)
    g.post("/applications/web/sync", {"infos": [{"name": "chatops-request", "value": "D-7"}]})
    state = g.live(sha)["status"]["operationState"]
    assert [{"name": "chatops-request", "value": "D-7"}] == state["operation"]["info"]
    assert "proj:default:chatops" == state["operation"]["initiatedBy"]["username"]
    assert "operation" not in g.argocd.application("web")


@pytest.mark.parametrize(
    ("revision", "auto_sync", "expected"),
    [
        pytest.param("no-such", False, "error resolving repo revision: ", id="not resolvable"),
        pytest.param(
            "1.0", True, "Cannot sync to 1.0: auto-sync currently set to main", id="auto-sync on"
        ),
    ],
)
def test_a_sync_to_a_revision_is_refused(g, revision, auto_sync, expected):
    g.add_web(auto_sync=auto_sync)
    answer = g.post("/applications/web/sync", {"revision": revision})
    assert (400, 9) == (answer.status_code, answer.json()["code"])
    assert answer.json()["message"].startswith(expected)


def test_terminate_ends_the_operation_as_failed(g):
    g.add_web(auto_sync=False)
    g.argocd.stuck_operation("web")
    g.post("/applications/web/sync", {})
    g.until(lambda: phase(g) == "Running")
    assert {} == g.client.delete("/api/v1/applications/web/operation").json()
    g.until(lambda: phase(g) == "Failed")
    assert "Operation terminated" == status(g)["operationState"]["message"]
    assert "operation" not in g.argocd.application("web")


def test_a_lost_operation_leaves_its_state_running_until_a_new_sync(g):
    sha = g.gitops.push_web("1")
    g.add_web(auto_sync=False)
    g.argocd.stuck_operation("web")
    g.post("/applications/web/sync", {})
    g.until(lambda: phase(g) == "Running")
    g.argocd.lose_operation("web")
    assert 400 == g.client.delete("/api/v1/applications/web/operation").status_code
    g.argocd.stuck_operation("web", on=False)
    assert "Running" == phase(g)
    g.post("/applications/web/sync", {})
    g.live(sha)


def test_a_commit_that_renders_the_same_moves_the_revision_without_an_operation(g):
    first = g.gitops.push_web("1")
    g.add_web()
    g.live(first)
    second = g.gitops.push({"elsewhere.txt": "words"})
    found = g.get("/applications/web", refresh="normal").json()
    assert ("Synced", second) == (
        found["status"]["sync"]["status"],
        found["status"]["sync"]["revision"],
    )
    assert first == found["status"]["operationState"]["syncResult"]["revision"]
    assert "operation" not in found


def test_a_paused_deployment_is_suspended(g):
    g.gitops.push({"web/deployment.yaml": WEB.replace("replicas: 2", "paused: true")})
    g.add_web()
    g.until(lambda: health(g) == "Suspended")


def test_a_failing_sync_waits_as_running_with_a_finish_and_ends_by_its_limit(g):
    g.add_web(auto_sync=False, retry={"limit": 1, "backoff": {"duration": "200s"}})
    g.argocd.fail_sync("web", 9, "it is immutable")
    g.post("/applications/web/sync", {})
    g.until(lambda: "finishedAt" in (status(g).get("operationState") or {}))
    state = status(g)["operationState"]
    assert "Running" == state["phase"]
    assert re.search(
        r"it is immutable\. Retrying attempt #1 at \d{1,2}:\d\d[AP]M\.$", state["message"]
    )
    assert "operation" in g.argocd.application("web")
    g.until(lambda: phase(g) == "Failed")
    assert status(g)["operationState"]["message"].endswith("(retried 1 times).")


def test_auto_sync_tries_each_revision_once_and_says_so(g):
    g.argocd.tempo.reconcile_delay = timedelta(milliseconds=100)
    g.add_web(retry={"limit": 0})
    g.argocd.fail_sync("web", 1, "it is immutable")
    g.until(lambda: phase(g) == "Failed")
    g.until(lambda: "conditions" in status(g))
    sha = status(g)["sync"]["revision"]
    [condition] = status(g)["conditions"]
    assert "SyncError" == condition["type"]
    assert condition["message"].startswith(f"Failed last sync attempt to [{sha}]")
    g.get("/applications/web", refresh="hard")
    assert "Failed" == phase(g)
    assert "operation" not in g.argocd.application("web")
    # The next commit is tried again.
    new = g.gitops.push_web("2")
    g.get("/applications/web", refresh="normal")
    assert "conditions" not in g.live(new)["status"]


def test_a_retrying_bad_sync_blocks_the_commit_that_reverts_it_until_terminated(g):
    g.add_web(retry={"limit": 5, "backoff": {"duration": "10h", "maxDuration": "10h"}})
    g.argocd.fail_sync("web", 1)
    g.until(lambda: "Retrying" in (status(g).get("operationState") or {}).get("message", ""))
    bad = status(g)["operationState"]["operation"]["sync"]["revision"]
    new = g.gitops.push_web("2")
    blocked = g.get("/applications/web", refresh="normal").json()
    assert new == blocked["status"]["sync"]["revision"]
    assert bad == blocked["operation"]["sync"]["revision"]
    g.client.delete("/api/v1/applications/web/operation")
    g.live(new)


def test_self_heal_reverts_what_was_edited_in_the_cluster_without_history(g):
    sha = g.gitops.push_web("1")
    g.add_web()
    g.live(sha)
    edited = g.argocd.live("web", "Deployment", "web").manifest | {"spec": {"replicas": 0}}
    g.argocd.edit_live("web", edited)
    g.until(lambda: status(g)["sync"]["status"] == "OutOfSync")
    healed = g.live(sha)["status"]
    assert healed["operationState"]["operation"]["sync"]["resources"]
    assert 1 == len(healed["history"])


def test_without_self_heal_drift_stays_and_is_shown(g):
    g.add_web(self_heal=False)
    g.live(g.gitops.push_web("1"))
    edited = g.argocd.live("web", "Deployment", "web").manifest | {"spec": {"replicas": 0}}
    g.argocd.edit_live("web", edited)
    g.until(lambda: status(g)["sync"]["status"] == "OutOfSync")
    [item] = g.get("/applications/web/managed-resources", kind="Deployment").json()["items"]
    assert item["normalizedLiveState"] != item["predictedLiveState"]
    assert "diff" not in item


@pytest.mark.parametrize(("prune", "left"), [(True, []), (False, ["extra"])])
def test_what_git_no_longer_has_is_pruned_or_left(g, prune, left):
    extra = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: extra\n"
    g.gitops.push({"plain/a.yaml": WEB, "plain/b.yaml": extra})
    g.argocd.add_application("plain", repo_url=REPO, path="plain", prune=prune)
    g.until(lambda: len(status(g, "plain").get("history", [])) == 1)
    g.gitops.push({"plain/b.yaml": None, "plain/a.yaml": WEB.replace("web:1", "web:2")})
    g.get("/applications/plain", refresh="normal")
    g.until(lambda: len(status(g, "plain")["history"]) == 2)
    results = status(g, "plain")["operationState"]["syncResult"]["resources"]
    assert {"Pruned" if prune else "PruneSkipped"} == {
        each["status"] for each in results if each["name"] == "extra"
    }
    g.until(
        lambda: (
            left
            == [
                each["name"]
                for each in status(g, "plain")["resources"]
                if "requiresPruning" in each
            ]
        )
    )


def test_hooks_and_waves_keep_an_operation_running(g):
    hook = (
        "apiVersion: batch/v1\nkind: Job\nmetadata:\n  name: migrate\n"
        "  annotations: {argocd.argoproj.io/hook: PreSync}\n"
    )
    late = WEB.replace("name: web\n", "name: late\n", 1).replace(
        "  name: late\n",
        '  name: late\n  annotations: {argocd.argoproj.io/sync-wave: "1"}\n',
    )
    said = set()

    def spoken():
        said.add((status(g, "plain").get("operationState") or {}).get("message"))
        return phase(g, "plain") == "Succeeded"

    g.argocd.tempo.hook_duration = timedelta(seconds=30)
    g.argocd.tempo.rollout_duration = timedelta(seconds=30)
    sha = g.gitops.push({"plain/a.yaml": WEB, "plain/b.yaml": late, "plain/hook.yaml": hook})
    g.argocd.add_application("plain", repo_url=REPO, path="plain")
    g.until(spoken)
    assert "waiting for completion of hook batch/Job/migrate" in said
    assert "waiting for healthy state of apps/Deployment/web" in said
    assert {"late", "web"} == {each["name"] for each in g.live(sha, "plain")["status"]["resources"]}


def test_a_dry_run_changes_nothing_but_the_operation_state(g):
    g.add_web(auto_sync=False)
    g.post("/applications/web/sync", {"dryRun": True})
    g.until(lambda: phase(g) == "Succeeded")
    assert [] == g.argocd.images("web")
    assert "history" not in status(g)


def test_commits_can_come_faster_than_argo_cd_looks(g):
    g.add_web()
    for tag in range(2, 6):
        sha = g.gitops.push_web(str(tag))
    g.get("/applications/web", refresh="normal")
    assert ["ghcr.io/acme/web:5"] == g.live(sha)["status"]["summary"]["images"]


def test_one_values_file_makes_several_workloads(g):
    values = "shop:\n  core: {imageTag: a1}\n  batch:\n    imageTag: b1  # nightly\n"
    g.argocd.add_application(
        "shop",
        repo_url=REPO,
        path="env/values.yaml",
        workloads=[
            ("core", "ghcr.io/acme/core", "shop.core.imageTag"),
            ("batch", "ghcr.io/acme/batch", "shop.batch.imageTag"),
        ],
    )
    sha = g.gitops.push({"env/values.yaml": values})
    g.get("/applications/shop", refresh="normal")
    live = g.live(sha, "shop")
    assert ["ghcr.io/acme/batch:b1", "ghcr.io/acme/core:a1"] == live["status"]["summary"]["images"]


def test_a_deleted_application_is_missing(g):
    g.add_web(auto_sync=False)
    g.argocd.delete_application("web")
    assert 403 == g.get("/applications/web").status_code
