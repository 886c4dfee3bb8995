"""A fake OCI registry at the wire: the token dance, manifests by tag and digest, tags.

It behaves as a Docker registry 2.8 with token authentication, and can hide what others may not
see as the public registries do.
"""

import base64
import binascii
import hashlib
import json
import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Request, Response

from sandbox.wire import Wire, answer

OCI_INDEX = "application/vnd.oci.image.index.v1+json"
OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
DEFAULT_LIFE = timedelta(seconds=60)
"""How long a token lives when its answer does not say. Source: Docker's token specification."""
VERSION = {"Docker-Distribution-Api-Version": "registry/2.0"}
SERVICE = "registry.fake"


class Time(Protocol):
    """A clock."""

    def now(self) -> datetime:
        """Return the aware time."""
        ...


@dataclass
class Images:
    """One repository of images. *readers* None: everybody may pull."""

    tags: dict[str, str] = field(default_factory=dict)
    manifests: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    readers: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Grant:
    """What a token allows: to pull *names* until *until*."""

    names: frozenset[str]
    until: datetime


class Refused(Exception):  # noqa: N818  # it is an answer, not a failure of ours
    """The registry says no: a *status* and one of the specification's codes."""

    def __init__(
        self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message
        self.headers = dict(headers or {})

    def response(self) -> Response:
        """Return the answer a client sees."""
        error = {"code": self.code, "message": self.message, "detail": None}
        return answer({"errors": [error]}, self.status, {**VERSION, **self.headers})


class Registry(Wire):
    """A registry on loopback; *clock* says when tokens end."""

    def __init__(self, clock: Time) -> None:
        super().__init__("registry")
        self._clock = clock
        self._images: dict[str, Images] = {}
        self._users: dict[str, str] = {}
        self._grants: dict[str, Grant] = {}
        self._hiding: int | None = None
        self._expires_in: int | None = 300
        self._token_field = "token"
        self._limits: list[int | None] = []
        self.route("ping", ["GET"], "/v2/", self._guarded(self._ping))
        self.route("token", ["GET"], "/token", self._guarded(self._token))
        rule = "/v2/<path:name>/manifests/<reference>"
        self.route("manifest", ["GET"], rule, self._guarded(self._manifest))
        self.route("tags", ["GET"], "/v2/<path:name>/tags/list", self._guarded(self._tags))

    # the world

    def push(self, name: str, tag: str, *, media_type: str = OCI_INDEX, content: str = "") -> str:
        """Put an image under *tag* and return its digest; *content* tells images apart."""
        body = json.dumps(
            {
                "schemaVersion": 2,
                "mediaType": media_type,
                "annotations": {"fake": content or f"{name}:{tag}"},
            }
        ).encode()
        digest = f"sha256:{hashlib.sha256(body).hexdigest()}"
        with self.lock:
            images = self._images.setdefault(name, Images())
            images.manifests[digest] = media_type, body
            images.tags[tag] = digest
        self.touch()
        return digest

    def untag(self, name: str, tag: str) -> None:
        """Remove a tag; the image stays under its digest."""
        with self.lock:
            del self._images[name].tags[tag]

    def add_user(self, login: str, password: str) -> None:
        """Make an account that may ask for tokens."""
        with self.lock:
            self._users[login] = password

    def restrict(self, name: str, readers: Collection[str] = ()) -> None:
        """Let only *readers* pull from a repository."""
        with self.lock:
            self._images.setdefault(name, Images()).readers = frozenset(readers)

    def hide(self, status: int | None = 403) -> None:
        """Answer for what one may not see, be it there or not, by 401 or 403; None: tell apart."""
        with self.lock:
            self._hiding = status

    def say_tokens(self, named: str = "token", expires_in: int | None = 300) -> None:
        """Answer with ``token`` or ``access_token``, and with the seconds it lives, or without."""
        with self.lock:
            self._token_field, self._expires_in = named, expires_in

    def revoke_tokens(self) -> None:
        """Let every token given so far be refused."""
        with self.lock:
            self._grants.clear()

    def rate_limit(self, times: int = 1, retry_after: int | None = None) -> None:
        """Answer the next *times* requests by 429."""
        with self.lock:
            self._limits += [retry_after] * times

    # serving

    def unknown(self, request: Request, missing: HTTPException) -> Response:  # noqa: ARG002
        """Answer what is no route as a registry does."""
        return Response("404 page not found\n", 404, content_type="text/plain; charset=utf-8")

    def _guarded(self, handler: Any) -> Any:
        def serve(request: Request, **words: str) -> Response:
            try:
                with self.lock:
                    self._limit()
                    response: Response = handler(request, **words)
            except Refused as refused:
                response = refused.response()
            return response

        return serve

    def _limit(self) -> None:
        if self._limits:
            wait = self._limits.pop(0)
            headers = {} if wait is None else {"Retry-After": str(wait)}
            message = "You have reached your pull rate limit."
            raise Refused(429, "TOOMANYREQUESTS", message, headers)

    def _ping(self, request: Request) -> Response:
        if self._grant(request) is None:
            raise self._challenge(None, "")
        return answer({}, headers=VERSION)

    def _token(self, request: Request) -> Response:
        login = self._login(request)
        asked = request.args.get("scope", "").split(":")
        name = ":".join(asked[1:-1])
        if self._hiding == 403 and name and not self._may(name, login):
            raise Refused(403, "DENIED", "requested access to the resource is denied")
        pulls = len(asked) >= 3 and asked[0] == "repository" and "pull" in asked[-1].split(",")
        granted = {name} if pulls and self._may(name, login) else set()
        life = DEFAULT_LIFE if self._expires_in is None else timedelta(seconds=self._expires_in)
        value = secrets.token_urlsafe(30)
        self._grants[value] = Grant(frozenset(granted), self._clock.now() + life)
        body: dict[str, Any] = {self._token_field: value}
        if self._expires_in is not None:
            body |= {"expires_in": self._expires_in}
        return answer(body)

    def _login(self, request: Request) -> str | None:
        scheme, _, value = request.headers.get("Authorization", "").partition(" ")
        if not scheme:
            return None
        try:
            login, _, password = base64.b64decode(value, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            login = password = ""
        if scheme.lower() != "basic" or self._users.get(login, secrets.token_hex()) != password:
            raise Refused(401, "UNAUTHORIZED", "incorrect username or password")
        return login

    def _may(self, name: str, login: str | None) -> bool:
        images = self._images.get(name)
        if images is None:
            return self._hiding is None
        return images.readers is None or login in images.readers

    def _grant(self, request: Request) -> Grant | None:
        scheme, _, value = request.headers.get("Authorization", "").partition(" ")
        grant = self._grants.get(value) if scheme.lower() == "bearer" else None
        return grant if grant is not None and self._clock.now() < grant.until else None

    def _challenge(self, name: str | None, error: str) -> Refused:
        words = [f'Bearer realm="{self.url}/token"', f'service="{SERVICE}"']
        words += [f'scope="repository:{name}:pull"'] if name else []
        words += [f'error="{error}"'] if error else []
        headers = {"WWW-Authenticate": ",".join(words)}
        return Refused(401, "UNAUTHORIZED", "authentication required", headers)

    def _pulled(self, request: Request, name: str) -> Images:
        grant = self._grant(request)
        if grant is None:
            error = "invalid_token" if "Authorization" in request.headers else ""
            raise self._challenge(name, error)
        if name not in grant.names:
            if self._hiding == 403:
                raise Refused(403, "DENIED", "requested access to the resource is denied")
            raise self._challenge(name, "insufficient_scope")
        if name not in self._images:
            raise Refused(404, "NAME_UNKNOWN", "repository name not known to registry")
        return self._images[name]

    def _manifest(self, request: Request, name: str, reference: str) -> Response:
        images = self._pulled(request, name)
        digest = images.tags.get(reference, reference)
        if digest not in images.manifests:
            raise Refused(404, "MANIFEST_UNKNOWN", "manifest unknown")
        media_type, body = images.manifests[digest]
        if media_type not in _accepted(request):
            message = f"{media_type} found, but accept header does not support it"
            raise Refused(404, "MANIFEST_UNKNOWN", message)
        headers = {**VERSION, "Docker-Content-Digest": digest, "ETag": f'"{digest}"'}
        return Response(body, headers=headers, content_type=media_type)

    def _tags(self, request: Request, name: str) -> Response:
        tags = sorted(self._pulled(request, name).tags)
        last, size = request.args.get("last", ""), request.args.get("n", "")
        left = [tag for tag in tags if tag > last]
        shown = left[: int(size)] if size.isdecimal() else left
        headers = dict(VERSION)
        if len(shown) < len(left):
            link = f"/v2/{name}/tags/list?last={shown[-1]}&n={size}"
            headers["Link"] = f'<{link}>; rel="next"'
        return answer({"name": name, "tags": shown}, headers=headers)


def _accepted(request: Request) -> set[str]:
    """Return the media types that are named; a wildcard names none, as in registry 2.8."""
    named = ",".join(request.headers.getlist("Accept")).split(",")
    return {one.partition(";")[0].strip() for one in named}
