"""One Argo CD over its REST API: looks, bounded refreshes, syncs; our nouns in and out.

A client may be shared by threads. It never follows a redirect, never sleeps and never repeats a
call that changes something. How refusals are told apart is in ``argocd_refusals``, how answers
are read in ``argocd_answers``.

Source: argo-cd v3.5.1 ``server/application/application.proto``.
"""

import base64
import binascii
import json
import re
import ssl
import time
from collections.abc import Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import httpx
from pydantic import SecretStr

from bot.adapters import argocd_answers as answers
from bot.adapters.argocd_refusals import meaning, plain, refusal
from bot.adapters.calls import Answered, OnAnswer, OnCall, nobody_hears, nobody_listens
from bot.clock import Clock
from bot.domain.catalog import Application, Instance
from bot.domain.errors import Garbled, NotFound, Rejected, Unavailable
from bot.domain.observation import (
    MAKES_PODS,
    Listed,
    Observation,
    OperationPhase,
    Resource,
    Sync,
    Windows,
    Workload,
)
from bot.secret_files import current, look_again

CORRELATION = "shipmate-operation"
"""The name under which a sync of ours carries the operation's key."""

MOST_WORKLOADS = 30
"""Workloads read for one proof; each costs a call."""

_NAMES = re.compile(r"(/applications|/applicationsets|/can-i/applications/[a-z]+)/.+?(?=/|$)")
"""Where a path names something; the rest of it is the same for all."""

_LIST_FIELDS = ",".join(
    f"items.{path}"
    for path in (
        "metadata.name",
        "metadata.namespace",
        "spec",
        "status.sync.status",
        "status.sync.revision",
        "status.health",
        "status.summary",
        "status.operationState.phase",
        "status.operationState.startedAt",
        "status.operationState.finishedAt",
    )
)
"""Only what servers let through in a list; ``sync.revision`` comes since 3.5 and else is dropped.

Source: argo-cd v3.5.1 ``pkg/apiclient/application/forwarder_overwrite.go``.
"""


