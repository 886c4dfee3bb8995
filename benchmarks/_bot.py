"""The real bot as a process of its own, in one of the sandbox's worlds, at the wall's own speed."""

import json
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from bot.clock import Clock
from sandbox.argocd import Tempo
from sandbox.process import Process
from sandbox.systems import system
from sandbox.world import World, unguarded

ENDED = ("live", "failed", "refused", "cancelled")


@dataclass(frozen=True, slots=True)
class Bot:
    """A running bot, the world it lives in, and its SQLite file."""

    world: World
    process: Process
    database: Path

    def ask(self, query: str, *values: Any) -> list[Any]:
        """Return the rows of *query* on the bot's own tables."""
        with closing(sqlite3.connect(self.database, timeout=30)) as connection:
            return connection.execute(query, values).fetchall()

    def rows(self) -> int:
        """Return how many operations were ever written down."""
        return int(self.ask("SELECT count(*) FROM operations")[0][0])

    def under_way(self) -> int:
        """Return how many have not ended."""
        return int(self.ask("SELECT count(*) FROM operations WHERE ended_at IS NULL")[0][0])

    def entered(self, operation: str) -> dict[str, datetime]:
        """Return when *operation* entered each of its phases."""
        number = int(operation.removeprefix("D-"))
        found = self.ask("SELECT entered FROM operations WHERE number = ?", number)
        return {phase: datetime.fromisoformat(at) for phase, at in json.loads(found[0][0]).items()}

    def problem(self, operation: str) -> str:
        """Return what stopped *operation*, as it is stored."""
        number = int(operation.removeprefix("D-"))
        return str(self.ask("SELECT problem FROM operations WHERE number = ?", number)[0][0])


@contextmanager
def in_world(
    name: str, tempo: Tempo | None = None, config: Callable[[str], str] = unguarded
) -> Iterator[tuple[World, Path]]:
    """Yield the started world of the system *name*, whose servers keep connections as real ones.

    *config* rewrites its ``shipmate.yaml``.
    """
    with tempfile.TemporaryDirectory() as place:
        world = World(system(name), Path(place), clock=Clock(), tempo=tempo, config=config)
        for wire in world.wires:
            wire.keeps_connections = True
        world.start()
        try:
            yield world, Path(place)
        finally:
            world.stop()


@contextmanager
def running(world: World, folder: Path, **changes: str) -> Iterator[Bot]:
    """Yield a bot in *world* that is ready; *changes* replace parts of its environment."""
    database = folder / "shipmate.db"
    environment = {**world.environment(f"sqlite:///{database}"), **changes}
    process = Process(environment, world.clock, folder / "bot.log")
    process.start()
    world.slack.connect(process.url)
    try:
        yield Bot(world, process, database)
    finally:
        process.stop()
