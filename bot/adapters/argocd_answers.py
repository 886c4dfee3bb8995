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
        mapping(answer["metadata"]),
        mapping(answer["spec"]),
        mapping(answer.get("status")),
    )
    sync, state = mapping(status.get("sync")), status.get("operationState")
    health = mapping(status.get("health"))
    automated = mapping(spec.get("syncPolicy")).get("automated")
    auto_sync = _auto_sync(spec)
    return Observation(
        instance=instance,
        namespace=_needed(metadata, "namespace"),
        name=_needed(metadata, "name"),
        uid=_needed(metadata, "uid"),
        project=text_of(spec.get("project")),
        sync=_word(Sync, sync.get("status"), Sync.UNKNOWN),
        health=_word(Health, health.get("status"), Health.UNKNOWN),
        resource_version=text_of(metadata.get("resourceVersion")),
        deleting=metadata.get("deletionTimestamp") is not None,
        sources=tuple(_source(one) for one in _sources(spec)),
        revisions=_revisions(sync),
        operation=_ordered(answer.get("operation")),
        operation_state=_operation_state(state),
        reconciled_at=time_of(status.get("reconciledAt")),
        images=texts(mapping(status.get("summary")).get("images")),
        conditions=tuple(_condition(one) for one in listing(status.get("conditions"))),
        resources=tuple(_resource(one) for one in listing(status.get("resources"))),
        history=tuple(_deployed(one) for one in listing(status.get("history"))),
        auto_sync=auto_sync,
        self_heal=auto_sync and mapping(automated).get("selfHeal") is True,
        auto_prune=auto_sync and mapping(automated).get("prune") is True,
        owner=_owner(metadata),
        refresh_pending=REFRESH_ANNOTATION in mapping(metadata.get("annotations")),
        hydrated=_hydrated(spec, status),
        # Since v2.14; an older server, or one with an older CRD, leaves it out.
        health_since=time_of(health.get("lastTransitionTime")),
    )


def listed(answer: Any) -> tuple[Listed, ...]:
    """Return the applications of a list."""
    return tuple(one_listed(one) for one in listing(mapping(answer).get("items")))


def windows(answer: Any) -> Windows:
    """Return what sync windows let through now; ``canSync`` is computed for a manual sync.

    Source: argo-cd v3.5.1 ``pkg/apis/application/v1alpha1/types.go``, SyncWindows.CanSync.
    """
    answer = mapping(answer)
    active = [mapping(one) for one in listing(answer.get("activeWindows"))]
    assigned = [mapping(one) for one in listing(answer.get("assignedWindows"))]
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
    kind, schedule, duration = (text_of(answer.get(k)) for k in ("kind", "schedule", "duration"))
    return f"{kind} {schedule} for {duration}"


def workload(resource: Resource, answer: Any) -> Workload:
    """Return the workload whose live object *answer* carries, as a JSON string."""
    live = mapping(json.loads(_needed(mapping(answer), "manifest")))
    spec, status = mapping(live.get("spec")), mapping(live.get("status"))
    holder = (
        spec
        if resource.kind != "CronJob"
        else mapping(mapping(spec.get("jobTemplate")).get("spec"))
    )
    pod = mapping(mapping(holder.get("template")).get("spec"))
    containers = [*listing(pod.get("initContainers")), *listing(pod.get("containers"))]
    desired, updated = _counts(resource.kind, spec, status)
    return Workload(
        kind=resource.kind,
        name=resource.name,
        namespace=resource.namespace,
        group=resource.group,
        images=tuple(text_of(mapping(one).get("image")) for one in containers),
        desired=desired,
        updated=updated,
        observed=desired is None or is_observed(mapping(live.get("metadata")), status),
    )


def wounds(answer: Any) -> str:
    """Return why pods of a resource tree are not well, in one short line, or nothing."""
    nodes = [mapping(one) for one in listing(mapping(answer).get("nodes"))]
    told = [_wound(node) for node in nodes if node.get("kind") == "Pod"]
    return "; ".join(dict.fromkeys(one for one in told if one))


