"""Runs the whole of it, prints what was counted, and exits 1 where anything is wrong."""

import argparse
import random
import sys
import tempfile
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests import postgres
from tests.chaos.replicas import end_worktree, worktree
from tests.chaos.story import Plan, run
from tests.operations.ahead import move_ahead
from tests.operations.sql.test_schema import head


def main():
    """Run as the command line says."""
    given = _arguments()
    seed = given.seed if given.seed is not None else random.SystemRandom().randrange(10_000)
    console = Console()
    console.print(f"{given.operations} acts, seed {seed}")
    folder = Path(tempfile.mkdtemp(prefix="shipmate-chaos-"))
    code = worktree(given.old, folder) if given.old else None
    plan = Plan(
        given.operations,
        seed,
        pace=given.pace,
        kills=given.kills,
        code=code,
        ahead=partial(move_ahead, oldest=head()) if given.ahead else None,
        patience=given.patience,
        socket_mode=given.socket_mode,
        say=partial(print, file=sys.stderr, flush=True),
    )
    try:
        with postgres.running() as server, server.database() as address:
            told = run(folder, address, plan)
    finally:
        if code is not None:
            end_worktree(code)
    console.print(_table(told, seed))
    for trouble, count in told.takeovers.troubles.most_common(12):
        console.print(f"logged {count} times: {trouble}", markup=False)
    for wrong in told.wrong:
        console.print(f"WRONG: {wrong}", markup=False)
    (folder / "transcript").write_text("\n".join(told.transcript), "utf-8")
    console.print(f"logs and all that was said: {folder}")
    return 1 if told.wrong else 0


def _arguments():
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--operations", type=int, default=200, help="how many things people do")
    parser.add_argument("--seed", type=int, help="of every chance but the machine's own")
    parser.add_argument("--pace", type=float, default=0.5, help="seconds between two acts")
    parser.add_argument("--kills", type=float, default=1.0, help="seconds between two kills")
    parser.add_argument("--old", help="a commit whose code runs first and is upgraded on the way")
    parser.add_argument("--ahead", action="store_true", help="move the schema a release ahead")
    parser.add_argument("--socket-mode", action="store_true", help="Slack by Socket Mode")
    parser.add_argument("--patience", type=float, default=600.0, help="seconds until all is still")
    return parser.parse_args()


def _table(told, seed):
    table = Table(title=f"seed {seed}, {told.seconds:.0f} s", show_header=False)
    spans = sorted(told.takeovers.spans)
    slowest = f"{spans[-1]:.1f} s, median {spans[len(spans) // 2]:.1f} s" if spans else "none"
    rows = {
        "acts": ", ".join(f"{kind} {count}" for kind, count in told.acts.most_common()),
        "said or sent once more": told.again,
        "kills": told.kills,
        "take-overs": f"{len(spans)} with {told.takeovers.workflows} workflows",
        "from death to take-over, slowest": slowest,
        "operations": sum(told.ends.values()),
        "their ends": ", ".join(f"{end} {count}" for end, count in sorted(told.ends.items())),
        "commits, each by its key once": told.commits,
        "cards": told.cards,
        "messages in Slack, edits": f"{told.posts}, {told.edits}",
        "syncs asked for": told.syncs,
        "drift reports": told.reports,
    }
    if told.stops:
        rows["stops for the upgrade"] = ", ".join(f"{span:.1f} s" for span in told.stops)
    for name, value in rows.items():
        table.add_row(name, str(value))
    return table


if __name__ == "__main__":
    sys.exit(main())
