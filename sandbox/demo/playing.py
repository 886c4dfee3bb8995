"""Plays the script: a world and a bot for each chapter, the next one made ready meanwhile."""

import os
import signal
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from subprocess import CalledProcessError
from types import FrameType, TracebackType
from typing import Self

import httpx

from bot.clock import Clock
from bot.config import load
from sandbox.demo.outside import Outside
from sandbox.demo.scene import Scene
from sandbox.demo.script import Chapter
from sandbox.demo.sight import PATIENCE, Untold
from sandbox.demo.stage import Row, Stage
from sandbox.process import Process
from sandbox.systems import system
from sandbox.world import GITHUB_WEBHOOK_SECRET, World

BROKEN = (Untold, RuntimeError, LookupError, AssertionError, httpx.HTTPError, CalledProcessError)
"""What can go wrong in a chapter. It becomes its failure; the bot's log has the rest."""

CHANNEL = "C0DEPLOY"
NOT_AS_TOLD = "not as told"


@dataclass(frozen=True, slots=True)
class Ready:
    """A world with its bot, both running."""

    world: World
    bot: Process

    def close(self) -> None:
        """End both; a second time does nothing."""
        self.bot.stop()
        self.world.stop()


class Backstage:
    """Makes worlds and bots ready in a thread, below *folder*; ends whatever still runs."""

    def __init__(self, folder: Path, speed: float) -> None:
        self._folder, self._speed = folder, speed
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="backstage")
        self._made: list[Ready] = []

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End everything."""
        self._pool.shutdown(cancel_futures=True)
        for ready in self._made:
            ready.close()

    def prepare(self, chapter: Chapter) -> Future[Ready]:
        """Begin to make *chapter* ready."""
        return self._pool.submit(self._make, chapter)

    def _make(self, chapter: Chapter) -> Ready:
        place = self._folder / chapter.system
        place.mkdir()
        world = World(
            system(chapter.system), place, clock=Clock(self._speed), config=chapter.config
        )
        world.start()
        environment = world.environment(f"sqlite:///{place / 'shipmate.db'}")
        ready = Ready(world, Process(environment, world.clock, place / "bot.log"))
        self._made.append(ready)
        ready.bot.start()
        world.slack.connect(ready.bot.url)
        world.github.subscribe(f"{ready.bot.url}/webhooks/github", GITHUB_WEBHOOK_SECRET)
        return ready


@contextmanager
def interruptible() -> Iterator[None]:
    """Let SIGTERM end the demo as Ctrl-C does, so that nothing stays behind."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def without_proxies() -> Iterator[None]:
    """Let every call go straight to this machine, whatever proxy its owner has set."""
    names = ("NO_PROXY", "no_proxy")
    before = {name: os.environ.get(name) for name in names}
    os.environ.update(dict.fromkeys(names, "*"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def play(stage: Stage, chapters: Sequence[Chapter], speed: float) -> tuple[list[Row], Path | None]:
    """Play *chapters*; return a row each, and the file of the bots' logs where one failed."""
    rows: list[Row] = []
    with (
        tempfile.TemporaryDirectory(prefix="shipmate-demo-") as place,
        Backstage(Path(place), speed) as backstage,
    ):
        coming = backstage.prepare(chapters[0])
        for number, chapter in enumerate(chapters, 1):
            described = system(chapter.system)
            stage.chapter(number, described.title, chapter.about)
            begun, now = time.monotonic(), coming
            if rest := chapters[number:]:
                coming = backstage.prepare(rest[0])
            rows.append(_act(stage, chapter, now, begun))
            if rest:
                stage.rests()
        failed = any(row.failures for row in rows)
        return rows, keep_logs(Path(place)) if failed else None


def keep_logs(folder: Path) -> Path:
    """Copy the bots' logs below *folder* into one file that stays, and return its path."""
    with tempfile.NamedTemporaryFile(
        "wb", prefix="shipmate-demo-", suffix=".log", delete=False
    ) as kept:
        for log in sorted(folder.rglob("bot.log")):
            kept.write(f"# {log.parent.name}\n".encode() + log.read_bytes())
    return Path(kept.name)


def _act(stage: Stage, chapter: Chapter, coming: Future[Ready], begun: float) -> Row:
    """Play one chapter to its end, whatever happens in it."""
    title = system(chapter.system).title
    try:
        ready = coming.result()
    except BROKEN as error:
        return Row(title, 0, 0, timedelta(), NOT_AS_TOLD, (f"{title}: {error}",))
    scene = scene_of(stage, ready)
    result = NOT_AS_TOLD
    try:
        settled(scene, ready)
        result = chapter.play(scene)
    except BROKEN as error:
        scene.failures.append(str(error) or type(error).__name__)
    commits = len(scene.commits())
    scene.failures += ready.world.troubles()
    ready.close()
    took = timedelta(seconds=time.monotonic() - begun)
    failures = tuple(f"{title}: {failure}" for failure in scene.failures)
    shown = NOT_AS_TOLD if failures else result
    return Row(title, len(scene.deployed), commits, took, shown, failures)


def scene_of(stage: Stage, ready: Ready) -> Scene:
    """Return the scene of a world that is ready."""
    world = ready.world
    catalog = load(world.system.config()).catalog
    outside = Outside(
        world.slack,
        world.github,
        dict.fromkeys(catalog.instances, world.argocd),
        world.clock,
        world.system.gitops,
        world.system.branch,
    )
    return Scene(stage, outside, catalog, ready.bot, CHANNEL)


def settled(scene: Scene, ready: Ready) -> None:
    """Wait until Argo CD has brought out what was in Git from the start.

    Raises:
        Untold: it did not.
    """
    applications = {target.application for target in scene.catalog.targets.values()}
    if not scene.settles(applications, PATIENCE):
        raise Untold(f"the first sync of {ready.world.system.title} did not end")
