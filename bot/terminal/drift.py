"""``drift``: what runs otherwise than Git says, looked for now."""

from collections.abc import Sequence

from bot.domain.catalog import Application
from bot.domain.commands import Drift, Misread, MisreadReason
from bot.domain.drift.reporting import Report
from bot.messages.drifting import drift as words
from bot.reach import drifting_of
from bot.terminal.asking import misread_as, read
from bot.terminal.ends import End
from bot.terminal.ground import Ground
from bot.terminal.outside import reached


def show_drift(on: Ground, said: Sequence[str]) -> End:
    """Show what drifted in one environment or everywhere; since when is remembered, as ever.

    Raises:
        Ended: it was misread.
        Unavailable: our own database is away.
    """
    command = read(on, "drift", said)
    if not isinstance(command, Drift):
        raise misread_as(Misread(MisreadReason.EMPTY, {"verb": "drift"}, ("/ship help drift",)))
    every = tuple(on.config.catalog.environments)
    places = (command.environment,) if command.environment else every
    with reached(on) as outside:
        items = outside.books.open_items
        drifting, _ = drifting_of(on.config, outside.out, on.store, items, on.database, on.clock)
        report = drifting.asked(places)
        argocd = outside.out.argocd

        def page(one: Application) -> str:
            return argocd[one.instance].page(one) if one.instance in argocd else ""

        message = words.report(report, outside.out.github.web, page)
    on.out.say("drift", message, _facts(report))
    return End.DONE


def _facts(report: Report) -> dict[str, object]:
    """Return the report for programs: the rows shown, how many stand, and how many are quiet."""
    rows = [
        {
            "environment": one.item.environment,
            "subject": one.item.subject,
            "services": list(one.item.services),
            "kind": one.item.kind.value,
            "since": one.since.isoformat(),
        }
        for one in report.rows
    ]
    return {
        "environments": list(report.environments),
        "drifted": len(report.rows) + report.hidden,
        "quiet": len(report.quiet),
        "rows": rows,
    }
