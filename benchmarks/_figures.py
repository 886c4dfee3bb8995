"""What the benchmarks came to, in one table: each figure beside what people have today."""

import os
from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True, slots=True)
class Figure:
    """One line: *ours*, what stands *beside* it, how many times worse that is, and the *goal*.

    *ratio* is None where nothing compares, *reached* where nothing is asked for.
    """

    what: str
    ours: str
    beside: str = ""
    ratio: float | None = None
    goal: str = ""
    reached: bool | None = None


def show(console: Console, figures: Sequence[Figure]) -> None:
    """Print all of them, and how busy the machine is."""
    load, cores = os.getloadavg()[0], os.cpu_count()
    title = f"in one table; the machine's load is {load:.1f} on {cores} cores"
    table = Table("what", "Shipmate", "beside", "ratio", "goal", title=title)
    for one in figures:
        ratio = "" if one.ratio is None else f"{one.ratio:.1f}×"
        verdict = {None: "", True: ": reached", False: ": missed"}[one.reached]
        table.add_row(one.what, one.ours, one.beside, ratio, f"{one.goal}{verdict}")
    console.print(table)
