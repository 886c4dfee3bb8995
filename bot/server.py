"""The HTTP side: Slack's requests, GitHub's webhooks, and the pages for a cluster."""

import logging
import os
import re
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from http import HTTPStatus

import structlog
from cachetools import TTLCache
from flask import Flask, Response, jsonify, request
from slack_bolt.adapter.flask import SlackRequestHandler
from waitress.server import MultiSocketServer, TcpWSGIServer, create_server

from bot.domain.errors import Rejected
from bot.shipmate import Shipmate
from handlers.argocd_events import ArgoCDEvents
from handlers.github_events import GitHubEvents, ours

log = structlog.get_logger(__name__)

THREADS = 8
"""Requests answered at once. An ack is a millisecond of Python and one INSERT: more threads would
only fight for the interpreter (``python -m benchmarks ack``)."""

LARGEST_BODY = 1024 * 1024
"""Slack's payloads are far smaller, and GitHub's but for pushes of a thousand commits."""

LARGEST_READ = 4 * LARGEST_BODY
"""What is larger is cut off before anybody could log it."""

SECONDS = re.compile(r"[0-9]{1,12}")
"""A Unix time as Slack writes it."""

REMEMBERED = 10_000
REMEMBERED_SECONDS = 600
"""Slack's signatures are good for five minutes each way; we remember them for twice that."""


LONGEST_STOP = timedelta(seconds=20)
"""Of the wall. With the chart's ``drainSeconds`` before it, it fits the 30 s of Kubernetes."""


class Replays:
    """Remembers the signatures of answered requests, so that a recorded one is not answered again.

    Bolt checks signature and time, but has no memory: within five minutes it would take a copy.
    """

    def __init__(self) -> None:
        self._seen: TTLCache[str, None] = TTLCache(REMEMBERED, REMEMBERED_SECONDS)
        self._lock = threading.Lock()

    def is_new(self, signature: str) -> bool:
        """Tell whether *signature* was not answered before."""
        with self._lock:
            return signature not in self._seen

    def remember(self, signature: str) -> None:
        """Keep a signature that proved right."""
        with self._lock:
            self._seen[signature] = None


def web_app(shipmate: Shipmate) -> Flask:
    """Return the WSGI application around *shipmate*."""
    app = Flask("shipmate")
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_BODY
    app.before_request(_too_large)
    slack = SlackRequestHandler(shipmate.bolt)
    replays = Replays()

    @app.post("/slack/events")
    def slack_events() -> Response:
        signature = request.headers.get("X-Slack-Signature", "")
        # Bolt fails with a traceback where these are no ASCII, or no number that a clock can hold.
        stamp = request.headers.get("X-Slack-Request-Timestamp", "")
        if not (SECONDS.fullmatch(stamp) and signature.isascii() and signature):
            return _refused("unsigned")
        if not replays.is_new(signature):
            return _refused("replayed")
        response: Response = slack.handle(request)
        # What failed did nothing, and Slack may bring it again within the second, signed the same.
        if response.status_code == HTTPStatus.OK:
            replays.remember(signature)
        return response

    hearing = shipmate.unasked.hearing
    events = GitHubEvents(
        lambda: [one.get_secret_value() for one in shipmate.settings.github_webhook_secrets],
        ours(shipmate.config, shipmate.settings.github_installation_id),
        hearing.github.events,
        hearing.inbox.take_in,
        hearing.forgetting.hear,
        shipmate.clock,
    )

    @app.post("/webhooks/github")
    def github_webhook() -> Response:
        event = request.headers.get("X-GitHub-Event", "")
        delivery = request.headers.get("X-GitHub-Delivery", "")
        signature = request.headers.get("X-Hub-Signature-256", "")
        return Response(status=events.hear(event, delivery, signature, request.get_data()))

    notifications = ArgoCDEvents(
        lambda: [one.get_secret_value() for one in shipmate.settings.argocd_webhook_tokens],
        shipmate.config.catalog.instances,
        hearing.inbox.take_in,
        shipmate.clock,
    )

    @app.post("/webhooks/argocd")
    def argocd_webhook() -> Response:
        authorization = request.headers.get("Authorization", "")
        return Response(status=notifications.hear(authorization, request.get_data()))

    @app.get("/metrics")
    def metrics() -> Response:
        page = shipmate.metrics.page(request.headers.get("Accept", ""))
        return Response(page.body, content_type=page.kind)

    @app.get("/healthz")
    def healthz() -> Response:
        hung = shipmate.hung()
        answer = jsonify(status="ok") if not hung else jsonify(status="hung", troubles=hung)
        answer.status_code = HTTPStatus.SERVICE_UNAVAILABLE if hung else HTTPStatus.OK
        return answer

    @app.get("/readyz")
    def readyz() -> Response:
        troubles = shipmate.troubles()
        status = "ok" if not troubles else "not ready"
        answer = jsonify(status=status, troubles=troubles, worries=shipmate.worries())
        answer.status_code = 503 if troubles else 200
        return answer

    return app


