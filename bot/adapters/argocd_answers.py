"""Argo CD's JSON into our nouns. Pure: no call is made here.

Missing and null are the same to Argo CD, and so to us; a value of a wrong type is Garbled. Words
of closed sets that we do not know become UNKNOWN.

Source: argo-cd v3.5.1 ``pkg/apis/application/v1alpha1/types.go``.
"""

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, TypeVar

from bot.domain.errors import Garbled
from bot.domain.observation import (
    Condition,
    Deployed,
    Health,
    Hydrated,
    Listed,
    Observation,
    OperationPhase,
    OperationState,
    Ordered,
    Owner,
    OwnerKind,
    Resource,
    ResourceResult,
    Source,
    Sync,
    Windows,
    Workload,
)

REFRESH_ANNOTATION = "argocd.argoproj.io/refresh"
TRACKING_ANNOTATION = "argocd.argoproj.io/tracking-id"
TRACKING_LABEL = "app.kubernetes.io/instance"

Noun = TypeVar("Noun")
Word = TypeVar("Word", bound=StrEnum)


def decoded(system: str, doing: str, decode: Callable[[], Noun]) -> Noun:
    """Return what *decode* makes of an answer.

    Raises:
        Garbled: it has a shape that Argo CD does not give.
    """
    try:
        return decode()
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise Garbled(system, doing, f"{type(error).__name__}: {error}") from error


def observation(instance: str, answer: Any) -> Observation:
    """Return the application that *answer* describes; its name, namespace and uid must be there."""
    metadata, spec, status = (
        _map(answer["metadata"]),
        _map(answer["spec"]),
        _map(answer.get("status")),
    )
    sync, state = _map(status.get("sync")), status.get("operationState")
    health = _map(status.get("health"))
    policy = _map(spec.get("syncPolicy"))
    automated = policy.get("automated")
    auto_sync = automated is not None and _map(automated).get("enabled") is not False
    return Observation(
        instance=instance,
        namespace=_needed(metadata, "namespace"),
        name=_needed(metadata, "name"),
        uid=_needed(metadata, "uid"),
        project=_text(spec.get("project")),
        sync=_word(Sync, sync.get("status"), Sync.UNKNOWN),
        health=_word(Health, health.get("status"), Health.UNKNOWN),
        resource_version=_text(metadata.get("resourceVersion")),
        deleting=metadata.get("deletionTimestamp") is not None,
        sources=tuple(_source(one) for one in _sources(spec)),
        revisions=_revisions(sync),
        operation=_ordered(answer.get("operation")),
        operation_state=_operation_state(state),
        reconciled_at=_time(status.get("reconciledAt")),
        images=_texts(_map(status.get("summary")).get("images")),
        conditions=tuple(_condition(one) for one in _list(status.get("conditions"))),
        resources=tuple(_resource(one) for one in _list(status.get("resources"))),
        history=tuple(_deployed(one) for one in _list(status.get("history"))),
        auto_sync=auto_sync,
        self_heal=auto_sync and _map(automated).get("selfHeal") is True,
        auto_prune=auto_sync and _map(automated).get("prune") is True,
        owner=_owner(metadata),
        refresh_pending=REFRESH_ANNOTATION in _map(metadata.get("annotations")),
        hydrated=_hydrated(spec, status),
        # Since v2.14; an older server, or one with an older CRD, leaves it out.
        health_since=_time(health.get("lastTransitionTime")),
    )


def listed(answer: Any) -> tuple[Listed, ...]:
    """Return the applications of a list."""
    return tuple(_listed(one) for one in _list(_map(answer).get("items")))


def windows(answer: Any) -> Windows:
    """Return what sync windows let through now; ``canSync`` is computed for a manual sync.

    Source: argo-cd v3.5.1 ``pkg/apis/application/v1alpha1/types.go``, SyncWindows.CanSync.
    """
    answer = _map(answer)
    active = [_map(one) for one in _list(answer.get("activeWindows"))]
    assigned = [_map(one) for one in _list(answer.get("assignedWindows"))]
    denied = any(one.get("kind") == "deny" for one in active)
    allowed = any(one.get("kind") == "allow" for one in active)
    only_at_times = any(one.get("kind") == "allow" for one in assigned)
    concerned = [one for one in active if one.get("kind") == "deny"] or assigned
    return Windows(
        manual=answer.get("canSync") is True,
        automatic=not denied and (allowed or not only_at_times),
        detail="; ".join(_window(one) for one in concerned),
    )


def _window(answer: Mapping[str, Any]) -> str:
    kind, schedule, duration = (_text(answer.get(k)) for k in ("kind", "schedule", "duration"))
    return f"{kind} {schedule} for {duration}"


