"""A drift report over a thousand services in three environments: time, memory, requests.

Everybody is 25 ms away. Beside it what a person has today: a list, and for each application the
two calls of ``argocd app diff``, one after the other as a shell loop makes them; of these a sample
is run and scaled up.
"""

import json
import multiprocessing
import resource
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urlsplit

from pydantic import SecretStr
from rich.console import Console
from rich.table import Table

from bot.adapters.argocd import ArgoCD
from bot.adapters.argocd_drift import WholeView
from bot.adapters.github import Token
from bot.adapters.github.client import GitHub
from bot.adapters.github.commits import Commits
from bot.adapters.github.comparison import Comparisons
from bot.adapters.github.many_files import ManyFiles
from bot.adapters.github.snapshots import blob_id
from bot.clock import Clock
from bot.domain.catalog import Application, Catalog, Environment, Instance, Target
from bot.domain.drift.reporting import Report
from bot.domain.drift.schedules import DriftPlan
from bot.domain.environment_policy import EnvironmentPolicy
from bot.domain.locations import Kustomize, Location
from bot.domain.moving_tags import TagRule
from bot.domain.tags import TagTemplate
from bot.messages.drifting import drift as words
from bot.operations.books.open_items import OpenItemBook
from bot.operations.drift.drift_book import DriftBook
from bot.operations.drift.drifting import Drifting
from bot.operations.drift.enriching import Enricher
from bot.operations.drift.reading import DriftReader
from bot.operations.saying.alerts import Alerts
from bot.operations.sql.database import Database
from bot.operations.store import Store

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

SERVICES = 1_000
PLACES = ("dev", "stage", "prod")
DELAY = 0.025
"""Seconds until an answer begins."""

SAMPLE = 40
"""Applications of the shell loop that are really asked for."""

GOAL_SECONDS, GOAL_MEMORY = 10.0, 200.0
OLD, NEW = "a" * 40, "b" * 40


def run(console: Console) -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder, _far() as (url, calls):
        catalog, clock = _catalog(), Clock()
        database = Database(f"sqlite:///{Path(folder) / 'shipmate.db'}")
        database.migrate()
        argocd = ArgoCD(Instance("main", url), "a.b.c", clock=clock)
        github = GitHub(Token(SecretStr("ghp_x")), url, clock=clock)
        drifting = _drifting(catalog, argocd, github, database, clock)
        before = _most_memory()
        first, report = _report(drifting, argocd, calls)
        again, _ = _report(drifting, argocd, calls)
        memory = _most_memory() - before
        loop = _by_hand(argocd, calls)
        argocd.close()
        github.close()
        database.close()
    table = Table(
        "what",
        "seconds",
        "lists",
        "looks and diffs",
        "GraphQL",
        "commits and comparisons",
        title=f"drift of {SERVICES:,} services in {len(PLACES)} environments",
    )
    table.add_row("the first report", *first)
    table.add_row("the next one", *again)
    table.add_row(f"a shell loop over argocd app diff (scaled up from {SAMPLE})", *loop)
    console.print(table)
    rows = sum(one.drifted + one.unread for one in report.tallies)
    met = float(first[0]) < GOAL_SECONDS and memory < GOAL_MEMORY
    goal = f"goal: under {GOAL_SECONDS:.0f} s and {GOAL_MEMORY:.0f} MB"
    console.print(
        f"{rows:,} things drifted, {len(report.rows)} of them shown; {memory:.0f} MB more memory,"
        f" {_most_memory():.0f} MB in all"
        f" ({goal}: {'met' if met else 'MISSED'})"
    )


def _report(
    drifting: Drifting, argocd: ArgoCD, calls: "Connection[Any, Any]"
) -> tuple[tuple[str, ...], Report]:
    """Return the cells of one whole report, from the first call to its words."""
    _counted(calls)
    start = time.perf_counter()
    report = drifting.asked(PLACES)
    words.report(report, "https://github.com", argocd.page)
    took = time.perf_counter() - start
    return (f"{took:.2f}", *_cells(_counted(calls))), report


