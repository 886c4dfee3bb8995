"""The shape of ``drift``: which reports are made when, and where they go."""

from typing import TYPE_CHECKING

from pydantic import Field, model_validator

from bot.config.problems import unfit
from bot.config.values import LONGEST_WAIT, Channel, LongDuration, Name, Part, duration
from bot.domain.drift.cron import Cron
from bot.domain.drift.schedules import STALE_AFTER, DriftPlan, Schedule

if TYPE_CHECKING:  # they are made of the models, which hold this one
    from bot.config.pieces import Pieces, Report

MOST_REPORTS = 50


class DriftReport(Part):
    """One report."""

    name: Name = Field(description="What people call it; each has its own.")
    at: str = Field(description="When, as a line of cron: `0 9 * * mon-fri`.")
    zone: str = Field(description="The IANA time zone of that, such as Asia/Seoul.")
    environments: list[str] | None = Field(
        default=None, min_length=1, description="Of which environments; all by default."
    )
    channel: Channel | None = Field(
        default=None, description="Where it goes, instead of `slack.channels.drift`."
    )

    @model_validator(mode="after")
    def _is_due_some_time(self) -> "DriftReport":
        self.cron()
        return self

    def cron(self) -> Cron:
        """Return when it is due. Raises Unfit where that is never."""
        try:
            return Cron.parse(self.at, self.zone)
        except ValueError as error:
            raise unfit(error, {"zone": [self.zone], "at": [self.at]}) from error


class Drift(Part):
    """What is told of drift without being asked."""

    reports: list[DriftReport] = Field(
        default_factory=list, max_length=MOST_REPORTS, description="None: only `/ship drift`."
    )
    stale_after: LongDuration | None = Field(
        default=None,
        description="How long ago Argo CD may have compared an application; `1h` by default.",
    )


def look_for_dead_reports(pieces: "Pieces", report: "Report") -> None:
    """Note environments that are not there, and reports that share a name."""
    known = pieces.names("environments")
    seen: set[str] = set()
    for number, one in enumerate(pieces.drift.reports if pieces.drift else ()):
        path = ("drift", "reports", number)
        if one.name.casefold() in seen:
            message = f"`{one.name}` is the name of another report"
            report.at_value((*path, "name"), message, "give each a name of its own")
        seen.add(one.name.casefold())
        for place, name in enumerate(one.environments or ()):
            if name not in known:
                report.unknown((*path, "environments", place), "environment", name, known)


def plan_of(drift: Drift | None, environments: tuple[str, ...], channel: str) -> DriftPlan:
    """Return the reports, of all *environments* and into *channel* unless they say otherwise."""
    if drift is None:
        return DriftPlan()
    schedules = (
        Schedule(
            one.name,
            one.cron(),
            tuple(name for name in environments if name in (one.environments or environments)),
            one.channel or channel,
        )
        for one in drift.reports
    )
    stale = duration(drift.stale_after, LONGEST_WAIT) if drift.stale_after else STALE_AFTER
    return DriftPlan(tuple(schedules), stale)
