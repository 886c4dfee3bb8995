"""The pages of the manual as the tests read them: blocks, headings, links, words in code."""

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"

_BLOCK = re.compile(r"^( *)```(\w*)\n(.*?)^ *```$", re.DOTALL | re.MULTILINE)
_INLINE = re.compile(r"`([^`\n]+)`")


@dataclass(frozen=True)
class Block:
    """A fenced block: what it is *of* (``yaml``, ``console``, or nothing), and its *text*."""

    of: str
    text: str


@dataclass(frozen=True)
class Page:
    """One page, by its *path* from the root of the repository."""

    path: str

    @property
    def folder(self):
        return (ROOT / self.path).parent

    @property
    def text(self):
        return (ROOT / self.path).read_text(encoding="utf-8")

    @property
    def blocks(self):
        return [
            Block(found[2], re.sub(rf"^{found[1]}", "", found[3], flags=re.MULTILINE))
            for found in _BLOCK.finditer(self.text)
        ]

    @property
    def prose(self):
        """The page without its blocks."""
        return _BLOCK.sub("", self.text)

    @property
    def code(self):
        """Every short piece of code in its prose."""
        return [found.replace("\\|", "|") for found in _INLINE.findall(self.prose)]

    @property
    def links(self):
        """Where it links to: pairs of a path and an anchor, either of which may be empty."""
        return re.findall(r"\]\((?!https?:|mailto:)([^)#\s]*)#?([^)\s]*)\)", self.prose)

    @property
    def anchors(self):
        """The anchors that GitHub gives its headings."""
        headings = re.findall(r"^#+ +(.+?) *$", self.prose, re.MULTILINE)
        return {_anchor(heading) for heading in headings}


def _anchor(heading):
    words = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).strip().lower()
    return re.sub(r"[^\w\- ]", "", words).replace(" ", "-")


def pages():
    found = [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]
    return [Page(str(path.relative_to(ROOT))) for path in found]