def workload(resource: Resource, answer: Any) -> Workload:
    """Return the workload whose live object *answer* carries, as a JSON string."""
    live = _map(json.loads(_needed(_map(answer), "manifest")))
    spec, status = _map(live.get("spec")), _map(live.get("status"))
    holder = spec if resource.kind != "CronJob" else _map(_map(spec.get("jobTemplate")).get("spec"))
    pod = _map(_map(holder.get("template")).get("spec"))
    containers = [*_list(pod.get("initContainers")), *_list(pod.get("containers"))]
    desired, updated = _counts(resource.kind, spec, status)
    return Workload(
        kind=resource.kind,
        name=resource.name,
        namespace=resource.namespace,
        group=resource.group,
        images=tuple(_text(_map(one).get("image")) for one in containers),
        desired=desired,
        updated=updated,
        observed=desired is None or _observed(_map(live.get("metadata")), status),
    )


def wounds(answer: Any) -> str:
    """Return why pods of a resource tree are not well, in one short line, or nothing."""
    nodes = [_map(one) for one in _list(_map(answer).get("nodes"))]
    told = [_wound(node) for node in nodes if node.get("kind") == "Pod"]
    return "; ".join(dict.fromkeys(one for one in told if one))


def _wound(pod: Mapping[str, Any]) -> str:
    health = _map(pod.get("health"))
    if health.get("status") not in {"Degraded", "Progressing"}:
        return ""
    rows = [_map(one) for one in _list(pod.get("info"))]
    info = {_text(one.get("name")): _text(one.get("value")) for one in rows}
    restarts = info.get("Restart Count", "")
    words = [info.get("Status Reason", ""), f"{restarts} restarts" if restarts else ""]
    said = ", ".join(word for word in words if word) or _text(health.get("status"))
    message = _text(health.get("message"))
    return f"Pod/{_text(pod.get('name'))}: {said}" + (f" ({message})" if message else "")


def _listed(answer: Any) -> Listed:
    metadata, spec = _map(answer["metadata"]), _map(answer.get("spec"))
    status = _map(answer.get("status"))
    state, sync = _map(status.get("operationState")), _map(status.get("sync"))
    return Listed(
        namespace=_text(metadata.get("namespace")),
        name=_needed(metadata, "name"),
        project=_text(spec.get("project")),
        sync=_text(sync.get("status")),
        health=_text(_map(status.get("health")).get("status")),
        phase=_text(state.get("phase")),
        started_at=_text(state.get("startedAt")),
        finished_at=_text(state.get("finishedAt")),
        images=_texts(_map(status.get("summary")).get("images")),
        revision=_text(sync.get("revision")),
    )


def _sources(spec: Mapping[str, Any]) -> list[Any]:
    several = _list(spec.get("sources"))
    single = spec.get("source")
    return several or ([] if single is None else [single])


def _source(answer: Any) -> Source:
    one = _map(answer)
    return Source(
        repo_url=_text(one.get("repoURL")),
        path=_text(one.get("path")),
        target_revision=_text(one.get("targetRevision")),
        chart=_text(one.get("chart")),
    )


def _ordered(answer: Any) -> Ordered | None:
    if answer is None:
        return None
    operation = _map(answer)
    by = _map(operation.get("initiatedBy"))
    return Ordered(
        revisions=_revisions(_map(operation.get("sync"))),
        initiated_by=_text(by.get("username")),
        automated=by.get("automated") is True,
        infos=_infos(operation.get("info")),
    )


def _operation_state(answer: Any) -> OperationState | None:
    if answer is None:
        return None
    state = _map(answer)
    operation, result = _map(state.get("operation")), _map(state.get("syncResult"))
    sync, by = _map(operation.get("sync")), _map(operation.get("initiatedBy"))
    return OperationState(
        phase=_word(OperationPhase, state.get("phase"), OperationPhase.UNKNOWN),
        message=_text(state.get("message")),
        started_at=_time(state.get("startedAt")),
        finished_at=_time(state.get("finishedAt")),
        revisions=_revisions(result) or _revisions(sync),
        dry_run=sync.get("dryRun") is True,
        partial=bool(_list(sync.get("resources"))),
        automated=by.get("automated") is True,
        username=_text(by.get("username")),
        infos=_infos(operation.get("info")),
        resources=tuple(_result(one) for one in _list(result.get("resources"))),
    )


def _result(answer: Any) -> ResourceResult:
    one = _map(answer)
    return ResourceResult(
        kind=_text(one.get("kind")),
        name=_text(one.get("name")),
        namespace=_text(one.get("namespace")),
        group=_text(one.get("group")),
        status=_text(one.get("status")),
        message=_text(one.get("message")),
        hook=_text(one.get("hookType")),
        # Argo CD gives every applied object a phase; only a hook's own says how it ended.
        hook_phase=_text(one.get("hookPhase")) if one.get("hookType") else "",
    )


