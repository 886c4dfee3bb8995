"""Somebody else's commit breaks an application, and the next one mends it: a part of a chapter."""

from dataclasses import dataclass

from sandbox.demo.scene import Scene
from sandbox.world import unguarded

AUTHOR = ("Minji Han", "minji@example.com")


@dataclass(frozen=True, slots=True)
class Breaking:
    """An *application* whose tag stands in *file* behind ``newTag:``, and its *image*."""

    application: str
    file: str
    image: str
    headline: str


def impatient(text: str) -> str:
    """Return *text* without guards, and with less patience for what is degraded."""
    return unguarded(text) + "\napplications: {quiet: 30s}\n"


def degrades(scene: Scene, what: Breaking) -> None:
    """Let somebody commit a tag that does not start, and take it back; the note tells of both."""
    (argocd,) = scene.outside.argocd.values()
    argocd.break_image(what.image, "v9.9.9")
    scene.stage.tells("Somebody commits without Shipmate, and what they commit does not start.")
    before = _commit(scene, what, "v9.9.9", "chore: try the new build")
    argocd.poll_now(what.application)
    note = scene.reads_note(f"Degraded: {what.headline}")
    scene.holds("it names the commit and who wrote it", true=AUTHOR[0] in note.words)

    scene.stage.tells("They take it back. The same message turns green.")
    _commit(scene, what, before, "revert: the new build")
    argocd.poll_now(what.application)
    well = scene.reads_note(f"Well again: {what.headline}")
    scene.holds("it is the same message", true=well.ts == note.ts)


def _commit(scene: Scene, what: Breaking, tag: str, message: str) -> str:
    """Commit *tag* as somebody else; return the one before."""
    outside = scene.outside
    text = outside.github.file(outside.gitops, outside.branch, what.file).decode()
    line = next(one for one in text.splitlines() if "newTag:" in one)
    old = line.partition("newTag:")[2].strip()
    changed = {what.file: text.replace(line, line.replace(old, tag))}
    sha = outside.github.push(
        outside.gitops, outside.branch, changed, message=message, author=AUTHOR
    )
    scene.stage.happens(None, f"{AUTHOR[0]} commits {sha[:8]}", message)
    return old
