"""The watch stream of one Argo CD: a trigger, never a source of truth.

A thread holds one stream of server-sent events, lists the applications on each connection and
every few minutes, and calls back with the name of whatever may have changed. Events get lost,
doubled and merged on the way, so what is true must be looked up.

Source: argo-cd v3.5.1 ``server/application/application.go``, Watch; argoproj/pkg v2.0.1
``grpc/http/forwarders.go``: nothing is sent before the first event, then a comment every 15 s.
"""

import contextlib
import json
import random
import socket
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Protocol

import httpx
import structlog

from bot.adapters import argocd_answers as answers
from bot.adapters.argocd import ArgoCD
from bot.adapters.argocd_refusals import meaning, refusal, stream_refusal
from bot.clock import Clock
from bot.domain.errors import BotError, Garbled, Unauthorized, Unavailable
from bot.domain.observation import Listed

log = structlog.get_logger(__name__)

OnChange = Callable[[str, str, str], None]
"""Takes the instance's name, the application's namespace and its name."""


class Listener(Protocol):
    """Hears, besides that something may have changed, what the stream and the lists show of it."""

    def heard(self, instance: str, one: Listed) -> None:
        """Take an application that was added or changed."""

    def left(self, instance: str, namespace: str, name: str) -> None:
        """Take an application that was deleted."""

    def listed(self, instance: str, every: Iterable[Listed]) -> None:
        """Take a whole list."""


_PATH = "/api/v1/stream/applications"
_APPLICATION = "result.application"
_FIELDS = ",".join(
    (
        "result.type",
        f"{_APPLICATION}.metadata.name",
        f"{_APPLICATION}.metadata.namespace",
        # Without it payloads are equal, and equal ones are held back.
        f"{_APPLICATION}.metadata.resourceVersion",
        f"{_APPLICATION}.spec.syncPolicy",
        f"{_APPLICATION}.status.sync.status",
        f"{_APPLICATION}.status.health.status",
        f"{_APPLICATION}.status.summary.images",
        f"{_APPLICATION}.status.operationState.phase",
        f"{_APPLICATION}.status.operationState.startedAt",
        f"{_APPLICATION}.status.operationState.finishedAt",
        "error",  # else errors arrive as {}
    )
)
_DOING = "watch its applications"
_LONGEST_LINE = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Pace:
    """How patient a stream is. *first_byte* and *silence* are seconds on the wall.

    The first must be over 60: headers come only with the first event. The second must be over 15,
    the time between heartbeats. *list_every* is how often all applications are listed.
    *reconnect* to *longest* is the wait before connecting again; *refused* while our token is.
    """

    first_byte: float = 75.0
    silence: float = 45.0
    list_every: timedelta = timedelta(minutes=2)
    reconnect: timedelta = timedelta(seconds=0.5)
    longest: timedelta = timedelta(seconds=30)
    refused: timedelta = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class StreamState:
    """How a stream is, for health pages.

    *connected_since* is None while nothing has been heard on the present connection. *refused*:
    Argo CD does not take our token. *connections* counts those on which something was heard.
    """

    connected_since: datetime | None = None
    last_event: datetime | None = None
    last_listed: datetime | None = None
    last_error: str = ""
    refused: bool = False
    connections: int = 0


