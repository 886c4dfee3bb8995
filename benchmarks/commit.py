"""From command to commit over a far network: two GitHub requests against clone, edit and push.

Both work on the same bare repository, behind proxies of the same delay, in turns. TLS is played
for neither; it would add a round trip or two to each new connection, of which Git makes more.
"""

import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import SecretStr
from rich.console import Console
from rich.table import Table

from benchmarks._git_server import GitServer
from benchmarks._latency import LatencyProxy
from bot.adapters.github import GitHub, Token
from bot.adapters.gitops import GitOps
from bot.clock import Clock
from sandbox.github import GitHub as FakeGitHub

DELAY = 0.050
"""Seconds each way."""

RUNS = 9
GOAL = 5.0
FILLER = 300
"""How many more files the repository has, as GitOps repositories do."""

REPO, BRANCH, FILE = "acme/gitops", "main", "apps/api/values.yaml"
TEXT = "# what runs\nimage:\n  repository: ghcr.io/acme/api\n  tag: {tag}  # by Shipmate\n"


@dataclass(frozen=True, slots=True)
class Far:
    """The pretended GitHub and a Git host on the same repository, both far away."""

    github: FakeGitHub
    api_url: str
    git_url: str

    def tag(self) -> str:
        """Return the tag that stands in the file now."""
        return (
            self.github.file(REPO, BRANCH, FILE).decode().partition("tag: ")[2].split(maxsplit=1)[0]
        )


@dataclass(frozen=True, slots=True)
class Measured:
    """One way to commit: the seconds of each run and the requests of the last."""

    name: str
    seconds: tuple[float, ...]
    requests: int | None = None

    @property
    def median(self) -> float:
        """Return the middle run's seconds."""
        return statistics.median(self.seconds)


def run(console: Console) -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as root, far(Path(root) / "repositories") as world:
        warm = _measure("Shipmate, warm client", world, _shipmate(world, warm=True))
        cold = _measure("Shipmate, cold client", world, _shipmate(world, warm=False))
        git = _measure("git clone --depth 1, sed, commit, push", world, _git(world, Path(root)))
    console.print(_table(warm, cold, git))
    ratio, cold_ratio = git.median / warm.median, git.median / cold.median
    console.print(
        f"{ratio:.1f}× faster than Git (cold {cold_ratio:.1f}×), goal ≥ {GOAL:.0f}×: "
        f"{'reached' if ratio >= GOAL else 'missed'}; "
        f"{warm.requests} GitHub requests on the commit path"
    )


@contextmanager
def far(root: Path) -> Iterator[Far]:
    """Yield a world whose every byte takes ``DELAY`` each way."""
    fake = FakeGitHub(root, Clock())
    fake.keeps_connections = True
    fake.start()
    files = {f"apps/s{n}/values.yaml": TEXT.format(tag=f"v{n}") for n in range(FILLER)}
    fake.create_repository(REPO, {**files, FILE: TEXT.format(tag="start")}, branch=BRANCH)
    fake.add_token("ghp_bench", "shipmate")
    near = urlsplit(fake.api_url)
    assert near.port is not None
    with ExitStack() as stack:
        stack.callback(fake.stop)
        api = stack.enter_context(LatencyProxy(near.port, DELAY))
        server = stack.enter_context(GitServer(root))
        git = stack.enter_context(LatencyProxy(server.port, DELAY))
        url = f"http://bench:token@127.0.0.1:{git.port}/{REPO}.git"
        yield Far(fake, f"{api.url}{near.path}", url)


def _measure(name: str, world: Far, deploy: Callable[[str], float]) -> Measured:
    """Return how long *deploy* takes to commit a tag, after one run that does not count."""
    deploy("unmeasured")
    seconds, requests = [], 0
    for n in range(RUNS):
        tag = f"run-{n}"
        before = len(world.github.calls)
        seconds.append(deploy(tag))
        requests = len(world.github.calls) - before
        assert tag == world.tag(), f"{name} committed {world.tag()}, not {tag}"
    return Measured(name, tuple(seconds), requests or None)


def _shipmate(world: Far, *, warm: bool) -> Callable[[str], float]:
    """Return a deploy by our adapter; a cold one connects anew each time."""
    clock = Clock()

    def connect() -> GitHub:
        return GitHub(Token(SecretStr("ghp_bench")), world.api_url, clock=clock)

    kept = connect()

    def deploy(tag: str) -> float:
        github = kept if warm else connect()
        gitops = GitOps(github)
        start = time.perf_counter()
        snapshot = gitops.read(REPO, BRANCH, [FILE])
        file = snapshot.files[FILE]
        assert file is not None
        text = _with_tag(file.text, tag)
        gitops.commit(snapshot, {FILE: text}, f"deploy {tag}", f"Operation: {tag}", tag)
        taken = time.perf_counter() - start
        if not warm:
            github.close()
        return taken

    return deploy


def _with_tag(text: bytes, tag: str) -> bytes:
    before, _, after = text.partition(b"tag: ")
    return before + b"tag: " + tag.encode() + after[after.index(b" ") :]


def _git(world: Far, root: Path) -> Callable[[str], float]:
    """Return a deploy as scripts do it today, in a new clone each time."""
    home = root / "home"
    home.mkdir()
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_CONFIG_NOSYSTEM": "1",
    }
    for name in ("AUTHOR", "COMMITTER"):
        environment |= {f"GIT_{name}_NAME": "ci", f"GIT_{name}_EMAIL": "ci@example.com"}

    def call(*words: str, inside: Path) -> None:
        subprocess.run(words, cwd=inside, env=environment, check=True, capture_output=True)

    def deploy(tag: str) -> float:
        with tempfile.TemporaryDirectory(dir=root) as place:
            clone = Path(place) / "clone"
            start = time.perf_counter()
            call(
                "git",
                "clone",
                "--quiet",
                "--depth",
                "1",
                world.git_url,
                "clone",
                inside=Path(place),
            )
            call("sed", "-i", f"s/tag: [^ ]*/tag: {tag}/", FILE, inside=clone)
            call("git", "commit", "--quiet", "-am", f"deploy {tag}", inside=clone)
            call("git", "push", "--quiet", "origin", f"HEAD:{BRANCH}", inside=clone)
            return time.perf_counter() - start

    return deploy


def _table(*measured: Measured) -> Table:
    title = f"command → commit, {DELAY * 1000:.0f} ms each way, median of {RUNS}"
    table = Table("way", "median", "fastest", "slowest", "GitHub requests", title=title)
    for one in measured:
        spans = (one.median, min(one.seconds), max(one.seconds))
        shown = [f"{seconds * 1000:.0f} ms" for seconds in spans]
        table.add_row(one.name, *shown, str(one.requests or "–"))
    return table
