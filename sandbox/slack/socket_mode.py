"""Socket Mode: websocket connections that the bot opens, envelopes, acks, and every way to end.

Source: https://docs.slack.dev/apis/events-api/using-socket-mode
"""

import json
import random
import secrets
import socket
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs, urlsplit

from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.sync.server import Server, ServerConnection, serve

from sandbox.slack.delivery import End, Outcome, Retry, What

MOST_CONNECTIONS = 10


@dataclass
class _Waiting:
    """An envelope on its way; *said* is what the ack carried."""

    acked: threading.Event = field(default_factory=threading.Event)
    said: Mapping[str, Any] | None = None
    lost: bool = False


class Sockets:
    """The websocket side of Slack. *patience* is how many real seconds it waits for an ack.

    *odd* is told of what no client should send. *changed* is called when connections come or go.
    """

    def __init__(
        self,
        app: str,
        patience: float,
        chance: random.Random,
        odd: Callable[[str], None],
        changed: Callable[[], None],
    ) -> None:
        self._app, self._patience, self._chance = app, patience, chance
        self._odd, self._changed = odd, changed
        self._lock = threading.Lock()
        self._server: Server | None = None
        self._tickets: set[str] = set()
        self._open: list[ServerConnection] = []  # payloads go to any one of these
        self._retiring: list[ServerConnection] = []  # told to reconnect; still heard
        self._waiting: dict[str, tuple[ServerConnection, _Waiting]] = {}
        self.late: list[str] = []
        self.used = False

    @property
    def count(self) -> int:
        """Return how many connections take payloads now."""
        with self._lock:
            return len(self._open)

    def new_url(self) -> str:
        """Return the address for one new connection, starting the server if need be."""
        with self._lock:
            self.used = True
            if self._server is None:
                self._server = serve(
                    self._talk,
                    "127.0.0.1",
                    0,
                    process_request=self._admit,
                    ping_interval=None,
                )
                threading.Thread(
                    target=self._server.serve_forever, name="fake-Slack-sockets", daemon=True
                ).start()
            port = self._server.socket.getsockname()[1]
            ticket = secrets.token_hex(8)
            self._tickets.add(ticket)
        return f"ws://127.0.0.1:{port}/link/?ticket={ticket}&app_id={self._app}"

    def _admit(self, connection: ServerConnection, request: Request) -> Response | None:
        ticket = parse_qs(urlsplit(request.path).query).get("ticket", [""])[0]
        with self._lock:
            if ticket in self._tickets:
                self._tickets.remove(ticket)
                return None
        return connection.respond(HTTPStatus.FORBIDDEN, "the ticket is unknown or used\n")

    def _talk(self, connection: ServerConnection) -> None:
        if not self._enter(connection):
            return
        try:
            connection.send(self._hello())
            for frame in connection:
                self._hear(frame)
        except (ConnectionClosed, OSError):
            pass
        finally:
            self._leave(connection)

    def _enter(self, connection: ServerConnection) -> bool:
        with self._lock:
            full = len(self._open) >= MOST_CONNECTIONS
            if not full:
                self._open.append(connection)
        if full:
            connection.send(json.dumps({"type": "disconnect", "reason": "too_many_websockets"}))
        self._changed()
        return not full

    def _leave(self, connection: ServerConnection) -> None:
        with self._lock:
            for place in (self._open, self._retiring):
                if connection in place:
                    place.remove(connection)
            for sender, waiting in self._waiting.values():
                if sender is connection:
                    waiting.lost = True
                    waiting.acked.set()
        self._changed()

    def _hello(self) -> str:
        return json.dumps(
            {
                "type": "hello",
                "num_connections": self.count,
                "debug_info": {"host": "applink-fake", "approximate_connection_time": 18060},
                "connection_info": {"app_id": self._app},
            }
        )

    def _hear(self, frame: str | bytes) -> None:
        try:
            said = json.loads(frame)
            envelope = said["envelope_id"]
        except (ValueError, KeyError, TypeError):
            self._odd(f"Socket Mode heard {frame!r:.80}")
            return
        with self._lock:
            waiting = self._waiting.pop(envelope, None)
            if waiting is None:
                self.late.append(envelope)  # a late or second ack is ignored
                return
        waiting[1].said = said.get("payload")
        waiting[1].acked.set()

    def send(self, what: What, payload: Mapping[str, Any], retry: Retry | None = None) -> Outcome:
        """Send an envelope over any one connection and wait for its ack."""
        envelope: dict[str, Any] = {
            "envelope_id": secrets.token_hex(16),
            "type": what.value,
            "payload": dict(payload),
            "accepts_response_payload": what is not What.EVENT,
        }
        if what is What.EVENT:
            envelope["retry_attempt"] = retry.number if retry else 0
            envelope["retry_reason"] = retry.reason if retry else ""
        return self._deliver(envelope, what)

    def _deliver(self, envelope: Mapping[str, Any], what: What) -> Outcome:
        waiting = _Waiting()
        with self._lock:
            if not self._open:
                return Outcome(End.UNREACHED)
            connection = self._chance.choice(self._open)
            self._waiting[envelope["envelope_id"]] = (connection, waiting)
        try:
            connection.send(json.dumps(envelope))
            acked = waiting.acked.wait(self._patience)
        except (ConnectionClosed, OSError):
            return Outcome(End.UNREACHED)
        finally:
            with self._lock:
                self._waiting.pop(envelope["envelope_id"], None)
        if not acked or waiting.lost:  # a line broken before the ack: nobody knows what happened
            return Outcome(End.LATE)
        if what is What.EVENT and waiting.said:
            self._odd(f"an event was acked with a payload: {waiting.said!r:.80}")
        return Outcome(End.ACKED, waiting.said)

    def disconnect(self, reason: str) -> None:
        """Tell every connection *reason*: warning, refresh_requested or link_disabled.

        After a warning a connection still gets payloads; after the others only its acks count.
        """
        frame = json.dumps({"type": "disconnect", "reason": reason, "debug_info": {"host": "fake"}})
        with self._lock:
            told = list(self._open)
            if reason != "warning":
                self._retiring += self._open
                self._open = []
        for connection in told:
            connection.send(frame)
        self._changed()

    def break_off(self) -> None:
        """Cut every connection as a dead network does: no close frame."""
        with self._lock:
            told = [*self._open, *self._retiring]
        for connection in told:
            connection.socket.shutdown(socket.SHUT_RDWR)

    def stop(self) -> None:
        """Close everything."""
        with self._lock:
            server, self._server = self._server, None
            told = [*self._open, *self._retiring]
        if server is not None:
            server.shutdown()
        for connection in told:
            connection.close()
