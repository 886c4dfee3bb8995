"""Services × environments by what drifted there, as a value: what the picture shows."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bot.domain.catalog import Catalog
from bot.domain.drift.items import DriftKind
from bot.domain.drift.reporting import Row

MOST_ROWS = 32
"""Services that a picture shows by name; a taller one cannot be read in Slack."""


@dataclass(frozen=True, slots=True)
class Cell:
    """How a service stands in an environment: its heaviest *kind* of drift, None for none.

    *days* is how old that is, in whole days. *more* counts further items there. *quiet*: people
    know, and want to hear no more of it for a while. *unsure*: not everything could be compared.
    """

    kind: DriftKind | None = None
    days: int = 0
    more: int = 0
    quiet: bool = False
    unsure: bool = False


@dataclass(frozen=True, slots=True)
class Heat:
    """The *cells* of each of *services*, one for each environment; None: it does not live there.

    *left* services are not among them: of these *well* have no drift at all.
    """

    environments: tuple[str, ...]
    services: tuple[str, ...]
    cells: tuple[tuple[Cell | None, ...], ...]
    left: int = 0
    well: int = 0


def heat(
    catalog: Catalog,
    environments: Sequence[str],
    rows: Iterable[Row],
    quiet: Iterable[Row],
    at: datetime,
    unsure: Collection[str] = (),
) -> Heat:
    """Return how every service stands in *environments*. *unsure* are targets (``core/prod``).

    Of more than ``MOST_ROWS`` services those with the most weight and age are shown, all in the
    catalog's order.
    """
    found: dict[tuple[str, str], Cell] = {}
    for hushed, some in ((False, rows), (True, quiet)):
        for row in some:
            for service in row.item.services:
                key = (service, row.item.environment)
                found[key] = _worse(found.get(key), row, at, hushed=hushed)
    names = [
        name
        for name in catalog.services
        if any(catalog.target(name, place) is not None for place in environments)
    ]
    for name in names:
        for place in environments:
            if f"{name}/{place}" in unsure:
                known = found.get((name, place), Cell())
                found[name, place] = replace(known, unsure=True)
    shown = _worst(names, environments, found)
    cells = tuple(
        tuple(_cell(catalog, found, name, place) for place in environments) for name in shown
    )
    rest = [name for name in names if name not in set(shown)]
    well = sum(not any(_has_kind(found, name, place) for place in environments) for name in rest)
    return Heat(tuple(environments), shown, cells, len(rest), well)


def _has_kind(found: dict[tuple[str, str], Cell], service: str, environment: str) -> bool:
    cell = found.get((service, environment))
    return cell is not None and cell.kind is not None


def _worse(cell: Cell | None, row: Row, at: datetime, *, hushed: bool) -> Cell:
    new = Cell(row.item.kind, max((at - row.since).days, 0), quiet=hushed)
    if cell is None:
        return new
    if _weight(new) < _weight(cell):
        cell, new = new, cell
    return Cell(cell.kind, cell.days, max(cell.more, new.more) + 1, cell.quiet)


def _weight(cell: Cell) -> tuple[bool, int, int]:
    """Return what sorts cells, the worst first."""
    return cell.quiet, cell.kind.weight if cell.kind else len(DriftKind), -cell.days


def _worst(
    names: Sequence[str], environments: Sequence[str], found: dict[tuple[str, str], Cell]
) -> tuple[str, ...]:
    if len(names) <= MOST_ROWS:
        return tuple(names)

    def weight(name: str) -> tuple[bool, int, int]:
        every = [_weight(found.get((name, place), Cell())) for place in environments]
        return min(every)

    chosen = set(sorted(names, key=weight)[:MOST_ROWS])
    return tuple(name for name in names if name in chosen)


def _cell(
    catalog: Catalog, found: dict[tuple[str, str], Cell], service: str, environment: str
) -> Cell | None:
    if catalog.target(service, environment) is None:
        return None
    return found.get((service, environment), Cell())