def _by_hand(argocd: ArgoCD, calls: "Connection[Any, Any]") -> tuple[str, ...]:
    """Return the cells of what people do today."""
    start = time.perf_counter()
    argocd.ask("list its applications", "/api/v1/applications")
    listed = time.perf_counter() - start
    view, applications = WholeView(argocd), SERVICES * len(PLACES)
    start = time.perf_counter()
    for number in range(SAMPLE):
        view.compared(Application("main", f"service-{number}-prod"))
    took = (time.perf_counter() - start) / SAMPLE * applications
    _counted(calls)
    return f"{listed + took:.0f}", "1", f"{applications * 2:,}", "0", "0"


def _cells(counted: Mapping[str, int]) -> tuple[str, ...]:
    return tuple(
        str(sum(counted.get(name, 0) for name in names))
        for names in (("list",), ("look", "managed"), ("graphql",), ("commit", "compare"))
    )


def _most_memory() -> float:
    """Return the most memory that this process has had, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


# the bot's side


class _NoSlack:
    """Slack as far as a report needs it here: its picture is drawn and not sent."""

    def upload(self, _name: str, _content: bytes, _alt: str) -> str:
        """Return an id."""
        return "F0BENCH0001"


def _drifting(
    catalog: Catalog, argocd: ArgoCD, github: GitHub, database: Database, clock: Clock
) -> Drifting:
    book, files, store = DriftBook(database), ManyFiles(github), Store(database)
    items = OpenItemBook(database, store.changed)
    reader = DriftReader(catalog, {"main": WholeView(argocd)}, files, store, items, book, clock)
    enricher = Enricher(catalog, Commits(github), Comparisons(github), files, reader)
    slack: Any = _NoSlack()
    put = Alerts().put
    return Drifting(catalog, DriftPlan(), reader, enricher, database, book, slack, put, clock)


def _catalog() -> Catalog:
    names = [f"service-{number}" for number in range(SERVICES)]
    loose, strict = TagRule(moving_ok=True), TagRule()
    places = {
        name: Environment(
            name,
            "C0DEPLOY",
            timedelta(minutes=15),
            after=before,
            production=name == "prod",
            rules=EnvironmentPolicy(name, tags=strict if name == "prod" else loose),
        )
        for name, before in zip(PLACES, (None, *PLACES), strict=False)
    }
    targets = {(name, place): _target(name, place) for name in names for place in PLACES}
    return Catalog(places, tuple(names), targets, {"main": Instance("main", "https://x")})


def _target(name: str, place: str) -> Target:
    return Target(
        service=name,
        environment=place,
        source=f"acme/{name}",
        image=f"ghcr.io/acme/{name}",
        location=Location(
            "acme/gitops",
            "main",
            f"apps/{name}/overlays/{place}/kustomization.yaml",
            Kustomize(name),
        ),
        application=Application("main", f"{name}-{place}"),
        tags=(TagTemplate.parse("{sha}"),),
    )


# everybody else, in a process of their own


def _tag(number: int, place: str) -> str:
    """Return what Git says: every fifth service is ahead before prod."""
    return NEW if number % 5 == 0 and place != "prod" else OLD


def _application(number: int, place: str) -> Mapping[str, Any]:
    """Return an application with ten objects; some drifted in each way."""
    name, at = f"service-{number}-{place}", "2026-01-01T00:00:01Z"
    out, ill = number % 40 == 1, number % 100 == 2
    tag = "latest" if number % 200 == 3 else _tag(number, place)
    if number % 50 == 4:
        tag = "c" * 40
    return {
        "metadata": {"name": name, "namespace": "argocd", "uid": f"u-{name}", "annotations": {}},
        "spec": {
            "project": "default",
            "destination": {"server": "https://kubernetes.default.svc", "namespace": name},
            "source": {"repoURL": "https://github.com/acme/gitops", "path": f"apps/{name}"},
            "syncPolicy": {"automated": {"prune": True, "selfHeal": True}},
        },
        "status": {
            "sync": {"status": "OutOfSync" if out else "Synced", "revision": "d" * 40},
            "health": {"status": "Degraded" if ill else "Healthy", "lastTransitionTime": at},
            "summary": {"images": [f"ghcr.io/acme/service-{number}:{tag}"]},
            "reconciledAt": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "resources": [
                {
                    "group": "apps" if n else "",
                    "kind": "Deployment" if n else "Service",
                    "name": f"{name}-{n}",
                    "namespace": name,
                    "version": "v1",
                    "status": "OutOfSync" if out and n == 1 else "Synced",
                }
                for n in range(10)
            ],
            "operationState": {"phase": "Succeeded", "startedAt": at, "finishedAt": at},
        },
    }


def _named(name: str) -> Mapping[str, Any]:
    _, number, place = name.split("-")
    return _application(int(number), place)


def _text(path: str) -> str:
    _, service, _, place, _ = path.split("/")
    tag = _tag(int(service.removeprefix("service-")), place)
    image = f"  - name: {service}\n    newName: ghcr.io/acme/{service}\n    newTag: {tag}\n"
    return f"resources:\n  - ../../base\nimages:\n{image}"


class _Answers(BaseHTTPRequestHandler):
    """Argo CD and GitHub at one address."""

    protocol_version = "HTTP/1.1"
    counted: ClassVar[Counter[str]] = Counter()
    listed = b""

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002  # its own name
        """Keep the terminal clean."""

    def do_GET(self) -> None:
        """Answer a read."""
        path = urlsplit(self.path).path
        if path == "/api/v1/applications":
            self._answer("list", self.listed)
        elif path.endswith("/managed-resources"):
            self._answer("managed", _json({"items": []}))
        elif path.startswith("/api/v1/applications/"):
            self._answer("look", _json(_named(path.split("/")[4])))
        elif "/compare/" in path:
            self._answer("compare", _json(_comparison()))
        else:
            self._answer("commit", _json(_commit()))

    def do_POST(self) -> None:
        """Answer a query: the head of the branch, files, or who changed places last."""
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        variables = asked["variables"]
        paths = [variables[f"p{n}"] for n in range(len(variables)) if f"p{n}" in variables]
        if "history" in asked["query"]:
            found = {"object": {f"h{n}": {"nodes": [_changed()]} for n in range(len(paths))}}
        elif paths:
            found = {"object": {f"f{n}": _file(path) for n, path in enumerate(paths)}}
        else:
            head = {"target": {"oid": "d" * 40}}
            found = {"nameWithOwner": "acme/gitops", "ref": head}  # type: ignore[dict-item]
        self._answer("graphql", _json({"data": {"repository": found}}))

    def _answer(self, what: str, body: bytes) -> None:
        self.counted[what] += 1
        time.sleep(DELAY)  # noqa: TID251  # they are far
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def _json(value: object) -> bytes:
    return json.dumps(value).encode()


def _file(path: str) -> Mapping[str, Any]:
    text = _text(path)
    return {"oid": blob_id(text.encode()), "mode": 0o100644, "object": {"text": text}}


def _changed() -> Mapping[str, Any]:
    author = {"name": "Kim", "user": {"login": "kim"}}
    at = "2026-01-01T00:00:00Z"
    return {"oid": "e" * 40, "url": "https://x/e", "committedDate": at, "author": author}


def _commit() -> Mapping[str, Any]:
    return {"sha": NEW, "commit": {"message": "a change", "author": {"name": "Kim"}}}


def _comparison() -> Mapping[str, Any]:
    commit = {**_commit(), "author": {"login": "kim", "id": 7}}
    return {
        "status": "ahead",
        "ahead_by": 3,
        "behind_by": 0,
        "total_commits": 1,
        "base_commit": {"sha": OLD},
        "commits": [commit],
        "files": [],
    }


def _serve(ask: "Connection[Any, Any]") -> None:
    every = [_application(n, place) for n in range(SERVICES) for place in PLACES]
    _Answers.listed = _json({"items": every})
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Answers)
    server.daemon_threads = True
    ask.send(server.server_address[1])
    threading.Thread(target=server.serve_forever, daemon=True).start()
    while ask.recv():
        ask.send(dict(_Answers.counted))
        _Answers.counted.clear()


@contextmanager
def _far() -> "Iterator[tuple[str, Connection[Any, Any]]]":
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(
        target=_serve, args=(theirs,), daemon=True
    )
    process.start()
    try:
        yield f"http://127.0.0.1:{ours.recv()}", ours
    finally:
        ours.send(None)
        process.join(5)


def _counted(calls: "Connection[Any, Any]") -> Mapping[str, int]:
    """Return how often each was asked since the last time."""
    calls.send("count")
    found: Mapping[str, int] = calls.recv()
    return found
