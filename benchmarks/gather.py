"""All facts of one command, everybody 50 ms away each way: at once, and one after the other.

The real adapters before the sandbox's Flash Tickets, a deploy to its production with every rule
on. Beside the time stands the slowest single call, which nobody can beat, and who was asked how
often. Connections are open and tokens known, as they are in a bot that runs.
"""

import asyncio
import os
import statistics
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import SecretStr
from rich.console import Console
from rich.table import Table

from benchmarks._bot import in_world
from benchmarks._latency import LatencyProxy
from bot.adapters.argocd import ArgoCD
from bot.adapters.github import Token
from bot.adapters.github.checks import Checks
from bot.adapters.github.client import GitHub
from bot.adapters.github.commits import Commits
from bot.adapters.github.comparison import Comparisons
from bot.adapters.github.file_history import FileHistory
from bot.adapters.github.membership_cache import MembershipCache
from bot.adapters.github.teams import Teams
from bot.adapters.github.versions import Versions
from bot.adapters.gitops import GitOps
from bot.adapters.registry import Registry
from bot.adapters.registry_auth import Host
from bot.adapters.slack import Slack
from bot.clock import Clock
from bot.config import Config, load
from bot.domain.catalog import Catalog
from bot.domain.images import ImageReference
from bot.domain.operations import Kind, Request
from bot.operations.books.freeze_book import FreezeBook
from bot.operations.books.hold_book import HoldBook
from bot.operations.books.identity_book import IdentityBook
from bot.operations.books.lock_book import LockBook
from bot.operations.books.open_items import OpenItemBook
from bot.operations.gathering.facts import Books, Gatherer, Outside
from bot.operations.gathering.gathered import Gathered
from bot.operations.gathering.histories import Histories
from bot.operations.identity.people import People
from bot.operations.sql.database import Database
from bot.operations.store import Store
from bot.operations.threads import Threads
from sandbox.wire import Wire
from sandbox.world import BOT_TOKEN, GITHUB_TOKEN, World

DELAY = 0.050
"""Seconds each way to everybody."""

RUNS = 5
GOAL = 8
"""Requests until a deploy of one service with all rules on is decided."""

AT_ONCE = (8, 16)
"""Threads for GitHub and for the others, as the bot has them."""


