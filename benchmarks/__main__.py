"""Runs every benchmark of this directory, or those named on the command line."""

import importlib
import pkgutil
import sys

from rich.console import Console

import benchmarks


def main(names: list[str]) -> int:
    """Run the benchmarks *names*, all if there are none; return the exit code."""
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
    for name in names or known:
        importlib.import_module(f"benchmarks.{name}").run(console)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
