"""The ground every fake stands on: a strict HTTP server on loopback, with faults and a log.

An unknown route is an error that the fake remembers in ``strange``; scenario tests end by asking
that it is empty. A route is a werkzeug rule with a name; faults are armed by that name.
"""

import contextlib
import json
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import IO, Any, cast
from wsgiref.handlers import SimpleHandler
from wsgiref.headers import Headers
from wsgiref.types import StartResponse, WSGIEnvironment

from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, Rule
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server
from werkzeug.wrappers import Request, Response

Handler = Callable[..., Response]
"""Takes the request and the rule's parameters, returns the answer."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong with the next matching calls of a route.

    *answer* replaces the fake's own. *delay* is real seconds before the effect. *drop* cuts the
    connection ``"before"`` or ``"after"`` the effect. *kill* is a process id that dies by SIGKILL
    ``"before"`` or ``"after"`` the effect (*kill_when*). *mangle* changes the fake's own answer
    after the effect. *after_effect* lets *answer* come only once the effect has happened.
    """

    answer: Callable[[], Response] | None = None
    after_effect: bool = False
    delay: float = 0.0
    drop: str | None = None
    kill: int | None = None
    kill_when: str = "before"
    mangle: Callable[[Response], Response] | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """One call as it came in: for tests that count or look."""

    route: str
    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    status: int | None

    def json(self) -> Any:
        """Return the body read as JSON."""
        return json.loads(self.body)


@dataclass
class Armed:
    """Faults of one route: used *times* calls (None: until disarmed), after *skip* calls."""

    fault: Fault
    times: int | None = 1
    skip: int = 0
    when: Callable[[Request], bool] = field(default=lambda _request: True)


class _Handler(WSGIRequestHandler):
    """Speaks HTTP/1.1 with connections kept, and logs nothing to the terminal."""

    protocol_version = "HTTP/1.1"

    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002  # werkzeug's name
        """Keep the terminal clean; the fake has a log of its own."""

    def date_time_string(self, timestamp: float | None = None) -> str:
        """Return what stands in the header Date: the wall's time, and how far the fake is off."""
        off: timedelta = getattr(self.server, "clock_off", timedelta)()
        now = time.time() if timestamp is None else timestamp
        return super().date_time_string(int(now + off.total_seconds()))

    def setup(self) -> None:
        super().setup()
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        getattr(self.server, "connections", set()).add(self.connection)

    def finish(self) -> None:
        getattr(self.server, "connections", set()).discard(self.connection)
        super().finish()

    def run_wsgi(self) -> None:
        """Answer one request; the connection stays where the fake keeps it.

        Werkzeug's own way closes every connection, and swallows what comes after the body.
        """
        if not getattr(self.server, "keeps_connections", False):
            super().run_wsgi()
            return
        environ = self.make_environ()
        answering = _Answering(
            environ["wsgi.input"], cast("IO[bytes]", self.wfile), sys.stderr, environ
        )
        answering.date = self.date_time_string()
        answering.run(self.server.app)
        self.close_connection = self.close_connection or not answering.sized


class _Answering(SimpleHandler):
    """Writes one answer as HTTP/1.1. Without a length only the connection's end ends it."""

    http_version = "1.1"
    headers: Headers
    date = ""
    sized = False

    def cleanup_headers(self) -> None:
        super().cleanup_headers()
        self.headers["Date"] = self.date
        self.sized = "Content-Length" in self.headers
        if not self.sized:
            self.headers["Connection"] = "close"


