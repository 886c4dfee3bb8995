from io import BytesIO

import pytest
from PIL import Image

from bot.domain.drift.heat import Cell, Heat
from bot.domain.drift.items import DriftKind
from bot.messages.drifting.heatmap import FAINT, GROUND, INK, SIGNS, alt, grounds, png

KINDS = tuple(DriftKind)


def heat(rows=3, environments=("prod", "stage", "dev"), **changes):
    cells = tuple(
        tuple(
            Cell(KINDS[(n + column) % len(KINDS)], n, quiet=column == 2)
            if (n + column) % 3
            else (Cell() if column else None)
            for column in range(len(environments))
        )
        for n in range(rows)
    )
    made = {"left": 0, "well": 0} | changes
    return Heat(environments, tuple(f"service-{n}" for n in range(rows)), cells, **made)


def luminance(colour):
    """Source: https://www.w3.org/TR/WCAG21/#dfn-relative-luminance"""
    parts = [part / 255 for part in colour]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one, other):
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("kind", [None, *DriftKind])
@pytest.mark.parametrize("look", [{}, {"young": True}, {"quiet": True}])
def test_every_cell_can_be_read(kind, look):
    assert contrast(*grounds(kind, **look)) >= 4.5


def test_the_words_can_be_read_on_their_own_ground_whatever_slack_looks_like():
    assert contrast(INK, GROUND) >= 7
    assert contrast(FAINT, GROUND) >= 4.5


def test_no_kind_speaks_by_its_colour_alone():
    assert set(SIGNS) == set(DriftKind)
    assert len(SIGNS) == len({one.letter for one in SIGNS.values()})
    assert len(SIGNS) == len({one.words for one in SIGNS.values()})


def test_equal_values_make_equal_bytes():
    assert png(heat()) == png(heat())
    assert png(heat()) != png(heat(4))


@pytest.mark.parametrize("rows", [0, 1, 32])
@pytest.mark.parametrize("environments", [("prod",), ("prod", "stage", "dev", "e2e", "perf")])
def test_it_is_a_picture_that_slack_takes(rows, environments):
    drawn = png(heat(rows, environments, left=170, well=160))
    picture = Image.open(BytesIO(drawn))
    assert "PNG" == picture.format
    assert max(picture.size) <= 2_600
    assert len(drawn) < 400_000


def test_the_same_is_said_in_words():
    cells = (
        (Cell(DriftKind.UNWELL, 3, more=1), Cell()),
        (None, Cell(DriftKind.BEHIND, quiet=True)),
    )
    found = Heat(("prod", "stage"), ("core", "web"), cells, left=9, well=7)
    assert alt(found) == (
        "Drift of services by environment. prod: core degraded or unknown 3 d and 1 more; "
        "stage: web behind < 1 d (kept quiet); and 9 more services: 7 without drift, "
        "2 with some."
    )


def test_the_words_are_cut_to_what_slack_takes():
    assert len(alt(heat(32))) <= 1_000
    long = heat(2, ("e" * 63,) * 20)
    assert len(alt(long)) <= 1_000
    assert png(long)


def test_what_could_not_be_compared_is_drawn_and_said_otherwise():
    sure = Heat(("prod",), ("core",), ((Cell(),),))
    unsure = Heat(("prod",), ("core",), ((Cell(unsure=True),),))
    assert png(sure) != png(unsure)
    assert "1 could not be compared in full" in alt(unsure)
