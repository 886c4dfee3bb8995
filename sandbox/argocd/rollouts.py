"""Argo Rollouts: canary steps, blue-green, their pauses, and the actions people take."""

import re
from datetime import timedelta
from typing import Any

from sandbox.argocd.cluster import Cluster, Live, digest, template_of

ACTIONS = ("abort", "pause", "promote-full", "restart", "resume", "retry", "skip-current-step")
SCALE_DOWN_DELAY = timedelta(seconds=30)
"""How long blue-green keeps the old Pods; Argo Rollouts' default of scaleDownDelaySeconds."""


def start(cluster: Cluster, live: Live) -> None:
    """Bring a Rollout to its new spec: at once when new, by its strategy when it changed."""
    progress = live.progress
    template = digest(template_of(live.manifest))
    fresh = cluster.of_template(live)
    if progress.stable == template:
        # Back to what is stable: no steps are run again.
        cluster.retire(live, cluster.others(live))
        progress.aborted, progress.paused_for, progress.promote_full = False, None, False
        progress.step = len(steps(live))
        if len([pod for pod in fresh if pod.ready]) == live.replicas:
            _phase(live, "Healthy", "")
            return
    progress.revision += 1
    progress.aborted, progress.paused_for, progress.promote_full = False, None, False
    if progress.stable in {"", template}:
        _phase(live, "Progressing", "more replicas need to be updated")
        progress.step = len(steps(live))
        cluster.add_pods(live, live.replicas - len(fresh))
        cluster.later(live, cluster.world.tempo.rollout_duration, lambda: _promoted(cluster, live))
        return
    unpromoted = [pod for pod in cluster.others(live) if pod.template != progress.stable]
    cluster.retire(live, unpromoted)
    progress.step = 0
    _walk(cluster, live)


def steps(live: Live) -> list[dict[str, Any]]:
    """Return the canary steps; none for blue-green."""
    canary = (live.spec.get("strategy") or {}).get("canary") or {}
    return list(canary.get("steps") or [])


def _blue_green(live: Live) -> dict[str, Any] | None:
    found = (live.spec.get("strategy") or {}).get("blueGreen")
    return found if isinstance(found, dict) else None


def _walk(cluster: Cluster, live: Live) -> None:
    """Take the step that *live* stands at."""
    progress, duration = live.progress, cluster.world.tempo.rollout_duration
    if _blue_green(live) is not None:
        if not cluster.of_template(live):
            cluster.add_pods(live, live.replicas)
        _phase(live, "Progressing", "more replicas need to be updated")
        cluster.later(live, duration, lambda: _previewed(cluster, live))
        return
    if progress.promote_full or progress.step >= len(steps(live)):
        _phase(live, "Progressing", "more replicas need to be updated")
        cluster.later(live, duration, lambda: _promoted(cluster, live))
        return
    step = steps(live)[progress.step]
    if "pause" in step:
        _pause(cluster, live, "CanaryPauseStep")
        span = duration_of((step["pause"] or {}).get("duration"))
        if span is not None:
            cluster.later(live, span, lambda: resume(cluster, live))
        return
    if "setWeight" in step and not cluster.of_template(live) and live.replicas:
        cluster.add_pods(live, 1)
    _phase(live, "Progressing", "more replicas need to be updated")
    cluster.later(live, duration, lambda: _stepped(cluster, live))


def _stepped(cluster: Cluster, live: Live) -> None:
    if _stuck(cluster, live):
        return
    for pod in cluster.of_template(live):
        pod.ready, pod.reason = True, "Running"
    live.progress.step += 1
    _walk(cluster, live)
    cluster.changed(True)  # noqa: FBT003  # a managed object


def _previewed(cluster: Cluster, live: Live) -> None:
    if _stuck(cluster, live):
        return
    cluster.make_ready(live)
    strategy = _blue_green(live) or {}
    if live.progress.promote_full or strategy.get("autoPromotionEnabled", True):
        _promoted(cluster, live)
        return
    _pause(cluster, live, "BlueGreenPause")
    cluster.changed(True)  # noqa: FBT003  # a managed object
    span = duration_of(strategy.get("autoPromotionSeconds"))
    if span is not None:
        cluster.later(live, span, lambda: _promoted(cluster, live))


def _promoted(cluster: Cluster, live: Live) -> None:
    """Make the new template the stable one."""
    if _stuck(cluster, live):
        return
    progress = live.progress
    cluster.make_ready(live)
    first = not progress.stable
    progress.stable = digest(template_of(live.manifest))
    progress.step, progress.paused_for = len(steps(live)), None
    _phase(live, "Healthy", "")
    strategy = _blue_green(live)
    if strategy is not None and not first:
        given = duration_of(strategy.get("scaleDownDelaySeconds"))
        old = cluster.others(live)
        cluster.world.later(
            SCALE_DOWN_DELAY if given is None else given, lambda: cluster.retire(live, old)
        )
    else:
        cluster.retire(live, cluster.others(live))
    cluster.changed(True)  # noqa: FBT003  # a managed object