class Refresh(StrEnum):
    """How Argo CD shall look at Git first: NORMAL resolves and compares, HARD renders anew."""

    NONE = ""
    NORMAL = "normal"
    HARD = "hard"


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds on the wall. *refresh* bounds a refresh, which the server may hold for ever."""

    connect: float = 5.0
    read: float = 15.0
    refresh: float = 30.0


class ArgoCD:
    """One Argo CD *instance*, asked with *token*.

    *verify* is False, or a context, for servers with a certificate of their own.
    """

    def __init__(
        self,
        instance: Instance,
        token: SecretStr | str,
        *,
        clock: Clock,
        timeouts: Timeouts | None = None,
        verify: bool | ssl.SSLContext = True,
        on_call: OnCall | None = None,
        on_answer: OnAnswer | None = None,
    ) -> None:
        self.instance = instance
        self._on_call = on_call or nobody_listens
        self._on_answer = on_answer or nobody_hears
        self.system = f"Argo CD {instance.name}"
        self._token = token
        self._clock = clock
        self._timeouts = timeouts or Timeouts()
        self._projects: dict[tuple[str, str], str] = {}
        self._verify = verify
        self._http = self.client()

    def __repr__(self) -> str:
        return f"ArgoCD({self.instance!r})"

    def client(self) -> httpx.Client:
        """Return a new HTTP client for this server; the caller closes it.

        Every method but GET needs exactly this content type, even without a body, or Argo CD
        answers 415.

        Source: argo-cd v3.5.1 ``server/server.go``, enforceContentTypes.
        """
        return httpx.Client(
            base_url=self.instance.url,
            auth=Bearer(self._token),
            headers={"Content-Type": "application/json"},
            timeout=httpx.Timeout(self._timeouts.read, connect=self._timeouts.connect),
            follow_redirects=False,
            verify=self._verify,
        )

    def close(self) -> None:
        """Close all connections."""
        self._http.close()

    @property
    def token_ends(self) -> datetime | None:
        """Return when our token expires; None when it says nothing about that."""
        return expiry(current(self._token))

    @property
    def token_left(self) -> timedelta | None:
        """Return how long our token still lives, negative when it is over; None: for ever."""
        ends = self.token_ends
        return None if ends is None else ends - self._clock.now()

    def page(self, application: Application, namespace: str = "") -> str:
        """Return the address that people open. *namespace* is what an observation said."""
        where = namespace or application.namespace
        parts = [quote(part, safe="") for part in (where, application.name) if part]
        return "/".join([self.instance.url, "applications", *parts])

    def version(self) -> str:
        """Return the server's version, such as ``v3.5.1+109ca7c``. Needs no token."""
        doing = "tell its version"
        answer = self._ask(doing, "GET", "/api/version")
        return answers.decoded(self.system, doing, lambda: str(answer["Version"]))

    def look(self, application: Application, *, refresh: Refresh = Refresh.NONE) -> Observation:
        """Return the application as it is now, after the *refresh* if one is asked for.

        A refresh that is not done within its bound counts as asked for; what is returned then is
        the application without it, and says ``refresh_pending``.

        Raises:
            NotFound: it is not there, hidden from us, or in another project than configured.
            Forbidden: we know its project and may not see it.
        """
        if refresh is not Refresh.NONE:
            try:
                return self._look(application, refresh)
            except Unavailable:
                pass  # Asked for is asked for; whether the server is there, the next call tells.
        return self._look(application, Refresh.NONE)

    def forget(self, application: Application) -> None:
        """Forget what we learnt of the application, so the next look finds it anew."""
        self._projects.pop(_key(application), None)

    def sync(self, application: Application, key: str) -> Observation:
        """Ask for a sync to the newest commit, marked with *key*; return what then is.

        A sync of ours that is under way, or has brought what Git says, is found and not asked for
        again.

        Raises:
            Conflict: another operation runs, a window is closed, or it is being deleted.
        """
        seen = self.look(application)
        if _was_taken(seen, key):
            return seen
        body = {
            "revision": "",
            "prune": False,
            "dryRun": False,
            "infos": [{"name": CORRELATION, "value": key}],
            "appNamespace": application.namespace or "",
            "project": self._project(application) or "",
        }
        doing = f"sync {application.name}"
        answer = self._ask(
            doing,
            "POST",
            f"{_path(application)}/sync",
            body=body,
            project=self._project(application),
        )
        return self._observation(doing, answer)

    def terminate(self, application: Application) -> None:
        """Ask for the end of the operation under way.

        Raises:
            Conflict: there is none, or Argo CD has not picked it up yet.
        """
        self._call(application, f"stop the sync of {application.name}", "/operation", "DELETE")

    def windows(self, application: Application) -> Windows:
        """Return what the application's sync windows let through now."""
        doing = f"tell the sync windows of {application.name}"
        answer = self._call(application, doing, "/syncwindows")
        return answers.decoded(self.system, doing, lambda: answers.windows(answer))

    def workloads(
        self, application: Application, seen: Observation | None = None
    ) -> tuple[Workload, ...]:
        """Return what makes the pods of the application, read from the cluster now.

        Which they are is taken from *seen*, else from a new look. At most ``MOST_WORKLOADS`` are
        read. One that went away meanwhile is left out.
        """
        seen = seen or self.look(application)
        makers = [one for one in seen.resources if one.kind in MAKES_PODS][:MOST_WORKLOADS]
        found = (self._workload(application, one) for one in makers)
        return tuple(one for one in found if one is not None)

    def _workload(self, application: Application, resource: Resource) -> Workload | None:
        """Return the live workload, or None when it is not there any more."""
        doing = f"read {resource.label} of {application.name}"
        parameters = {
            "resourceName": resource.name,
            "namespace": resource.namespace,
            "group": resource.group,
            "kind": resource.kind,
            "version": resource.version,
        }
        try:
            answer = self._call(application, doing, "/resource", parameters=parameters)
        except Rejected as error:
            if _is_gone(error):
                return None
            raise
        return answers.decoded(self.system, doing, lambda: answers.workload(resource, answer))

    def why_degraded(self, application: Application) -> str:
        """Return what its pods say about not being well, in one line; empty when nothing."""
        doing = f"show the objects of {application.name}"
        answer = self._call(application, doing, "/resource-tree")
        return answers.decoded(self.system, doing, lambda: answers.wounds(answer))[:300]

    def applications(self, projects: Iterable[str] = ()) -> tuple[Listed, ...]:
        """Return every application that we may see, of *projects* if any are named.

        Lists lag behind looks by seconds: they tell where to look, never what is.
        """
        doing = "list its applications"
        pairs: list[tuple[str, str]] = [("projects", project) for project in projects]
        answer = self._ask(
            doing, "GET", "/api/v1/applications", parameters=[*pairs, ("fields", _LIST_FIELDS)]
        )
        return answers.decoded(self.system, doing, lambda: answers.listed(answer))

    def call(
        self,
        application: Application,
        doing: str,
        path: str,
        method: str = "GET",
        *,
        parameters: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | str | None = None,
    ) -> Any:
        """Return the answer of *path* of one application; where it is goes into the query.

        For the files beside this one, which know other parts of the same API.
        """
        return self._call(application, doing, path, method, parameters=parameters, body=body)

    def ask(self, doing: str, path: str, parameters: Sequence[tuple[str, str]] = ()) -> Any:
        """Return the answer of the whole *path*, of what belongs to no application."""
        return self._ask(doing, "GET", path, parameters=parameters)

    def call_by_body(
        self, application: Application, doing: str, path: str, body: Mapping[str, Any]
    ) -> Any:
        """Post *body* to *path* of one application; where it is goes into the body, too."""
        project = self._project(application)
        where = {"appNamespace": application.namespace or "", "project": project or ""}
        whole = f"{_path(application)}{path}"
        return self._ask(doing, "POST", whole, body={**body, **where}, project=project)

    def _look(self, application: Application, refresh: Refresh) -> Observation:
        try:
            return self._read(application, refresh)
        except NotFound:
            learnt = _key(application) in self._projects and not application.project
            if not learnt:
                raise
            self.forget(application)  # It may have moved to another project.
            return self._read(application, refresh)

    def _read(self, application: Application, refresh: Refresh) -> Observation:
        doing = f"show {application.name}"
        parameters = {"refresh": refresh.value} if refresh is not Refresh.NONE else {}
        bound = self._timeouts.refresh if refresh is not Refresh.NONE else None
        answer = self._call(application, doing, "", parameters=parameters, bound=bound)
        seen = self._observation(doing, answer)
        self._projects[_key(application)] = seen.project
        return seen

    def _observation(self, doing: str, answer: Any) -> Observation:
        name = self.instance.name
        return answers.decoded(self.system, doing, lambda: answers.observation(name, answer))

    def _project(self, application: Application) -> str | None:
        return application.project or self._projects.get(_key(application)) or None

    def _call(
        self,
        application: Application,
        doing: str,
        path: str,
        method: str = "GET",
        *,
        parameters: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | str | None = None,
        bound: float | None = None,
    ) -> Any:
        """Ask about one application; where it is goes into the query."""
        project = self._project(application)
        where = {"appNamespace": application.namespace, "project": project}
        query = {**(parameters or {}), **{name: value for name, value in where.items() if value}}
        whole = f"{_path(application)}{path}"
        pairs = list(query.items())
        return self._ask(
            doing, method, whole, parameters=pairs, body=body, bound=bound, project=project
        )

    def _ask(
        self,
        doing: str,
        method: str,
        path: str,
        *,
        parameters: Sequence[tuple[str, str]] = (),
        body: Mapping[str, Any] | str | None = None,
        bound: float | None = None,
        project: str | None = None,
    ) -> Any:
        """Make one call; return its JSON object. *bound* is how long the server may take for it."""
        extra: dict[str, Any] = {}
        if bound is not None:
            # The server's own bound first, so that it answers and frees what it holds.
            extra["headers"] = {"Grpc-Timeout": _grpc_timeout(bound)}
            extra["timeout"] = httpx.Timeout(bound + 2.0, connect=self._timeouts.connect)
        start, status = time.perf_counter(), None
        try:
            response = self._http.request(method, path, params=list(parameters), json=body, **extra)
            status = response.status_code
        except httpx.TimeoutException as error:
            raise Unavailable(self.system, doing, "no answer in time") from error
        except httpx.DecodingError as error:
            raise Garbled(self.system, doing, "an answer whose encoding cannot be read") from error
        except httpx.RequestError as error:
            raise Unavailable(self.system, doing, self.clean(str(error))) from error
        finally:
            what = f"{method} {_route(path)}"
            self._on_call(self.system, what, status, time.perf_counter() - start)
        self.heard(response, time.perf_counter() - start)
        return self._read_answer(doing, response, project)

    def _read_answer(self, doing: str, response: httpx.Response, project: str | None) -> Any:
        if not response.is_success:
            said = refusal(response.status_code, self.clean(response.text), response.headers)
            raise meaning(self.system, doing, said, project=project)
        try:
            answer = response.json()
        except ValueError as error:
            page = self.clean(plain(response.text))
            raise Garbled(self.system, doing, f"no JSON but: {page}") from error
        if not isinstance(answer, dict):
            raise Garbled(self.system, doing, f"a JSON {type(answer).__name__}, no object")
        return answer

    def heard(self, response: httpx.Response, seconds: float) -> None:
        """Tell who minds of an answer that took *seconds*, whether it takes our token."""
        refused = ""
        if response.status_code == HTTPStatus.UNAUTHORIZED:
            refused = "it does not take our token (401)"
        date = response.headers.get("date", "")
        self._on_answer(Answered(self.system, date, seconds, refused))

    def clean(self, text: str) -> str:
        """Return *text* without our token, should it stand in there."""
        return text.replace(token, "…") if (token := current(self._token)) else text