def _resource(answer: Any) -> Resource:
    one = _map(answer)
    health = _map(one.get("health"))
    status = health.get("status")
    return Resource(
        kind=_text(one.get("kind")),
        name=_text(one.get("name")),
        namespace=_text(one.get("namespace")),
        group=_text(one.get("group")),
        version=_text(one.get("version")),
        sync=_word(Sync, one.get("status"), Sync.UNKNOWN),
        health=_word(Health, status, Health.UNKNOWN) if status else None,
        message=_text(health.get("message")),
        hook=one.get("hook") is True,
        requires_pruning=one.get("requiresPruning") is True,
    )


def _condition(answer: Any) -> Condition:
    one = _map(answer)
    return Condition(_text(one.get("type")), _text(one.get("message")))


def _deployed(answer: Any) -> Deployed:
    """Ids start at 0, and Go leaves a zero out."""
    one = _map(answer)
    return Deployed(int(one.get("id") or 0), _revisions(one), _time(one.get("deployedAt")))


def _owner(metadata: Mapping[str, Any]) -> Owner:
    for reference in map(_map, _list(metadata.get("ownerReferences"))):
        if reference.get("kind") == "ApplicationSet":
            return Owner(OwnerKind.APPLICATION_SET, _text(reference.get("name")))
    tracked = _text(_map(metadata.get("annotations")).get(TRACKING_ANNOTATION))
    parent, colon, what = tracked.partition(":")
    if colon and what.startswith("argoproj.io/Application:"):
        return Owner(OwnerKind.APPLICATION, parent)
    label = _text(_map(metadata.get("labels")).get(TRACKING_LABEL))
    if label and label != metadata.get("name"):
        return Owner(OwnerKind.APPLICATION, label)
    return Owner()


def _hydrated(spec: Mapping[str, Any], status: Mapping[str, Any]) -> Hydrated | None:
    if spec.get("sourceHydrator") is None:
        return None
    last = _map(_map(status.get("sourceHydrator")).get("lastSuccessfulOperation"))
    return Hydrated(_text(last.get("drySHA")), _text(last.get("hydratedSHA")))


def _counts(
    kind: str, spec: Mapping[str, Any], status: Mapping[str, Any]
) -> tuple[int | None, int | None]:
    """Return the wanted and the updated number of pods; Kubernetes' default is one replica."""
    if kind == "DaemonSet":
        wanted, updated = status.get("desiredNumberScheduled"), status.get("updatedNumberScheduled")
        return int(wanted or 0), int(updated or 0)
    if kind in {"CronJob", "Job"}:
        return None, None
    replicas = spec.get("replicas")
    updated = status.get("readyReplicas" if kind == "ReplicaSet" else "updatedReplicas")
    return 1 if replicas is None else int(replicas), int(updated or 0)


def _observed(metadata: Mapping[str, Any], status: Mapping[str, Any]) -> bool:
    """Argo Rollouts writes its observed generation as a string, Kubernetes as a number."""
    seen = str(status.get("observedGeneration") or 0)
    return not seen.isdecimal() or int(seen) >= int(metadata.get("generation") or 0)


def _infos(answer: Any) -> Mapping[str, str]:
    return {_text(_map(one).get("name")): _text(_map(one).get("value")) for one in _list(answer)}


def _revisions(holder: Mapping[str, Any]) -> tuple[str, ...]:
    """Return one revision per source; a single source has ``revision`` instead of the list."""
    several, single = _texts(holder.get("revisions")), _text(holder.get("revision"))
    return several or ((single,) if single else ())


def _time(value: Any) -> datetime | None:
    if value is None or value == "":
        return None
    moment = datetime.fromisoformat(value)
    if moment.tzinfo is None:
        raise ValueError(f"a time without a zone: {value}")
    return moment


def _word(words: type[Word], value: Any, unknown: Word) -> Word:
    text = _text(value)
    return next((word for word in words if word.value == text), unknown)


def _needed(holder: Mapping[str, Any], key: str) -> str:
    text = _text(holder[key])
    if not text:
        raise ValueError(f"{key} is empty")
    return text


def _text(value: Any) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise TypeError(f"text expected, not {type(value).__name__}")
    return value


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(_text(one) for one in _list(value))


def _map(value: Any) -> Mapping[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise TypeError(f"an object expected, not {type(value).__name__}")
    return value


def _list(value: Any) -> list[Any]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise TypeError(f"a list expected, not {type(value).__name__}")
    return value
