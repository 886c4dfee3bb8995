"""Whether an image is in its registry, and which: OCI distribution over HTTP, ECR by its own API.

Absent is said only by a registry that let us look. Whatever else happens is unknown: many answer
401 or 403 for what is not there, as for what is hidden. Hosts come from the configuration alone.

Source: https://github.com/opencontainers/distribution-spec/blob/main/spec.md
"""

import json
import re
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus

import httpx

from bot.adapters.calls import OnCall, nobody_listens
from bot.adapters.registry_auth import (
    Basic,
    Bearer,
    Host,
    Token,
    address,
    challenge,
    decoded_token,
    may_have_login,
)
from bot.adapters.registry_ecr import HOST as ECR_HOST
from bot.adapters.registry_ecr import Ecr
from bot.clock import Clock
from bot.domain.facts import ImageAbsent, ImageFound
from bot.domain.images import ImageReference, is_digest
from bot.domain.unknown import Silence, Unknown

ACCEPT = (
    "application/vnd.oci.image.index.v1+json, "
    "application/vnd.oci.image.manifest.v1+json, "
    "application/vnd.docker.distribution.manifest.list.v2+json, "
    "application/vnd.docker.distribution.manifest.v2+json"
)
"""Every kind of manifest: a registry answers 404 for an image of a kind that is not named."""

LOOKING = "look for the image"
"""What could not be done when a registry is silent, as errors word it."""

_NAME = re.compile(r"[a-z0-9]+(?:[._-]+[a-z0-9]+)*(?:/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)*")
_LONGEST_NAME = 255
_MOST_TOKENS = 1000

Image = ImageFound | ImageAbsent | Unknown


@dataclass(frozen=True, slots=True)
class _Place:
    """The repository *path* in the registry called *name*."""

    name: str
    host: Host
    path: str

    @property
    def key(self) -> tuple[str, str]:
        """Return what tokens are kept by: each is good for one repository."""
        return self.name, self.path