def _stuck(cluster: Cluster, live: Live) -> bool:
    """Tell whether the new Pods do not come up, and let the deadline run."""
    if cluster.broken(live) is None:
        return False
    cluster.changed(False)  # noqa: FBT003  # only Pods
    message = (
        f'ProgressDeadlineExceeded: ReplicaSet "{live.name}-'
        f'{digest(template_of(live.manifest))[:9]}" has timed out progressing.'
    )

    def late() -> None:
        _phase(live, "Degraded", message)
        cluster.changed(True)  # noqa: FBT003  # a managed object

    cluster.later(live, cluster.deadline(live) - cluster.world.tempo.rollout_duration, late)
    return True


def _pause(cluster: Cluster, live: Live, reason: str) -> None:
    live.progress.paused_for, live.progress.paused_at = reason, cluster.world.stamp()
    _phase(live, "Paused", reason)
    cluster.changed(True)  # noqa: FBT003  # a managed object


def _phase(live: Live, phase: str, message: str) -> None:
    live.progress.phase = phase
    live.health = ("Suspended" if phase == "Paused" else phase, message)


# actions


def available(live: Live) -> list[dict[str, Any]]:
    """Return the actions as Argo CD lists them; *disabled* is advice that nobody enforces."""
    progress = live.progress
    through = progress.stable == digest(template_of(live.manifest))
    disabled = {
        "abort": through or progress.aborted,
        "pause": progress.paused_for is not None,
        "promote-full": through,
        "restart": False,
        "resume": progress.paused_for is None,
        "retry": not progress.aborted,
        "skip-current-step": through or not steps(live),
    }
    return [{"name": name, **({"disabled": True} if disabled[name] else {})} for name in ACTIONS]


def act(cluster: Cluster, live: Live, action: str) -> None:
    """Do *action*, one of ACTIONS, whether or not it is listed as disabled."""
    if action == "resume":
        resume(cluster, live)
    elif action == "pause":
        live.patched["paused"] = True
        live.turn += 1
        _pause(cluster, live, "manually paused")
    elif action == "abort":
        _abort(cluster, live)
    elif action == "restart":
        live.patched["restartAt"] = cluster.world.stamp()
        cluster.replace_pods(live)
    elif live.progress.stable == digest(template_of(live.manifest)):
        return
    elif action == "promote-full":
        live.turn += 1
        live.progress.promote_full, live.progress.paused_for = True, None
        if _blue_green(live) is not None:
            _promoted(cluster, live)
        else:
            _walk(cluster, live)
    elif action == "retry" and live.progress.aborted:
        live.turn += 1
        live.progress.aborted, live.progress.step = False, 0
        _walk(cluster, live)
    elif action == "skip-current-step":
        live.turn += 1
        live.progress.paused_for = None
        live.progress.step += 1
        _walk(cluster, live)
    cluster.changed(True)  # noqa: FBT003  # a managed object


def resume(cluster: Cluster, live: Live) -> None:
    """Clear the pause: one step on, and no more."""
    live.patched["paused"] = False
    reason = live.progress.paused_for
    if reason is None:
        return
    live.turn += 1
    live.progress.paused_for = None
    if reason == "BlueGreenPause":
        _promoted(cluster, live)
    elif live.progress.stable == digest(template_of(live.manifest)):
        _phase(live, "Healthy", "")
    else:
        if reason == "CanaryPauseStep":
            live.progress.step += 1
        _walk(cluster, live)
    cluster.changed(True)  # noqa: FBT003  # a managed object


def _abort(cluster: Cluster, live: Live) -> None:
    progress = live.progress
    if progress.stable == digest(template_of(live.manifest)):
        return
    live.turn += 1
    progress.aborted, progress.paused_for, progress.step = True, None, 0
    cluster.retire(live, cluster.of_template(live))
    message = f"RolloutAborted: Rollout aborted update to revision {progress.revision}"
    _phase(live, "Degraded", message)


def status(live: Live) -> dict[str, Any]:
    """Return the Rollout's status as the live object carries it."""
    progress = live.progress
    template = digest(template_of(live.manifest))
    staying = [pod for pod in live.pods if not pod.leaving]
    shown: dict[str, Any] = {
        "phase": progress.phase,
        "observedGeneration": str(live.generation),
        "currentPodHash": template[:9],
        "stableRS": progress.stable[:9],
        "replicas": len(staying),
        "updatedReplicas": len([pod for pod in staying if pod.template == template]),
        "readyReplicas": len([pod for pod in staying if pod.ready]),
        "availableReplicas": len([pod for pod in staying if pod.ready]),
    }
    if live.health and live.health[1]:
        shown["message"] = live.health[1]
    if steps(live):
        shown["currentStepIndex"] = progress.step
    if progress.paused_for in {"CanaryPauseStep", "BlueGreenPause"}:
        shown["pauseConditions"] = [
            {"reason": progress.paused_for, "startTime": progress.paused_at}
        ]
        shown["controllerPause"] = True
    if progress.aborted:
        shown["abort"] = True
    if progress.promote_full:
        shown["promoteFull"] = True
    return shown


def duration_of(value: Any) -> timedelta | None:
    """Return a pause's length: seconds, or a number with s, m or h; None when it has no end."""
    if value is None:
        return None
    if isinstance(value, int):
        return timedelta(seconds=value)
    found = re.fullmatch(r"(\d+)([smh]?)", str(value))
    if found is None:
        return None
    seconds = {"": 1, "s": 1, "m": 60, "h": 3600}[found[2]]
    return timedelta(seconds=int(found[1]) * seconds)
