"""What a thousand operations cost that wait for people, or are on their way when the bot dies.

The real bot, on SQLite, and on PostgreSQL where its server programs are here. One operation goes
the whole way to where it waits, and its rows are multiplied while the bot is stopped. Memory and
CPU are the kernel's own figures for the bot's process, beside the same bot with nothing to do.
"""

import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta

from rich.console import Console
from rich.table import Table

from benchmarks._bot import Bot, cpu_seconds, in_world, running, status, until
from benchmarks._crowd import CODE, crowd, name
from benchmarks._figures import Figure
from benchmarks._multiply import multiply
from sandbox.argocd import Tempo
from sandbox.world import unguarded
from tests import postgres

MANY, FEW = 1000, 100
SPAN, SHORT = 20.0, 8.0
"""Seconds that idling is measured."""

QUIET, SOON = 15, 8
"""Seconds after a start until everything was looked at once."""

PATIENCE = 300.0
"""Seconds that a thousand may take until they go on."""

SLOW = Tempo(operation_delay=timedelta(hours=1))
"""An Argo CD whose syncs do not begin while we measure."""

MB = 1024


@dataclass(frozen=True, slots=True)
class Stand:
    """One bot: seconds from its start until ready and until all go on; memory in MB; share of a
    core; its threads; and the most requests that anybody outside got within a second."""

    name: str
    ready: float
    resumed: float
    memory: float
    cpu: float
    threads: int
    rush: int


def run(console: Console, *, quick: bool = False) -> Sequence[Figure]:
    """Measure, print, and return the figures of the one table."""
    many, span = (FEW, SHORT) if quick else (MANY, SPAN)
    stands = []
    with _addresses(console) as addresses:
        for store, address in addresses.items():
            stands += _waiting(store, address(), many, span)
            stands += _in_flight(store, address(), many, span)
    console.print(_table(stands, many))
    return _figures(stands, many)


@contextmanager
def _addresses(console: Console) -> Iterator[dict[str, Callable[[], str | None]]]:
    """Yield what makes a new database, by the name of its kind; None is a SQLite file."""
    with ExitStack() as stack:
        found: dict[str, Callable[[], str | None]] = {"SQLite": lambda: None}
        if postgres.programs() is None:
            console.print("PostgreSQL's server programs are not here; only SQLite is measured.")
        else:
            server = stack.enter_context(postgres.running())
            found["PostgreSQL"] = lambda: stack.enter_context(server.database())
        yield found


def _waiting(store: str, address: str | None, many: int, span: float) -> list[Stand]:
    # The approval of the guide's own configuration is what they wait for.
    with (
        in_world(crowd(many), config=str) as (world, folder),
        running(world, folder, address) as bot,
    ):
        nothing = _settled(bot, f"{store}, nothing to do", _started(bot), 0.0, span)
        _type(bot, "awaiting")
        return [nothing, _many(bot, f"{store}, {many:,} wait for approval", many, span)]


def _in_flight(store: str, address: str | None, many: int, span: float) -> list[Stand]:
    with (
        in_world(crowd(many), SLOW, unguarded) as (world, folder),
        running(world, folder, address) as bot,
    ):
        _type(bot, "following")
        return [_many(bot, f"{store}, {many:,} in flight", many, span)]


def _type(bot: Bot, phase: str) -> None:
    """Let one operation come to *phase*."""
    sha = bot.world.sha(CODE, "main")
    bot.world.slack.type(f"/deploy {name(0)} {sha} prod", by="U0ALICE", channel="C0DEPLOY")
    until(lambda: bot.phases() == {phase: 1}, f"an operation that is {phase}", PATIENCE, 0.2)
    threading.Event().wait(3)  # its card, and what it rests on, is written down


def _many(bot: Bot, named: str, many: int, span: float) -> Stand:
    """Kill the bot, multiply what it has, and start it again."""
    bot.process.kill()
    tries, dead = _lived(bot)
    multiply(bot.database, many)
    for wire in bot.world.wires:
        wire.calls.clear()
    began = time.perf_counter()
    bot.process.start()
    ready = time.perf_counter() - began
    until(lambda: _gone_on(bot, tries, dead) >= many, "going on", PATIENCE, 0.2)
    return _settled(bot, named, ready, time.perf_counter() - began, span)


