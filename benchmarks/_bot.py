"""The real bot as a process of its own, in one of the sandbox's worlds, at the wall's own speed."""

import json
import os
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from bot.clock import Clock
from bot.operations.sql.database import dialect_url
from sandbox.argocd import Tempo
from sandbox.process import Process
from sandbox.systems import system
from sandbox.systems.nouns import System
from sandbox.world import World, unguarded

ENDED = ("live", "failed", "refused", "cancelled")

QUICK = Tempo(
    operation_delay=timedelta(seconds=0.3),
    status_gap=timedelta(seconds=0.3),
    rollout_duration=timedelta(seconds=0.3),
)
"""An Argo CD that has little to do."""


@dataclass(frozen=True, slots=True)
class Bot:
    """A running bot, the world it lives in, and the door to its database."""

    world: World
    process: Process
    database: sa.Engine

    def ask(self, query: str, *values: Any) -> list[Any]:
        """Return the rows of *query*, whose values stand as ``?``, on the bot's own database."""
        mark = "?" if self.database.dialect.name == "sqlite" else "%s"
        with self.database.connect() as connection:
            return list(connection.exec_driver_sql(query.replace("?", mark), values).fetchall())

    def rows(self) -> int:
        """Return how many operations were ever written down."""
        return int(self.ask("SELECT count(*) FROM operations")[0][0])

    def under_way(self) -> int:
        """Return how many have not ended."""
        return int(self.ask("SELECT count(*) FROM operations WHERE ended_at IS NULL")[0][0])

    def phases(self) -> dict[str, int]:
        """Return how many operations are in each phase."""
        found = self.ask("SELECT phase, count(*) FROM operations GROUP BY phase")
        return {phase: int(count) for phase, count in found}

    def entered(self, operation: str) -> dict[str, datetime]:
        """Return when *operation* entered each of its phases."""
        number = int(operation.removeprefix("D-"))
        found = self.ask("SELECT entered FROM operations WHERE number = ?", number)
        return {phase: datetime.fromisoformat(at) for phase, at in json.loads(found[0][0]).items()}

    def problem(self, operation: str) -> str:
        """Return what stopped *operation*, as it is stored."""
        number = int(operation.removeprefix("D-"))
        return str(self.ask("SELECT problem FROM operations WHERE number = ?", number)[0][0])


def until(
    true: Callable[[], object], what: str, seconds: float = 60.0, pause: float = 0.005
) -> None:
    """Wait until it is *true*, asked every *pause* seconds.

    Raises:
        RuntimeError: *what* did not come within so many *seconds*.
    """
    end = time.perf_counter() + seconds
    while not true():
        if time.perf_counter() > end:
            raise RuntimeError(f"{what} did not come")
        threading.Event().wait(pause)


@contextmanager
def in_world(
    name: str | System, tempo: Tempo | None = None, config: Callable[[str], str] = unguarded
) -> Iterator[tuple[World, Path]]:
    """Yield the started world of a system, whose servers keep connections as real ones.

    *config* rewrites its ``shipmate.yaml``.
    """
    with tempfile.TemporaryDirectory() as place:
        lived_in = system(name) if isinstance(name, str) else name
        world = World(lived_in, Path(place), clock=Clock(), tempo=tempo, config=config)
        for wire in world.wires:
            wire.keeps_connections = True
        world.start()
        try:
            yield world, Path(place)
        finally:
            world.stop()


@contextmanager
def running(
    world: World, folder: Path, address: str | None = None, **changes: str
) -> Iterator[Bot]:
    """Yield a bot in *world* that is ready, with a SQLite file of its own if no *address* is given.

    *changes* replace parts of its environment.
    """
    address = address or f"sqlite:///{folder / 'shipmate.db'}"
    environment = {**world.environment(address), **changes}
    process = Process(environment, world.clock, folder / "bot.log")
    database = sa.create_engine(dialect_url(address))
    process.start()
    world.slack.connect(process.url)
    try:
        yield Bot(world, process, database)
    finally:
        process.stop()
        database.dispose()


TICKS = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid: int) -> float:
    """Return the user and system time of a process, its threads included."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def status(pid: int, name: str) -> int:
    """Return what the kernel says of a process under *name*; memory is in kB."""
    for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1])
    raise LookupError(name)
