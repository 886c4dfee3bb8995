"""Whole deploys through the bot, as many as it can: to the commit and until they are live.

Everybody is near, and 32 people type at once: what bounds it is the bot, its database, the one
branch that everybody commits onto, and the fakes, which share the machine's cores. So the CPU time
that the bot itself spends on one is told, too. Beside it a script that clones, edits and pushes,
one deploy after another, and judges nothing.
"""

import os
import subprocess
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks._bot import ENDED, QUICK, Bot, cpu_seconds, in_world, running, until
from benchmarks._callers import Callers
from benchmarks._crowd import CODE, IMAGE, REPO, crowd, deploys, path
from benchmarks._figures import Figure
from benchmarks._git_server import GitServer
from sandbox.world import SIGNING_SECRET, World, unguarded
from tests import postgres

MANY, FEW = 100, 30
BY_HAND = 20
"""Deploys of the script, which make no difference to one another."""

PATIENCE = 300.0


@dataclass(frozen=True, slots=True)
class Way:
    """Deploys a second to the commit, and until live (0: nobody looks); the bot's CPU for each."""

    name: str
    commits: float
    lives: float = 0.0
    cpu: float = 0.0


def run(console: Console, *, quick: bool = False) -> Sequence[Figure]:
    """Measure, print, and return the figures of the one table."""
    many = FEW if quick else MANY
    with ExitStack() as stack:
        addresses: dict[str, str | None] = {"SQLite": None}
        if postgres.programs() is None:
            console.print("PostgreSQL's server programs are not here; only SQLite is measured.")
        else:
            server = stack.enter_context(postgres.running())
            addresses["PostgreSQL"] = stack.enter_context(server.database())
        ours = [_ours(store, address, many) for store, address in addresses.items()]
    script = _script()
    console.print(_table([*ours, script], many))
    return [_figure(one, script) for one in ours]


def _ours(store: str, address: str | None, many: int) -> Way:
    with (
        in_world(crowd(many), QUICK, unguarded) as (world, folder),
        running(world, folder, address) as bot,
        Callers(bot.process.port, SIGNING_SECRET) as callers,
    ):
        world.slack.rate_limited = False  # as many cards in a minute as there are deploys
        pid = bot.process.pid
        before, began = cpu_seconds(pid), time.perf_counter()
        acks = callers.type(deploys(many, world.sha(CODE, "main")))
        assert not acks.failed, f"{acks.failed} were not answered"
        until(lambda: _committed(bot) == many, "the commits", PATIENCE, 0.1)
        committed = time.perf_counter() - began
        until(
            lambda: sum(bot.phases().get(end, 0) for end in ENDED) == many,
            "the ends",
            PATIENCE,
            0.1,
        )
        took = time.perf_counter() - began
        assert bot.phases() == {"live": many}, bot.phases()
        cpu = (cpu_seconds(pid) - before) / many
    return Way(f"Shipmate on {store}", many / committed, many / took, cpu)


def _committed(bot: Bot) -> int:
    return bot.phases().get("following", 0) + _ended(bot)


def _ended(bot: Bot) -> int:
    return sum(bot.phases().get(phase, 0) for phase in ENDED)


def _script() -> Way:
    with in_world(crowd(BY_HAND), QUICK) as (world, folder), GitServer(folder / "github") as git:
        began = time.perf_counter()
        for number in range(BY_HAND):
            _push(world, f"http://bench:token@127.0.0.1:{git.port}/{REPO}.git", number)
        took = time.perf_counter() - began
    return Way("clone, sed, commit, push", BY_HAND / took)


def _push(world: World, url: str, number: int) -> None:
    sha = world.sha(CODE, "main")
    with tempfile.TemporaryDirectory() as place:
        clone = Path(place) / "clone"
        _git(clone.parent, "clone", "--quiet", "--depth", "1", url, "clone")
        edit = f"s/image: {IMAGE}:.*/image: {IMAGE}:{sha}/"
        subprocess.run(["sed", "-i", edit, path(number)], cwd=clone, check=True)
        _git(clone, "commit", "--quiet", "-am", f"deploy {number}")
        _git(clone, "push", "--quiet", "origin", "HEAD:main")


def _git(inside: Path, *words: str) -> None:
    who = ["-c", "user.name=ci", "-c", "user.email=ci@example.com"]
    subprocess.run(["git", *who, *words], cwd=inside, check=True, capture_output=True)


def _table(ways: Sequence[Way], many: int) -> Table:
    load = os.getloadavg()[0]
    title = f"{many} deploys of {many} services, 32 typed at once; the load is {load:.1f}"
    table = Table("way", "commits a second", "live a second", "CPU of the bot, each", title=title)
    for one in ways:
        live = f"{one.lives:.1f}" if one.lives else "–"
        cpu = f"{one.cpu * 1000:.0f} ms" if one.cpu else "–"
        table.add_row(one.name, f"{one.commits:.1f}", live, cpu)
    return table


def _figure(one: Way, script: Way) -> Figure:
    return Figure(
        f"deploys a second, {one.name.rpartition(' ')[2]}",
        f"{one.commits:.1f} to the commit, {one.lives:.1f} to live, {one.cpu * 1000:.0f} ms CPU",
        f"{script.name}: {script.commits:.1f} to the commit",
        one.commits / script.commits,
    )