class Registry:
    """Every registry that the configuration names: *hosts* by the name images are called by.

    Docker Hub is ``docker.io``. ECR is asked through AWS's own credentials unless its host has a
    login or an address. *connect* and *read* are seconds on the wall. Safe to use from any thread.
    """

    def __init__(
        self,
        hosts: Mapping[str, Host],
        *,
        clock: Clock,
        connect: float = 5.0,
        read: float = 10.0,
        on_call: OnCall | None = None,
    ) -> None:
        self._hosts = {name.lower(): host for name, host in hosts.items()}
        self._clock = clock
        self._on_call = on_call or nobody_listens
        self._ecr = Ecr(connect, read)
        self._guard = threading.Lock()
        self._tokens: dict[tuple[str, str], Token] = {}
        timeout = httpx.Timeout(read, connect=connect)
        self._http = httpx.Client(timeout=timeout, follow_redirects=False)

    def image(self, reference: str) -> Image:
        """Return whether *reference* (with a tag, or a digest, which goes before) is there now.

        It never raises. One request; two more when a token is needed and none is remembered.
        """
        try:
            named = ImageReference.parse(reference)
        except ValueError:
            return Unknown(f"{reference:.200} is no image reference")
        wanted = named.digest or named.tag
        if wanted is None:
            return Unknown(f"{reference:.200} names neither a tag nor a digest")
        name, path = named.registry.lower(), named.path
        host = self._hosts.get(name)
        if host is None:
            return Unknown(f"the configuration names no registry {name:.100}")
        if len(path) > _LONGEST_NAME or not _NAME.fullmatch(path):
            return Unknown(f"{path:.100} cannot be the name of an image")
        if ECR_HOST.fullmatch(name) and host.login is None and host.url is None:
            return self._in_ecr(name, path, wanted)
        return self._in_registry(_Place(name, host, path), wanted)

    def close(self) -> None:
        """Close all connections."""
        self._http.close()
        self._ecr.close()

    def _in_ecr(self, name: str, path: str, wanted: str) -> Image:
        start = time.perf_counter()
        found = self._ecr.image(name, path, wanted)
        status = None if isinstance(found, Unknown) else int(HTTPStatus.OK)
        self._on_call(name, "image", status, time.perf_counter() - start)
        return found

    def _in_registry(self, place: _Place, wanted: str) -> Image:
        try:
            return self._look(place, wanted)
        except httpx.TimeoutException:
            return _silent(place.name, f"{place.name} did not answer in time")
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            failed = f"the connection to {place.name} failed ({type(error).__name__})"
            return _silent(place.name, failed)

    def _look(self, place: _Place, wanted: str) -> Image:
        """Ask for the manifest; when told who may, become that and ask once more."""
        answer = self._head(place, wanted, self._kept(place))
        if answer.status_code == HTTPStatus.UNAUTHORIZED:
            header = self._authorization(place, answer)
            if isinstance(header, Unknown):
                return header
            answer = self._head(place, wanted, header)
            login = place.host.login
            refused = answer.status_code == HTTPStatus.UNAUTHORIZED
            if refused and login is not None and login.is_another(header):
                answer = self._head(place, wanted, login.header)
        return _meaning(place.name, answer, wanted)

    def _head(self, place: _Place, wanted: str, authorization: str | None) -> httpx.Response:
        headers = {"Accept": ACCEPT}
        if authorization is not None:
            headers["Authorization"] = authorization
        base = place.host.url or address(place.name)
        url = f"{base}/v2/{place.path}/manifests/{wanted}"
        return self._send(place.name, "image", "HEAD", url, headers, {})

    def _send(
        self,
        name: str,
        what: str,
        verb: str,
        url: str,
        headers: Mapping[str, str],
        parameters: Mapping[str, str],
    ) -> httpx.Response:
        start, status = time.perf_counter(), None
        try:
            answer = self._http.request(verb, url, headers=headers, params=parameters or None)
            status = answer.status_code
            return answer
        finally:
            self._on_call(name, what, status, time.perf_counter() - start)

    # logging in

    def _authorization(self, place: _Place, refused: httpx.Response) -> str | Unknown:
        """Return the Authorization that the refusal asks for."""
        asked = challenge(refused.headers.get_list("www-authenticate"))
        match asked:
            case Bearer():
                token = self._token(place, asked)
                return token if isinstance(token, Unknown) else token.header
            case Basic() if place.host.login is not None and not place.host.hides_logins():
                return Unknown(f"{place.name} wants a login, which would travel in the clear")
            case Basic() if place.host.login is not None:
                return place.host.login.header
            case Basic():
                return Unknown(f"{place.name} wants a login, and none is configured")
            case None:
                return Unknown(f"{place.name} answered 401 and not how to log in")

    def _token(self, place: _Place, asked: Bearer) -> Token | Unknown:
        """Return a new token, of whom the registry names if that is somebody we know."""
        if not may_have_login(asked.realm, place.name, place.host.known()):
            where = f"{place.name} sends us for a token to {asked.realm:.100}"
            return Unknown(f"{where}, which the configuration does not name")
        parameters = {"scope": f"repository:{place.path}:pull"}
        if asked.service:
            parameters["service"] = asked.service
        login = place.host.login
        headers = {} if login is None else {"Authorization": login.header}
        now = self._clock.now()
        answer = self._send(place.name, "token", "GET", asked.realm, headers, parameters)
        refused = answer.status_code in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
        if refused and login is not None and login.is_another(headers["Authorization"]):
            headers = {"Authorization": login.header}
            answer = self._send(place.name, "token", "GET", asked.realm, headers, parameters)
        if answer.status_code != HTTPStatus.OK:
            return _refusal(place.name, answer, "a token")
        try:
            token = decoded_token(json.loads(answer.content), now)
        except ValueError:
            return _silent(place.name, f"{place.name} answered without a token", garbled=True)
        self._keep(place, token)
        return token

    def _kept(self, place: _Place) -> str | None:
        with self._guard:
            token = self._tokens.get(place.key)
        return token.header if token is not None and self._clock.now() < token.until else None

    def _keep(self, place: _Place, token: Token) -> None:
        with self._guard:
            if len(self._tokens) >= _MOST_TOKENS:
                self._tokens.clear()
            self._tokens[place.key] = token


def _meaning(name: str, answer: httpx.Response, wanted: str) -> Image:
    """Return what an answer to the request for a manifest says."""
    if answer.status_code == HTTPStatus.NOT_FOUND:
        return ImageAbsent()
    if answer.status_code != HTTPStatus.OK:
        return _refusal(name, answer, "the image")
    digest = answer.headers.get("docker-content-digest", "")
    if not is_digest(digest):
        return _silent(name, f"{name} has the image but tells no digest", garbled=True)
    if is_digest(wanted) and digest != wanted:
        return Unknown(f"{name} answered with another digest than it was asked for")
    return ImageFound(digest)


def _refusal(name: str, answer: httpx.Response, what: str) -> Unknown:
    status = answer.status_code
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        return Unknown(f"{name} does not let us see {what} ({status}): check the login for it")
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return _silent(name, f"{name} has had too many requests from us (429)")
    if answer.is_redirect:
        return Unknown(f"{name} leads elsewhere for {what} ({status}), where we do not follow")
    said = f"{name} answered {status} for {what}"
    return _silent(name, said) if answer.is_server_error else Unknown(said)


def _silent(name: str, why: str, *, garbled: bool = False) -> Unknown:
    """Return *why* the registry *name* told nothing this time; it may when asked again."""
    return Unknown(why, Silence(name, LOOKING, why, garbled=garbled))