def _too_large() -> Response | None:
    """Refuse what is too large before anything looks at it. waitress tells the size of any body."""
    size = request.content_length or 0
    if size <= LARGEST_BODY:
        return None
    log.warning("a request was refused", why="it is too large", path=request.path, size=size)
    return Response(status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE)


def _refused(why: str) -> Response:
    log.warning("a request to /slack/events was refused", why=why)
    return Response(status=401)


def serve(shipmate: Shipmate, host: str, port: int) -> "MultiSocketServer | TcpWSGIServer":
    """Return a threaded server, listening and not yet running; ``run`` blocks until ``close``."""
    logging.getLogger("waitress").setLevel(logging.WARNING)
    # It warns whenever a request waits for a thread, which is what a queue is for.
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    return create_server(
        web_app(shipmate),
        host=host,
        port=port,
        threads=THREADS,
        ident=None,
        max_request_body_size=LARGEST_READ,
        channel_timeout=30,
    )


class Listener:
    """A server in a thread of its own."""

    def __init__(self, server: "MultiSocketServer | TcpWSGIServer") -> None:
        self._server = server
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="http", daemon=True)

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def close(self) -> None:
        """Stop answering; requests under way are finished."""
        self._closing.set()
        self._server.close()
        self._thread.join(5)

    def _run(self) -> None:
        try:
            self._server.run()
        except OSError:
            if not self._closing.is_set():
                raise
            # Closing takes the sockets away beneath the loop, which may be waiting on them.


def _bound(shipmate: Shipmate, host: str, port: int) -> "MultiSocketServer | TcpWSGIServer":
    try:
        return serve(shipmate, host, port)
    except (OSError, ValueError) as error:  # waitress makes a ValueError of an unknown host
        why = getattr(error, "strerror", None) or "this is no address here"
        advice = "set another PORT or --host"
        raise Rejected("The bot", f"listen on {host}:{port}", f"{why}; {advice}") from error


def run(shipmate: Shipmate, host: str, port: int) -> None:
    """Start the bot and serve until SIGTERM or SIGINT, then stop tidily.

    The port is open before the bot has started: ``/healthz`` answers, ``/readyz`` says not yet.

    Raises:
        Rejected: the port is taken, or *host* is no address of this machine.
    """
    listener = Listener(_bound(shipmate, host, port))
    listener.start()
    stopping = threading.Event()

    def leave(*_: object) -> None:
        shipmate.leave()
        stopping.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, leave)
    try:
        shipmate.start()
        log.info("listening", host=host, port=port)
        stopping.wait()
    finally:
        with _at_most(LONGEST_STOP):
            listener.close()
            shipmate.stop()


@contextmanager
def _at_most(span: timedelta) -> Iterator[None]:
    """End the process where the block takes longer than *span*.

    Something that hangs outside would hold it; a kill in the middle loses nothing, so ours is
    better than the cluster's, which comes without a word.
    """
    late = threading.Timer(span.total_seconds(), _give_up)
    late.daemon = True
    late.start()
    try:
        yield
    finally:
        late.cancel()


def _give_up() -> None:
    log.warning("stopped in the middle; what is left goes on at the next start or elsewhere")
    os._exit(1)
