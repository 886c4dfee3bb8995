"""The calls that change something: sync, rollback, terminate, spec, patch, resource actions."""

import copy
import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Protocol

from sandbox.argocd import rollouts, tree, windows
from sandbox.argocd.application import REFRESH, Application, Level
from sandbox.argocd.cluster import Live
from sandbox.argocd.controller import Controller
from sandbox.argocd.kustomize import Broken
from sandbox.argocd.refusals import DENIED, INVALID, PRECONDITION, Refusal, denied, missing_field
from sandbox.argocd.repository import Unresolved
from sandbox.argocd.tokens import Account
from sandbox.argocd.world import World

Query = Mapping[str, str]
Json = dict[str, Any]
CATCH_UP = timedelta(seconds=2)
"""How long spec writes and terminate wait for the informer to see them."""


class Find(Protocol):
    """Finds an application with a right on it, or refuses."""

    def __call__(
        self, account: Account, name: str, right: str, *, namespace: str | None, project: str | None
    ) -> Application:
        """Return the application."""
        ...


class Changes:
    """Handlers of changing calls. Each is given the account, query, body and application name.

    Sync, rollback, patch and actions/v2 read ``appNamespace`` and ``project`` only from the body;
    terminate, spec, delete and actions (v1) only from the query.
    """

    def __init__(self, world: World, controller: Controller, find: Find) -> None:
        self._world = world
        self._controller = controller
        self._find = find

    def _by_body(self, account: Account, body: Any, name: str, right: str) -> Application:
        if not isinstance(body, dict):
            raise Refusal(INVALID, "json: cannot unmarshal into Go value of type a request")
        return self._find(
            account,
            name,
            right,
            namespace=body.get("appNamespace"),
            project=body.get("project"),
        )

    def _by_query(self, account: Account, query: Query, name: str, right: str) -> Application:
        return self._find(
            account,
            name,
            right,
            namespace=query.get("appNamespace"),
            project=query.get("project"),
        )

    def _granted(self, account: Account, application: Application, right: str) -> None:
        """Refuse with the long sentence that names right, object, subject and time of issue."""
        namespace, name = application.key
        if not account.may(right, application.project, namespace, name):
            resource, _, action = right.partition("/")
            raise denied(
                f"{resource}, {action}, {application.project}/{name}, "
                f"sub: {account.subject}, iat: {account.issued}"
            )

    # operations

    def sync(self, account: Account, _query: Query, body: Json, name: str) -> Json:
        """Start a sync."""
        application = self._by_body(account, body, name, "applications/get")
        if not windows.can_sync(application.windows, manual=True):
            raise Refusal(DENIED, "cannot sync: blocked by sync window")
        self._granted(account, application, "applications/sync")
        _not_deleting(application)
        revision = str(body.get("revision") or "")
        if (
            application.automated is not None
            and not body.get("dryRun")
            and revision
            and revision != application.target
        ):
            raise Refusal(
                PRECONDITION,
                f"Cannot sync to {revision}: auto-sync currently set to {application.target}",
            )
        sha = self._resolved(application, revision or application.target)
        sync: Json = {"revision": sha}
        for key in ("prune", "dryRun", "resources"):
            if body.get(key):
                sync[key] = body[key]
        if (body.get("strategy") or {}).get("apply") is not None:
            sync["syncStrategy"] = {"apply": body["strategy"]["apply"]}
        policy = application.spec.get("syncPolicy") or {}
        options = (body.get("syncOptions") or {}).get("items") or policy.get("syncOptions")
        if options:
            sync["syncOptions"] = options
        operation: Json = {"sync": sync, "initiatedBy": {"username": account.subject}}
        if body.get("infos"):
            operation["info"] = copy.deepcopy(body["infos"])
        retry = body.get("retryStrategy") or policy.get("retry")
        if retry:
            operation["retry"] = copy.deepcopy(retry)
        return self._begin(application, operation)

    def _resolved(self, application: Application, revision: str) -> str:
        try:
            return self._world.renderer.resolve(application.source().repo_url, revision)
        except Unresolved as gone:
            raise Refusal(
                PRECONDITION,
                f"error resolving repo revision: rpc error: code = Unknown desc = {gone}",
            ) from gone

    def _begin(self, application: Application, operation: Json) -> Json:
        if application.operation is not None:
            raise Refusal(PRECONDITION, "another operation is already in progress")
        self._controller.operations.begin(application, operation)
        return copy.deepcopy(application.document)

    def rollback(self, account: Account, _query: Query, body: Json, name: str) -> Json:
        """Start a rollback to an entry of the history."""
        if body.get("id") is None:
            raise missing_field("id")
        application = self._by_body(account, body, name, "applications/sync")
        _not_deleting(application)
        if application.automated is not None:
            raise Refusal(PRECONDITION, "rollback cannot be initiated when auto-sync is enabled")
        history = application.status.get("history", [])
        entry = next((each for each in history if each["id"] == body["id"]), None)
        if entry is None:
            raise Refusal(
                INVALID,
                f"application {'/'.join(application.key)} does not have deployment with id "
                f"{body['id']}",
            )
        sync: Json = {
            "revision": entry["revision"],
            "syncStrategy": {"apply": {}},
            "source": copy.deepcopy(entry["source"]),
        }
        for key in ("prune", "dryRun"):
            if body.get(key):
                sync[key] = True
        options = (application.spec.get("syncPolicy") or {}).get("syncOptions")
        if options:
            sync["syncOptions"] = options
        return self._begin(
            application, {"sync": sync, "initiatedBy": {"username": account.subject}}
        )

    def terminate(self, account: Account, query: Query, _body: Any, name: str) -> Json:
        """Ask the operation in flight to stop."""
        application = self._by_query(account, query, name, "applications/sync")
        state = application.operation_state
        if application.operation is None or state is None:
            raise Refusal(INVALID, "Unable to terminate operation. No operation is in progress")
        state["phase"] = "Terminating"
        self._world.write(application)
        self._controller.operations.wake(application)
        self._catch_up(application)
        return {}

    # specs

    def put_spec(self, account: Account, query: Query, body: Any, name: str) -> Json:
        """Replace the spec: the last writer wins."""
        application = self._by_query(account, query, name, "applications/update")
        if not isinstance(body, dict):
            raise Refusal(INVALID, "json: cannot unmarshal into Go value of type a spec")
        if not isinstance(body.get("source"), dict) or not body["source"].get("repoURL"):
            raise missing_field("repoURL")
        if query.get("validate") != "false":
            self._renders(application, body)
        self._controller.set_spec(application, body)
        shown = copy.deepcopy(application.spec)
        self._catch_up(application)
        return shown

    def patch(self, account: Account, _query: Query, body: Json, name: str) -> Json:
        """Patch the application; its manifests are always rendered first."""
        application = self._by_body(account, body, name, "applications/get")
        self._granted(account, application, "applications/update")
        document = copy.deepcopy(application.document)
        try:
            patch = json.loads(str(body.get("patch") or "{}"))
        except ValueError as error:
            raise Refusal(INVALID, f"error decoding patch: {error}") from error
        if body.get("patchType") != "merge" or not isinstance(patch, dict):
            raise Refusal(INVALID, f"Patch type '{body.get('patchType')}' is not supported")
        merge(document, {key: patch[key] for key in patch if key in {"metadata", "spec"}})
        self._renders(application, document["spec"])
        application.document["metadata"] = document["metadata"]
        if REFRESH in (document["metadata"].get("annotations") or {}):
            self._controller.status.ask(application, Level.LATEST)
        if document["spec"] == application.spec:
            self._world.write(application)
        self._controller.set_spec(application, document["spec"])
        return copy.deepcopy(application.document)

    def _renders(self, application: Application, spec: Json) -> None:
        source = application.source(spec["source"])
        try:
            sha = self._world.renderer.resolve(
                source.repo_url, str(spec["source"].get("targetRevision") or "HEAD")
            )
            self._world.renderer.render(source, sha)
        except (Broken, Unresolved) as problem:
            raise Refusal(
                INVALID,
                f"application spec for {application.key[1]} is invalid: InvalidSpecError: "
                f"Unable to generate manifests in {source.path}: "
                f"rpc error: code = Unknown desc = {problem}",
            ) from problem

    def delete(self, account: Account, query: Query, _body: Any, name: str) -> Json:
        """Delete the application and, as is the default, its workloads."""
        self._controller.delete(self._by_query(account, query, name, "applications/delete"))
        return {}

    def _catch_up(self, application: Application) -> None:
        """Wait until the informer has seen the write, two seconds at most."""
        world, version = self._world, int(application.metadata["resourceVersion"])

        def seen() -> bool:
            known = world.informer.seen.get(application.key)
            return known is None or int(known["metadata"]["resourceVersion"]) >= version

        world.wait(seen, CATCH_UP)

    # resource actions

    def action(self, account: Account, query: Query, body: Any, name: str) -> Json:
        """Run a resource action: where in the query, which as a JSON string in the body."""
        if not isinstance(body, str):
            raise Refusal(INVALID, "json: cannot unmarshal object into Go value of type string")
        application = self._by_query(account, query, name, "applications/get")
        return self._act(account, application, query, body)

    def action2(self, account: Account, _query: Query, body: Json, name: str) -> Json:
        """Run a resource action: everything in the body."""
        application = self._by_body(account, body, name, "applications/get")
        if not body.get("action"):
            raise missing_field("action")
        return self._act(account, application, body, str(body["action"]))

    def _act(
        self, account: Account, application: Application, where: Mapping[str, Any], action: str
    ) -> Json:
        live = self._object(application, where)
        self._granted_action(account, application, live, action)
        known = {each["name"] for each in _available(live)}
        if action not in known:
            raise Refusal(INVALID, f"action not found for {live.key[0]}/{live.kind}: {action}")
        if live.kind == "Rollout":
            rollouts.act(application.cluster, live, action)
        else:
            application.cluster.restart(live)
        return {}

    def _granted_action(
        self, account: Account, application: Application, live: Live, action: str
    ) -> None:
        namespace, name = application.key
        if not account.may("applications/action", application.project, namespace, name):
            raise denied(
                f"applications, action/{live.key[0]}/{live.kind}/{action}, "
                f"{application.project}/{name}, sub: {account.subject}, iat: {account.issued}"
            )

    def _object(self, application: Application, where: Mapping[str, Any]) -> Live:
        for field in ("resourceName", "version", "kind"):
            if not where.get(field):
                raise missing_field(field)
        group, kind, name = (
            str(where.get(field) or "") for field in ("group", "kind", "resourceName")
        )
        live = tree.find(application, kind, name, group, str(where.get("namespace") or ""))
        if live is None:
            raise Refusal(
                INVALID,
                f"{kind} {group} {name} not found as part of application {application.key[1]}",
            )
        return live

    def available(self, application: Application, where: Mapping[str, Any]) -> list[Json]:
        """Return the actions of one object."""
        return _available(self._object(application, where))


def _available(live: Live) -> list[Json]:
    if live.kind == "Rollout":
        return rollouts.available(live)
    return [{"name": "restart"}] if live.kind in {"Deployment", "StatefulSet", "DaemonSet"} else []


def _not_deleting(application: Application) -> None:
    if "deletionTimestamp" in application.metadata:
        raise Refusal(PRECONDITION, "application is deleting")


def merge(into: Json, changes: Json) -> None:
    """Apply a JSON merge patch in place (RFC 7386)."""
    for key, value in changes.items():
        if value is None:
            into.pop(key, None)
        elif isinstance(value, dict):
            if not isinstance(into.get(key), dict):
                into[key] = {}
            merge(into[key], value)
        else:
            into[key] = copy.deepcopy(value)
