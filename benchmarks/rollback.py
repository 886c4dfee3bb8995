"""From ``/rollback`` to the commit, everybody far away, beside clone, ``git revert`` and push.

The real bot in the sandbox's Flash Tickets: it learns who asks and what they may, finds the last
good version, sees that its image is there and what runs, and commits. The script knows all that
already: the commit to take back is the newest one, and nobody asks whether it may be.
"""

import re
import statistics
import subprocess
import tempfile
import time
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from rich.console import Console
from rich.table import Table

from benchmarks._bot import QUICK, Bot, in_world, running, until
from benchmarks._git_server import GitServer
from benchmarks._journal import Asked, Journal
from benchmarks._latency import LatencyProxy
from benchmarks.calls import CHANNEL, DELAY, distant
from sandbox.systems.flash_tickets.system import CODE
from sandbox.world import World

RUNS = 5
REPO = "flash-tickets/flash-tickets-gitops"
SERVICE, ENVIRONMENT = "api", "prod"
FILE = f"apps/{SERVICE}/overlays/{ENVIRONMENT}/kustomization.yaml"
ASKER = "U0ALICE"
TAG = re.compile(rb"newTag: .*")


@dataclass(frozen=True, slots=True)
class Way:
    """One rollback: the seconds to its commit, and the questions asked before it."""

    seconds: float
    requests: int
    asked: tuple[Asked, ...] = ()


def run(console: Console) -> None:
    """Measure and print."""
    with ExitStack() as stack:
        world, folder = stack.enter_context(in_world("flash_tickets", QUICK))
        far = {
            wire.name: stack.enter_context(LatencyProxy(urlsplit(wire.url).port or 0, DELAY)).url
            for wire in world.wires
        }
        server = stack.enter_context(GitServer(folder / "github"))
        git = stack.enter_context(LatencyProxy(server.port, DELAY))
        bot = stack.enter_context(running(world, folder, **distant(world, folder, far)))
        journal = Journal(world)
        _deploy(bot, "first")
        by_git = _rollback(bot, journal)  # nothing of ours was there before: Git's history tells
        _deploy(bot, "good")
        ours = []
        for number in range(RUNS):
            _deploy(bot, f"bad {number}")
            ours.append(_rollback(bot, journal))
        url = f"http://bench:token@127.0.0.1:{git.port}/{REPO}.git"
        script = [_revert(world, url, number) for number in range(RUNS)]
    console.print(_table(by_git, ours, script))
    ratio = statistics.median(script) / statistics.median(one.seconds for one in ours)
    console.print(_asked(ours[-1]))
    console.print(f"{ratio:.1f}× as fast as clone, revert and push, rights and rules included")


def _deploy(bot: Bot, word: str) -> None:
    world = bot.world
    sha = world.github.push(CODE, "main", {"n.txt": word}, message=f"change {word}")
    operation = typed(bot, f"/deploy {SERVICE} {sha} {ENVIRONMENT}")
    until(lambda: bot.under_way() == 0, "the deploy")
    assert "live" in bot.entered(operation), bot.problem(operation)


def _rollback(bot: Bot, journal: Journal) -> Way:
    world = bot.world
    head = world.github.head(REPO, "main")
    at, start = world.clock.now(), time.perf_counter()
    operation = typed(bot, f"/rollback {SERVICE} {ENVIRONMENT}")
    until(lambda: world.github.head(REPO, "main") != head or not bot.under_way(), "the commit")
    seconds = time.perf_counter() - start
    until(lambda: bot.under_way() == 0, "the rollback's end")
    assert "live" in bot.entered(operation), bot.problem(operation)
    asked = [one for one in journal.until_the_commit(at) if not one.tells]
    return Way(seconds, len(asked), tuple(asked))


def typed(bot: Bot, text: str) -> str:
    """Type *text*, and return the operation that it became."""
    said = bot.world.slack.type(text, by=ASKER, channel=CHANNEL)
    found = re.search(r"D-\d+", said.words)
    assert found, said
    return found[0]


def _revert(world: World, url: str, number: int) -> float:
    """Return the seconds in which a script takes back the newest commit, a deploy."""
    text = world.github.file(REPO, "main", FILE)
    deployed = TAG.sub(b"newTag: v9.0.%d" % number, text, count=1)
    assert deployed != text
    world.github.push(REPO, "main", {FILE: deployed}, message=f"deploy {number}")
    with tempfile.TemporaryDirectory() as place:
        clone = Path(place) / "clone"
        start = time.perf_counter()
        _git(clone.parent, "clone", "--quiet", "--depth", "2", url, "clone")
        _git(clone, "revert", "--no-edit", "HEAD")
        _git(clone, "push", "--quiet", "origin", "HEAD:main")
        seconds = time.perf_counter() - start
    assert text == world.github.file(REPO, "main", FILE)
    return seconds


def _git(inside: Path, *words: str) -> None:
    who = ["-c", "user.name=ci", "-c", "user.email=ci@example.com"]
    subprocess.run(["git", *who, *words], cwd=inside, check=True, capture_output=True)


def _asked(way: Way) -> str:
    """Return who was asked what; everything that the card tells is read before the commit, too."""
    counted = Counter(f"{one.system} {one.what}" for one in way.asked)
    return "asked: " + ", ".join(f"{what} ×{many}" for what, many in sorted(counted.items()))


def _table(by_git: Way, ours: list[Way], script: list[float]) -> Table:
    title = f"/rollback → commit, everybody {DELAY * 1000:.0f} ms away each way, median of {RUNS}"
    table = Table("way", "median", "fastest", "slowest", "requests", title=title)
    rows = {
        "Shipmate, by its own history": [one.seconds for one in ours],
        "Shipmate, by Git's history, the first time": [by_git.seconds],
        "git clone --depth 2, revert, push": script,
    }
    requests = (str(max(one.requests for one in ours)), str(by_git.requests), "–")
    for (name, seconds), asked in zip(rows.items(), requests, strict=True):
        shown = (statistics.median(seconds), min(seconds), max(seconds))
        table.add_row(name, *(f"{one * 1000:.0f} ms" for one in shown), asked)
    return table
