"""Builders of the tests about CI: a run with good defaults."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bot.domain.ci.runs import Account, Conclusion, Origin, Run, Series

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
SERIES = Series("acme/api", Origin.ACTIONS, "4711", "main")
SHA = "1f3a9c02" * 5


def run(number=1, attempt=1, conclusion=Conclusion.FAILURE, *, series=SERIES, **changes) -> Run:
    made = Run(
        series=series,
        id=1000 + number,
        number=number,
        attempt=attempt,
        conclusion=conclusion,
        name="ci",
        sha=SHA,
        title="Fix the login (#12)",
        author="Alice Kim",
        url=f"https://github.com/acme/api/actions/runs/{1000 + number}",
        at=NOON + timedelta(minutes=number, seconds=attempt),
        started_by=Account("alice-kim", 58101),
    )
    return replace(made, **changes)


def green(number=1, attempt=1, **changes) -> Run:
    return run(number, attempt, Conclusion.SUCCESS, **changes)
