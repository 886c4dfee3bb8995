"""What the API shows of an application's objects: tree, drift, and one live object."""

import copy
import json
from typing import Any

from sandbox.argocd import rollouts
from sandbox.argocd.application import Application
from sandbox.argocd.cluster import Key, Live, Pod, digest, template_of, version_of
from sandbox.argocd.kustomize import Manifest

PARENTS = {"Deployment", "Rollout"}


def resource_tree(application: Application) -> dict[str, Any]:
    """Return ``nodes`` of managed objects, ReplicaSets and Pods."""
    nodes = []
    for live in application.cluster.objects.values():
        nodes.append(_node(live))
        for template in dict.fromkeys(pod.template for pod in live.pods):
            pods = [pod for pod in live.pods if pod.template == template]
            owner = _reference(live)
            if live.kind in PARENTS:
                replica_set = _replica_set(live, template, pods)
                nodes.append(replica_set)
                owner = {name: replica_set[name] for name in ("kind", "namespace", "name", "uid")}
                owner["group"] = "apps"
            nodes.extend(_pod(live, pod, owner) for pod in pods)
    return {"nodes": nodes}


def _reference(live: Live) -> dict[str, Any]:
    group, kind, namespace, name = live.key
    return {"group": group, "kind": kind, "namespace": namespace, "name": name, "uid": live.uid}


def _node(live: Live) -> dict[str, Any]:
    node = _reference(live) | {
        "version": version_of(live.manifest),
        "createdAt": live.created,
        "resourceVersion": str(live.generation),
    }
    if live.health is not None:
        node["health"] = _health(*live.health)
    return node


def _health(status: str, message: str) -> dict[str, str]:
    return {"status": status, **({"message": message} if message else {})}


def _replica_set(live: Live, template: str, pods: list[Pod]) -> dict[str, Any]:
    return {
        "group": "apps",
        "version": "v1",
        "kind": "ReplicaSet",
        "namespace": live.key[2],
        "name": f"{live.name}-{template[:9]}",
        "uid": f"{live.uid}-{template}",
        "parentRefs": [_reference(live)],
        "health": _health("Healthy" if all(pod.ready for pod in pods) else "Progressing", ""),
        "createdAt": live.created,
    }


def _pod(live: Live, pod: Pod, owner: dict[str, Any]) -> dict[str, Any]:
    if pod.ready:
        health = _health("Healthy", "")
    elif pod.message:
        health = _health("Degraded", pod.message)
    else:
        health = _health("Progressing", "")
    reason = "Terminating" if pod.leaving else pod.reason
    info = [
        {"name": "Status Reason", "value": reason},
        {"name": "Containers", "value": f"{int(pod.ready)}/1"},
    ]
    if pod.restarts:
        info.append({"name": "Restart Count", "value": str(pod.restarts)})
    return {
        "version": "v1",
        "kind": "Pod",
        "namespace": live.key[2],
        "name": pod.name,
        "uid": f"{live.uid}-{pod.name}",
        "parentRefs": [owner],
        "health": health,
        "images": list(pod.images),
        "info": info,
        "createdAt": live.created,
    }


def managed_resources(application: Application) -> dict[str, Any]:
    """Return ``items`` with their states as JSON strings, ``"null"`` where absent."""
    objects = {"/".join(key): live for key, live in application.cluster.objects.items()}
    items = []
    for name in sorted({*objects, *application.compared}):
        live, wanted = objects.get(name), application.compared.get(name)
        group, kind, namespace, own_name = name.split("/")
        observed = None if live is None else _masked(live.manifest)
        target = None if wanted is None else _masked(wanted)
        item = {
            "kind": kind,
            "namespace": namespace,
            "name": own_name,
            "targetState": _text(target),
            "liveState": _text(None if live is None else _masked(manifest_of(live))),
            "normalizedLiveState": _text(observed),
            "predictedLiveState": _text(target),
        }
        if group:
            item["group"] = group
        items.append(item)
    return {"items": items}


def _text(value: Manifest | None) -> str:
    return json.dumps(value, default=str)


def _masked(manifest: Manifest) -> Manifest:
    """Return *manifest* with a core Secret's values hidden."""
    if manifest.get("kind") != "Secret" or manifest.get("apiVersion") != "v1":
        return manifest
    masked = copy.deepcopy(manifest)
    for part in ("data", "stringData"):
        if isinstance(masked.get(part), dict):
            masked[part] = dict.fromkeys(masked[part], "++++++++")
    return masked


def manifest_of(live: Live) -> Manifest:
    """Return the live object: what was applied, with metadata and status as the cluster adds."""
    shown = copy.deepcopy(live.manifest)
    metadata = shown.setdefault("metadata", {})
    metadata.update(
        namespace=live.key[2],
        uid=live.uid,
        generation=live.generation,
        creationTimestamp=live.created,
        resourceVersion=str(live.generation),
    )
    if live.patched:
        shown.setdefault("spec", {}).update(live.patched)
    if live.kind == "Rollout":
        shown["status"] = rollouts.status(live)
    elif live.pods or live.kind in {"Deployment", "StatefulSet"}:
        shown["status"] = _workload_status(live)
    return shown


def _workload_status(live: Live) -> dict[str, Any]:
    template = digest(template_of(live.manifest))
    staying = [pod for pod in live.pods if not pod.leaving]
    ready = [pod for pod in staying if pod.ready]
    status: dict[str, Any] = {
        "observedGeneration": live.generation,
        "replicas": len(staying),
        "updatedReplicas": len([pod for pod in staying if pod.template == template]),
        "readyReplicas": len(ready),
        "availableReplicas": len(ready),
    }
    if live.health is not None and live.health[0] == "Degraded":
        status["conditions"] = [
            {
                "type": "Progressing",
                "status": "False",
                "reason": "ProgressDeadlineExceeded",
                "message": live.health[1],
            }
        ]
    return status


def find(application: Application, kind: str, name: str, group: str, namespace: str) -> Live | None:
    """Return a managed object by what the API is given."""
    key: Key = (group, kind, namespace or application.cluster.namespace, name)
    return application.cluster.objects.get(key)


def find_pod(application: Application, name: str) -> dict[str, Any] | None:
    """Return one Pod as a live object, or None."""
    for live, pod in application.cluster.pods():
        if pod.name == name:
            containers = [{"name": f"c{n}", "image": image} for n, image in enumerate(pod.images)]
            return {
                "apiVersion": "v1",
                "kind": "Pod",
                "metadata": {"name": name, "namespace": live.key[2]},
                "spec": {"containers": containers},
                "status": {"phase": "Running" if pod.ready else "Pending", "message": pod.message},
            }
    return None
