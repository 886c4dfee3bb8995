"""Argo Rollouts: pauses are Suspended and Synced, actions act, and leave no operation."""

import json
from datetime import timedelta

import pytest

from tests.sandbox.argocd_ground import REPO, ground

ROLLOUT = """\
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata:
  name: web
spec:
  replicas: 2
  strategy: {strategy}
  template:
    spec:
      containers:
        - name: web
          image: ghcr.io/acme/web:{tag}
"""
CANARY = "{canary: {steps: [{setWeight: 20}, {pause: {}}, {setWeight: 60}, {pause: {}}]}}"
TIMED = "{canary: {steps: [{setWeight: 20}, {pause: {duration: 20s}}]}}"
BLUE_GREEN = "{blueGreen: {autoPromotionEnabled: false, scaleDownDelaySeconds: 5}}"
WHERE = {
    "namespace": "shop",
    "resourceName": "web",
    "version": "v1alpha1",
    "kind": "Rollout",
    "group": "argoproj.io",
}


def status(g):
    return g.argocd.application("shop")["status"]


def health(g):
    return status(g)["health"].get("status")


def push(g, tag, strategy):
    return g.gitops.push({"shop/rollout.yaml": ROLLOUT.format(tag=tag, strategy=strategy)})


def live_status(g):
    return g.argocd.live("shop", "Rollout", "web").progress


def deployed(g, strategy):
    """Bring the first version up, push the second, and let Argo CD see it."""
    first = push(g, "1", strategy)
    g.argocd.add_application("shop", repo_url=REPO, path="shop")
    g.live(first, "shop")
    second = push(g, "2", strategy)
    g.get("/applications/shop", refresh="normal")
    return first, second


def paused(g, step=None):
    g.until(lambda: health(g) == "Suspended" and step in {None, live_status(g).step})


def act(g, action):
    """Run *action* by the first version of the call: a JSON string, the rest in the query."""
    answer = g.post("/applications/shop/resource/actions", action, **WHERE)
    assert (200, {}) == (answer.status_code, answer.json())


def act2(g, action):
    """Run *action* by the second version of the call: everything in the body."""
    answer = g.post("/applications/shop/resource/actions/v2", WHERE | {"action": action})
    assert (200, {}) == (answer.status_code, answer.json())


@pytest.fixture
def g():
    with ground() as started:
        yield started


@pytest.mark.parametrize("strategy", [CANARY, BLUE_GREEN], ids=["canary", "blue-green"])
def test_a_pause_is_suspended_and_synced_with_both_images(g, strategy):
    _, second = deployed(g, strategy)
    paused(g)
    found = status(g)
    assert ("Synced", second) == (found["sync"]["status"], found["sync"]["revision"])
    assert ["ghcr.io/acme/web:1", "ghcr.io/acme/web:2"] == found["summary"]["images"]
    assert "Succeeded" == found["operationState"]["phase"]


@pytest.mark.parametrize(
    ("strategy", "reason"), [(CANARY, "CanaryPauseStep"), (BLUE_GREEN, "BlueGreenPause")]
)
def test_the_live_object_says_why_it_is_paused(g, strategy, reason):
    deployed(g, strategy)
    paused(g)
    answer = g.get("/applications/shop/resource", **WHERE).json()
    shown = json.loads(answer["manifest"])
    assert reason == shown["status"]["pauseConditions"][0]["reason"]
    assert "Paused" == shown["status"]["phase"]


@pytest.mark.parametrize("run", [act, act2], ids=["v1", "v2"])
def test_resume_goes_one_step_on_and_leaves_no_operation(g, run):
    _, second = deployed(g, CANARY)
    paused(g, step=1)
    before = status(g)["operationState"]
    run(g, "resume")
    paused(g, step=3)
    run(g, "resume")
    g.live(second, "shop")
    assert before == status(g)["operationState"]
    assert ["ghcr.io/acme/web:2"] == status(g)["summary"]["images"]


@pytest.mark.parametrize("strategy", [CANARY, BLUE_GREEN], ids=["canary", "blue-green"])
def test_promote_full_skips_what_is_left(g, strategy):
    _, second = deployed(g, strategy)
    paused(g)
    act(g, "promote-full")
    g.live(second, "shop")


@pytest.mark.parametrize("strategy", [CANARY, BLUE_GREEN], ids=["canary", "blue-green"])
def test_abort_is_degraded_and_still_synced_at_the_new_spec(g, strategy):
    _, second = deployed(g, strategy)
    paused(g)
    act(g, "abort")
    g.until(lambda: health(g) == "Degraded")
    found = status(g)
    assert ("Synced", second) == (found["sync"]["status"], found["sync"]["revision"])
    assert found["resources"][0]["health"]["message"].startswith("RolloutAborted: ")
    g.until(lambda: status(g)["summary"]["images"] == ["ghcr.io/acme/web:1"])