class Slowest:
    """The slowest call so far, of those adapters that tell."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._guard = threading.Lock()

    def __call__(self, _system: str, _what: str, _status: int | None, seconds: float) -> None:
        with self._guard:
            self.seconds = max(self.seconds, seconds)

    def forget(self) -> None:
        """Begin anew."""
        with self._guard:
            self.seconds = 0.0


def run(console: Console) -> None:
    """Measure and print."""
    with ExitStack() as stack:
        world, folder = stack.enter_context(in_world("flash_tickets"))
        far = {
            wire.name: stack.enter_context(LatencyProxy(urlsplit(wire.url).port or 0, DELAY)).url
            for wire in world.wires
        }
        assert world.until(lambda: _is_up(world), 120), "the applications never came up"
        title = f"facts of a deploy to prod, everybody {DELAY * 1000:.0f} ms away, median (ms)"
        table = Table("services", "at once", "one after the other", "slowest call", title=title)
        one, three = (_both_ways(world, folder, far, _request(world, n)) for n in (1, 3))
        table.add_row("1", *one.cells)
        table.add_row("3", *three.cells)
        console.print(table)
        _print_calls(console, one.calls)


@dataclass(frozen=True, slots=True)
class Taken:
    """Seconds of a gathering at once and in turn, its slowest call, and whom it asked."""

    at_once: float
    in_turn: float
    slowest: float
    calls: Counter[str]

    @property
    def cells(self) -> tuple[str, ...]:
        """Return the times in milliseconds."""
        return tuple(f"{1000 * one:.0f}" for one in (self.at_once, self.in_turn, self.slowest))


def _both_ways(world: World, folder: Path, far: dict[str, str], request: Request) -> Taken:
    with _gatherer(world, folder, far, AT_ONCE) as (gatherer, slowest):
        at_once, calls = _measure(world, gatherer, request, slowest)
        worst = slowest.seconds
    with _gatherer(world, folder, far, (1, 1)) as (gatherer, slowest):
        in_turn, _ = _measure(world, gatherer, request, slowest)
    return Taken(at_once, in_turn, worst, calls)


def _is_up(world: World) -> bool:
    every = (world.argocd.application(one.name)["status"] for one in world.system.applications)
    return all(
        one.get("health", {}).get("status") == "Healthy"
        and one.get("sync", {}).get("status") == "Synced"
        and "operationState" in one
        and one["reconciledAt"] > one["operationState"].get("finishedAt", "9")
        for one in every
    )


def _print_calls(console: Console, asked: Counter[str]) -> None:
    each = Table("asked for one service", "requests", title="outbound requests of one gathering")
    for name, count in sorted(asked.items()):
        each.add_row(name, str(count))
    console.print(each)
    total = asked.total()
    console.print(
        f"{total} requests to decide, goal ≤ {GOAL}: {'reached' if total <= GOAL else 'MISSED'}. "
        "What is asked besides, up to the commit, is measured by calls."
    )


def _measure(
    world: World, gatherer: Gatherer, request: Request, slowest: Slowest
) -> tuple[float, Counter[str]]:
    """Return the median seconds of a gathering, and whom each of them asked."""
    _whole(asyncio.run(gatherer.gather(request)))  # opens connections, learns tokens
    slowest.forget()
    before = _counts(world.wires)
    taken = []
    for _ in range(RUNS):
        start = time.perf_counter()
        found = asyncio.run(gatherer.gather(request))
        taken.append(time.perf_counter() - start)
        _whole(found)
    calls = _counts(world.wires) - before
    return statistics.median(taken), Counter({who: round(n / RUNS) for who, n in calls.items()})


def _whole(found: Gathered) -> None:
    """Stop the measurement if somebody was not asked after all."""
    assert found.away is None, found.away
    assert found.aims, found.facts


def _counts(wires: tuple[Wire, ...]) -> Counter[str]:
    return Counter(f"{wire.name}: {call.route}" for wire in wires for call in list(wire.calls))


def _request(world: World, number: int) -> Request:
    """Return a deploy of *number* services that live in staging, too, by a short SHA."""
    deploys = world.system.deploys
    earlier = {name for one in deploys if one.environment == "staging" for name in one.services}
    first = next(one for one in deploys if one.environment == "prod")
    every = [name for one in deploys if one.environment == "prod" for name in one.services]
    chosen = tuple(dict.fromkeys(name for name in every if name in earlier))[:number]
    sha = world.sha(first.source, "main")
    return Request(Kind.DEPLOY, chosen, "prod", sha[:12], "U0ALICE", "C0DEPLOY")


@contextmanager
def _gatherer(
    world: World, folder: Path, far: dict[str, str], at_once: tuple[int, int]
) -> Iterator[tuple[Gatherer, Slowest]]:
    """Yield a gatherer before the far fakes, with so many threads, and its slowest call."""
    environment = world.environment(f"sqlite:///{folder / 'gather.db'}")
    os.environ.update({k: v for k, v in environment.items() if k.startswith("AWS_")})
    os.environ["AWS_ENDPOINT_URL_ECR"] = far[world.ecr.name]
    os.environ.setdefault("AWS_DEFAULT_REGION", "ap-northeast-2")
    config = load(world.system.config(world.argocd.url))  # with all of its rules
    clock, slowest = Clock(), Slowest()
    database = Database(environment["DATABASE_URL"])
    database.migrate()
    api = f"{far[world.github.name]}{urlsplit(world.github.api_url).path}"
    github = GitHub(_token(), api, timeout=10, clock=clock, on_call=slowest)
    slack_api = f"{far[world.slack.name]}{urlsplit(world.slack.api_url).path}"
    slack = Slack(BOT_TOKEN, slack_api, timedelta(seconds=10))
    people = _people(config, github, slack, database, clock)
    argocd = {
        name: ArgoCD(replace(instance, url=far[world.argocd.name]), world.argocd.token, clock=clock)
        for name, instance in config.catalog.instances.items()
    }
    registry = Registry(_hosts(config.catalog), clock=clock, on_call=slowest)
    threads = Threads("github", at_once[0]), Threads("others", at_once[1])
    store, holds = Store(database), HoldBook(database)
    outside = Outside(
        Commits(github),
        Versions(github),
        Checks(github),
        Comparisons(github),
        GitOps(github),
        argocd,
        registry,
        Histories(store, holds, FileHistory(github), argocd, threads[0]),
        *threads,
    )
    items = OpenItemBook(database, store.changed)
    books = Books(store, LockBook(database), FreezeBook(database), holds, items)
    try:
        yield Gatherer(config.catalog, people, outside, books, clock), slowest
    finally:
        people.close()
        registry.close()
        for each in threads:
            each.close()
        for client in argocd.values():
            client.close()
        github.close()
        database.close()


def _token() -> Token:
    return Token(SecretStr(GITHUB_TOKEN))


def _hosts(catalog: Catalog) -> dict[str, Host]:
    images = (ImageReference.parse(one.image) for one in catalog.targets.values())
    return {image.registry: Host() for image in images}


def _people(
    config: Config, github: GitHub, slack: Slack, database: Database, clock: Clock
) -> People:
    teams = Teams(github)
    cache = MembershipCache(teams, clock)
    return People(
        config.people,
        config.organization,
        lambda: "T0SHIP",
        slack,
        teams,
        cache,
        IdentityBook(database),
        clock,
    )