def _wound(pod: Mapping[str, Any]) -> str:
    health = mapping(pod.get("health"))
    if health.get("status") not in {"Degraded", "Progressing"}:
        return ""
    rows = [mapping(one) for one in listing(pod.get("info"))]
    info = {text_of(one.get("name")): text_of(one.get("value")) for one in rows}
    restarts = info.get("Restart Count", "")
    words = [info.get("Status Reason", ""), f"{restarts} restarts" if restarts else ""]
    said = ", ".join(word for word in words if word) or text_of(health.get("status"))
    message = text_of(health.get("message"))
    return f"Pod/{text_of(pod.get('name'))}: {said}" + (f" ({message})" if message else "")


def one_listed(answer: Any) -> Listed:
    """Return the application of a list, or of an event of the stream, in its short form."""
    metadata, spec = mapping(answer["metadata"]), mapping(answer.get("spec"))
    status = mapping(answer.get("status"))
    state, sync = mapping(status.get("operationState")), mapping(status.get("sync"))
    return Listed(
        namespace=text_of(metadata.get("namespace")),
        name=_needed(metadata, "name"),
        project=text_of(spec.get("project")),
        sync=text_of(sync.get("status")),
        health=text_of(mapping(status.get("health")).get("status")),
        phase=text_of(state.get("phase")),
        started_at=text_of(state.get("startedAt")),
        finished_at=text_of(state.get("finishedAt")),
        images=texts(mapping(status.get("summary")).get("images")),
        revision=text_of(sync.get("revision")),
        auto_sync=_auto_sync(spec),
    )


def _auto_sync(spec: Mapping[str, Any]) -> bool:
    """Tell whether Argo CD syncs by itself; ``enabled`` is there since 3.1."""
    automated = mapping(spec.get("syncPolicy")).get("automated")
    return automated is not None and mapping(automated).get("enabled") is not False


def _sources(spec: Mapping[str, Any]) -> list[Any]:
    several = listing(spec.get("sources"))
    single = spec.get("source")
    return several or ([] if single is None else [single])


def _source(answer: Any) -> Source:
    one = mapping(answer)
    return Source(
        repo_url=text_of(one.get("repoURL")),
        path=text_of(one.get("path")),
        target_revision=text_of(one.get("targetRevision")),
        chart=text_of(one.get("chart")),
    )


def _ordered(answer: Any) -> Ordered | None:
    if answer is None:
        return None
    operation = mapping(answer)
    by = mapping(operation.get("initiatedBy"))
    return Ordered(
        revisions=_revisions(mapping(operation.get("sync"))),
        initiated_by=text_of(by.get("username")),
        automated=by.get("automated") is True,
        infos=_infos(operation.get("info")),
    )


def _operation_state(answer: Any) -> OperationState | None:
    if answer is None:
        return None
    state = mapping(answer)
    operation, result = mapping(state.get("operation")), mapping(state.get("syncResult"))
    sync, by = mapping(operation.get("sync")), mapping(operation.get("initiatedBy"))
    return OperationState(
        phase=_word(OperationPhase, state.get("phase"), OperationPhase.UNKNOWN),
        message=text_of(state.get("message")),
        started_at=time_of(state.get("startedAt")),
        finished_at=time_of(state.get("finishedAt")),
        revisions=_revisions(result) or _revisions(sync),
        dry_run=sync.get("dryRun") is True,
        partial=bool(listing(sync.get("resources"))),
        automated=by.get("automated") is True,
        username=text_of(by.get("username")),
        infos=_infos(operation.get("info")),
        resources=tuple(_result(one) for one in listing(result.get("resources"))),
    )


def _result(answer: Any) -> ResourceResult:
    one = mapping(answer)
    return ResourceResult(
        kind=text_of(one.get("kind")),
        name=text_of(one.get("name")),
        namespace=text_of(one.get("namespace")),
        group=text_of(one.get("group")),
        status=text_of(one.get("status")),
        message=text_of(one.get("message")),
        hook=text_of(one.get("hookType")),
        # Argo CD gives every applied object a phase; only a hook's own says how it ended.
        hook_phase=text_of(one.get("hookPhase")) if one.get("hookType") else "",
    )


