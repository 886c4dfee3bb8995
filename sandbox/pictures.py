"""The manual's pictures, made again from a real run: ``python -m sandbox.pictures``.

The demo's own chapters are played; what people saw in them becomes ``docs/images/*.png``. It needs
Chromium on the path, and fonts for Korean and emoji (Debian: ``chromium fonts-nanum
fonts-noto-color-emoji``).
"""

import argparse
import io
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from PIL import Image, ImageChops
from rich.console import Console

from sandbox.demo.playing import Backstage, scene_of, settled
from sandbox.demo.scene import Scene
from sandbox.demo.script import CHAPTERS, Chapter
from sandbox.demo.stage import Stage
from sandbox.slack.page import Page
from sandbox.slack.workspace import Message, Version
from sandbox.systems.people import ALICE

IMAGES = Path(__file__).parent.parent / "docs" / "images"
COLOURS = 96
"""As many as text with its soft edges needs; it keeps each file below 100 kB."""

WIDTH, TALLEST, SCALE = 672, 2600, 1.5
EDGE = 12


@dataclass(frozen=True, slots=True)
class Shot:
    """One picture: what is shown is the last version of any message that holds all *words*.

    *without* must not be in it; *privately* means what one person alone saw.
    """

    name: str
    words: Sequence[str]
    without: str = "\0"
    privately: bool = False


SHOTS: dict[str, Sequence[Shot]] = {
    "astrago": (
        Shot("deploy", ("Live: batch and core to stage",)),
        Shot("rollback", ("Live", "Back: core to")),
        Shot("refused", ("Refused", "is held back from stage")),
        Shot("ci", ("SessionTest",), without="green again"),
    ),
    "pingvas": (
        Shot("approval", ("Waits for approval: user-service", "0 of 1")),
        Shot("why", ("nothing was started",), privately=True),
    ),
    "pinksea": (Shot("rollout", ("generation-service to prod", "Promote fully")),),
    "drift": (
        Shot("drift-report", ("Auto-sync is off", "A moving tag is in use")),
        Shot("status", ("pay/prod",), privately=True),
    ),
}
"""By chapter."""


class Unseen(Exception):  # noqa: N818  # it names what became of the picture
    """Nobody saw in a chapter what a picture shall show."""


def main() -> None:
    """Play each chapter that has pictures, and write them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--to", type=Path, default=IMAGES)
    parser.add_argument("--only", choices=SHOTS, help="the pictures of one chapter")
    given = parser.parse_args()
    browser = shutil.which("chromium")
    if browser is None:
        parser.error("Chromium is not on the path")
    for chapter in CHAPTERS:
        if chapter.system in SHOTS and given.only in {None, chapter.system}:
            for name, page in _pages(chapter):
                file = given.to / f"{name}.png"
                file.write_bytes(_small(_shoot(browser, page)))
                print(f"{file.name}: {file.stat().st_size // 1000} kB")  # noqa: T201  # a tool


def _pages(chapter: Chapter) -> Iterator[tuple[str, str]]:
    """Play *chapter* unseen; yield each picture's name and page."""
    stage = Stage(Console(file=io.StringIO(), width=100))
    with (
        tempfile.TemporaryDirectory(prefix="shipmate-pictures-") as place,
        Backstage(Path(place), speed=20.0) as backstage,
    ):
        ready = backstage.prepare(chapter).result()
        scene = scene_of(stage, ready)
        settled(scene, ready)
        chapter.play(scene)
        if chapter.system == "drift":
            scene.inquires(ALICE.id, "/ship status pay")
        files = {one.id: one.content or b"" for one in scene.slack.web.files.files.values()}
        for shot in SHOTS[chapter.system]:
            page = Page(scene.names, files, shot.privately)
            yield shot.name, page.draw(_find(scene, shot))


def _find(scene: Scene, shot: Shot) -> Version:
    """Return what is to be shown.

    Raises:
        Unseen: nobody saw that.
    """

    def fits(version: Version) -> bool:
        words = version.words.replace("\n", "")  # bold words and links begin lines of their own
        return all(one in words for one in shot.words) and shot.without not in words

    found = [one for message in _messages(scene, shot) for one in message.versions if fits(one)]
    if not found:
        raise Unseen(f"{shot.name}: nobody saw {' and '.join(shot.words)}")
    return found[-1]


def _messages(scene: Scene, shot: Shot) -> list[Message]:
    workspace = scene.slack.workspace
    return list((workspace.ephemerals if shot.privately else workspace.messages).values())


def _shoot(browser: str, page: str) -> bytes:
    """Return what *browser* shows of *page*."""
    with tempfile.TemporaryDirectory() as place:
        source, picture = Path(place) / "page.html", Path(place) / "page.png"
        source.write_text(page, encoding="utf-8")
        subprocess.run(
            [
                browser,
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--hide-scrollbars",
                f"--force-device-scale-factor={SCALE}",
                f"--window-size={WIDTH},{TALLEST}",
                f"--user-data-dir={place}/profile",
                f"--screenshot={picture}",
                source.as_uri(),
            ],
            check=True,
            capture_output=True,
        )
        return picture.read_bytes()


def _small(shot: bytes) -> bytes:
    """Return the picture without the empty ground around, in few colours."""
    image = Image.open(BytesIO(shot)).convert("RGB")
    ground = Image.new("RGB", image.size, "white")
    box = ImageChops.difference(image, ground).getbbox()
    assert box is not None, "the page is empty"
    right, bottom = min(image.width, box[2] + EDGE), min(image.height, box[3] + EDGE)
    out = BytesIO()
    few = image.crop((0, 0, right, bottom)).quantize(COLOURS, dither=Image.Dither.NONE)
    few.save(out, "PNG", optimize=True)
    return out.getvalue()


if __name__ == "__main__":
    main()
