"""What the bot costs while nobody deploys: memory, CPU, and how long it takes to start.

The real bot on SQLite, and on PostgreSQL where its server programs are here, beside a plain Bolt
app on ``App.start``. All idle in the same twenty seconds, connected to the sandbox's Argo CD
stream and Slack. Figures are the kernel's own, for the bot's process; PostgreSQL's server comes
on top.
"""

import threading
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks._bot import cpu_seconds, in_world, status
from benchmarks._figures import Figure
from benchmarks.ack import plain_bolt
from sandbox.process import Process
from sandbox.world import World
from tests import postgres

SPAN, SHORT = 20.0, 8.0
"""Seconds that everybody idles."""

STARTS = 3
READY = 3.0
"""Seconds that a start may take until ready."""

MOST = 150
"""MB that an idle bot may have."""

MB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Idler:
    """One running process and the seconds it took to be ready."""

    name: str
    pid: int
    start: float


@dataclass(frozen=True, slots=True)
class Cost:
    """Memory in bytes (resident, and its peak), share of one core, threads."""

    resident: int
    peak: int
    cpu: float
    threads: int


def run(console: Console, *, quick: bool = False) -> Sequence[Figure]:
    """Measure, print, and return the figures of the one table."""
    span = SHORT if quick else SPAN
    with ExitStack() as stack:
        world, folder = stack.enter_context(in_world("guide"))
        idlers = [_bot(stack, world, folder, "SQLite", f"sqlite:///{folder / 'shipmate.db'}")]
        if postgres.programs() is None:
            console.print("PostgreSQL's server programs are not here; only SQLite is measured.")
        else:
            server = stack.enter_context(postgres.running())
            address = stack.enter_context(server.database())
            idlers.append(_bot(stack, world, folder, "PostgreSQL", address))
        began = time.perf_counter()
        _, pid = stack.enter_context(plain_bolt(world, folder, "builtin"))
        idlers.append(Idler("plain Bolt, App.start", pid, time.perf_counter() - began))
        threading.Event().wait(3)  # what starting leaves to be done
        costs = _idle(idlers, span)
    console.print(_table(idlers, costs, span))
    plain = (idlers[-1], costs[-1])
    return [
        figure
        for one, cost in zip(idlers[:-1], costs[:-1], strict=True)
        for figure in _figures(one, cost, *plain)
    ]


def _figures(one: Idler, cost: Cost, plain: Idler, cheap: Cost) -> list[Figure]:
    store, memory = one.name.rpartition(" ")[2], cost.resident / MB
    return [
        Figure(
            f"start → ready, {store}",
            f"{one.start:.1f} s",
            f"{plain.name}: {plain.start:.1f} s",
            one.start / plain.start,
            f"< {READY:.0f} s",
            one.start < READY,
        ),
        Figure(
            f"idle memory, {store}",
            f"{memory:.0f} MB",
            f"{plain.name}: {cheap.resident / MB:.0f} MB",
            cost.resident / cheap.resident,
            f"< {MOST} MB",
            memory < MOST,
        ),
        Figure(
            f"idle CPU, {store}",
            f"{cost.cpu:.1%} of a core",
            f"{plain.name}: {cheap.cpu:.1%}",
        ),
    ]


def _bot(stack: ExitStack, world: World, folder: Path, name: str, address: str) -> Idler:
    """Start the bot some times; return the last one, left running, with the median start."""
    starts = []
    process = Process(world.environment(address), world.clock, folder / f"{name}.log")
    for number in range(STARTS):
        began = time.perf_counter()
        process.start()
        starts.append(time.perf_counter() - began)
        if number < STARTS - 1:
            process.stop()
    stack.callback(process.stop)
    return Idler(f"Shipmate on {name}", process.pid, sorted(starts)[STARTS // 2])


def _idle(idlers: list[Idler], span: float) -> list[Cost]:
    before = [cpu_seconds(one.pid) for one in idlers]
    began = time.perf_counter()
    threading.Event().wait(span)
    span = time.perf_counter() - began
    after = [cpu_seconds(one.pid) for one in idlers]
    return [
        Cost(
            resident=status(one.pid, "VmRSS") * 1024,
            peak=status(one.pid, "VmHWM") * 1024,
            cpu=(end - start) / span,
            threads=status(one.pid, "Threads"),
        )
        for one, start, end in zip(idlers, before, after, strict=True)
    ]


def _table(idlers: list[Idler], costs: list[Cost], span: float) -> Table:
    title = f"idle for {span:.0f} s; started {STARTS} times"
    heads = ("memory", "at most", "CPU, share of a core", "threads", "start → ready, median")
    table = Table("process", *heads, title=title)
    for one, cost in zip(idlers, costs, strict=True):
        table.add_row(
            one.name,
            f"{cost.resident / MB:.0f} MB",
            f"{cost.peak / MB:.0f} MB",
            f"{cost.cpu:.1%}",
            str(cost.threads),
            f"{one.start:.1f} s",
        )
    return table