class Bearer(httpx.Auth):
    """Sends *token* along as it is at each request.

    One that is refused is read again where it stands in a file, and a new one tried at once: what
    was refused for its token was not done.
    """

    def __init__(self, token: SecretStr | str) -> None:
        self._token = token

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Send *request*, and where its token is refused and there is another, once more."""
        tried = current(self._token)
        request.headers["Authorization"] = f"Bearer {tried}"
        answer = yield request
        if answer.status_code == HTTPStatus.UNAUTHORIZED and look_again(self._token, tried):
            request.headers["Authorization"] = f"Bearer {current(self._token)}"
            yield request


def expiry(token: str) -> datetime | None:
    """Return when *token* expires by its own words; None when it does not say. Nothing is checked.

    Source: https://www.rfc-editor.org/rfc/rfc7519#section-4.1.4
    """
    try:
        _, payload, _ = token.split(".")
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        return datetime.fromtimestamp(claims["exp"], UTC)
    except (ValueError, KeyError, TypeError, OverflowError, OSError, binascii.Error):
        return None


def _grpc_timeout(seconds: float) -> str:
    """Source: grpc-gateway v1.16.0 ``runtime/context.go``, timeoutDecode."""
    whole = seconds.is_integer()
    return f"{seconds:.0f}S" if whole else f"{max(1, round(seconds * 1000))}m"


def _key(application: Application) -> tuple[str, str]:
    return application.namespace or "", application.name


def _route(path: str) -> str:
    """Return *path* without names in it: what it asks, not of what."""
    return _NAMES.sub(r"\1/*", path)


def _path(application: Application) -> str:
    return f"/api/v1/applications/{quote(application.name, safe='')}"


def _was_taken(seen: Observation, key: str) -> bool:
    """Tell whether a sync marked with *key* is asked for, under way, or has brought what Git says.

    Who died right after asking asks again after a take-over; hooks would run a second time.
    """
    if seen.operation is not None and seen.operation.infos.get(CORRELATION) == key:
        return True
    state = seen.operation_state
    if state is None or state.infos.get(CORRELATION) != key:
        return False
    has_brought_it = state.phase is OperationPhase.SUCCEEDED and seen.sync is Sync.SYNCED
    return has_brought_it or not state.phase.completed


def _is_gone(error: Rejected) -> bool:
    return isinstance(error, NotFound) or "not found as part of application" in error.detail
