"""The picture of a drift report: services × environments, by what drifted and how old that is.

Its own light ground makes it read alike in a light and a dark Slack. No cell speaks by its colour
alone: each has a letter and an age, and ``alt`` says the same in words.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING

from bot.domain.drift.heat import Cell, Heat
from bot.domain.drift.items import DriftKind
from bot.messages.escape import clean

if TYPE_CHECKING:
    from PIL import ImageDraw, ImageFont

SCALE = 2
"""Pixels of one unit of length: Slack shows pictures on dense screens."""

NAME, WIDE, TALL, GAP, EDGE = 190, 104, 26, 4, 18
SWATCH = 34
LETTERS = 24
"""The most letters of a service's or environment's name."""

UNSURE = "unsure"

MOST_ALT = 950
"""Slack takes 1,000 characters with a file."""

Colour = tuple[int, int, int]
WHITE: Colour = (255, 255, 255)
GROUND: Colour = WHITE
INK: Colour = (28, 32, 40)
FAINT: Colour = (91, 99, 112)
LINE: Colour = (122, 131, 145)
WELL: Colour = (24, 92, 48)


@dataclass(frozen=True, slots=True)
class Sign:
    """How a kind of drift is drawn and said: a *letter*, a *colour*, and *words*."""

    letter: str
    colour: Colour
    words: str


SIGNS: dict[DriftKind, Sign] = {
    DriftKind.UNWELL: Sign("D", (163, 26, 26), "degraded or unknown"),
    DriftKind.WRONG_IMAGE: Sign("I", (164, 52, 0), "another image runs"),
    DriftKind.OUT_OF_SYNC: Sign("S", (133, 77, 14), "not as in Git"),
    DriftKind.AUTO_SYNC_OFF: Sign("A", (101, 35, 170), "auto-sync is off"),
    DriftKind.STALE: Sign("O", (55, 65, 81), "old verdict"),
    DriftKind.UNREADABLE: Sign("?", (17, 24, 39), "could not be read"),
    DriftKind.MOVING_TAG: Sign("M", (15, 95, 105), "moving tag"),
    DriftKind.BEHIND: Sign("B", (29, 64, 175), "behind"),
}
"""Every kind; a test holds the colours against their grounds."""


def png(heat: Heat) -> bytes:
    """Return the picture; equal values make equal bytes."""
    from PIL import Image, ImageDraw  # late: 4 MB that a bot without pictures does not need

    width = EDGE * 2 + NAME + len(heat.environments) * (WIDE + GAP)
    width = max(width, EDGE * 2 + 3 * 190)
    legend = list(_legend(heat))
    rows = len(heat.services) + (1 if heat.left else 0)
    legend_rows = -(-len(legend) // 3)
    height = EDGE * 2 + 34 + 24 + rows * (TALL + GAP) + 12 + legend_rows * 24
    image = Image.new("RGB", (width * SCALE, height * SCALE), GROUND)
    pen = _Pen(ImageDraw.Draw(image))
    pen.frame(width, height)
    pen.write(EDGE, EDGE, "Drift", INK, 20)
    pen.write(EDGE + 62, EDGE + 6, "services by environment, and for how long", FAINT, 12)
    top = EDGE + 34
    for column, name in enumerate(heat.environments):
        pen.middle(_left(column), top, WIDE, 20, _short(name), INK, 13)
    top += 24
    for service, cells in zip(heat.services, heat.cells, strict=True):
        pen.write(EDGE, top + 5, _short(service), INK, 13)
        for column, cell in enumerate(cells):
            pen.cell(_left(column), top, cell)
        top += TALL + GAP
    if heat.left:
        pen.write(EDGE, top + 5, _rest(heat), FAINT, 13)
        top += TALL + GAP
    top += 12
    for place, (kind, quiet) in enumerate(legend):
        pen.entry(EDGE + place % 3 * 190, top + place // 3 * 24, kind, quiet=quiet)
    out = BytesIO()
    image.quantize(64, dither=Image.Dither.NONE).save(out, "PNG", optimize=True)
    return out.getvalue()


def alt(heat: Heat) -> str:
    """Return the same facts in words, cut to what Slack takes."""
    told = []
    for column, environment in enumerate(heat.environments):
        cells = zip(heat.services, (row[column] for row in heat.cells), strict=True)
        found = [_said(service, cell) for service, cell in cells if cell and cell.kind]
        told.append(f"{_short(environment)}: {', '.join(found) or 'nothing drifted'}")
    unsure = sum(cell is not None and cell.unsure for row in heat.cells for cell in row)
    rest = f"; {unsure} could not be compared in full" if unsure else ""
    rest += f"; {_rest(heat)}" if heat.left else ""
    whole = f"Drift of services by environment. {'; '.join(told)}{rest}."
    return clean(whole, MOST_ALT)


def _said(service: str, cell: Cell) -> str:
    assert cell.kind is not None
    more = f" and {cell.more} more" if cell.more else ""
    quiet = " (kept quiet)" if cell.quiet else ""
    return f"{_short(service)} {SIGNS[cell.kind].words} {_age(cell)}{more}{quiet}"


def _rest(heat: Heat) -> str:
    drifted = heat.left - heat.well
    said = f"and {heat.left} more services: {heat.well} without drift"
    return f"{said}, {drifted} with some" if drifted else said


def _age(cell: Cell) -> str:
    return f"{cell.days} d" if cell.days else "< 1 d"


def _short(name: str) -> str:
    """Return *name* cut; the font of the picture has no ellipsis."""
    said = clean(name, 200)
    return said if len(said) <= LETTERS else f"{said[: LETTERS - 2]}.."


def _left(column: int) -> int:
    return EDGE + NAME + column * (WIDE + GAP)


def _legend(heat: Heat) -> Iterator[tuple[DriftKind | str | None, bool]]:
    """Yield what needs to be explained: only what is there."""
    cells = [cell for row in heat.cells for cell in row if cell is not None]
    kinds = {cell.kind for cell in cells}
    yield from ((kind, False) for kind in DriftKind if kind in kinds)
    if None in kinds:
        yield None, False
    if any(cell.kind is None and cell.unsure for cell in cells):
        yield UNSURE, False
    if any(cell.quiet for cell in cells):
        yield None, True


def _explained(entry: DriftKind | str | None, *, quiet: bool) -> tuple[str, str]:
    """Return the sign of an entry of the legend, and its words."""
    if quiet:
        return "( )", "kept quiet"
    if isinstance(entry, DriftKind):
        return SIGNS[entry].letter, SIGNS[entry].words
    return ("ok ?", "none seen, not all known") if entry == UNSURE else ("ok", "no drift")


def grounds(
    kind: DriftKind | None, *, young: bool = False, quiet: bool = False
) -> tuple[Colour, Colour]:
    """Return the ground and the ink of a cell: pale for what is *young*, white if *quiet*."""
    colour = WELL if kind is None else SIGNS[kind].colour
    if quiet:
        return WHITE, colour
    if kind is None or young:
        return _mixed(colour), colour
    return colour, WHITE


def _mixed(colour: Colour) -> Colour:
    red, green, blue = (round(part * 0.14 + 255 * 0.86) for part in colour)
    return red, green, blue


class _Pen:
    """Draws on one picture, in units of length."""

    def __init__(self, draw: "ImageDraw.ImageDraw") -> None:
        self._draw = draw
        self._fonts: dict[int, ImageFont.FreeTypeFont | ImageFont.ImageFont] = {}

    def frame(self, width: int, height: int) -> None:
        edge = (SCALE, SCALE, width * SCALE - SCALE - 1, height * SCALE - SCALE - 1)
        self._draw.rounded_rectangle(edge, 10 * SCALE, outline=LINE, width=SCALE)

    def write(self, x: int, y: int, text: str, colour: Colour, size: int) -> None:
        self._draw.text((x * SCALE, y * SCALE), text, fill=colour, font=self._font(size))

    def middle(
        self, x: int, y: int, width: int, height: int, text: str, colour: Colour, size: int
    ) -> None:
        place = ((x + width / 2) * SCALE, (y + height / 2) * SCALE)
        self._draw.text(place, text, fill=colour, font=self._font(size), anchor="mm")

    def cell(self, x: int, y: int, cell: Cell | None) -> None:
        if cell is None:
            self.middle(x, y, WIDE, TALL, "-", LINE, 13)
            return
        young = cell.days < 1
        ground, ink = grounds(cell.kind, young=young, quiet=cell.quiet)
        self._box(x, y, WIDE, TALL, ground, ink if young or cell.quiet else ground)
        if cell.kind is None:
            self.middle(x, y, WIDE, TALL, "ok ?" if cell.unsure else "ok", ink, 13)
            return
        more = f" +{cell.more}" if cell.more else ""
        text = f"{SIGNS[cell.kind].letter}  {_age(cell)}{more}"
        self.middle(x, y, WIDE, TALL, f"({text})" if cell.quiet else text, ink, 13)

    def entry(self, x: int, y: int, entry: DriftKind | str | None, *, quiet: bool) -> None:
        kind = entry if isinstance(entry, DriftKind) else None
        ground, ink = grounds(kind, quiet=quiet)
        letter, words = _explained(entry, quiet=quiet)
        self._box(x, y, SWATCH, 18, ground, ink if quiet or kind is None else ground)
        self.middle(x, y, SWATCH, 18, letter, ink, 12)
        self.write(x + SWATCH + 7, y + 2, words, INK, 12)

    def _box(
        self, x: int, y: int, width: int, height: int, ground: Colour, outline: Colour
    ) -> None:
        place = (x * SCALE, y * SCALE, (x + width) * SCALE, (y + height) * SCALE)
        self._draw.rounded_rectangle(place, 5 * SCALE, fill=ground, outline=outline, width=SCALE)

    def _font(self, size: int) -> "ImageFont.FreeTypeFont | ImageFont.ImageFont":
        from PIL import ImageFont

        if size not in self._fonts:
            self._fonts[size] = ImageFont.load_default(size * SCALE)
        return self._fonts[size]
