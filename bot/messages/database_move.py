"""What is read on a terminal while a history moves from SQLite to PostgreSQL, and at its end."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from bot.domain.database_move import Hindered, Hindrance, Moved, Outcome, Stage, TableMoved

HEADS = ("TABLE", "ROWS", "DIGEST", "THERE")
SHOWN = 12
"""Digits of a digest that people are shown; programs get all 64."""

INTERRUPTED = "Interrupted. Nothing was moved: begin again when you like."
NOT_A_FILE = (
    "--from is the SQLite file to read: sqlite:///shipmate.db, or with four slashes from the root:"
    " sqlite:////data/shipmate.db."
)
NOT_POSTGRESQL = (
    "--to, or else DATABASE_URL, is the PostgreSQL database to fill: postgresql://user@host/shipmate."
    " Its password may stand in PGPASSWORD or in ~/.pgpass."
)

_WHY: Mapping[Hindrance, str] = {
    Hindrance.BOT_ON_SOURCE: (
        "A bot (process {process}) runs on the SQLite file. Stop it, and begin again: what it was"
        " doing goes along."
    ),
    Hindrance.BOT_ON_TARGET: (
        "A bot runs on the PostgreSQL database, or another move fills it. Stop every replica there,"
        " and begin again."
    ),
    Hindrance.SOURCE_OLDER: (
        "The SQLite file has tables of revision {there}, and this version knows {ours}. Start the"
        " bot of this version on it once, stop it, and begin again."
    ),
    Hindrance.SOURCE_NEWER: (
        "The SQLite file has tables of revision {there}, and this version knows only {ours}. Move"
        " it with the version that ran on it last."
    ),
    Hindrance.TARGET_NEWER: (
        "The PostgreSQL database has tables of revision {there}, and this version knows only"
        " {ours}. Move with the version that made them, or into an empty database."
    ),
    Hindrance.TARGET_HOLDS: (
        "The PostgreSQL database holds something else already, in {tables}. If a bot has run on it"
        " since an earlier move, all is done: go on with it. Else make an empty database, and name"
        " that one behind --to."
    ),
    Hindrance.CHANGED_MEANWHILE: (
        "Somebody wrote into the SQLite file meanwhile, a `shipmate` command perhaps. Begin again"
        " when nobody does."
    ),
    Hindrance.REFUSED_ROW: (
        "PostgreSQL does not take a row of {table}: {why}. Stay on SQLite, and report this line."
    ),
    Hindrance.NOT_THE_SAME: (
        "What was read again is not what was written, in {tables}. Stay on SQLite, and report this"
        " line."
    ),
}


def hindered(why: Hindered) -> str:
    """Say why nothing was moved, and what to do."""
    return f"Nothing was moved. {_WHY[why.why].format_map(dict(why.facts))}"


def moved(done: Moved, source: str, target: str) -> Iterator[str]:
    """Yield the table of what moved, what it came to, and the next step."""
    yield from table(done.tables)
    yield ""
    yield _came_to(done, target)
    if done.mended:
        yield f"In {done.mended} texts a NUL character became �, for PostgreSQL keeps none."
    if done.under_way:
        yield f"Under way, and going on there: {', '.join(done.under_way)}."
    yield f"The next operation is D-{done.next_number}."
    yield _next(done.outcome, source, target)


def table(tables: Iterable[TableMoved]) -> Iterator[str]:
    """Yield the lines of a table: how much there is, its digest, and whether it is there."""
    every = tuple(tables)
    full = [one for one in every if one.here.rows or (one.there and one.there.rows)]
    rows = [HEADS, *map(_row, full)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for name, count, digest, there in rows:
        cells = (name.ljust(widths[0]), count.rjust(widths[1]), digest.ljust(widths[2]), there)
        yield "  ".join(cells).rstrip()
    if empty := len(every) - len(full):
        yield "One other table is empty." if empty == 1 else f"{empty} other tables are empty."


def progress(stage: Stage, name: str, done: int, of: int) -> str:
    """Say which table is being read or compared, and how far."""
    far = f"{done:,} of {of:,}" if stage is Stage.READING else f"{of:,}"
    return f"{stage.value} {name}: {far}"


def result(done: Moved) -> dict[str, Any]:
    """Return for programs what the move came to."""
    return {
        "outcome": done.outcome.value,
        "rows": sum(one.here.rows for one in done.tables),
        "under_way": list(done.under_way),
        "next_operation": f"D-{done.next_number}",
        "mended": done.mended,
    }


def table_row(one: TableMoved) -> dict[str, Any]:
    """Return one table for programs."""
    there = one.there and {"rows": one.there.rows, "digest": one.there.digest}
    return {"table": one.name, "rows": one.here.rows, "digest": one.here.digest, "there": there}


def _row(one: TableMoved) -> tuple[str, str, str, str]:
    there = "" if one.there is None else "same" if one.is_the_same else f"{one.there.rows} rows"
    return one.name, f"{one.here.rows:,}", one.here.digest[:SHOWN] if one.here.rows else "", there


def _came_to(done: Moved, target: str) -> str:
    total = sum(one.here.rows for one in done.tables)
    match done.outcome:
        case Outcome.MOVED:
            return f"Moved: {total:,} rows now stand in {target}, and were read again there."
        case Outcome.ALREADY_THERE:
            return f"Already there: {target} holds the very same {total:,} rows."
        case Outcome.WOULD_MOVE:
            return f"Would move {total:,} rows to {target}. Nothing was written."


def _next(outcome: Outcome, source: str, target: str) -> str:
    if outcome is Outcome.WOULD_MOVE:
        return "Next: the same without --dry-run."
    return (
        f"Next: set DATABASE_URL to {target} (with its login), and start the bot. {source} stays as"
        " it was, and the note beside it keeps bots from working on it."
    )
