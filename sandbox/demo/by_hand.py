"""``shipmate demo --type`` in one of the five systems, with every rule as its owners wrote it."""

import tempfile
from pathlib import Path

from sandbox.demo.playing import Backstage, Ready, scene_of, settled
from sandbox.demo.prompt import Prompt
from sandbox.demo.scene import Scene
from sandbox.demo.script import Chapter
from sandbox.demo.stage import Stage

SYSTEM = "pingvas"
"""Where people type who name none: it has production with an approval, and dev without."""


def type_in(stage: Stage, chapter: Chapter, speed: float) -> None:
    """Let the reader type in the system of *chapter*.

    Raises:
        Untold: its first sync did not end.
    """
    alone = Chapter(chapter.system, chapter.about, chapter.play, config=None)
    with (
        tempfile.TemporaryDirectory(prefix="shipmate-demo-") as place,
        Backstage(Path(place), speed) as backstage,
    ):
        ready = backstage.prepare(alone).result()
        scene = scene_of(stage, ready)
        stage.chapter(1, ready.world.system.title, chapter.about)
        settled(scene, ready)
        _tells_versions(scene, ready)
        people = {one.name: one.id for one in ready.world.system.people}
        Prompt(scene, people).run()


def _tells_versions(scene: Scene, ready: Ready) -> None:
    """Print what may be deployed: the newest commits of each branch, and the tags."""
    scene.stage.tells("Versions that may be named here, newest first:")
    for repository in ready.world.system.code:
        commits = [
            f"{line[:8]} {line[41:]}"
            for line in scene.outside.git(
                repository.name, "log", "--all", "--max-count=6", "--format=%H %s%d"
            ).splitlines()
        ]
        scene.stage.remarks(f"{repository.name}: {', '.join(scene.catalog.services)}")
        for commit in commits:
            scene.stage.remarks(f"  {commit}")
