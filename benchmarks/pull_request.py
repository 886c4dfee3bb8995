"""A change by pull request: until it is open, and until it is merged, beside doing it by hand.

The real bot in the sandbox's general guide, all but the registry 50 ms away each way. It learns
who asks and what they may, gathers what the pull request tells, opens it, judges everything once
more and merges it. By hand it is clone, branch, sed, commit and push, then the calls that
``gh pr create`` and ``gh pr merge`` cannot do without; what runs and who may is not asked.
"""

import statistics
import subprocess
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import httpx
from rich.console import Console
from rich.table import Table

from benchmarks._bot import QUICK, Bot, in_world, running, until
from benchmarks._git_server import GitServer
from benchmarks._journal import Asked, Journal
from benchmarks._latency import LatencyProxy
from benchmarks.calls import DELAY, distant
from benchmarks.rollback import typed
from sandbox.world import World, unguarded

RUNS = 5
CODE, REPO, FILE = "org/my-app", "org/gitops-repo", "k8s/deployment.yaml"
OPENS, MERGES = "create_pull", "merge_pull"
BOT = "    change: {pull_request: {merge: bot}}\n"
PLACE = "    deadline: 10m\n"


@dataclass(frozen=True, slots=True)
class Way:
    """One change: seconds and requests until the pull request is open, and until it is merged."""

    opened: float
    merged: float
    to_open: int | None = None
    to_merge: int | None = None


def run(console: Console) -> None:
    """Measure and print."""
    with ExitStack() as stack:
        world, folder = stack.enter_context(in_world("guide", QUICK, merged_by_bot))
        far = {
            wire.name: stack.enter_context(LatencyProxy(urlsplit(wire.url).port or 0, DELAY)).url
            for wire in world.wires
        }
        far[world.registry.name] = world.registry.url  # it names its own address in its answers
        server = stack.enter_context(GitServer(folder / "github"))
        git = stack.enter_context(LatencyProxy(server.port, DELAY))
        bot = stack.enter_context(running(world, folder, **distant(world, folder, far)))
        journal = Journal(world)
        ours = [_deployed(bot, journal, number) for number in range(RUNS + 1)][1:]
        api = f"{far['github']}{urlsplit(world.github.api_url).path}"
        url = f"http://bench:token@127.0.0.1:{git.port}/{REPO}.git"
        hand = [_by_hand(world, api, url, number) for number in range(RUNS + 1)][1:]
    console.print(_table(ours, hand))


def merged_by_bot(text: str) -> str:
    """Return a ``shipmate.yaml`` whose changes are pull requests that the bot merges."""
    assert PLACE in text
    return unguarded(text).replace(PLACE, PLACE + BOT)


def _deployed(bot: Bot, journal: Journal, number: int) -> Way:
    world = bot.world
    sha = world.github.push(CODE, "main", {"n.txt": str(number)}, message=f"change {number}")
    at = world.clock.now()
    operation = typed(bot, f"/deploy my-app {sha} prod")
    until(lambda: bot.under_way() == 0, "the deploy")
    assert "live" in bot.entered(operation), bot.problem(operation)
    asked = [one for one in journal.after(at) if not one.tells]
    opened, merged = (_first(asked, what) for what in (OPENS, MERGES))
    return Way(
        (asked[opened].at - at).total_seconds(),
        (asked[merged].at - at).total_seconds(),
        opened + 1,
        merged + 1,
    )


def _first(asked: Sequence[Asked], what: str) -> int:
    return next(number for number, one in enumerate(asked) if one.what == what)


def _by_hand(world: World, api: str, url: str, number: int) -> Way:
    """Return what a person's commands need; the two calls of ``gh`` are by new connections."""
    branch, headers = f"by-hand-{number}", {"Authorization": "Bearer ghp_bench"}
    world.github.add_token("ghp_bench", "bob-lee")
    with tempfile.TemporaryDirectory() as place:
        clone = Path(place) / "clone"
        start = time.perf_counter()
        _git(clone.parent, "clone", "--quiet", "--depth", "1", url, "clone")
        _git(clone, "switch", "--quiet", "--create", branch)
        edit = f"s/image: my-app:[^ ]*/image: my-app:{number:040}/"
        subprocess.run(["sed", "-i", edit, FILE], cwd=clone, check=True)
        _git(clone, "commit", "--quiet", "-am", f"deploy {number}")
        _git(clone, "push", "--quiet", "origin", branch)
        pulls = f"{api}/repos/{REPO}/pulls"
        words = {"title": f"deploy {number}", "head": branch, "base": "main"}
        made = httpx.post(pulls, json=words, headers=headers).raise_for_status().json()
        opened = time.perf_counter() - start
        merge = {"merge_method": "squash"}
        httpx.put(f"{pulls}/{made['number']}/merge", json=merge, headers=headers).raise_for_status()
        return Way(opened, time.perf_counter() - start)


def _git(inside: Path, *words: str) -> None:
    who = ["-c", "user.name=bob", "-c", "user.email=bob@example.com"]
    subprocess.run(["git", *who, *words], cwd=inside, check=True, capture_output=True)


def _table(ours: Sequence[Way], hand: Sequence[Way]) -> Table:
    title = f"/deploy → pull request, {DELAY * 1000:.0f} ms each way, median of {RUNS}"
    table = Table("way", "open", "requests", "merged", "requests", title=title)
    rows = {"Shipmate, merged by the bot": ours, "clone, push, gh pr create, gh pr merge": hand}
    for name, ways in rows.items():
        opened, merged = ([one.opened for one in ways], [one.merged for one in ways])
        counts = [str(count or "–") for count in (ways[-1].to_open, ways[-1].to_merge)]
        table.add_row(name, _span(opened), counts[0], _span(merged), counts[1])
    return table


def _span(seconds: Sequence[float]) -> str:
    middle = statistics.median(seconds)
    return f"{middle:.2f} s ({min(seconds):.2f}–{max(seconds):.2f})"
