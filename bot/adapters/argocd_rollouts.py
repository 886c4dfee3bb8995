"""Argo Rollouts through Argo CD: how one stands, what is offered, and doing it.

Source: argo-cd v3.5.1 ``server/application/application.proto``; argo-rollouts v1.9.1
``pkg/apis/rollouts/v1alpha1/types.go``.
"""

import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from bot.adapters.argocd import ArgoCD
from bot.adapters.argocd_answers import (
    decoded,
    is_observed,
    listing,
    mapping,
    text_of,
    time_of,
)
from bot.adapters.argocd_refusals import is_unknown_path
from bot.domain.catalog import Application
from bot.domain.errors import NotFound, Rejected
from bot.domain.observation import Observation, Resource
from bot.domain.rollout import Analysis, Move, Pause, Rollout, Side, Strategy

GROUP, KIND = "argoproj.io", "Rollout"

MOST_ROLLOUTS = 10
"""Rollouts of one application that are read; each costs two calls."""

MOST_ANALYSES = 5

_SPAN = re.compile(r"(\d+)([smh]?)")
_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600}


class Rollouts:
    """Reads and moves the Rollouts of one Argo CD. For any thread."""

    def __init__(self, argocd: ArgoCD) -> None:
        self._argocd = argocd
        self._first_version_only = False

    def read(self, application: Application, seen: Observation) -> tuple[Rollout, ...]:
        """Return the Rollouts among what *seen* says the application manages, whole.

        One that went away meanwhile is left out.
        """
        found = [one for one in seen.resources if (one.group, one.kind) == (GROUP, KIND)]
        if not found:
            return ()
        doing = f"show the objects of {application.name}"
        tree = self._argocd.call(application, doing, "/resource-tree")
        every = (self._one(application, one, tree) for one in found[:MOST_ROLLOUTS])
        return tuple(one for one in every if one is not None)

    def act(self, application: Application, rollout: Rollout, move: Move) -> None:
        """Ask for *move*, whose effect comes after the answer. Whether it fits, nobody checks.

        Raises:
            Unavailable: it may or may not have been taken; read the Rollout again.
            Forbidden: our token has no right to resource actions there.
        """
        doing = f"{move.value} {rollout.label} of {application.name}"
        where = _where(rollout.name, rollout.namespace, rollout.version)
        if not self._first_version_only:
            try:
                body = {**where, "action": move.value}
                self._argocd.call_by_body(application, doing, "/resource/actions/v2", body)
            except Rejected as error:
                if not is_unknown_path(error):
                    raise
                self._first_version_only = True  # Argo CD before 3.1
            else:
                return
        path = "/resource/actions"
        self._argocd.call(application, doing, path, "POST", parameters=where, body=move.value)

    def _one(self, application: Application, resource: Resource, tree: Any) -> Rollout | None:
        system, doing = self._argocd.system, f"read {resource.label} of {application.name}"
        where = _where(resource.name, resource.namespace, resource.version)
        try:
            answer = self._argocd.call(application, doing, "/resource", parameters=where)
            listed = self._argocd.call(application, doing, "/resource/actions", parameters=where)
        except Rejected as error:
            if isinstance(error, NotFound) or "not found as part of" in error.detail:
                return None
            raise
        return decoded(system, doing, lambda: rollout_of(answer, listed, tree))


def _where(name: str, namespace: str, version: str) -> dict[str, str]:
    """Return how a Rollout is named in a call; without a version Argo CD answers 500."""
    return {
        "resourceName": name,
        "namespace": namespace,
        "group": GROUP,
        "kind": KIND,
        "version": version or "v1alpha1",
    }


# decoders


def rollout_of(answer: Any, listed: Any, tree: Any) -> Rollout:
    """Return the Rollout whose live object, actions and resource tree these answers are."""
    live = mapping(json.loads(text_of(mapping(answer)["manifest"])))
    metadata, spec, status = (mapping(live.get(k)) for k in ("metadata", "spec", "status"))
    name, steps = text_of(metadata["name"]), _steps(spec)
    nodes = [mapping(one) for one in listing(mapping(tree).get("nodes"))]
    step = _step(status, steps)
    stable, new = text_of(status.get("stableRS")), text_of(status.get("currentPodHash"))
    return Rollout(
        name=name,
        namespace=text_of(metadata.get("namespace")),
        uid=text_of(metadata.get("uid")),
        strategy=_strategy(spec),
        new=Side(new, _template_images(spec)),
        stable=Side(stable, _pod_images(nodes, name, stable)),
        step=step,
        steps=len(steps),
        weight=_weight(status, steps, step),
        desired=_number(spec.get("replicas"), default=1),
        updated=_number(status.get("updatedReplicas")),
        ready=_number(status.get("readyReplicas")),
        available=_number(status.get("availableReplicas")),
        phase=text_of(status.get("phase")),
        message=text_of(status.get("message")),
        pauses=_pauses(spec, status, steps, step),
        stopped=spec.get("paused") is True,
        aborted=status.get("abort") is True,
        promoting_fully=status.get("promoteFull") is True,
        observed=is_observed(metadata, status),
        analyses=_analyses(nodes, name),
        offered=_offered(listed),
        restarted=text_of(spec.get("restartAt")),
        version=text_of(live.get("apiVersion")).rpartition("/")[2] or "v1alpha1",
    )