def _resource(answer: Any) -> Resource:
    one = mapping(answer)
    health = mapping(one.get("health"))
    status = health.get("status")
    return Resource(
        kind=text_of(one.get("kind")),
        name=text_of(one.get("name")),
        namespace=text_of(one.get("namespace")),
        group=text_of(one.get("group")),
        version=text_of(one.get("version")),
        sync=_word(Sync, one.get("status"), Sync.UNKNOWN),
        health=_word(Health, status, Health.UNKNOWN) if status else None,
        message=text_of(health.get("message")),
        hook=one.get("hook") is True,
        requires_pruning=one.get("requiresPruning") is True,
    )


def _condition(answer: Any) -> Condition:
    one = mapping(answer)
    return Condition(text_of(one.get("type")), text_of(one.get("message")))


def _deployed(answer: Any) -> Deployed:
    """Ids start at 0, and Go leaves a zero out."""
    one = mapping(answer)
    return Deployed(int(one.get("id") or 0), _revisions(one), time_of(one.get("deployedAt")))


def _owner(metadata: Mapping[str, Any]) -> Owner:
    for reference in map(mapping, listing(metadata.get("ownerReferences"))):
        if reference.get("kind") == "ApplicationSet":
            return Owner(OwnerKind.APPLICATION_SET, text_of(reference.get("name")))
    tracked = text_of(mapping(metadata.get("annotations")).get(TRACKING_ANNOTATION))
    parent, colon, what = tracked.partition(":")
    if colon and what.startswith("argoproj.io/Application:"):
        return Owner(OwnerKind.APPLICATION, parent)
    label = text_of(mapping(metadata.get("labels")).get(TRACKING_LABEL))
    if label and label != metadata.get("name"):
        return Owner(OwnerKind.APPLICATION, label)
    return Owner()


def _hydrated(spec: Mapping[str, Any], status: Mapping[str, Any]) -> Hydrated | None:
    if spec.get("sourceHydrator") is None:
        return None
    last = mapping(mapping(status.get("sourceHydrator")).get("lastSuccessfulOperation"))
    return Hydrated(text_of(last.get("drySHA")), text_of(last.get("hydratedSHA")))


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


def is_observed(metadata: Mapping[str, Any], status: Mapping[str, Any]) -> bool:
    """Tell whether the controller has seen the latest spec.

    Argo Rollouts writes its observed generation as a string, Kubernetes as a number.
    """
    seen = str(status.get("observedGeneration") or 0)
    return not seen.isdecimal() or int(seen) >= int(metadata.get("generation") or 0)


def _infos(answer: Any) -> Mapping[str, str]:
    return {
        text_of(mapping(one).get("name")): text_of(mapping(one).get("value"))
        for one in listing(answer)
    }


def _revisions(holder: Mapping[str, Any]) -> tuple[str, ...]:
    """Return one revision per source; a single source has ``revision`` instead of the list."""
    several, single = texts(holder.get("revisions")), text_of(holder.get("revision"))
    return several or ((single,) if single else ())


def time_of(value: Any) -> datetime | None:
    """Return the aware time that *value* names; None where there is none."""
    if value is None or value == "":
        return None
    moment = datetime.fromisoformat(value)
    if moment.tzinfo is None:
        raise ValueError(f"a time without a zone: {value}")
    return moment


def _word(words: type[Word], value: Any, unknown: Word) -> Word:
    text = text_of(value)
    return next((word for word in words if word.value == text), unknown)


def _needed(holder: Mapping[str, Any], key: str) -> str:
    text = text_of(holder[key])
    if not text:
        raise ValueError(f"{key} is empty")
    return text


def text_of(value: Any) -> str:
    """Return *value* as text; empty where there is none."""
    if value is None:
        return ""
    if not isinstance(value, str):
        raise TypeError(f"text expected, not {type(value).__name__}")
    return value


def texts(value: Any) -> tuple[str, ...]:
    """Return *value* as a list of texts."""
    return tuple(text_of(one) for one in listing(value))


def mapping(value: Any) -> Mapping[str, Any]:
    """Return *value* as an object; an empty one where there is none."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise TypeError(f"an object expected, not {type(value).__name__}")
    return value


def listing(value: Any) -> list[Any]:
    """Return *value* as a list; an empty one where there is none."""
    if value is None:
        return []
    if not isinstance(value, list):
        raise TypeError(f"a list expected, not {type(value).__name__}")
    return value
