"""A command's whole way: typed, committed, synced, live, with GitHub far away.

The real bot, its GitHub behind a proxy of 50 ms each way, split by what its own store says of each
phase. Beside it what a script does in the same world: clone, edit, push, then look at Argo CD
every five seconds, each time asking it to refresh, until the commit is synced and healthy. Argo CD
takes the same time for both.
"""

import json
import re
import statistics
import subprocess
import tempfile
import threading
import time
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import httpx
from rich.console import Console
from rich.table import Table

from benchmarks._bot import Bot, in_world, running
from benchmarks._git_server import GitServer
from benchmarks._latency import LatencyProxy
from sandbox.argocd import Tempo
from sandbox.world import World

DELAY = 0.050
"""Seconds each way to GitHub and to the Git host."""

RUNS = 3
POLL = 5.0
LOOKS = 12
REPO, FILE, APPLICATION = "org/gitops-repo", "k8s/deployment.yaml", "my-app"
TEMPO = Tempo(
    operation_delay=timedelta(seconds=0.5),
    status_gap=timedelta(seconds=1),
    rollout_duration=timedelta(seconds=1),
)
PHASES = ("checking", "queued", "committing", "following", "live")


@dataclass(frozen=True, slots=True)
class Way:
    """One journey: seconds from the command to the ack, the commit in GitHub, and the good end."""

    ack: float
    commit: float
    live: float


def run(console: Console) -> None:
    """Measure and print."""
    with ExitStack() as stack:
        world, folder = stack.enter_context(in_world("guide", TEMPO))
        near = urlsplit(world.github.api_url)
        assert near.port is not None
        api = stack.enter_context(LatencyProxy(near.port, DELAY))
        server = stack.enter_context(GitServer(folder / "github"))
        git = stack.enter_context(LatencyProxy(server.port, DELAY))
        far = f"{api.url}{near.path}"
        bot = stack.enter_context(running(world, folder, GITHUB_API_URL=far))
        _ours(world, bot, "warm")
        ours, phases = [], []
        for number in range(RUNS):
            way, spans = _ours(world, bot, f"ours {number}")
            ours.append(way)
            phases.append(spans)
        url = f"http://bench:token@127.0.0.1:{git.port}/{REPO}.git"
        script = [_script(world, url, f"script {number}") for number in range(RUNS)]
    console.print(_ways(ours, script))
    console.print(_phases(phases))
    ratio = _middle(script, "commit") / _middle(ours, "commit")
    console.print(f"command → commit {ratio:.1f}× faster than the script, everything included")


def _new_version(world: World, word: str) -> str:
    return world.github.push("org/my-app", "main", {"n.txt": word}, message=f"change {word}")


def _ours(world: World, bot: Bot, word: str) -> tuple[Way, dict[str, float]]:
    sha = _new_version(world, word)
    head = world.github.head(REPO, "main")
    start = time.perf_counter()
    said = world.slack.type(f"/deploy my-app {sha[:8]} prod", by="U0ALICE", channel="C0DEPLOY")
    ack = time.perf_counter() - start
    found = re.search(r"D-\d+", said.words)
    assert found, said
    while world.github.head(REPO, "main") == head:
        threading.Event().wait(0.005)
    commit = time.perf_counter() - start
    assert world.until(lambda: world.slack.card().text.endswith("It is live."), 60)
    live = time.perf_counter() - start
    while bot.under_way():
        threading.Event().wait(0.05)
    return Way(ack, commit, live), _spans(bot, found[0])


def _spans(bot: Bot, operation: str) -> dict[str, float]:
    """Return the seconds spent before each phase was entered, after the one before it."""
    entered = bot.entered(operation)
    moments = [entered["received"], *(entered[phase] for phase in PHASES if phase in entered)]
    names = [phase for phase in PHASES if phase in entered]
    return {
        name: (after - before).total_seconds()
        for name, before, after in zip(names, moments, moments[1:], strict=False)
    }


def _script(world: World, url: str, word: str) -> Way:
    sha = _new_version(world, word)
    with tempfile.TemporaryDirectory() as place:
        clone = Path(place) / "clone"
        start = time.perf_counter()
        _git(clone.parent, "clone", "--quiet", "--depth", "1", url, "clone")
        # A plain "image: my-app:.*" would break the annotation in this file that says it too.
        edit = f"s/image: my-app:[0-9a-f]\\{{40\\}}/image: my-app:{sha}/"
        subprocess.run(["sed", "-i", edit, FILE], cwd=clone, check=True)
        _git(clone, "commit", "--quiet", "-am", f"deploy {sha}")
        _git(clone, "push", "--quiet", "origin", "HEAD:main")
        commit = time.perf_counter() - start
        head = world.github.head(REPO, "main")
        with httpx.Client(headers={"Authorization": f"Bearer {world.argocd.token}"}) as client:
            for _ in range(LOOKS):
                if _is_done(client, world.argocd.url, head):
                    return Way(0.0, commit, time.perf_counter() - start)
                threading.Event().wait(POLL)
    raise RuntimeError(f"the script's commit {head} did not go live")


def _git(inside: Path, *words: str) -> None:
    who = ["-c", "user.name=ci", "-c", "user.email=ci@example.com"]
    subprocess.run(["git", *who, *words], cwd=inside, check=True, capture_output=True)


def _is_done(client: httpx.Client, argocd: str, head: str) -> bool:
    address = f"{argocd}/api/v1/applications/{APPLICATION}"
    status = json.loads(client.get(address, params={"refresh": "normal"}).text)["status"]
    return bool(
        status["sync"].get("revision") == head
        and status["sync"]["status"] == "Synced"
        and status["health"].get("status") == "Healthy"
    )


def _middle(ways: list[Way], what: str) -> float:
    return statistics.median(float(getattr(way, what)) for way in ways)


def _ways(ours: list[Way], script: list[Way]) -> Table:
    title = f"command → live, GitHub {DELAY * 1000:.0f} ms away each way, median of {RUNS} (s)"
    table = Table("way", "ack", "command → commit", "command → live", title=title)
    for name, ways in {
        "Shipmate": ours,
        f"clone, sed, push, look every {POLL:.0f} s": script,
    }.items():
        ack = f"{_middle(ways, 'ack'):.3f}" if _middle(ways, "ack") else "–"
        table.add_row(name, ack, f"{_middle(ways, 'commit'):.2f}", f"{_middle(ways, 'live'):.2f}")
    return table


WHAT = {
    "checking": "until it is begun",
    "queued": "checks: the commit, the file, the application",
    "committing": "until the target is free",
    "following": "the commit",
    "live": "Argo CD, and the look that confirms it",
}


def _phases(phases: list[dict[str, float]]) -> Table:
    table = Table("Shipmate, by its own timeline", "median (s)", "slowest (s)")
    for phase in PHASES:
        spans = [each[phase] for each in phases if phase in each]
        table.add_row(WHAT[phase], f"{statistics.median(spans):.2f}", f"{max(spans):.2f}")
    return table