def _started(bot: Bot) -> float:
    bot.process.stop()
    began = time.perf_counter()
    bot.process.start()
    return time.perf_counter() - began


def _settled(bot: Bot, named: str, ready: float, resumed: float, span: float) -> Stand:
    """Measure how the bot idles, once it has looked at everything."""
    rush = _rush(bot, span)
    pid = bot.process.pid
    before, began = cpu_seconds(pid), time.perf_counter()
    threading.Event().wait(span)
    cpu = (cpu_seconds(pid) - before) / (time.perf_counter() - began)
    memory = status(pid, "VmRSS") / MB
    stand = Stand(named, ready, resumed, memory, cpu, status(pid, "Threads"), rush)
    print(f"{named}: {memory:.0f} MB, {cpu:.1%} of a core, load {os.getloadavg()[0]:.1f}")
    return stand


def _rush(bot: Bot, span: float) -> int:
    """Wait until it is quiet; return the most calls in a second that one fake had meanwhile."""
    most, began = 0.0, time.perf_counter()
    seen = {wire.name: 0 for wire in bot.world.wires}
    for _ in range(SOON if span < SPAN else QUIET):
        threading.Event().wait(1)
        took = time.perf_counter() - began  # a busy machine's second is a long one
        for wire in bot.world.wires:
            now = len(wire.calls)
            most = max(most, (now - seen[wire.name]) / took)
            seen[wire.name] = now
        began = time.perf_counter()
    return round(most)


def _lived(bot: Bot) -> tuple[int, str]:
    """Return how often workflows were begun at most, and the name of the process that has them."""
    query = f"SELECT max(recovery_attempts), max(executor_id) FROM {_table_of(bot)}"
    tries, executor = bot.ask(f"{query} WHERE status = 'PENDING'")[0]
    return int(tries), str(executor)


def _gone_on(bot: Bot, tries: int, dead: str) -> int:
    """Return how many operations' own workflows run again since the bot was killed.

    They are begun once more by the same process, or by one that has taken over.
    """
    query = (
        f"SELECT count(*) FROM {_table_of(bot)} WHERE status = 'PENDING'"
        " AND (recovery_attempts > ? OR executor_id <> ?) AND workflow_uuid NOT LIKE ?"
    )
    return int(bot.ask(query, tries, dead, "%.%")[0][0])


def _table_of(bot: Bot) -> str:
    return "workflow_status" if bot.database.dialect.name == "sqlite" else "dbos.workflow_status"


def _table(stands: Sequence[Stand], many: int) -> Table:
    title = f"{many:,} operations; the machine's load is {os.getloadavg()[0]:.1f}"
    heads = ("start → ready", "→ all go on", "memory", "CPU, share of a core", "threads")
    table = Table("bot", *heads, "most requests in a second", title=title)
    for one in stands:
        table.add_row(
            one.name,
            f"{one.ready:.1f} s",
            f"{one.resumed:.1f} s" if one.resumed else "–",
            f"{one.memory:.0f} MB",
            f"{one.cpu:.1%}",
            str(one.threads),
            str(one.rush),
        )
    return table


def _figures(stands: Sequence[Stand], many: int) -> list[Figure]:
    figures = []
    for first in range(0, len(stands), 3):
        nothing, waiting, flying = stands[first : first + 3]
        store = nothing.name.partition(",")[0]
        beside = f"nothing to do: {nothing.memory:.0f} MB"
        each = (waiting.memory - nothing.memory) / many * MB
        figures += [
            Figure(
                f"memory, {many:,} wait for approval, {store}",
                f"{waiting.memory:.0f} MB, {each:.0f} kB each",
                beside,
            ),
            Figure(
                f"idle CPU, {many:,} wait for approval, {store}",
                f"{waiting.cpu:.1%} of a core",
                f"nothing to do: {nothing.cpu:.1%}",
            ),
            Figure(
                f"start with {many:,} in flight, {store}",
                f"ready {flying.ready:.1f} s, all go on {flying.resumed:.1f} s",
                f"nothing to do: ready {nothing.ready:.1f} s",
            ),
        ]
    return figures