class Wire:
    """A strict HTTP server in a thread. Subclass it, add routes, keep state behind ``lock``.

    ``changed`` is notified after each call, so tests wait for the world instead of sleeping.
    A fake that ``keeps_connections`` serves many calls by one, as real servers do. Its clock is
    ahead of the wall's by ``clock_off``.
    """

    keeps_connections = False
    clock_off = timedelta()

    def __init__(self, name: str) -> None:
        self.name = name
        self.lock = threading.RLock()
        self.changed = threading.Condition()
        self.calls: list[Call] = []
        self.strange: list[str] = []
        self._handlers: dict[str, Handler] = {}
        self._faults: dict[str, list[Armed]] = {}
        self._map = Map(strict_slashes=True, merge_slashes=False)
        self._server: BaseWSGIServer | None = None
        self._thread: threading.Thread | None = None

    def route(self, name: str, methods: Iterable[str], rule: str, handler: Handler) -> None:
        """Serve *rule* (werkzeug syntax) by *handler*; *name* is what faults are armed by."""
        self._map.add(Rule(rule, methods=list(methods), endpoint=name))
        self._handlers[name] = handler

    # faults

    def arm(
        self,
        route: str,
        fault: Fault,
        *,
        times: int | None = 1,
        skip: int = 0,
        when: Callable[[Request], bool] | None = None,
    ) -> None:
        """Let the calls of *route* after the next *skip* go wrong, *times* times (None: always).

        *route* ``"*"`` means every route. Only calls for which *when* is true count.
        """
        if route != "*" and route not in self._handlers:
            raise KeyError(f"{self.name} has no route {route}; it has {sorted(self._handlers)}")
        armed = Armed(fault, times, skip, when or (lambda _request: True))
        with self.lock:
            self._faults.setdefault(route, []).append(armed)

    def disarm(self) -> None:
        """Let everything go right again."""
        with self.lock:
            self._faults.clear()

    def _fault(self, route: str, request: Request) -> Fault | None:
        with self.lock:
            for armed in [*self._faults.get(route, []), *self._faults.get("*", [])]:
                if armed.times == 0 or not armed.when(request):
                    continue
                if armed.skip:
                    armed.skip -= 1
                    continue
                if armed.times is not None:
                    armed.times -= 1
                return armed.fault
        return None

    # life

    def start(self) -> str:
        """Listen on a free loopback port; return the base URL without a last slash."""
        self._server = make_server(
            "127.0.0.1", 0, self._application, threaded=True, request_handler=_Handler
        )
        self._server.daemon_threads = True  # type: ignore[attr-defined]
        self._server.clock_off = lambda: self.clock_off  # type: ignore[attr-defined]
        self._server.keeps_connections = self.keeps_connections  # type: ignore[attr-defined]
        self._server.connections = set[socket.socket]()  # type: ignore[attr-defined]
        self._thread = threading.Thread(
            target=self._server.serve_forever,
            kwargs={"poll_interval": 0.02},
            name=f"fake-{self.name}",
            daemon=True,
        )
        self._thread.start()
        return self.url

    @property
    def url(self) -> str:
        """Return the base URL without a last slash."""
        assert self._server is not None, f"{self.name} is not started"
        return f"http://127.0.0.1:{self._server.port}"

    def stop(self) -> None:
        """Stop listening; open streams end by EOF."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            if self.keeps_connections:  # A kept one would go on answering.
                self._hang_up(self._server.connections.copy())  # type: ignore[attr-defined]
            self._server = None

    @staticmethod
    def _hang_up(connections: Iterable[socket.socket]) -> None:
        for connection in connections:
            with contextlib.suppress(OSError):  # It may have ended by itself.
                connection.shutdown(socket.SHUT_RDWR)

    def count(self, route: str) -> int:
        """Return how many calls *route* has had."""
        with self.lock:
            return sum(call.route == route for call in self.calls)

    def until(self, true: Callable[[], bool], seconds: float = 30.0) -> bool:
        """Wait until *true*, asked after every call and each 0.1 s; False when it never was."""
        with self.changed:
            return self.changed.wait_for(true, timeout=0) or self._wait(true, seconds)

    def _wait(self, true: Callable[[], bool], seconds: float) -> bool:
        for _ in range(int(seconds * 10)):
            if self.changed.wait_for(true, timeout=0.1):
                return True
        return bool(true())

    def touch(self) -> None:
        """Say that the world changed."""
        with self.changed:
            self.changed.notify_all()

    # serving

    def _application(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        request = Request(environ)
        body = request.get_data(cache=True)
        try:
            route, parameters = self._map.bind_to_environ(environ).match()
        except HTTPException as missing:
            with self.lock:
                self.strange.append(f"{self.name}: {request.method} {request.full_path}")
            response = self.unknown(request, missing)
            self._note("?", request, body, response.status_code)
            return response(environ, start)
        return self._serve(route, request, body, dict(parameters), environ, start)

    def _serve(
        self,
        route: str,
        request: Request,
        body: bytes,
        parameters: dict[str, Any],
        environ: WSGIEnvironment,
        start: StartResponse,
    ) -> Iterable[bytes]:
        fault = self._fault(route, request)
        if fault is None:
            response = self.guarded(route, request, parameters)
            self._note(route, request, body, response.status_code)
            return response(environ, start)
        if fault.delay:
            threading.Event().wait(fault.delay)
        if fault.kill is not None and fault.kill_when == "before":
            os.kill(fault.kill, signal.SIGKILL)
            return self._cut(route, request, body, environ)
        if fault.drop == "before":
            return self._cut(route, request, body, environ)
        if fault.answer is not None and not fault.after_effect:
            response = fault.answer()
        else:
            response = self.guarded(route, request, parameters)
            if fault.kill is not None:
                os.kill(fault.kill, signal.SIGKILL)
                return self._cut(route, request, body, environ)
            if fault.drop == "after":
                return self._cut(route, request, body, environ)
            if fault.answer is not None:
                response = fault.answer()
            if fault.mangle is not None:
                response = fault.mangle(response)
        self._note(route, request, body, response.status_code)
        return response(environ, start)

    def guarded(self, route: str, request: Request, parameters: dict[str, Any]) -> Response:
        """Run the handler; a crash of the fake itself is remembered as strange and answers 599."""
        try:
            return self._handlers[route](request, **parameters)
        except HTTPException as refused:
            return Response(json.dumps({"message": refused.description}), refused.code)
        except Exception as crash:  # noqa: BLE001  # a broken fake must fail the test, not hang it
            with self.lock:
                self.strange.append(f"{self.name}: {route} crashed: {crash!r}")
            return Response(f"the fake itself failed: {crash!r}", 599)

    def unknown(self, request: Request, missing: HTTPException) -> Response:
        """Answer a route that the fake does not know; a subclass gives the system's own text."""
        return Response(f"{request.method} {request.path}: {missing.name}", missing.code or 404)

    def _note(self, route: str, request: Request, body: bytes, status: int | None) -> None:
        call = Call(
            route,
            request.method,
            request.path,
            request.args.to_dict(),
            dict(request.headers),
            body,
            status,
        )
        with self.lock:
            self.calls.append(call)
        self.touch()

    def _cut(
        self, route: str, request: Request, body: bytes, environ: WSGIEnvironment
    ) -> Iterator[bytes]:
        self._note(route, request, body, None)
        connection: socket.socket = environ["werkzeug.socket"]
        connection.shutdown(socket.SHUT_RDWR)
        raise ConnectionResetError("cut by a fault")


def answer(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Return *value* as a JSON answer."""
    return Response(
        json.dumps(value), status, headers=dict(headers or {}), content_type="application/json"
    )
