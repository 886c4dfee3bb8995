"""The shape of ``notify``: who hears of what, beside Slack."""

from typing import TYPE_CHECKING, Annotated

from pydantic import BeforeValidator, Field

from bot.config.values import Part, Receiver, member
from bot.domain.alerts import Happening, NotifyRule, Severity

if TYPE_CHECKING:  # they are made of the models, which hold this one
    from bot.config.pieces import Pieces, Report

MOST_RULES = 100


def _happening(value: object) -> object:
    return member(Happening, value, "is nothing that is told of")


def _severity(value: object) -> object:
    return member(Severity, value, "is no severity")


class Notify(Part):
    """One rule: whatever fits all that it names is told to `to`."""

    to: Receiver = Field(
        description="Who is told, by a name of yours; the address stands in NOTIFY_<NAME>."
    )
    happenings: list[Annotated[Happening, BeforeValidator(_happening)]] | None = Field(
        default=None, min_length=1, description="Of what; of everything by default."
    )
    severity: Annotated[Severity, BeforeValidator(_severity)] | None = Field(
        default=None, description="How bad it is at least; `info` by default."
    )
    services: list[str] | None = Field(
        default=None, min_length=1, description="Of which services; of all by default."
    )
    environments: list[str] | None = Field(
        default=None, min_length=1, description="Of which environments; of all by default."
    )

    def rule(self) -> NotifyRule:
        """Return what it means."""
        return NotifyRule(
            self.to,
            frozenset(self.happenings or ()),
            self.severity or Severity.INFO,
            frozenset(self.services or ()),
            frozenset(self.environments or ()),
        )


def look_for_dead_rules(pieces: "Pieces", report: "Report") -> None:
    """Note services and environments that are named and not there."""
    for number, one in pieces.notify.items():
        named = {"services": one.services, "environments": one.environments}
        for section, names in named.items():
            known = pieces.names(section)
            for place, name in enumerate(names or ()):
                if name not in known:
                    kind = section.removesuffix("s")
                    report.unknown(("notify", number, section, place), kind, name, known)
