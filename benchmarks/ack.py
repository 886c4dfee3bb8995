"""How long a person waits for the answer to a slash command, 32 of them typing at once.

Ours is the real bot: Slack's signature checked, the words read and judged, the request written to
SQLite before the answer. Beside it a plain Bolt app that writes one row, as people have it today:
once served by ``App.start``, once by Flask and waitress. Callers, bot and fakes are three
processes on one machine; each request opens a connection of its own.
"""

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import httpx
from rich.console import Console
from rich.table import Table

from benchmarks._bot import Bot, in_world, running
from benchmarks._callers import AT_ONCE, Acks, Callers, command
from benchmarks._figures import Figure
from sandbox.process import free_port
from sandbox.world import BOT_TOKEN, SIGNING_SECRET, World

GOAL = 0.050
"""Seconds that 99 of 100 acks may take, with ``AT_ONCE`` at once and SQLite on."""


@dataclass(frozen=True, slots=True)
class Amount:
    """How many calls are measured: helps, bursts of deploys, and deploys in a stream."""

    helps: int
    bursts: int
    stream: int


MANY = Amount(1000, 10, 480)
FEW = Amount(64, 2, 64)
GLANCE = Amount(128, 4, 96)
"""For a server that needs seconds for 32 calls."""

SETTLED = 30.0
"""Seconds at most that the engine is given between two bursts."""

NUMBERS = count(1)


@dataclass(frozen=True, slots=True)
class Measured:
    """One way to answer: acks without a row, of bursts into a quiet bot, and in a steady stream."""

    name: str
    amount: Amount
    helps: Acks
    bursts: Acks
    stream: Acks


def run(console: Console, *, quick: bool = False) -> Sequence[Figure]:
    """Measure, print, and return the figures of the one table."""
    many = GLANCE if quick else MANY
    with in_world("guide") as (world, folder):
        world.slack.rate_limited = False  # 1,000 cards at Slack's pace would take 20 minutes
        ours = _ours(world, folder, many)
        stocks = [
            _stock(world, folder, "builtin", "plain Bolt, App.start", FEW),
            _stock(world, folder, "waitress", "plain Bolt, Flask and waitress", many),
        ]
    console.print(_table([ours, *stocks]))
    p99 = ours.bursts.percentile(0.99)
    ratios = ", ".join(
        f"{stock.bursts.percentile(0.99) / p99:.1f}× quicker than {stock.name}" for stock in stocks
    )
    console.print(
        f"{AT_ONCE} deploys at once: p99 {p99 * 1000:.0f} ms, goal < {GOAL * 1000:.0f} ms: "
        f"{'reached' if p99 < GOAL else 'missed'}; {ratios}. Every row was on disk "
        "before its ack; a plain app only writes it, ours also does the work. "
        f"The machine's load was {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores."
    )
    return [_figure(ours, stock) for stock in stocks]


def _figure(ours: Measured, stock: Measured) -> Figure:
    mine, theirs = (one.bursts.percentile(0.99) for one in (ours, stock))
    return Figure(
        f"ack, {AT_ONCE} at once, p50 / p99",
        f"{ours.bursts.percentile(0.5) * 1000:.0f} / {mine * 1000:.0f} ms",
        f"{stock.name}: {stock.bursts.percentile(0.5) * 1000:.0f} / {theirs * 1000:.0f} ms",
        theirs / mine,
        f"p99 < {GOAL * 1000:.0f} ms",
        mine < GOAL,
    )


def _ours(world: World, folder: Path, many: Amount) -> Measured:
    with running(world, folder) as bot, Callers(bot.process.port, SIGNING_SECRET) as callers:
        measured = _measure("Shipmate", callers, many, lambda: _settle(bot))
        typed = AT_ONCE * (many.bursts + 1) + many.stream
        assert bot.rows() == typed, f"{typed} were acked, {bot.rows()} are written down"
    return measured


def _settle(bot: Bot) -> None:
    """Wait until the engine has nothing to do."""
    for _ in range(int(SETTLED * 10)):
        if not bot.under_way():
            break
        threading.Event().wait(0.1)
    threading.Event().wait(0.3)


def _stock(world: World, folder: Path, kind: str, name: str, amount: Amount) -> Measured:
    with plain_bolt(world, folder, kind) as (port, _), Callers(port, SIGNING_SECRET) as callers:
        return _measure(name, callers, amount, lambda: None)


@contextmanager
def plain_bolt(world: World, folder: Path, kind: str) -> Iterator[tuple[int, int]]:
    """Run the plain app; yield its port and process id once it answers."""
    port = free_port()
    environment = {
        "PATH": os.environ["PATH"],
        "SLACK_BOT_TOKEN": BOT_TOKEN,
        "SLACK_SIGNING_SECRET": SIGNING_SECRET,
        "SLACK_API_URL": world.slack.api_url,
        "DATABASE": str(folder / f"{kind}.db"),
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks._stock_bolt", kind, str(port)],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _until_answered(port)
        yield port, process.pid
    finally:
        process.kill()
        process.wait()


def _until_answered(port: int) -> None:
    """Wait until a server at *port* answers anything."""
    for _ in range(1000):
        try:
            httpx.get(f"http://127.0.0.1:{port}/", timeout=5)
        except httpx.TransportError:
            threading.Event().wait(0.02)
        else:
            return
    raise RuntimeError(f"nobody answers at port {port}")


def _measure(name: str, callers: Callers, amount: Amount, settle: Callable[[], None]) -> Measured:
    """Measure one server, after some calls that do not count."""
    callers.type(_helps(AT_ONCE))
    helps = callers.type(_helps(amount.helps))
    callers.type(_deploys(AT_ONCE))
    bursts = Acks((), 0)
    for _ in range(amount.bursts):
        settle()
        bursts += callers.type(_deploys(AT_ONCE))
    settle()
    return Measured(name, amount, helps, bursts, callers.type(_deploys(amount.stream)))


def _helps(many: int) -> list[dict[str, str]]:
    return [command("/ship", "help", next(NUMBERS)) for _ in range(many)]


def _deploys(many: int) -> list[dict[str, str]]:
    """Return deploys that all differ; no such commit exists, so the engine refuses each."""
    return [
        command("/deploy", f"my-app {0xB0000000 + number:08x} prod", number)
        for number in (next(NUMBERS) for _ in range(many))
    ]


def _table(ways: list[Measured]) -> Table:
    title = f"ack of a slash command, {AT_ONCE} at once (ms: p50 / p99 / slowest)"
    heads = ("help", f"deploy, bursts of {AT_ONCE}", "deploy, in a stream")
    table = Table("way", *heads, "calls of each", "not in 3 s", title=title)
    for way in ways:
        late = sum(acks.late for acks in (way.helps, way.bursts, way.stream))
        spans = [_shown(acks) for acks in (way.helps, way.bursts, way.stream)]
        amount = way.amount
        calls = f"{amount.helps}, {amount.bursts} × {AT_ONCE}, {amount.stream}"
        table.add_row(way.name, *spans, calls, str(late))
    return table


def _shown(acks: Acks) -> str:
    if not acks.seconds:
        return "none answered"
    spans = (acks.percentile(0.5), acks.percentile(0.99), acks.seconds[-1])
    return " / ".join(f"{seconds * 1000:.0f}" for seconds in spans)
