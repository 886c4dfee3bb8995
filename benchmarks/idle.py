"""What the bot costs while nobody deploys: memory, CPU, and how long it takes to start.

The real bot on SQLite, and on PostgreSQL where its server programs are here, beside a plain Bolt
app on ``App.start``. All idle in the same twenty seconds, connected to the sandbox's Argo CD
stream and Slack. Figures are the kernel's own, for the bot's process; PostgreSQL's server comes
on top.
"""

import os
import threading
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks._bot import in_world
from benchmarks.ack import plain_bolt
from sandbox.process import Process
from sandbox.world import World
from tests import postgres

SPAN = 20.0
"""Seconds that everybody idles."""

STARTS = 3
TICKS = os.sysconf("SC_CLK_TCK")
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


def run(console: Console) -> None:
    """Measure and print."""
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
        costs = _idle(idlers)
    console.print(_table(idlers, costs))


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


def _idle(idlers: list[Idler]) -> list[Cost]:
    before = [_cpu_seconds(one.pid) for one in idlers]
    began = time.perf_counter()
    threading.Event().wait(SPAN)
    span = time.perf_counter() - began
    after = [_cpu_seconds(one.pid) for one in idlers]
    return [
        Cost(
            resident=_status(one.pid, "VmRSS") * 1024,
            peak=_status(one.pid, "VmHWM") * 1024,
            cpu=(end - start) / span,
            threads=_status(one.pid, "Threads"),
        )
        for one, start, end in zip(idlers, before, after, strict=True)
    ]


def _cpu_seconds(pid: int) -> float:
    """Return the user and system time of a process, its threads included."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def _status(pid: int, name: str) -> int:
    for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1])
    raise LookupError(name)


def _table(idlers: list[Idler], costs: list[Cost]) -> Table:
    title = f"idle for {SPAN:.0f} s; started {STARTS} times"
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
