"""Argo CD's API at the wire: what is read, what is asked for, and every way it says no."""

import copy
import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Request, Response

from sandbox.argocd import tree, windows
from sandbox.argocd.agenda import Clock
from sandbox.argocd.application import REFRESH, Application
from sandbox.argocd.asking import asked_for, body_of, deadline_of, wrong_content_type
from sandbox.argocd.changes import Changes
from sandbox.argocd.controller import Controller
from sandbox.argocd.fields import list_item, reduced
from sandbox.argocd.knobs import Knobs
from sandbox.argocd.owners import ApplicationSet
from sandbox.argocd.refusals import (
    DEADLINE,
    INVALID,
    NOT_FOUND,
    UNKNOWN,
    Refusal,
    denied,
    plain,
)
from sandbox.argocd.repository import Unresolved
from sandbox.argocd.stream import Watch, frames
from sandbox.argocd.tempo import Tempo
from sandbox.argocd.tokens import Account, authenticate, make_token
from sandbox.argocd.world import CONTROL_PLANE, World
from sandbox.wire import Wire, answer

TOKEN = make_token("proj:default:chatops", 1_767_225_600)
APPLICATION = "/api/v1/applications/<name>"
FOREVER = timedelta(days=365)


class ArgoCD(Knobs, Wire):
    """One Argo CD of *version*, reading *repositories* (repoURL → path of a bare repository).

    *token* is the one that exists from the start; it must look like a JWT. *root_path* is the
    prefix of every URL. ``start`` begins to listen and lets the controllers run.
    """

    def __init__(
        self,
        clock: Clock,
        repositories: Callable[[str], Path],
        *,
        version: str = "v3.5.1",
        root_path: str = "",
        token: str = TOKEN,
        tempo: Tempo | None = None,
        name: str = "argocd",
    ) -> None:
        Wire.__init__(self, name)
        if len(token.split(".")) != 3:
            raise ValueError("Argo CD takes a token without three parts for none at all")
        self.token = token
        self.accounts = {token: Account("proj:default:chatops", issued=1_767_225_600)}
        self.world = World(
            clock,
            repositories,
            lock=self.lock,
            version=version,
            tempo=tempo or Tempo(),
            done=self.touch,
            crashed=self._crashed,
        )
        self.controller = Controller(self.world)
        self._changes = Changes(self.world, self.controller, self.find)
        self._root = root_path.rstrip("/")
        self._routes()

    def _crashed(self, crash: Exception) -> None:
        with self.lock:
            self.strange.append(f"{self.name}: its controller crashed: {crash!r}")

    def start(self) -> str:
        """Listen and let the controllers run; return the base URL, root path included."""
        Wire.start(self)
        self.world.agenda.start()
        return self.url

    @property
    def url(self) -> str:
        """Return the base URL, root path included, without a last slash."""
        assert self._server is not None, f"{self.name} is not started"
        return f"http://127.0.0.1:{self._server.port}{self._root}"

    def stop(self) -> None:
        """Stop the controllers, end the streams, stop listening."""
        self.world.agenda.stop()
        with self.lock:
            self.world.informer.end_all(cut=False)
        Wire.stop(self)

    def touch(self) -> None:
        """Say that the world changed."""
        Wire.touch(self)

    # routes

    def _routes(self) -> None:
        read, change = self._reads, self._writes
        self._route("version", "GET", "/api/version", self._version)
        read("applications.list", "/api/v1/applications", self._list)
        self._route("applications.watch", "GET", "/api/v1/stream/applications", self._stream)
        read("application.get", APPLICATION, self._get)
        read("application.syncwindows", f"{APPLICATION}/syncwindows", self._windows)
        read("application.revision", f"{APPLICATION}/revisions/<revision>/metadata", self._revision)
        read("application.managed", f"{APPLICATION}/managed-resources", self._managed)
        read("application.tree", f"{APPLICATION}/resource-tree", self._tree)
        read("application.resource", f"{APPLICATION}/resource", self._resource)
        read("application.actions", f"{APPLICATION}/resource/actions", self._actions)
        read("applicationset.get", "/api/v1/applicationsets/<name>", self._application_set)
        read("can-i", "/api/v1/account/can-i/<resource>/<action>/<path:subresource>", self._can_i)
        self._route("userinfo", "GET", "/api/v1/session/userinfo", self._userinfo)
        changes = self._changes
        change("application.sync", "POST", f"{APPLICATION}/sync", changes.sync)
        change("application.rollback", "POST", f"{APPLICATION}/rollback", changes.rollback)
        change("application.terminate", "DELETE", f"{APPLICATION}/operation", changes.terminate)
        change("application.spec", "PUT", f"{APPLICATION}/spec", changes.put_spec)
        change("application.patch", "PATCH", APPLICATION, changes.patch)
        change("application.delete", "DELETE", APPLICATION, changes.delete)
        change("application.action", "POST", f"{APPLICATION}/resource/actions", changes.action)
        if self.world.version >= (3, 1):
            change(
                "application.action2", "POST", f"{APPLICATION}/resource/actions/v2", changes.action2
            )

    def _route(self, name: str, method: str, rule: str, handler: Callable[..., Response]) -> None:
        self.route(name, [method], self._root + rule, handler)

    def _reads(self, name: str, rule: str, handler: Callable[..., Response]) -> None:
        """Serve a GET: who asks is known, and a refusal becomes its answer."""

        def handle(request: Request, **parameters: str) -> Response:
            try:
                account = self._account(request)
                return handler(request, account, **parameters)
            except Refusal as refusal:
                return refusal.unary()

        self._route(name, "GET", rule, handle)

    def _writes(
        self, name: str, method: str, rule: str, handler: Callable[..., dict[str, Any]]
    ) -> None:
        """Serve a change: content type, then JSON, then who asks, in the gateway's order."""

        def handle(request: Request, **parameters: str) -> Response:
            if (refused := wrong_content_type(request)) is not None:
                return refused
            try:
                body = body_of(request)
                account = self._account(request)
                with self.lock:
                    return answer(handler(account, request.args, body, **parameters))
            except Refusal as refusal:
                return refusal.unary()

        self._route(name, method, rule, handle)

    def unknown(self, request: Request, missing: HTTPException) -> Response:
        """Answer as the gateway does: 415 first, then the plain text of the status."""
        inside = request.path.startswith(f"{self._root}/api/")
        if inside:
            refused = wrong_content_type(request)
            return refused or plain(missing.name, missing.code or 404)
        if request.method == "GET" and "text/html" in request.headers.get("Accept", ""):
            return Response("<!doctype html><title>Argo CD</title>", 200, content_type="text/html")
        return plain("404 page not found", 404)

    # who asks, and for which application

    def _account(self, request: Request) -> Account:
        with self.lock:
            return authenticate(
                request.headers.get("Authorization"), self.accounts, self.world.now()
            )

    def find(
        self,
        account: Account,
        name: str,
        right: str,
        *,
        namespace: str | None,
        project: str | None,
    ) -> Application:
        """Return an application that *account* has *right* on.

        Without *project* a missing application and a missing right look the same: 403. With it
        the right is looked at first, then the application must be there and in the project.

        Raises:
            Refusal: 403 or 404 as above.
        """
        namespace = namespace or CONTROL_PLANE
        found = self.world.find(name, namespace)
        if not project:
            if found is None or not account.may(right, found.project, namespace, name):
                raise denied()
            return found
        if not account.may(right, project, namespace, name):
            raise denied()
        if found is None or found.project != project:
            raise Refusal(NOT_FOUND, f'applications.argoproj.io "{name}" not found')
        return found

    def _asked(self, request: Request, account: Account, name: str) -> Application:
        return self.find(
            account,
            name,
            "applications/get",
            namespace=request.args.get("appNamespace"),
            project=request.args.get("project"),
        )

    # reads from Kubernetes

    def _version(self, _request: Request) -> Response:
        return answer({"Version": f"{self.world.version_text}+109ca7c"})

    def _userinfo(self, request: Request) -> Response:
        try:
            account = self._account(request)
        except Refusal:
            return answer({})
        return answer({"loggedIn": True, "username": account.subject, "iss": "argocd"})

    def _can_i(
        self, _request: Request, account: Account, resource: str, action: str, subresource: str
    ) -> Response:
        project, _, name = subresource.rpartition("/")
        namespace = CONTROL_PLANE
        if "/" in project:
            project, _, namespace = project.partition("/")
        may = account.may(f"{resource}/{action}", project, namespace, name)
        return answer({"value": "yes" if may else "no"})

    def _get(self, request: Request, account: Account, name: str) -> Response:
        refresh = request.args.get("refresh")
        with self.lock:
            application = self._asked(request, account, name)
            if refresh is None:
                return answer(application.document)
            self.controller.request_refresh(application, "hard" if refresh == "hard" else "normal")
            deadline = deadline_of(request)

            def done() -> bool:
                gone = self.world.applications.get(application.key) is not application
                return gone or REFRESH not in (application.metadata.get("annotations") or {})

            if not self.world.wait(done, deadline or FOREVER):
                raise Refusal(DEADLINE, "context deadline exceeded")
            return answer(application.document)

    def _windows(self, request: Request, account: Account, name: str) -> Response:
        with self.lock:
            return answer(windows.shown(self._asked(request, account, name).windows))

    def _revision(self, request: Request, account: Account, name: str, revision: str) -> Response:
        with self.lock:
            repo_url = self._asked(request, account, name).source().repo_url
        try:
            commit = self.world.renderer.commit(repo_url, revision)
        except Unresolved as gone:
            raise Refusal(UNKNOWN, str(gone)) from gone
        shown: dict[str, Any] = {
            "author": commit.author,
            "date": commit.date,
            "message": commit.message,
        }
        if commit.tags:
            shown["tags"] = list(commit.tags)
        return answer(shown)

    def _application_set(self, request: Request, account: Account, name: str) -> Response:
        namespace = request.args.get("appsetNamespace") or CONTROL_PLANE
        if "applicationsets/get" not in account.rights:
            raise denied()
        with self.lock:
            for each in self.world.applications.values():
                if isinstance(each.owner, ApplicationSet) and each.owner.name == name:
                    return answer(each.owner.shown(namespace))
        raise Refusal(NOT_FOUND, f'applicationsets.argoproj.io "{name}" not found')

    # reads from the informer

    def _list(self, request: Request, account: Account) -> Response:
        fields = request.args.get("fields")
        with self.lock:
            documents = [
                each
                for each in self.world.informer.seen.values()
                if asked_for(request, each) and self._visible(account, each)
            ]
            version = self.world.list_version()
        documents.sort(key=lambda each: (each["metadata"]["name"], each["metadata"]["namespace"]))
        if request.args.get("name"):
            documents = documents[:1]
        items = [self._listed(each, fields) for each in documents]
        return answer({"metadata": {"resourceVersion": version}, "items": items})

    def _listed(self, document: dict[str, Any], fields: str | None) -> dict[str, Any]:
        shown = document
        if self.world.version >= (3, 0):
            # Health of single resources is filled in by GET and the watch, not here.
            shown = document | {"status": copy.deepcopy(document["status"])}
            for each in shown["status"].get("resources", []):
                each.pop("health", None)
        return list_item(shown, fields, self.world.version) if fields else shown

    def _visible(self, account: Account, document: dict[str, Any]) -> bool:
        metadata, project = document["metadata"], document["spec"].get("project", "default")
        return account.may("applications/get", project, metadata["namespace"], metadata["name"])

    def _stream(self, request: Request) -> Response:
        """Answer a watch; a refusal has a shape of its own, and obeys ``fields`` like a result."""
        try:
            return self._watch(request, self._account(request))
        except Refusal as refusal:
            text = json.dumps(reduced(refusal.stream_error(), request.args.get("fields")))
            if request.headers.get("Accept") == "text/event-stream":
                text, kind = f"data: {text} \n\n", "text/event-stream"
            else:
                kind = "application/json"
            return Response(text, refusal.status, content_type=kind)

    def _watch(self, request: Request, account: Account) -> Response:
        arguments, sse = request.args, request.headers.get("Accept") == "text/event-stream"
        name, since = arguments.get("name"), arguments.get("resourceVersion")

        def shows(document: dict[str, Any]) -> bool:
            return asked_for(request, document, watch=True) and self._visible(account, document)

        watch = Watch(
            shows,
            sse=sse,
            fields=arguments.get("fields"),
            initial=not since or bool(name),
            since=int(since) if since and since.isdigit() else 0,
        )
        connection = request.environ.get("werkzeug.socket")
        kind = "text/event-stream" if sse else "application/json"
        return Response(frames(self.world, watch, connection), content_type=kind)

    def _tree(self, request: Request, account: Account, name: str) -> Response:
        with self.lock:
            return answer(self._asked(request, account, name).shown_tree)

    def _managed(self, request: Request, account: Account, name: str) -> Response:
        with self.lock:
            shown = dict(self._asked(request, account, name).shown_resources)
        wanted = {
            key: request.args[key]
            for key in ("kind", "name", "namespace", "group")
            if request.args.get(key)
        }
        shown["items"] = [
            item
            for item in shown["items"]
            if all(item.get(key) == value for key, value in wanted.items())
        ]
        return answer(reduced(shown, request.args.get("fields")))

    def _resource(self, request: Request, account: Account, name: str) -> Response:
        arguments = request.args
        with self.lock:
            application = self._asked(request, account, name)
            kind, own_name = arguments.get("kind", ""), arguments.get("resourceName", "")
            group, namespace = arguments.get("group", ""), arguments.get("namespace", "")
            live = tree.find(application, kind, own_name, group, namespace)
            pod = tree.find_pod(application, own_name) if kind == "Pod" else None
            if live is None and pod is None:
                raise not_in_tree(kind, group, own_name, name)
            manifest = tree.manifest_of(live) if live is not None else pod
        return answer({"manifest": json.dumps(manifest, default=str)})

    def _actions(self, request: Request, account: Account, name: str) -> Response:
        with self.lock:
            application = self._asked(request, account, name)
            arguments = request.args
            return answer({"actions": self._changes.available(application, arguments)})


def not_in_tree(kind: str, group: str, name: str, application: str) -> Refusal:
    """Return the 400 for an object that the application does not have."""
    return Refusal(INVALID, f"{kind} {group} {name} not found as part of application {application}")