def test_after_an_abort_retry_starts_the_steps_again(g):
    deployed(g, CANARY)
    paused(g, step=1)
    act(g, "abort")
    g.until(lambda: health(g) == "Degraded")
    act(g, "retry")
    paused(g, step=1)


@pytest.mark.parametrize("abort", [False, True], ids=["in the middle", "after an abort"])
def test_reverting_git_goes_back_without_steps(g, abort):
    deployed(g, CANARY)
    paused(g, step=1)
    if abort:
        act(g, "abort")
        g.until(lambda: health(g) == "Degraded")
    reverted = push(g, "1", CANARY)
    g.get("/applications/shop", refresh="normal")
    assert ["ghcr.io/acme/web:1"] == g.live(reverted, "shop")["status"]["summary"]["images"]


def test_a_timed_pause_ends_by_itself(g):
    _, second = deployed(g, TIMED)
    paused(g)
    g.live(second, "shop")


def test_blue_green_keeps_the_old_pods_for_a_while_after_it_is_healthy(g):
    deployed(g, BLUE_GREEN.replace("5", "36000"))
    paused(g)
    act(g, "promote-full")
    g.until(lambda: health(g) == "Healthy")
    assert ["ghcr.io/acme/web:1", "ghcr.io/acme/web:2"] == status(g)["summary"]["images"]


def test_a_first_version_runs_no_steps(g):
    first = push(g, "1", CANARY)
    g.argocd.add_application("shop", repo_url=REPO, path="shop")
    g.live(first, "shop")


def test_a_canary_that_does_not_come_up_is_degraded_by_its_deadline(g):
    g.argocd.tempo.progress_deadline = timedelta(seconds=8)
    g.argocd.break_image("ghcr.io/acme/web", "2", "CrashLoopBackOff")
    deployed(g, CANARY)
    g.until(lambda: health(g) == "Degraded")
    assert "ProgressDeadlineExceeded" in status(g)["resources"][0]["health"]["message"]


def test_disabled_actions_are_listed_so_and_accepted(g):
    first = push(g, "1", CANARY)
    g.argocd.add_application("shop", repo_url=REPO, path="shop")
    g.live(first, "shop")
    actions = g.get("/applications/shop/resource/actions", **WHERE).json()["actions"]
    assert {"name": "resume", "disabled": True} in actions
    assert {"name": "restart"} in actions
    act(g, "resume")
    act(g, "abort")
    assert "Healthy" == health(g)


def test_a_restart_brings_the_same_image_back(g):
    first = push(g, "1", CANARY)
    g.argocd.add_application("shop", repo_url=REPO, path="shop")
    g.live(first, "shop")
    act(g, "restart")
    g.live(first, "shop")


def test_pause_skip_and_resume_by_hand(g):
    deployed(g, CANARY)
    paused(g, step=1)
    act(g, "skip-current-step")
    paused(g, step=3)
    act(g, "pause")
    paused(g, step=3)


@pytest.mark.parametrize(
    ("change", "status_code", "text"),
    [
        pytest.param({"resourceName": "no"}, 400, "not found as part of application", id="object"),
        pytest.param({"version": ""}, 500, 'required field "version" not set', id="version"),
        pytest.param({"action": "explode"}, 400, "action not found", id="action"),
    ],
)
def test_what_an_action_refuses(g, change, status_code, text):
    first = push(g, "1", CANARY)
    g.argocd.add_application("shop", repo_url=REPO, path="shop")
    g.live(first, "shop")
    body = WHERE | {"action": "resume"} | change
    answer = g.post("/applications/shop/resource/actions/v2", body)
    assert status_code == answer.status_code
    assert text in answer.json()["message"]


def test_the_second_call_is_plainly_unknown_before_3_1():
    with ground(version="v3.0.9") as g:
        answer = g.post("/applications/shop/resource/actions/v2", WHERE | {"action": "resume"})
        assert (404, "Not Found\n") == (answer.status_code, answer.text)


def test_without_the_action_right_it_is_denied_by_name(g):
    first = push(g, "1", CANARY)
    g.argocd.add_application("shop", repo_url=REPO, path="shop")
    g.live(first, "shop")
    token = g.argocd.issue_token(rights=["applications/get", "applications/sync"])
    answer = g.client.post(
        "/api/v1/applications/shop/resource/actions/v2",
        json=WHERE | {"action": "resume"},
        headers={"Authorization": f"Bearer {token}"},
    )
    assert 403 == answer.status_code
    assert "action/argoproj.io/Rollout/resume" in answer.json()["message"]


def test_a_deployment_can_be_restarted(g):
    sha = g.gitops.push_web("1")
    g.add_web()
    g.live(sha)
    g.argocd.tempo.rollout_duration = timedelta(hours=1)
    where = WHERE | {"namespace": "web", "version": "v1", "kind": "Deployment", "group": "apps"}
    assert 200 == g.post("/applications/web/resource/actions", "restart", **where).status_code
    g.until(lambda: g.argocd.application("web")["status"]["health"]["status"] == "Progressing")
    assert "Synced" == g.argocd.application("web")["status"]["sync"]["status"]
