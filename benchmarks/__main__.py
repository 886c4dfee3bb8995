"""Runs every benchmark of this directory, or those named on the command line.

``--quick`` is for a glance: it measures less, and without names only what ends in the one table.
"""

import importlib
import os
import pkgutil
import sys
import time

from rich.console import Console

import benchmarks
from benchmarks._figures import Figure, show

SUMMED = frozenset({"ack", "crowd", "idle", "throughput", "webhooks"})
"""Those whose figures end in the one table; they may be quick."""

QUICK = "--quick"


def main(words: list[str]) -> int:
    """Run the benchmarks that *words* name, all if there are none; return the exit code."""
    quick, names = QUICK in words, [word for word in words if word != QUICK]
    known = sorted(
        module.name
        for module in pkgutil.iter_modules(benchmarks.__path__)
        if not module.name.startswith("_")
    )
    unknown = [name for name in names if name not in known]
    if unknown:
        print(f"No benchmark {', '.join(unknown)}; there are {', '.join(known)}.", file=sys.stderr)
        return 2
    console = Console()
    figures: list[Figure] = []
    for name in names or sorted(SUMMED if quick else known):
        began = time.perf_counter()
        module = importlib.import_module(f"benchmarks.{name}")
        if name in SUMMED:
            figures.extend(module.run(console, quick=quick))
        else:
            module.run(console)
        took, load = time.perf_counter() - began, os.getloadavg()[0]
        console.print(f"[dim]{name} took {took:.0f} s; the machine's load is {load:.1f}[/]\n")
    if figures:
        show(console, figures)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
