"""The shape of ``failures``: which failures of CI are told, where, and to whom."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

from pydantic import AfterValidator, BeforeValidator, Field

from bot.config.problems import Unfit
from bot.config.values import Channel, Part, member
from bot.domain.ci.failures import Audience, Failures, Rule

if TYPE_CHECKING:
    from bot.domain.catalog import Catalog

MOST_RULES = 100
LONGEST_PATTERN = 255
EVERYTHING = ("*",)


def _glob(text: str) -> str:
    if not text or not text.isprintable() or text != text.strip() or len(text) > LONGEST_PATTERN:
        raise Unfit(f"`{text[:80]}` is no pattern of a name", "write one such as release/*")
    return text


def _repositories(text: str) -> str:
    owner, slash, name = text.partition("/")
    if not (owner and slash and name) or "/" in name:
        raise Unfit(f"`{text[:80]}` is no repository", "write owner/name, or owner/*")
    return _glob(text)


def _audience(value: object) -> object:
    return member(Audience, value, "is nobody who could be told")


Glob = Annotated[str, AfterValidator(_glob)]
Repositories = Annotated[str, AfterValidator(_repositories)]


class FailureRule(Part):
    """One rule: the first that fits a failing workflow decides who hears of it."""

    repositories: list[Repositories] | None = Field(
        default=None,
        min_length=1,
        description="Of which repositories, `acme/*` being a pattern; of those that the services "
        "are built from by default.",
    )
    branches: list[Glob] | None = Field(
        default=None, min_length=1, description="On which branches; on the default one by default."
    )
    workflows: list[Glob] | None = Field(
        default=None, min_length=1, description="Which workflows, by name; all by default."
    )
    to: Annotated[Audience, BeforeValidator(_audience)] | None = Field(
        default=None,
        description="Who is told: `channel` (the default), `author` in person, `both`, `nobody`.",
    )
    channel: Channel | None = Field(
        default=None, description="Which channel; `slack.channels.failures` by default."
    )

    def rule(self, sources: tuple[str, ...], channel: str) -> Rule:
        """Return what it means, where services are built from *sources*."""
        return Rule(
            tuple(self.repositories) if self.repositories else sources,
            tuple(self.branches) if self.branches else None,
            tuple(self.workflows) if self.workflows else EVERYTHING,
            self.to or Audience.CHANNEL,
            self.channel or channel,
        )


def failures_of(rules: Sequence[FailureRule] | None, catalog: "Catalog", channel: str) -> Failures:
    """Return what is told. Nothing said: failures of what is deployed, on the default branch."""
    sources = tuple(sorted({one.source for one in catalog.targets.values()}))
    if rules is None:
        return Failures((FailureRule().rule(sources, channel),))
    return Failures(tuple(one.rule(sources, channel) for one in rules), configured=True)
