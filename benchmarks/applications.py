"""Ten thousand applications in one Argo CD: its list, and an event of each, time and memory."""

import contextlib
import json
import multiprocessing
import platform
import resource
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from bot.adapters.argocd import ArgoCD, Timeouts
from bot.adapters.argocd_answers import one_listed
from bot.adapters.argocd_stream import Stream
from bot.clock import Clock
from bot.domain.applications.events import Judged, Remembered
from bot.domain.applications.signs import sign_in
from bot.domain.applications.tellings import Tellings
from bot.domain.catalog import Application, Catalog, Environment, Instance, Target
from bot.domain.locations import Kustomize, Location
from bot.domain.observation import Listed
from bot.domain.tags import TagTemplate
from bot.messages.cards import Links
from bot.operations.applications.application_book import ApplicationBook
from bot.operations.applications.explaining import Explaining
from bot.operations.applications.served import Serving
from bot.operations.applications.watching import Watching
from bot.operations.saying.alerts import Alerts
from bot.operations.sql.database import Database

APPLICATIONS, SERVED = 10_000, 1_000
SECONDS = 30.0
"""How long the stream may take."""

REPO = "https://github.com/acme/gitops.git"


def run(console: Console) -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder, _server() as url:
        clock = Clock()
        argocd = ArgoCD(Instance("main", url), "a.b.c", clock=clock, timeouts=Timeouts(5, 60, 60))
        database = Database(f"sqlite:///{Path(folder) / 'shipmate.db'}")
        database.migrate()
        watching = _watching(database, argocd, clock)
        _know(database, argocd)
        rows = [_list(argocd, watching), _stream(argocd, watching, clock)]
        watching.close()
        argocd.close()
        database.close()
    table = Table("what", "seconds", "most memory more (MB)", "looks wanted")
    for row in rows:
        table.add_row(*row)
    what = f"{APPLICATIONS:,} applications, {SERVED:,} of them served"
    console.print(f"[bold]applications[/]: {what} · Python {platform.python_version()}")
    console.print(table)


def _list(argocd: ArgoCD, watching: Watching) -> tuple[str, ...]:
    """List all, and compare each that is served with what is remembered."""
    before, start = _most_memory(), time.perf_counter()
    found = argocd.applications()
    read = time.perf_counter()
    watching.listed("main", found)
    compared = time.perf_counter()
    assert len(found) == APPLICATIONS
    seconds = f"{read - start:.2f} read, {compared - read:.2f} compared"
    return "one list", seconds, f"{_most_memory() - before:.0f}", str(_wanted(watching))


def _stream(argocd: ArgoCD, watching: Watching, clock: Clock) -> tuple[str, ...]:
    """Hear an event of each from the stream, with the list that a connection makes."""
    stream, counter = Stream(argocd, lambda *_: None, clock=clock), _Counter()
    stream.listen(watching)
    stream.listen(counter)
    before, start = _most_memory(), time.perf_counter()
    stream.start()
    assert counter.whole.wait(SECONDS), counter.heard_of
    took = time.perf_counter() - start
    stream.stop(timedelta(seconds=5))
    memory = f"{_most_memory() - before:.0f}"
    return "a connection: 10,000 events and a list", f"{took:.2f}", memory, str(_wanted(watching))


class _Counter:
    """Counts what a stream shows."""

    def __init__(self) -> None:
        self.heard_of, self.whole = 0, threading.Event()

    def heard(self, _instance: str, _one: Listed) -> None:
        self.heard_of += 1
        if self.heard_of == APPLICATIONS:
            self.whole.set()

    def left(self, _instance: str, _namespace: str, _name: str) -> None:
        """Nothing leaves."""

    def listed(self, _instance: str, _every: Iterable[Listed]) -> None:
        """Lists are timed elsewhere."""


def _wanted(watching: Watching) -> int:
    return watching.waiting


def _most_memory() -> float:
    """Return the most memory that this process has had, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _know(database: Database, argocd: ArgoCD) -> None:
    """Remember everything as it is, as a bot does that ran before."""
    book = ApplicationBook(database, Alerts().put)
    for number in range(SERVED):
        one = one_listed(_application(number))
        remembered = Remembered(f"uid-{number}", sign_in(one), str(number))
        assert argocd.instance.name == "main"
        book.save(f"main//{one.name}", "main", None, Judged(remembered), (), Clock().now())


def _watching(database: Database, argocd: ArgoCD, clock: Clock) -> Watching:
    serving, clients = Serving(_catalog()), {"main": argocd}
    explaining = Explaining(serving, clients, Tellings("C0CI"), Links(), clock)
    book = ApplicationBook(database, Alerts().put)
    return Watching(serving, clients, book, None, explaining, clock)  # type: ignore[arg-type]  # nothing is looked at


def _catalog() -> Catalog:
    names = [f"service-{number}" for number in range(SERVED)]
    targets = {(name, "prod"): _target(name) for name in names}
    place = Environment("prod", "C0PROD", timedelta(minutes=15))
    return Catalog({"prod": place}, tuple(names), targets, {"main": Instance("main", "https://x")})


def _target(name: str) -> Target:
    return Target(
        service=name,
        environment="prod",
        source=f"acme/{name}",
        image=f"ghcr.io/acme/{name}",
        location=Location(
            "acme/gitops", "main", f"apps/{name}/kustomization.yaml", Kustomize(name)
        ),
        application=Application("main", f"{name}-prod"),
        tags=(TagTemplate.parse("{sha}"),),
    )


# an Argo CD that only lists and streams, in a process of its own


def _application(number: int) -> Mapping[str, Any]:
    name, at = f"service-{number}-prod", "2026-01-01T00:00:01Z"
    return {
        "metadata": {"name": name, "namespace": "argocd", "resourceVersion": str(number)},
        "spec": {
            "project": "default",
            "destination": {"server": "https://kubernetes.default.svc", "namespace": name},
            "source": {"repoURL": REPO, "path": f"apps/{name}/overlays/prod"},
            "syncPolicy": {"automated": {"prune": True, "selfHeal": True}},
        },
        "status": {
            "sync": {"status": "Synced"},
            "health": {"status": "Healthy"},
            "summary": {"images": [f"ghcr.io/acme/service-{number}:{'a' * 40}"]},
            "operationState": {"phase": "Succeeded", "startedAt": at, "finishedAt": at},
        },
    }


class _Answers(BaseHTTPRequestHandler):
    """Answers the two calls."""

    def do_GET(self) -> None:
        if "/stream/" in self.path:
            with contextlib.suppress(OSError):  # Whoever listens may go.
                self._answer("text/event-stream", _events())
                time.sleep(SECONDS)  # noqa: TID251  # it keeps the stream open
            return
        everything = {"items": [_application(number) for number in range(APPLICATIONS)]}
        self._answer("application/json", json.dumps(everything).encode())

    def _answer(self, kind: str, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        if kind == "application/json":
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def _events() -> bytes:
    events = (
        {"result": {"type": "ADDED", "application": _application(number)}}
        for number in range(APPLICATIONS)
    )
    return b"".join(f"data: {json.dumps(event)} \n\n".encode() for event in events)


def _serve(port: "multiprocessing.connection.Connection") -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Answers)
    server.daemon_threads = True
    port.send(server.server_address[1])
    server.serve_forever()


@contextmanager
def _server() -> Iterator[str]:
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(
        target=_serve, args=(theirs,), daemon=True
    )
    process.start()
    try:
        yield f"http://127.0.0.1:{ours.recv()}"
    finally:
        process.terminate()
        process.join(5)
