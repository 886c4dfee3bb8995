from dataclasses import replace

from bot.domain.drift.heat import MOST_ROWS, Cell, heat
from bot.domain.drift.items import Behind, DriftKind, Item, Unwell
from tests.builders import NOON, catalog, environment
from tests.domain.drift.ground import CATALOG, DAY, home, row

PLACES = ("prod", "stage")
BEHIND = Item("prod", "core", ("core",), Behind("stage", "a", "b", "acme/core", "a", "b"))


def test_every_service_has_a_cell_where_it_lives():
    found = heat(CATALOG, PLACES, [], [], NOON)
    assert ("core", "web") == found.services
    assert ((Cell(), Cell()), (Cell(), Cell())) == found.cells
    fewer = replace(CATALOG, targets={k: v for k, v in CATALOG.targets.items() if k[0] == "core"})
    assert ("core",) == heat(fewer, PLACES, [], [], NOON).services


def test_the_heaviest_counts_and_the_others_are_counted():
    rows = [row(1, item=BEHIND, since=NOON - 9 * DAY), row(2, since=NOON - 2 * DAY)]
    (core, _) = heat(CATALOG, PLACES, rows, [], NOON).cells
    assert Cell(DriftKind.UNWELL, 2, more=1) == core[0]


def test_what_is_kept_quiet_weighs_less_than_anything_loud():
    found = heat(CATALOG, PLACES, [row(1, item=BEHIND)], [row(2)], NOON)
    assert Cell(DriftKind.BEHIND, 1, more=1) == found.cells[0][0]
    hushed = heat(CATALOG, PLACES, [], [row(2)], NOON)
    assert Cell(DriftKind.UNWELL, 1, quiet=True) == hushed.cells[0][0]


def test_an_application_of_several_services_heats_each():
    both = Item("prod", "shop", ("core", "web"), Unwell("Degraded"))
    found = heat(CATALOG, PLACES, [row(item=both)], [], NOON)
    assert [DriftKind.UNWELL] * 2 == [cells[0].kind for cells in found.cells]


def test_of_hundreds_the_worst_are_shown_and_the_rest_is_summed_up():
    names = [f"service-{n:03}" for n in range(300)]
    many = catalog([home(name, "prod") for name in names], [environment("prod")])
    rows = [
        row(n, item=Item("prod", name, (name,), Unwell("Degraded")))
        for n, name in enumerate(names[100:110])
    ]
    found = heat(many, ("prod",), rows, [], NOON)
    assert MOST_ROWS == len(found.services)
    assert set(names[100:110]) <= set(found.services)
    assert list(found.services) == sorted(found.services)
    assert (300 - MOST_ROWS, 300 - MOST_ROWS) == (found.left, found.well)


def test_what_could_not_be_compared_is_not_simply_well():
    found = heat(CATALOG, PLACES, [row()], [], NOON, {"core/prod", "web/prod"})
    assert Cell(DriftKind.UNWELL, 1, unsure=True) == found.cells[0][0]
    assert Cell(unsure=True) == found.cells[1][0]
    assert Cell() == found.cells[1][1]