class Stream:
    """Watches the applications of *argocd* and tells *on_change* which may have changed.

    *projects* limits what is watched; none means everything we may see. *chance* spreads
    reconnections, from 0 to 1. *on_change* is called from the stream's own thread.
    """

    def __init__(
        self,
        argocd: ArgoCD,
        on_change: OnChange,
        *,
        clock: Clock,
        projects: Iterable[str] = (),
        pace: Pace | None = None,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._argocd, self._on_change, self._clock = argocd, on_change, clock
        self._projects = tuple(projects)
        self._pace = pace or Pace()
        self._chance = chance
        self._stopping = threading.Event()
        self._waking = threading.Event()
        self._lock = threading.Lock()
        self._state = StreamState()
        self._socket: socket.socket | None = None
        self._versions: dict[tuple[str, str], str] = {}
        self._listed: Mapping[tuple[str, str], Listed] = {}
        self._listeners: list[Listener] = []
        name = f"argocd-stream-{argocd.instance.name}"
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    @property
    def state(self) -> StreamState:
        """Return how the stream is now."""
        with self._lock:
            return self._state

    def listen(self, listener: Listener) -> None:
        """Let *listener* hear what is shown, too; call it before the start."""
        self._listeners.append(listener)

    def start(self) -> None:
        """Start watching in a thread of its own."""
        self._thread.start()

    def renew(self) -> None:
        """Connect anew now, however the stream is: our token is another one."""
        with self._lock:
            self._waking.set()
            _shut(self._socket)

    @property
    def lives(self) -> bool:
        """Tell whether its thread is there."""
        return self._thread.is_alive()

    def stop(self, within: timedelta = timedelta(seconds=2)) -> bool:
        """Stop watching; tell whether the thread ended *within* that time on the wall."""
        with self._lock:
            self._stopping.set()
            self._waking.set()
            _shut(self._socket)
        if self._thread.is_alive():
            self._thread.join(within.total_seconds())
        return not self._thread.is_alive()

    # the thread

    def _run(self) -> None:
        failures = 0
        while not self._stopping.is_set():
            before = self.state.connections
            self._connect()
            failures = 0 if self.state.connections > before else failures + 1
            self._list_if_due()  # A stream that says nothing must not keep us from looking.
            if self._waking.wait(self._clock.pause(self._delay(failures))):
                self._waking.clear()

    def _delay(self, failures: int) -> timedelta:
        if self.state.refused:
            return self._pace.refused
        base = min(self._pace.reconnect * (1 << min(failures, 10)), self._pace.longest)
        return base * (1 + self._chance())

    def _connect(self) -> None:
        """Follow one stream to its end; every end is noted, none is raised."""
        try:
            self._follow()
        except BotError as error:
            self._note_failure(error)
        except Exception as error:  # the thread's edge: it must not end while we run
            log.exception("stream broke", instance=self._argocd.instance.name)
            self._note_odd(f"the stream broke: {type(error).__name__}")
        finally:
            with self._lock:
                self._socket = None
                self._state = replace(self._state, connected_since=None)

    def _follow(self) -> None:
        system = self._argocd.system
        try:
            with self._argocd.client() as client:
                request = self._request(client)
                response = client.send(request, stream=True)
                self._argocd.heard(response, self._pace.first_byte)
                try:
                    self._read(request, response)
                finally:
                    response.close()
        except httpx.TimeoutException as error:
            raise Unavailable(system, _DOING, "nothing was heard for too long") from error
        except httpx.DecodingError as error:
            raise Garbled(system, _DOING, "an encoding that cannot be read") from error
        except httpx.RequestError as error:
            raise Unavailable(system, _DOING, self._argocd.clean(str(error))) from error

    def _request(self, client: httpx.Client) -> httpx.Request:
        projects = [("projects", project) for project in self._projects]
        return client.build_request(
            "GET",
            _PATH,
            params=[*projects, ("fields", _FIELDS)],
            headers={"Accept": "text/event-stream", "Accept-Encoding": "identity"},
            timeout=httpx.Timeout(10.0, read=self._pace.first_byte),
            extensions={"trace": self._hold_socket},
        )

    def _hold_socket(self, event: str, info: Mapping[str, Any]) -> None:
        """Keep the socket, so that ``stop`` can wake a read that waits for the first byte.

        Source: https://www.encode.io/httpcore/extensions/#trace
        """
        if event not in {"connection.connect_tcp.complete", "connection.start_tls.complete"}:
            return
        found = info["return_value"].get_extra_info("socket")
        with self._lock:
            self._socket = found
            if self._stopping.is_set():
                _shut(found)

    def _read(self, request: httpx.Request, response: httpx.Response) -> None:
        # The bound for the body is read from the request when its first piece is asked for; by
        # then heartbeats come, so a silence means a dead connection much sooner than before.
        request.extensions["timeout"]["read"] = self._pace.silence
        if not response.is_success:
            response.read()
            text = self._argocd.clean(response.text)
            said = refusal(response.status_code, text, response.headers)
            raise meaning(self._argocd.system, _DOING, said, project=None)
        if "html" in response.headers.get("content-type", ""):
            raise Garbled(self._argocd.system, _DOING, "an HTML page, no stream")
        heard = False
        for line in _lines(response.iter_bytes()):
            if self._stopping.is_set():
                return
            self._take(line)
            if not heard:
                heard = True
                self._note_connected()
                self._list(everything=True)
            self._list_if_due()

    def _take(self, line: bytes) -> None:
        text = line.strip().removeprefix(b"data:").strip()
        if not text or text.startswith(b":"):
            return
        try:
            chunk = json.loads(text)
        except ValueError:
            self._note_odd("an event that is no JSON")
            return
        if not isinstance(chunk, dict):
            self._note_odd("an event that is no object")
        elif "error" in chunk:
            said = stream_refusal(chunk["error"])
            raise meaning(self._argocd.system, _DOING, said, project=None)
        elif chunk:
            self._take_result(chunk.get("result"))

    def _take_result(self, result: Any) -> None:
        try:
            metadata = result["application"]["metadata"]
            key = str(metadata.get("namespace") or ""), str(metadata["name"])
            version = str(metadata.get("resourceVersion") or "")
        except (KeyError, TypeError, AttributeError):
            self._note_odd("an event that names no application")
            return
        with self._lock:
            self._state = replace(self._state, last_event=self._clock.now())
        if result.get("type") == "DELETED":
            self._versions.pop(key, None)
            self._let_hear(lambda listener, name: listener.left(name, *key))
        elif version and self._versions.get(key) == version:
            return  # Sent twice.
        else:
            self._versions[key] = version
            self._show(result["application"])
        self._tell(key)

    # the list underneath

    def _list_if_due(self) -> None:
        last = self.state.last_listed
        now = self._clock.now()
        if not self._stopping.is_set() and (last is None or now - last >= self._pace.list_every):
            self._list(everything=False)

    def _list(self, *, everything: bool) -> None:
        """List all applications; tell of those that changed, or of *everything*.

        A failure is noted and the stream goes on: it may still hear what the list did not say.
        """
        with self._lock:
            self._state = replace(self._state, last_listed=self._clock.now())
        try:
            applications = self._argocd.applications(self._projects)
        except BotError as error:
            self._note_failure(error)
            return
        now = {(one.namespace, one.name): one for one in applications}
        before, self._listed = self._listed, now
        changed = {
            key for key in {**now, **before} if everything or now.get(key) != before.get(key)
        }
        for key in sorted(changed):
            self._tell(key)
        self._let_hear(lambda listener, name: listener.listed(name, applications))

    # telling and noting

    def _tell(self, key: tuple[str, str]) -> None:
        if self._stopping.is_set():
            return
        try:
            self._on_change(self._argocd.instance.name, *key)
        except Exception as error:  # the thread's edge: one listener must not end it
            log.exception("a listener failed", instance=self._argocd.instance.name, app=key[1])
            self._note_odd(f"a listener failed: {type(error).__name__}")

    def _show(self, application: Any) -> None:
        """Let the listeners hear of an application that an event shows."""
        if not self._listeners:
            return
        try:
            one = answers.one_listed(application)
        except (KeyError, TypeError, ValueError, AttributeError):
            self._note_odd("an event that shows no application")
            return
        self._let_hear(lambda listener, name: listener.heard(name, one))

    def _let_hear(self, say: Callable[[Listener, str], None]) -> None:
        for listener in self._listeners:
            if self._stopping.is_set():
                return
            try:
                say(listener, self._argocd.instance.name)
            except BotError as error:  # Our own database is away; the next list tells it again.
                log.warning("a listener was not reached", error=str(error))
            except Exception as error:  # the thread's edge: one listener must not end it
                log.exception("a listener failed", instance=self._argocd.instance.name)
                self._note_odd(f"a listener failed: {type(error).__name__}")

    def _note_connected(self) -> None:
        with self._lock:
            self._state = replace(
                self._state,
                connected_since=self._clock.now(),
                connections=self._state.connections + 1,
                refused=False,
                last_error="",
            )

    def _note_odd(self, what: str) -> None:
        with self._lock:
            self._state = replace(self._state, last_error=what)

    def _note_failure(self, error: BotError) -> None:
        if self._stopping.is_set():
            return
        refused = isinstance(error, Unauthorized)
        with self._lock:
            self._state = replace(
                self._state, last_error=str(error), refused=refused or self._state.refused
            )
        log.warning("stream lost", instance=self._argocd.instance.name, error=str(error))


def _lines(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Yield whole lines, split at the line feed alone: names may hold other breaks.

    Raises:
        Unavailable: a line never ends.
    """
    rest = b""
    for piece in pieces:
        *whole, rest = (rest + piece).split(b"\n")
        yield from whole
        if len(rest) > _LONGEST_LINE:
            raise Unavailable("Argo CD", _DOING, "an event without end")
    if rest:
        yield rest


def _shut(connection: socket.socket | None) -> None:
    """Wake whoever reads from *connection*.

    The plain socket's own method is called on purpose: that of a TLS socket would take the
    encryption away under the reading thread.
    """
    if connection is not None:
        with contextlib.suppress(OSError):  # Closed already, which is what we want.
            socket.socket.shutdown(connection, socket.SHUT_RDWR)