def _offered(listed: Any) -> frozenset[str]:
    """Return the actions that are not disabled; Go leaves a false out."""
    actions = [mapping(one) for one in listing(mapping(listed).get("actions"))]
    return frozenset(text_of(one["name"]) for one in actions if one.get("disabled") is not True)


def _strategy(spec: Mapping[str, Any]) -> Strategy:
    chosen = mapping(spec.get("strategy"))
    if "blueGreen" in chosen:
        return Strategy.BLUE_GREEN
    return Strategy.CANARY if "canary" in chosen else Strategy.UNKNOWN


def _steps(spec: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    canary = mapping(mapping(spec.get("strategy")).get("canary"))
    return [mapping(one) for one in listing(canary.get("steps"))]


def _step(status: Mapping[str, Any], steps: Sequence[Any]) -> int | None:
    at = status.get("currentStepIndex")
    return min(_number(at), len(steps)) if steps and at is not None else None


def _weight(
    status: Mapping[str, Any], steps: Sequence[Mapping[str, Any]], step: int | None
) -> int | None:
    """Return the share of the new version: what a traffic router was told, else what is asked."""
    canary = mapping(mapping(mapping(status.get("canary")).get("weights")).get("canary"))
    if "weight" in canary:
        return _number(canary["weight"])
    if step is None:
        return None
    if status.get("abort") is True:
        return 0
    if step >= len(steps) or status.get("promoteFull") is True:
        return 100
    passed = [one["setWeight"] for one in steps[: step + 1] if one.get("setWeight") is not None]
    return _number(passed[-1]) if passed else 0


def _pauses(
    spec: Mapping[str, Any],
    status: Mapping[str, Any],
    steps: Sequence[Mapping[str, Any]],
    step: int | None,
) -> tuple[Pause, ...]:
    conditions = [mapping(one) for one in listing(status.get("pauseConditions"))]
    return tuple(_pause(one, _span(one, spec, steps, step)) for one in conditions)


def _pause(condition: Mapping[str, Any], span: timedelta | None) -> Pause:
    since: datetime | None = time_of(condition.get("startTime"))
    ends = since + span if since is not None and span is not None else None
    return Pause(text_of(condition.get("reason")), since, ends)


def _span(
    condition: Mapping[str, Any],
    spec: Mapping[str, Any],
    steps: Sequence[Mapping[str, Any]],
    step: int | None,
) -> timedelta | None:
    """Return how long this pause lasts by itself; None: until a person ends it."""
    reason = condition.get("reason")
    if reason == "CanaryPauseStep" and step is not None and step < len(steps):
        return _duration(mapping(steps[step].get("pause")).get("duration"))
    if reason == "BlueGreenPause":
        chosen = mapping(mapping(spec.get("strategy")).get("blueGreen"))
        return _duration(chosen.get("autoPromotionSeconds"))
    return None


def _duration(value: Any) -> timedelta | None:
    """Return a pause's length: a number of seconds, or a number with s, m or h behind it."""
    found = _SPAN.fullmatch(str(value)) if value is not None else None
    return timedelta(seconds=int(found[1]) * _UNITS[found[2]]) if found else None


def _template_images(spec: Mapping[str, Any]) -> tuple[str, ...]:
    pod = mapping(mapping(spec.get("template")).get("spec"))
    containers = [*listing(pod.get("initContainers")), *listing(pod.get("containers"))]
    return tuple(text_of(mapping(one).get("image")) for one in containers)


def _pod_images(nodes: Sequence[Mapping[str, Any]], rollout: str, hash_: str) -> tuple[str, ...]:
    """Return the images of the pods of one ReplicaSet, which is called by its template's hash."""
    owner = ("ReplicaSet", f"{rollout}-{hash_}")
    pods = (one for one in nodes if one.get("kind") == "Pod" and owner in _parents(one))
    return tuple(sorted({text_of(image) for pod in pods for image in listing(pod.get("images"))}))


def _analyses(nodes: Sequence[Mapping[str, Any]], rollout: str) -> tuple[Analysis, ...]:
    """Return the newest AnalysisRuns of the Rollout, newest first."""
    owner = (KIND, rollout)
    runs = [one for one in nodes if one.get("kind") == "AnalysisRun" and owner in _parents(one)]
    runs.sort(key=lambda one: text_of(one.get("createdAt")), reverse=True)
    return tuple(_analysis(one) for one in runs[:MOST_ANALYSES])


def _analysis(node: Mapping[str, Any]) -> Analysis:
    health = mapping(node.get("health"))
    told = text_of(health.get("status")), text_of(health.get("message"))
    return Analysis(text_of(node.get("name")), *told)


def _parents(node: Mapping[str, Any]) -> list[tuple[str, str]]:
    parents = [mapping(one) for one in listing(node.get("parentRefs"))]
    return [(text_of(one.get("kind")), text_of(one.get("name"))) for one in parents]


def _number(value: Any, default: int = 0) -> int:
    return default if value is None else int(value)
