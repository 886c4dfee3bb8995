"""What other channels are told of drift: how much, and its name by kind. Plain text.

Neither ages nor counts of commits are in it, so that the same drift is the same alert tomorrow.
"""

from collections.abc import Iterator, Sequence

from bot.domain.alerts import Alert, Happening, Severity
from bot.domain.drift.items import DriftKind
from bot.domain.drift.reporting import Report, Row, Tally
from bot.messages.drifting.drift_rows import HEADINGS
from bot.messages.spans import Line, Text, line, listed, words

MOST = 8
"""Things of one kind that are named; the others are counted."""


def alerts(report: Report) -> Iterator[Alert]:
    """Yield one alert for each environment, which the next report without drift resolves."""
    for tally in report.tallies:
        count = tally.drifted + tally.unread
        yield Alert(
            Happening.DRIFT,
            Severity.WARNING if count else Severity.INFO,
            f"drift:{report.name}:{tally.environment}",
            _title(tally, count),
            "\n".join(_named(report, tally)),
            "",
            environment=tally.environment,
            resolves=not count,
        )


def _title(tally: Tally, count: int) -> str:
    if not count:
        return f"No drift in {tally.environment}"
    return f"{count} {'thing' if count == 1 else 'things'} drifted in {tally.environment}"


def _named(report: Report, tally: Tally) -> Iterator[str]:
    """Yield a line for each kind of what the report has room for, the heaviest first."""
    rows = [row for row in report.rows if row.item.environment == tally.environment]
    for kind in DriftKind:
        if these := [row for row in rows if row.item.kind is kind]:
            yield words(line(HEADINGS[kind], ": ", *_subjects(these)))
    if rows and report.hidden:
        yield f"More: /ship drift {tally.environment}"


def _subjects(rows: Sequence[Row]) -> Line:
    return listed([Text(each) for each in sorted({row.item.subject for row in rows})], most=MOST)
